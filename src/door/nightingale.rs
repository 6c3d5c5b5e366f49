//! Nightingale's events, one or an array of them (Flashduty, "Nightingale Integration"; Nightingale, `AlertCurEvent`).
//!
//! Nightingale tells its user what was answered and does not send again, so an event is refused only where it is no
//! object: all that is odd in one is passed over.

use crate::sorted::SortedMap;

use serde_json::{Map, Value};

use super::alertmanager::{add_label, pairs, plain, unix_secs};
use super::{Drafts, each};
use crate::error::ApiError;
use crate::id::short_key;
use crate::intake::fields::{ALERT_KEY_CHARS, plain_text};
use crate::intake::{Draft, Status};

/// The fields that the title is made from by default, and the labels that they are put under.
const TITLE_PARTS: [(&str, &str); 3] = [("rule_name", "check"), ("cluster", "cluster"), ("target_ident", "resource")];

/// Fields that are labels, the most telling ones first: where there are too many, the last ones are left out.
const LABEL_FIELDS: [&str; 12] = [
    "trigger_value",
    "cate",
    "datasource_id",
    "group_id",
    "group_name",
    "rule_id",
    "rule_prod",
    "prom_ql",
    "prom_eval_interval",
    "detail_url",
    "runbook_url",
    "target_note",
];

/// Reads the body of a push. An empty array is taken.
///
/// # Errors
/// `InvalidParameter` where the body is neither an object nor an array.
pub fn read(body: &Value) -> Result<Drafts, ApiError> {
    each(body, |event| Ok(read_event(event)))
}

fn read_event(event: &Map<String, Value>) -> Draft {
    let recovered = matches!(plain(event, "is_recovered").as_str(), "true" | "1");
    // The trigger time of a recovery is that of its alert.
    let time = plain(event, if recovered { "last_eval_time" } else { "trigger_time" });
    let mut draft = Draft {
        status: if recovered { Status::Ok } else { severity(&plain(event, "severity")) },
        description: description(event),
        alert_key: alert_key(event),
        event_time: unix_secs(&time),
        ..Draft::default()
    };
    add_labels(&mut draft, event);
    (draft.title, draft.title_rule) = title(&draft.labels, event);
    draft
}

fn severity(number: &str) -> Status {
    match number {
        "1" => Status::Critical,
        "3" => Status::Info,
        _ => Status::Warning,
    }
}

/// The hash of rule and series.
fn alert_key(event: &Map<String, Value>) -> String {
    let hash = plain(event, "hash");
    if hash.chars().nth(ALERT_KEY_CHARS).is_some() { short_key(hash.as_bytes()) } else { hash }
}

/// The rule's name, what was measured, and the rule's note.
fn description(event: &Map<String, Value>) -> String {
    let [name, value, note] = ["rule_name", "trigger_value", "rule_note"].map(|field| plain(event, field));
    let value = if value.is_empty() { value } else { format!("trigger value: {value}") };
    let first: Vec<String> = [name, value].into_iter().filter(|text| !text.is_empty()).collect();
    [first.join(", "), note].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
}

/// The tags, and what else says something about the alert. What the title is made from goes before everything, so that
/// no number of tags leaves it out.
fn add_labels(draft: &mut Draft, event: &Map<String, Value>) {
    let tags = tags(event);
    for (field, name) in TITLE_PARTS {
        if !tags.contains_key(name) {
            draft.label(name, &plain(event, field));
        }
    }
    if let Some(ident) = tags.get("ident") {
        draft.label("ident", ident);
    }
    for (name, value) in &tags {
        add_label(draft, name, value);
    }
    if let Some(metric) = tags.get("__name__") {
        add_label(draft, "metric", metric);
    }
    for field in LABEL_FIELDS {
        let value = plain(event, field);
        // What senders in typed languages send for "not set".
        if value != "0" || field == "trigger_value" {
            add_label(draft, field, &value);
        }
    }
    for (name, value) in pairs(event, "annotations").unwrap_or_default() {
        add_label(draft, &name, &value);
    }
}

