//! Bodies for the property tests of the doors: any JSON, with the names and words that doors look for all over it.

use proptest::prelude::*;
use serde_json::Value;

use super::Drafts;
use crate::error::ApiError;
use crate::filter::Origin;

/// Any JSON, for the doors of Alertmanager's relatives.
pub fn body() -> impl Strategy<Value = Value> {
    body_of(&NAMES, &TEXTS)
}

/// Any JSON with these names and texts all over it.
pub fn body_of(names: &'static [&'static str], texts: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        2 => text(texts).prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 6, move |inner| {
        let object = prop::collection::vec((name(names), inner.clone()), 0..6);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            object.prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Checks that whatever was taken becomes an event: an alert that a door understood must not be lost later.
pub fn all_seal(drafts: Result<Drafts, ApiError>) -> Result<(), TestCaseError> {
    let origin = Origin { id: 9001, name: "i", kind: "standard" };
    for draft in drafts.unwrap_or_default().into_iter().flatten() {
        let sealed = draft.clone().seal(origin);
        prop_assert!(sealed.is_ok(), "{:?} of {:?}", sealed, draft);
    }
    Ok(())
}

fn name(known: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop_oneof![4 => prop::sample::select(known).prop_map(str::to_owned), 1 => "\\PC{0,6}"]
}

fn text(known: &'static [&'static str]) -> impl Strategy<Value = String> {
    let known = prop::sample::select(known).prop_map(str::to_owned);
    prop_oneof![2 => known, 1 => "\\PC{0,40}", 1 => (0..4000_usize).prop_map(|n| "é".repeat(n))]
}

const NAMES: [&str; 24] = [
    "alerts",
    "labels",
    "annotations",
    "status",
    "state",
    "endsAt",
    "fingerprint",
    "alertname",
    "severity",
    "instance",
    "timestamp",
    "summary",
    "generatorURL",
    "values",
    "imageURL",
    "orgId",
    "title",
    "ruleId",
    "ruleUrl",
    "ruleName",
    "evalMatches",
    "tags",
    "metric",
    "message",
];

const TEXTS: [&str; 12] = [
    "",
    "firing",
    "resolved",
    "alerting",
    "ok",
    "critical",
    "https://g.example.net/d/1",
    "2026-11-20T07:12:56Z",
    "[OK] disk",
    "1795165976",
    "[TPL]${x}",
    "$a::$b",
];
