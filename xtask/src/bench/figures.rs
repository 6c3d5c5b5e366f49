//! Figures: what was measured, as named numbers.

use super::push::Kind;
use super::store::Store;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// The store.
    pub store: Store,
    /// Open alerts in the channel before anything was measured.
    pub open_alerts: usize,
    /// How pushes were sent.
    pub mode: Mode,
    /// The kind of load.
    pub kind: Kind,
}

/// How pushes were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// The first push of a new instance.
    First,
    /// A few pushes after it, counted exactly.
    Counted,
    /// With a pause after each in which everything that follows from it ends.
    Alone,
    /// As fast as they are answered, on this many connections.
    Connections(usize),
}

impl Mode {
    /// Its name in tables and files.
    pub fn name(self) -> String {
        match self {
            Mode::First => "first".to_string(),
            Mode::Counted => "counted".to_string(),
            Mode::Alone => "alone".to_string(),
            Mode::Connections(connections) => connections.to_string(),
        }
    }
}

/// One row: a kind of load under certain circumstances, and its numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What was measured.
    pub at: At,
    /// The numbers by name; a name ends with the unit where there is one.
    pub numbers: BTreeMap<&'static str, f64>,
}

impl Figure {
    /// A row without numbers.
    pub fn new(at: At) -> Figure {
        Figure { at, numbers: BTreeMap::new() }
    }

    /// Adds a number, if there is one.
    pub fn put(&mut self, name: &'static str, number: impl Into<Option<f64>>) {
        if let Some(number) = number.into().filter(|number| number.is_finite()) {
            self.numbers.insert(name, number);
        }
    }

    /// A number of it.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.numbers.get(name).copied()
    }

    /// As an object of the JSON document.
    pub fn to_json(&self) -> Value {
        let At { store, open_alerts, mode, kind } = self.at;
        let mut object = Map::new();
        object.insert("store".to_string(), json!(store.name()));
        object.insert("kind".to_string(), json!(kind.name()));
        object.insert("mode".to_string(), json!(mode.name()));
        object.insert("open_alerts".to_string(), json!(open_alerts));
        object.extend(self.numbers.iter().map(|(name, number)| ((*name).to_string(), json!(rounded(*number)))));
        Value::Object(object)
    }
}

/// Rounded to four digits after the point: nobody measures more.
pub fn rounded(number: f64) -> f64 {
    (number * 10_000.0).round() / 10_000.0
}

/// Rows of several repetitions become one each, with the median of every number.
pub fn medians(figures: Vec<Figure>) -> Vec<Figure> {
    let mut rows: Vec<(At, BTreeMap<&'static str, Vec<f64>>)> = Vec::new();
    for figure in figures {
        let at = match rows.iter().position(|(at, _)| *at == figure.at) {
            Some(at) => at,
            None => {
                rows.push((figure.at, BTreeMap::new()));
                rows.len() - 1
            }
        };
        for (name, number) in figure.numbers {
            rows[at].1.entry(name).or_default().push(number);
        }
    }
    let middle = |numbers: BTreeMap<&'static str, Vec<f64>>| {
        numbers.into_iter().filter_map(|(name, mut all)| Some((name, percentile(&mut all, 50.0)?))).collect()
    };
    rows.into_iter().map(|(at, numbers)| Figure { at, numbers: middle(numbers) }).collect()
}

/// The value below or at which `percent` of the values lie (nearest rank); `None` without values. Sorts them.
pub fn percentile(values: &mut [f64], percent: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let rank = (percent / 100.0 * values.len() as f64).ceil() as usize;
    values.get(rank.max(1) - 1).copied()
}

/// `part` of `whole`; `None` where that says nothing.
pub fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(kind: Kind, pushes: f64) -> Figure {
        let mode = Mode::Connections(64);
        let mut figure = Figure::new(At { store: Store::Slow, open_alerts: 0, mode, kind });
        figure.put("pushes_per_s", pushes);
        figure
    }

    #[test]
    fn percentiles_are_values_that_occurred() {
        let mut values: Vec<f64> = (1..=200).rev().map(f64::from).collect();
        assert_eq!(percentile(&mut values, 50.0), Some(100.0));
        assert_eq!(percentile(&mut values, 99.0), Some(198.0));
        assert_eq!(percentile(&mut values, 100.0), Some(200.0));
        assert_eq!(percentile(&mut [7.0], 99.0), Some(7.0));
        assert_eq!(percentile(&mut [], 50.0), None);
    }

    #[test]
    fn a_ratio_to_nothing_is_none() {
        assert_eq!(ratio(3.0, 2.0), Some(1.5));
        assert_eq!(ratio(3.0, 0.0), None);
    }

    #[test]
    fn repetitions_become_their_median_in_the_order_of_the_first() {
        let rows = [(Kind::New, 5.0), (Kind::Merge, 1.0), (Kind::New, 9.0), (Kind::New, 6.0)];
        let rows = medians(rows.into_iter().map(|(kind, pushes)| figure(kind, pushes)).collect());
        assert_eq!(rows, [figure(Kind::New, 6.0), figure(Kind::Merge, 1.0)]);
    }

    #[test]
    fn a_row_is_a_flat_object() {
        let mut row = figure(Kind::New, 500.123_456);
        row.put("ratio", None);
        row.put("p99_ms", f64::INFINITY);
        let expected =
            json!({"store": "slow", "kind": "new", "mode": "64", "open_alerts": 0, "pushes_per_s": 500.1235});
        assert_eq!(row.to_json(), expected);
    }
}
