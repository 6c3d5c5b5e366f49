//! The budgets: what was measured against what it may be.

use super::figures::rounded;
use super::plan::Outcome;
use serde_json::{Map, Value, json};

mod counts;
mod fanout;
mod fold;
mod intake;
mod speed;
mod webhooks;

/// The most bytes of a component's wasm file.
const WASM_BYTES: u64 = 1 << 20;

/// A budget, or a part of one.
#[derive(Debug, Clone, PartialEq)]
pub struct Budget {
    /// Its number, with what it is a part of: `B3.sqlite.p99`.
    pub id: String,
    /// What is measured.
    pub what: String,
    /// What was measured; `None` where it could not be.
    pub value: Option<f64>,
    /// What it may be.
    pub limit: Limit,
    /// The unit of both.
    pub unit: &'static str,
    /// What helps to read the value.
    pub note: String,
}

/// A limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// The value is met at or below this.
    AtMost(f64),
    /// The value is met at or above this.
    AtLeast(f64),
}

impl Limit {
    /// The number.
    pub fn number(self) -> f64 {
        match self {
            Limit::AtMost(number) | Limit::AtLeast(number) => number,
        }
    }

    /// With the sign before it.
    pub fn sign(self) -> &'static str {
        match self {
            Limit::AtMost(_) => "≤",
            Limit::AtLeast(_) => "≥",
        }
    }
}

impl Budget {
    /// A budget without a note.
    pub fn new(
        id: impl Into<String>,
        what: impl Into<String>,
        value: Option<f64>,
        limit: Limit,
        unit: &'static str,
    ) -> Budget {
        Budget { id: id.into(), what: what.into(), value, limit, unit, note: String::new() }
    }

    /// Adds a note.
    pub fn note(mut self, note: impl Into<String>) -> Budget {
        self.note = note.into();
        self
    }

    /// Whether it is met. What was not measured is not.
    pub fn met(&self) -> bool {
        match (self.value, self.limit) {
            (None, _) => false,
            (Some(value), Limit::AtMost(limit)) => value <= limit,
            (Some(value), Limit::AtLeast(limit)) => value >= limit,
        }
    }

    fn to_json(&self) -> Value {
        let mut object = json!({
            "what": self.what, "value": self.value.map(rounded), "limit": rounded(self.limit.number()),
            "unit": self.unit, "met": self.met(),
        });
        if !self.note.is_empty() {
            object["note"] = json!(self.note);
        }
        object
    }
}

/// The size of a component's release wasm file, bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Size {
    /// The component.
    pub component: String,
    /// The size.
    pub bytes: u64,
}

/// All budgets that the figures say something about, in order.
pub fn all(measured: &Outcome, sizes: &[Size]) -> Vec<Budget> {
    let figures = &measured.figures;
    let mut budgets = counts::before_the_answer(figures);
    budgets.extend(speed::against_the_floor(figures));
    budgets.extend(speed::with_open_alerts(figures));
    budgets.extend(fanout::to_many(&measured.fanout));
    budgets.extend(sizes.iter().map(|size| {
        let what = format!("release wasm of {}", size.component);
        let limit = Limit::AtMost(WASM_BYTES as f64);
        Budget::new(format!("B7.{}", size.component), what, Some(size.bytes as f64), limit, "bytes")
    }));
    budgets.extend(webhooks::delays(figures));
    budgets.extend(counts::everything(figures));
    budgets.extend(intake::in_the_guest(&measured.intake));
    budgets.extend(fold::in_the_guest(&measured.folds));
    budgets
}

/// The JSON document.
pub fn document(budgets: &[Budget], measured: &Outcome) -> Value {
    let budgets: Map<String, Value> = budgets.iter().map(|budget| (budget.id.clone(), budget.to_json())).collect();
    let figures: Vec<Value> = measured.figures.iter().map(|row| row.to_json()).collect();
    let intake: Vec<Value> = measured.intake.iter().map(|row| row.to_json()).collect();
    let folds: Vec<Value> = measured.folds.iter().map(|row| row.to_json()).collect();
    let lists: Vec<Value> = measured.lists.iter().map(|row| row.to_json()).collect();
    let fanout: Vec<Value> = measured.fanout.iter().map(|row| row.to_json()).collect();
    let redis: Vec<Value> = measured.redis.iter().map(|row| row.to_json()).collect();
    json!({
        "budgets": budgets, "figures": figures, "intake": intake, "folds": folds, "lists": lists, "fanout": fanout,
        "redis": redis,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(value: Option<f64>, limit: Limit) -> Budget {
        Budget::new("B0", "something", value, limit, "ms")
    }

    #[test]
    fn a_limit_itself_is_met_and_nothing_measured_is_not() {
        assert!(budget(Some(4.0), Limit::AtMost(4.0)).met() && !budget(Some(4.1), Limit::AtMost(4.0)).met());
        assert!(budget(Some(4.0), Limit::AtLeast(4.0)).met() && !budget(Some(3.9), Limit::AtLeast(4.0)).met());
        assert!(!budget(None, Limit::AtMost(4.0)).met());
    }

    #[test]
    fn the_document_has_budgets_by_id() {
        let budgets =
            [budget(Some(1.5), Limit::AtMost(2.0)), Budget { id: "B1".into(), ..budget(None, Limit::AtLeast(1.0)) }];
        let document = document(&budgets, &Outcome::default());
        assert_eq!(
            document["budgets"]["B0"],
            json!({"what": "something", "value": 1.5, "limit": 2.0, "unit": "ms", "met": true})
        );
        assert_eq!(document["budgets"]["B1"]["value"], Value::Null);
        assert_eq!((&document["figures"], &document["intake"]), (&json!([]), &json!([])));
    }

    #[test]
    fn a_wasm_file_of_one_mebibyte_is_small_enough() {
        let size = |bytes| Size { component: "api".into(), bytes };
        let budgets = all(&Outcome::default(), &[size(1 << 20), size((1 << 20) + 1)]);
        let of_size: Vec<_> = budgets.iter().filter(|b| b.id == "B7.api").map(Budget::met).collect();
        assert_eq!(of_size, [true, false]);
    }
}
