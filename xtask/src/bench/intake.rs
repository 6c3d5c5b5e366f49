//! What a push costs in the guest before it is stored, measured there by a component made for it: no store, no network.

use super::app::{App, Places};
use super::client::Client;
use super::figures::rounded;
use anyhow::{Context as _, Result, ensure};
use hyper::body::Bytes;
use hyper::{Method, StatusCode};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The case that has a budget: an alert of about 600 bytes against 20 routing cases, 10 of them regular expressions.
pub const TYPICAL: &str = "typical";

/// A case: its name, how often it is measured, and how many alerts and channels (of the first alert) must come out.
/// Whatever a push may have to go through besides is one more case here and in the component.
type Case = (&'static str, usize, Option<(usize, usize)>);

const CASES: [Case; 7] = [
    (TYPICAL, 2000, Some((1, 3))),
    // As typical, without routing cases.
    ("unrouted", 2000, Some((1, 3))),
    // As typical, with four rules of enrichment and four of a pipeline before it is routed.
    ("ruled", 2000, Some((1, 3))),
    // As typical, through the door for PagerDuty's events.
    ("pagerduty", 2000, Some((1, 3))),
    // As typical, but it recovers: it goes to whatever channel has it open.
    ("recovery", 2000, Some((1, 0))),
    // Ten alerts in one push of Alertmanager's.
    ("group", 400, Some((10, 3))),
    // Not a push: reading and checking the configuration, which every instance does once.
    ("cold", 200, None),
];

/// The numbers of a row, as the component names them, with their columns.
const NUMBERS: [(&str, &str); 5] =
    [("p50 µs", "p50_us"), ("p90 µs", "p90_us"), ("p99 µs", "p99_us"), ("mean µs", "mean_us"), ("bytes", "bytes")];
/// The steps of a push, in order.
const STEPS: [&str; 5] = ["key", "parse", "read", "admit", "encode"];

/// What one case costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The case.
    pub case: &'static str,
    /// How often it was measured.
    pub n: usize,
    /// The numbers by name: percentiles and mean, microseconds; the bytes of the body.
    pub numbers: BTreeMap<&'static str, f64>,
    /// What each step takes in the median, microseconds.
    pub steps: BTreeMap<&'static str, f64>,
}

/// Measures all cases.
///
/// # Errors
/// When the component does not start, or takes a push in otherwise than it must.
pub async fn measure(places: &Places) -> Result<Vec<Row>> {
    let app = App::start_guest(places).await?;
    let mut client = Client::connect(app.address).await?;
    let mut rows = Vec::new();
    for (case, n, outcome) in CASES {
        let path = format!("/intake?case={case}&n={n}");
        let (status, body) = client.send(Method::POST, &path, Bytes::new()).await?;
        let shown = String::from_utf8_lossy(&body);
        ensure!(status == StatusCode::OK, "intake, {case}: {status}: {shown}");
        let answer = serde_json::from_slice(&body).with_context(|| format!("intake, {case}: not JSON: {shown}"))?;
        rows.push(read(case, n, outcome, &answer).with_context(|| format!("intake, {case}: {shown}"))?);
    }
    app.stop().await?;
    Ok(rows)
}

fn read(case: &'static str, n: usize, outcome: Option<(usize, usize)>, answer: &Value) -> Result<Row> {
    let came = answer["alerts"].as_u64().zip(answer["channels"].as_array().map(Vec::len));
    let expected = outcome.map(|(alerts, channels)| (alerts as u64, channels));
    ensure!(came == expected, "not the alerts and channels that are to be measured");
    let number = |at: &Value, name: &str| at[name].as_f64().with_context(|| format!("no {name}"));
    let numbers = NUMBERS.iter().map(|(_, name)| Ok((*name, number(answer, name)?))).collect::<Result<_>>()?;
    let steps = match answer.get("per_step") {
        Some(steps) => STEPS.iter().map(|name| Ok((*name, number(steps, name)?))).collect::<Result<_>>()?,
        None => BTreeMap::new(),
    };
    Ok(Row { case, n, numbers, steps })
}

