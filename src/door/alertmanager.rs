//! An alert as Alertmanager and its relatives describe it: labels, annotations, a link to where it was found
//! (Flashduty, "Prometheus Integration"; Prometheus, "Alertmanager webhook" and "Alertmanager API v2").
//!
//! The labels are the alert's identity, so key and title follow from them alone: annotations may hold a measured value
//! that changes with every message.

use crate::sorted::SortedMap;

use serde_json::{Map, Value};

use super::severity;
use crate::error::ApiError;
use crate::intake::fields::{ALERT_KEY_CHARS, LABEL_NAME_CHARS, LABELS, cut, limited, plain_text};
use crate::intake::{Draft, Status};

/// The labels that say what an alert is about; the first one that is there stands in the title. `rulename` is what
/// Grafana's alerts about a rule itself have (no data, or an error).
const OBJECTS: [&str; 12] = [
    "rulename",
    "instance",
    "pod",
    "node",
    "host",
    "hostname",
    "ident",
    "target",
    "resource",
    "service",
    "job",
    "namespace",
];

/// The latest time that is believed to be seconds: the end of year 9999. What is larger was meant as milliseconds.
const LATEST_SECS: f64 = 253_402_300_799.0;

/// Reads one alert.
///
/// # Errors
/// `InvalidParameter` where labels or annotations are not an object.
pub fn read(fields: &Map<String, Value>, resolved: bool) -> Result<Draft, ApiError> {
    let labels = pairs(fields, "labels")?;
    let annotations = pairs(fields, "annotations")?;
    let mut draft = Draft {
        status: if resolved { Status::Ok } else { severity::of_labels(&labels) },
        title: title(&labels, &annotations),
        description: first(&annotations, &["description", "message", "summary"]).unwrap_or_default().to_owned(),
        alert_key: alert_key(fields, &labels),
        event_time: annotations.get("timestamp").and_then(|secs| unix_secs(secs)),
        labels: limited(labels),
        ..Draft::default()
    };
    for (name, value) in &annotations {
        add_label(&mut draft, name, value);
    }
    add_label(&mut draft, "generator_url", &plain(fields, "generatorURL"));
    Ok(draft)
}

/// Adds a label that the alert does not identify itself by, where there is still room for it: it must not push out one
/// of the alert's own.
pub fn add_label(draft: &mut Draft, name: &str, value: &str) {
    if draft.labels.len() < LABELS {
        draft.label(cut(name, LABEL_NAME_CHARS), value);
    }
}

/// A field as text: numbers and booleans as their JSON text, what is absent or has parts as nothing.
pub fn plain(fields: &Map<String, Value>, name: &str) -> String {
    fields.get(name).and_then(plain_text).unwrap_or_default()
}

/// An object's fields as texts, those with parts as their JSON text. An empty one means the same as none, as in
/// Prometheus.
///
/// # Errors
/// `InvalidParameter` where it is not an object.
pub fn pairs(fields: &Map<String, Value>, name: &str) -> Result<SortedMap<String, String>, ApiError> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(SortedMap::new()),
        Some(Value::Object(pairs)) => {
            let mut texts = SortedMap::new();
            for (name, value) in pairs {
                let text = plain_text(value).unwrap_or_else(|| value.to_string());
                if !text.is_empty() {
                    texts.insert(name.clone(), text);
                }
            }
            Ok(texts)
        }
        Some(_) => Err(ApiError::invalid(name, "must be an object")),
    }
}

/// The sender's fingerprint; where there is none (or one that is too long for a key) the one that Alertmanager would
/// have given.
fn alert_key(fields: &Map<String, Value>, labels: &SortedMap<String, String>) -> String {
    let given = plain(fields, "fingerprint");
    if given.is_empty() || given.chars().nth(ALERT_KEY_CHARS).is_some() { fingerprint(labels) } else { given }
}

/// Prometheus' fingerprint of labels: FNV-1a over their names and values, in the order of the names, each with a byte
/// after it that no text has; 16 hex digits.
fn fingerprint(labels: &SortedMap<String, String>) -> String {
    let texts = labels.iter().flat_map(|(name, value)| [name, value]);
    let bytes = texts.flat_map(|text| text.bytes().chain([0xff]));
    let hash = bytes
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    format!("{hash:016x}")
}

/// "policy name / object". An alert without a name is called by what its annotations or else its labels say.
fn title(labels: &SortedMap<String, String>, annotations: &SortedMap<String, String>) -> String {
    let object = first(labels, &OBJECTS);
    match (labels.get("alertname"), object) {
        (Some(name), Some(object)) => format!("{name} / {object}"),
        (Some(name), None) => name.clone(),
        (None, _) => match first(annotations, &["summary", "title"]).or(object) {
            Some(text) => text.to_owned(),
            None if labels.is_empty() => "Alert without labels".to_owned(),
            None => labels.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", "),
        },
    }
}

fn first<'a>(texts: &'a SortedMap<String, String>, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| texts.get(*name)).map(String::as_str)
}

