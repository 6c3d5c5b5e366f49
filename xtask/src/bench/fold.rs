//! What a fold of one record costs in the guest, measured there by a component made for it: reading the journal,
//! decoding the board, applying the record, encoding the board again; the store is the guest's own memory.

use super::app::{App, Places};
use super::client::Client;
use super::figures::rounded;
use anyhow::{Context as _, Result, ensure};
use hyper::body::Bytes;
use hyper::{Method, StatusCode};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The case of alerts that all join one incident.
pub const STORM: &str = "storm";
/// As many alerts, twice what one incident holds.
const STORM_ALERTS: usize = 10_000;
const KINDS: [&str; 3] = ["new", "changed", "recovery"];
const OPEN: [usize; 3] = [0, 1000, 10_000];
const TIMES: usize = 200;

/// The numbers of a row, as the component names them, with their columns.
const NUMBERS: [(&str, &str); 7] = [
    ("p50 µs", "p50_us"),
    ("p90 µs", "p90_us"),
    ("p99 µs", "p99_us"),
    ("mean µs", "mean_us"),
    ("bytes written", "bytes"),
    ("first µs", "first_us"),
    ("last µs", "last_us"),
];

/// What one case costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The case.
    pub case: &'static str,
    /// How many alerts were open before.
    pub open: usize,
    /// Whether the instance had the board's pages already.
    pub kept: bool,
    /// The numbers by name: percentiles and mean, microseconds; of a storm, the median of its first and last folds.
    pub numbers: BTreeMap<&'static str, f64>,
}

/// Measures all cases.
///
/// # Errors
/// When the component does not start or a fold fails.
pub async fn measure(places: &Places) -> Result<Vec<Row>> {
    let app = App::start_guest(places).await?;
    let mut client = Client::connect(app.address).await?;
    let mut cases = Vec::new();
    for open in OPEN {
        for case in KINDS {
            cases.extend([true, false].map(|kept| (case, open, kept, TIMES)));
        }
    }
    // What recovers or changes where nothing is open does nothing.
    cases.retain(|(case, open, ..)| *open > 0 || *case == "new");
    cases.push((STORM, 0, true, STORM_ALERTS));
    let mut rows = Vec::new();
    for (case, open, kept, n) in cases {
        let pages = if kept { "kept" } else { "read" };
        let path = format!("/fold?case={case}&open={open}&pages={pages}&n={n}");
        let (status, body) = client.send(Method::POST, &path, Bytes::new()).await?;
        let shown = String::from_utf8_lossy(&body);
        ensure!(status == StatusCode::OK, "fold, {case}: {status}: {shown}");
        let answer: Value =
            serde_json::from_slice(&body).with_context(|| format!("fold, {case}: not JSON: {shown}"))?;
        rows.push(Row { case, open, kept, numbers: numbers(&answer) });
    }
    app.stop().await?;
    Ok(rows)
}

fn numbers(answer: &Value) -> BTreeMap<&'static str, f64> {
    NUMBERS.iter().filter_map(|(_, name)| Some((*name, answer[name].as_f64()?))).collect()
}

impl Row {
    /// As an object of the JSON document.
    pub fn to_json(&self) -> Value {
        let numbers = self.numbers.iter().map(|(name, number)| ((*name).to_string(), json!(rounded(*number))));
        let mut row: Map<String, Value> = numbers.collect();
        row.insert("case".to_string(), json!(self.case));
        row.insert("open".to_string(), json!(self.open));
        row.insert("pages_kept".to_string(), json!(self.kept));
        Value::Object(row)
    }
}

/// The cells of the table, the headings first.
pub fn cells(rows: &[Row]) -> Vec<Vec<String>> {
    let headings = ["fold in the guest", "open", "pages"].into_iter().chain(NUMBERS.map(|(heading, _)| heading));
    let mut lines = vec![headings.map(str::to_string).collect::<Vec<_>>()];
    lines.extend(rows.iter().map(|row| {
        let pages = if row.kept { "kept" } else { "read" };
        let mut line = vec![row.case.to_string(), row.open.to_string(), pages.to_string()];
        let shown = |name| row.numbers.get(name).map_or("·".to_string(), |number| format!("{number:.0}"));
        line.extend(NUMBERS.iter().map(|(_, name)| shown(name)));
        line
    }));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_shows_what_the_component_measured() {
        let numbers = numbers(&json!({"p50_us": 80.25, "bytes": 600, "n": 3}));
        let row = Row { case: "new", open: 1000, kept: true, numbers };
        let cells = cells(std::slice::from_ref(&row));
        assert_eq!(cells[1], ["new", "1000", "kept", "80", "·", "·", "·", "600", "·", "·"].map(str::to_string));
        assert_eq!(cells[0].len(), cells[1].len());
        assert_eq!((&row.to_json()["p50_us"], &row.to_json()["open"]), (&json!(80.25), &json!(1000)));
    }
}
