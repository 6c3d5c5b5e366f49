//! What a list of incidents costs in the guest, where a channel has a hundred thousand closed ones: time without the
//! store, and reads of it, by an instance that has read nothing yet.

use super::app::{App, Places};
use super::client::Client;
use super::figures::rounded;
use anyhow::{Context as _, Result, ensure};
use hyper::body::Bytes;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

const CLOSED: usize = 100_000;
const TIMES: usize = 50;

/// The numbers of a row, as the component names them.
const NUMBERS: [&str; 4] = ["p50_us", "p99_us", "reads", "shown"];

/// What one filter costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What is asked for.
    pub filter: String,
    /// Microseconds in the median and at the 99th percentile, reads, incidents on the page.
    pub numbers: [f64; NUMBERS.len()],
}

/// Measures all filters.
///
/// # Errors
/// When the component does not start or a list is not answered.
pub async fn measure(places: &Places) -> Result<Vec<Row>> {
    let app = App::start_guest(places).await?;
    let mut client = Client::connect(app.address).await?;
    let path = format!("/list?closed={CLOSED}&n={TIMES}");
    let (status, body) = client.send(Method::POST, &path, Bytes::new()).await?;
    let shown = String::from_utf8_lossy(&body);
    ensure!(status == StatusCode::OK, "lists: {status}: {shown}");
    let answer: Value = serde_json::from_slice(&body).with_context(|| format!("lists: not JSON: {shown}"))?;
    app.stop().await?;
    rows(&answer)
}

fn rows(answer: &Value) -> Result<Vec<Row>> {
    let cases = answer["cases"].as_object().context("lists: there are no cases")?;
    let row = |(filter, numbers): (&String, &Value)| {
        let number = |name: &str| numbers[name].as_f64().with_context(|| format!("lists: {filter}: {name} is missing"));
        let [p50, p99, reads, shown] = NUMBERS;
        Ok(Row { filter: filter.clone(), numbers: [number(p50)?, number(p99)?, number(reads)?, number(shown)?] })
    };
    cases.iter().map(row).collect()
}

impl Row {
    /// As an object of the JSON document.
    pub fn to_json(&self) -> Value {
        let mut row = json!({"filter": self.filter, "closed": CLOSED});
        for (name, number) in NUMBERS.iter().zip(self.numbers) {
            row[*name] = json!(rounded(number));
        }
        row
    }
}

/// The cells of the table, the headings first.
pub fn cells(rows: &[Row]) -> Vec<Vec<String>> {
    let headings = ["list of 100 000 closed, in the guest", "p50 µs", "p99 µs", "reads", "shown"];
    let mut lines = vec![headings.map(str::to_string).to_vec()];
    for row in rows {
        let mut line = vec![row.filter.clone()];
        line.extend(row.numbers.map(|number| format!("{number:.0}")));
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_shows_what_the_component_measured_and_one_without_a_number_is_refused() {
        let answer = json!({"cases": {"words": {"p50_us": 80.25, "p99_us": 90, "reads": 7, "shown": 100}}});
        let rows = rows(&answer).unwrap();
        assert_eq!(cells(&rows)[1], ["words", "80", "90", "7", "100"].map(str::to_string));
        assert_eq!((&rows[0].to_json()["reads"], &rows[0].to_json()["filter"]), (&json!(7.0), &json!("words")));
        assert!(super::rows(&json!({"cases": {"words": {"p50_us": 80.25}}})).is_err());
    }
}