/// Unix seconds, also with a fraction or an exponent, as Prometheus' templates print numbers.
pub fn unix_secs(text: &str) -> Option<u64> {
    let secs: f64 = text.trim().parse().ok()?;
    (1.0..=LATEST_SECS).contains(&secs).then_some(secs as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn draft(alert: Value) -> Draft {
        read(alert.as_object().expect("an object"), false).expect("taken")
    }

    #[test]
    fn the_fingerprint_is_the_one_that_alertmanager_gives() {
        // Those that the tests of Alertmanager's API and of Grafana's webhook notifier expect.
        for (labels, fingerprint) in [
            (json!({"severity": "critical", "alertname": "alert1"}), "0223b772b51c29e1"),
            (json!({"alertname": "alert1", "lbl1": "val1"}), "fac0861a85de433a"),
            (json!({"alertname": "alert1", "lbl1": "val2", "empty": ""}), "fab6861a85d5eeb5"),
        ] {
            assert_eq!(draft(json!({"labels": labels})).alert_key, fingerprint);
        }
    }

    #[test]
    fn the_key_is_the_fingerprint_given_and_else_follows_from_the_labels_alone() {
        assert_eq!(
            draft(json!({"fingerprint": "c6eadffa33fcdf37", "labels": {"a": "b"}})).alert_key,
            "c6eadffa33fcdf37"
        );
        let key = |value: &str| draft(json!({"labels": {"a": "b"}, "annotations": {"summary": value}})).alert_key;
        assert_eq!(key("93 %"), key("94 %"));
        let long = draft(json!({"fingerprint": "f".repeat(256), "labels": {"a": "b"}}));
        assert_eq!(long.alert_key, key(""));
    }

    #[test]
    fn the_title_is_policy_name_and_object() {
        let title = |alert| draft(alert).title;
        assert_eq!(
            title(json!({"labels": {"alertname": "Down", "instance": "db-3:9100", "job": "n"}})),
            "Down / db-3:9100"
        );
        assert_eq!(title(json!({"labels": {"alertname": "Down", "job": "node"}})), "Down / node");
        assert_eq!(title(json!({"labels": {"alertname": "Watchdog"}, "annotations": {"summary": "s"}})), "Watchdog");
        assert_eq!(title(json!({"labels": {"node": "n-1"}, "annotations": {"summary": "It is full"}})), "It is full");
        assert_eq!(title(json!({"labels": {"node": "n-1"}})), "n-1");
        assert_eq!(title(json!({"labels": {"b": "2", "a": "1"}})), "a=1, b=2");
        assert_eq!(title(json!({})), "Alert without labels");
    }

    #[test]
    fn an_annotation_never_overrides_a_label() {
        let draft =
            draft(json!({"labels": {"team": "storage"}, "annotations": {"team": "network", "runbook_url": "r"},
            "generatorURL": "http://prom.example.net/graph"}));
        assert_eq!(draft.labels["team"], "storage");
        assert_eq!(draft.labels["runbook_url"], "r");
        assert_eq!(draft.labels["generator_url"], "http://prom.example.net/graph");
    }

    #[test]
    fn where_labels_are_many_the_alerts_own_go_first() {
        let labels: Map<String, Value> = (0..48).map(|nth| (format!("z{nth:02}"), json!("v"))).collect();
        let draft =
            draft(json!({"labels": labels, "annotations": {"a": "1", "b": "2", "c": "3"}, "generatorURL": "g"}));
        assert_eq!(draft.labels.len(), LABELS);
        assert!(draft.labels.contains_key("z47") && draft.labels.contains_key("b"));
        assert!(!draft.labels.contains_key("c") && !draft.labels.contains_key("generator_url"));
    }

    #[test]
    fn the_description_is_the_annotation_of_that_name_or_what_comes_nearest() {
        let description = |annotations| draft(json!({"annotations": annotations})).description;
        assert_eq!(description(json!({"description": "d", "message": "m", "summary": "s"})), "d");
        assert_eq!(description(json!({"message": "m", "summary": "s"})), "m");
        assert_eq!(description(json!({"description": "", "summary": "s"})), "s");
        assert_eq!(description(json!({})), "");
    }

    #[test]
    fn the_time_is_the_annotation_timestamp_where_it_is_unix_seconds() {
        let time = |timestamp: Value| draft(json!({"annotations": {"timestamp": timestamp}})).event_time;
        assert_eq!(time(json!("1795165976")), Some(1_795_165_976));
        assert_eq!(time(json!(1_795_165_976)), Some(1_795_165_976));
        assert_eq!(time(json!("1.795165976e+09")), Some(1_795_165_976));
        for not_secs in [json!("1795165976412"), json!("now"), json!("0"), json!("-5"), json!("NaN"), json!([1])] {
            assert_eq!(time(not_secs.clone()), None, "{not_secs}");
        }
    }

    #[test]
    fn labels_that_are_no_object_are_refused_and_odd_values_are_not() {
        let refusal = |alert: Value| read(alert.as_object().expect("an object"), false).expect_err("refused").message;
        assert_eq!(refusal(json!({"labels": []})), "labels: must be an object");
        assert_eq!(refusal(json!({"annotations": "x"})), "annotations: must be an object");
        let draft = draft(json!({"labels": {"n": 3, "yes": true, "none": null, "list": [1, "a"]}}));
        assert_eq!(draft.labels["n"], "3");
        assert_eq!(draft.labels["list"], r#"[1,"a"]"#);
        assert!(!draft.labels.contains_key("none"));
    }
}