/// The tags: an array of `name=value`, the same in one text with `,,` between them, or an object; and the object
/// `tags_map`, which lacks those with a second `=`. Any number in any order, so they are collected in a tree.
fn tags(event: &Map<String, Value>) -> SortedMap<String, String> {
    let texts: Vec<String> = match event.get("tags") {
        Some(Value::Array(tags)) => tags.iter().filter_map(plain_text).collect(),
        Some(Value::String(tags)) => tags.split(",,").map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let mut tags = Map::new();
    for field in ["tags_map", "tags"] {
        for (name, value) in pairs(event, field).unwrap_or_default() {
            tags.insert(name, value.into());
        }
    }
    for (name, value) in texts.iter().filter_map(|text| text.trim().split_once('=')) {
        if !value.is_empty() {
            tags.insert(name.to_owned(), value.into());
        }
    }
    let mut sorted = SortedMap::new();
    for (name, value) in tags {
        if let Value::String(value) = value {
            sorted.insert(name, value);
        }
    }
    sorted
}

/// The rule `$check::$cluster::$ident`, made of the parts that are there; the host that is watched stands in for a tag
/// `ident`. A rule of one part is none: the title is its value.
fn title(labels: &SortedMap<String, String>, event: &Map<String, Value>) -> (String, String) {
    let object = ["ident", "resource"].into_iter().find(|name| labels.contains_key(*name));
    let names: Vec<&str> =
        ["check", "cluster"].into_iter().filter(|name| labels.contains_key(*name)).chain(object).collect();
    let values: Vec<&str> = names.iter().filter_map(|name| labels.get(*name)).map(String::as_str).collect();
    let title = match values.join(" / ") {
        title if title.is_empty() => plain(event, "hash"),
        title => title,
    };
    let title = if title.is_empty() { "Nightingale alert".to_owned() } else { title };
    let rule = names.iter().map(|name| format!("${name}")).collect::<Vec<_>>().join("::");
    (title, if names.len() > 1 { rule } else { String::new() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::door::arbitrary;
    use proptest::prelude::*;
    use serde_json::json;

    fn event() -> Value {
        json!({
            "id": 0, "cate": "prometheus", "cluster": "nj-1", "datasource_id": 4, "group_id": 2, "group_name": "storage",
            "hash": "a6e1c9d07c1f4b0e9d3c2b1a09f8e7d6", "rule_id": 17, "rule_name": "Disk is nearly full",
            "rule_note": "Clear /var first.", "rule_prod": "metric", "severity": 1, "runbook_url": "", "prom_ql": "disk_used_percent > 95",
            "prom_eval_interval": 30, "target_ident": "db-3", "trigger_time": 1_795_158_776, "trigger_value": "97.2",
            "tags": ["__name__=disk_used_percent", "ident=db-3", "path=/var", "q=a=b", "bare"],
            "tags_map": {"__name__": "disk_used_percent", "ident": "db-3", "path": "/var"},
            "annotations": {"runbook": "https://r.example.net"}, "is_recovered": false,
            "last_eval_time": 1_795_158_806, "first_trigger_time": 1_795_158_776
        })
    }

    fn draft(event: Value) -> Draft {
        read(&json!([event])).expect("an array").remove(0).expect("taken")
    }

    #[test]
    fn an_event_is_read_with_all_that_comes_with_it() {
        let draft = draft(event());
        assert_eq!((draft.status, draft.event_time), (Status::Critical, Some(1_795_158_776)));
        assert_eq!(draft.title_rule, "$check::$cluster::$ident");
        assert_eq!(draft.title, "Disk is nearly full / nj-1 / db-3");
        assert_eq!(draft.description, "Disk is nearly full, trigger value: 97.2\nClear /var first.");
        assert_eq!(draft.alert_key, "a6e1c9d07c1f4b0e9d3c2b1a09f8e7d6");
        for (name, value) in [
            ("check", "Disk is nearly full"),
            ("resource", "db-3"),
            ("cluster", "nj-1"),
            ("metric", "disk_used_percent"),
            ("path", "/var"),
            ("q", "a=b"),
            ("datasource_id", "4"),
            ("trigger_value", "97.2"),
            ("runbook", "https://r.example.net"),
        ] {
            assert_eq!(draft.labels.get(name).map(String::as_str), Some(value), "{name}");
        }
        assert!(!draft.labels.contains_key("bare") && !draft.labels.contains_key("runbook_url"));
    }

    #[test]
    fn a_recovery_has_the_same_key_and_title_and_its_own_time() {
        let mut body = event();
        body["is_recovered"] = json!(true);
        let (firing, recovery) = (draft(event()), draft(body));
        assert_eq!((recovery.status, recovery.event_time), (Status::Ok, Some(1_795_158_806)));
        assert_eq!((recovery.alert_key, recovery.title_rule), (firing.alert_key, firing.title_rule));
    }

    #[test]
    fn severities_are_numbers_from_one_to_three() {
        let status = |severity: Value| draft(json!({"severity": severity})).status;
        assert_eq!(status(json!(1)), Status::Critical);
        assert_eq!(status(json!("2")), Status::Warning);
        assert_eq!(status(json!(3)), Status::Info);
        assert_eq!(status(json!(0)), Status::Warning);
        assert_eq!(status(json!(null)), Status::Warning);
    }

    #[test]
    fn tags_are_read_in_every_form_that_they_had() {
        let labels = |tags: Value| draft(json!({"tags": tags})).labels;
        assert_eq!(labels(json!("a=1,,b=2,, ,,c=")), labels(json!(["a=1", "b=2"])));
        assert_eq!(labels(json!({"a": 1, "b": "2"})), labels(json!(["a=1", "b=2"])));
        assert_eq!(draft(json!({"tags_map": {"a": "1"}})).labels["a"], "1");
        assert!(labels(json!(7)).is_empty());
    }

    #[test]
    fn the_title_is_made_of_the_parts_that_are_there() {
        let title = |event: Value| (draft(event.clone()).title_rule, draft(event).title);
        let pair = |rule: &str, title: &str| (rule.to_owned(), title.to_owned());
        assert_eq!(title(json!({"rule_name": "r", "target_ident": "h"})), pair("$check::$resource", "r / h"));
        assert_eq!(title(json!({"rule_name": "r"})), pair("", "r"));
        assert_eq!(title(json!({"hash": "h"})), pair("", "h"));
        assert_eq!(title(json!({})), pair("", "Nightingale alert"));
    }

    #[test]
    fn many_tags_leave_out_nothing_that_the_title_needs() {
        let mut body = event();
        body["tags"] = (0..60).map(|nth| format!("a{nth:02}=v")).chain(["ident=db-3".to_owned()]).collect();
        let labels = draft(body).labels;
        assert_eq!(labels.len(), 50);
        assert!(labels.contains_key("check") && labels.contains_key("cluster") && labels.contains_key("ident"));
    }

    #[test]
    fn an_object_is_one_event_and_what_is_none_does_not_take_the_others_with_it() {
        assert_eq!(read(&event()).expect("an object").len(), 1);
        assert_eq!(read(&json!([])), Ok(Vec::new()));
        let drafts = read(&json!([3, event()])).expect("an array");
        assert_eq!(drafts.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true]);
        let refusal = read(&json!("x")).expect_err("refused");
        assert_eq!(refusal.message, "body: must be a JSON object or an array of them");
    }

    #[test]
    fn a_hash_that_is_too_long_for_a_key_is_shortened() {
        let key = draft(json!({"hash": "h".repeat(256)})).alert_key;
        assert_eq!(key.len(), 22);
    }

    const NAMES: [&str; 10] = [
        "hash",
        "rule_name",
        "cluster",
        "target_ident",
        "tags",
        "tags_map",
        "annotations",
        "severity",
        "is_recovered",
        "trigger_time",
    ];
    const TEXTS: [&str; 5] = ["", "ident=db-3", "a=1,,b=2", "=", "1795158776"];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_is_taken_can_be_sealed(body in arbitrary::body_of(&NAMES, &TEXTS)) {
            arbitrary::all_seal(read(&body))?;
            arbitrary::all_seal(read(&json!([body])))?;
        }
    }
}