impl Row {
    /// As an object of the JSON document.
    pub fn to_json(&self) -> Value {
        let object = |numbers: &BTreeMap<&'static str, f64>| -> Map<String, Value> {
            numbers.iter().map(|(name, number)| ((*name).to_string(), json!(rounded(*number)))).collect()
        };
        let mut row = object(&self.numbers);
        row.insert("case".to_string(), json!(self.case));
        row.insert("n".to_string(), json!(self.n));
        if !self.steps.is_empty() {
            row.insert("per_step".to_string(), Value::Object(object(&self.steps)));
        }
        Value::Object(row)
    }
}

/// The cells of the table, the headings first.
pub fn cells(rows: &[Row]) -> Vec<Vec<String>> {
    let headings = ["intake in the guest", "n"].into_iter().chain(NUMBERS.map(|(heading, _)| heading)).chain(STEPS);
    let mut lines = vec![headings.map(str::to_string).collect::<Vec<_>>()];
    lines.extend(rows.iter().map(|row| {
        let shown =
            |number: Option<&f64>, digits| number.map_or("·".to_string(), |number| format!("{number:.digits$}"));
        let mut line = vec![row.case.to_string(), row.n.to_string()];
        line.extend(NUMBERS.iter().map(|(_, name)| shown(row.numbers.get(name), usize::from(*name != "bytes"))));
        line.extend(STEPS.iter().map(|step| shown(row.steps.get(step), 1)));
        line
    }));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use alarum::config::Config;

    fn answer(channels: &[i64]) -> Value {
        json!({"n": 9, "p50_us": 80.25, "p90_us": 90.0, "p99_us": 99.0, "mean_us": 82.0, "bytes": 600, "alerts": 1,
            "channels": channels, "per_step": {"key": 1.0, "parse": 20.0, "read": 5.0, "admit": 50.0, "encode": 6.0}})
    }

    #[test]
    fn a_row_shows_what_the_component_measured() {
        let row = read(TYPICAL, 9, Some((1, 3)), &answer(&[1, 2, 3])).unwrap();
        let cells = cells(std::slice::from_ref(&row));
        let expected = ["typical", "9", "80.2", "90.0", "99.0", "82.0", "600", "1.0", "20.0", "5.0", "50.0", "6.0"];
        assert_eq!((cells[1].as_slice(), cells[0].len()), (expected.map(str::to_string).as_slice(), expected.len()));
        let json = row.to_json();
        assert_eq!((&json["p50_us"], &json["per_step"]["admit"]), (&json!(80.25), &json!(50.0)));
    }

    #[test]
    fn what_was_not_taken_in_as_it_must_be_is_no_measurement() {
        assert!(read(TYPICAL, 9, Some((1, 3)), &answer(&[1])).is_err());
        assert!(read("cold", 9, None, &answer(&[1])).is_err());
        let mut without = answer(&[1, 2, 3]);
        without["per_step"] = json!({});
        assert!(read(TYPICAL, 9, Some((1, 3)), &without).is_err());
    }

    #[test]
    fn the_configuration_has_twenty_cases_that_all_fall_through_and_ten_expressions() {
        let config = Config::parse(include_str!("../../../bench/guest/alarum.toml")).unwrap();
        let [routed, unrouted, ruled] = config.integrations.as_slice() else { panic!("three integrations") };
        assert!(unrouted.rules.route.cases.is_empty());
        assert_eq!((ruled.rules.enrichment.rules.len(), ruled.rules.pipeline.rules.len()), (4, 4));
        let cases = &routed.rules.route.cases;
        assert!(*cases == ruled.rules.route.cases && cases.len() == 20 && cases.iter().all(|case| case.fallthrough));
        let vals = cases.iter().flat_map(|case| &case.conditions).flat_map(|condition| &condition.vals);
        assert_eq!(vals.filter(|val| val.as_str().starts_with('/')).count(), 10);
    }
}
