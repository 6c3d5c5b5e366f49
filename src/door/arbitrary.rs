//! Bodies for the property tests of the doors: any JSON, with the names and words that doors look for all over it.

use proptest::prelude::*;
use serde_json::Value;

use super::Drafts;
use crate::error::ApiError;
use crate::filter::Origin;

/// Any JSON.
pub fn body() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..6).prop_map(|fields| Value::Object(fields.into_iter().collect())),
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

fn name() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
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
    ]);
    prop_oneof![4 => known.prop_map(str::to_owned), 1 => "\\PC{0,6}"]
}

fn text() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
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
    ]);
    prop_oneof![2 => known.prop_map(str::to_owned), 1 => "\\PC{0,40}", 1 => (0..4000_usize).prop_map(|n| "é".repeat(n))]
}
