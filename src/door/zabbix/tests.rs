//! Tests of the Zabbix door.

use super::*;
use crate::door::arbitrary;
use proptest::prelude::*;
use serde_json::json;

fn problem() -> Value {
    json!({
        "event_id": "862", "trigger_id": "13926", "event_source": "0", "event_value": "1", "event_update_status": "0",
        "event_name": "Disk is nearly full", "event_severity": "High", "event_nseverity": "4", "host_name": "db-3",
        "host_ip": "192.0.2.7", "alert_message": "Problem started at 07:12:56.", "event_opdata": "97.2 %",
        "event_tags": "[{\"tag\":\"team\",\"value\":\"storage\"}]", "event_timestamp": "1795158776",
        "event_recovery_timestamp": "{EVENT.RECOVERY.TIMESTAMP}", "item_value": "*UNKNOWN*", "to": "a-key"
    })
}

/// The problem with some fields otherwise.
fn with(fields: Value) -> Draft {
    let mut body = problem();
    for (name, value) in fields.as_object().expect("an object") {
        body[name] = value.clone();
    }
    read(&body).expect("an object").remove(0).expect("taken")
}

fn only(body: Value) -> Draft {
    read(&body).expect("an object").remove(0).expect("taken")
}

#[test]
fn a_problem_is_read_with_all_that_comes_with_it() {
    let draft = only(problem());
    assert_eq!((draft.status, draft.title.as_str()), (Status::Critical, "Disk is nearly full / db-3"));
    assert_eq!((draft.alert_key.as_str(), draft.event_time), ("trigger/13926/db-3", Some(1_795_158_776)));
    assert_eq!(draft.description, "Problem started at 07:12:56.");
    assert_eq!(draft.labels["check"], "Disk is nearly full");
    assert_eq!(draft.labels["host"], "db-3");
    assert_eq!(draft.labels["team"], "storage");
    assert_eq!(draft.labels["host_ip"], "192.0.2.7");
    assert_eq!(draft.labels["event_id"], "862");
    assert!(!["to", "item_value", "alert_message"].iter().any(|name| draft.labels.contains_key(*name)));
}

#[test]
fn a_recovery_has_the_same_key_and_title_and_its_own_time() {
    let recovery = with(json!({"event_value": "0", "event_recovery_timestamp": "1795159000"}));
    let problem = only(problem());
    assert_eq!((recovery.status, recovery.event_time), (Status::Ok, Some(1_795_159_000)));
    assert_eq!((recovery.alert_key, recovery.title), (problem.alert_key, problem.title));
}

#[test]
fn the_value_says_whether_it_recovers_and_else_the_status() {
    let status = |fields: Value| with(fields).status;
    assert_eq!(status(json!({"event_value": 0, "status": "PROBLEM"})), Status::Ok);
    assert_eq!(status(json!({"event_value": 1, "trigger_status": "OK"})), Status::Critical);
    for word in ["RESOLVED", "OK", "Resolved"] {
        assert_eq!(status(json!({"event_value": "{EVENT.VALUE}", "event_status": word})), Status::Ok, "{word}");
    }
    assert_eq!(status(json!({"event_value": null, "event_status": "PROBLEM"})), Status::Critical);
    assert_eq!(status(json!({"event_value": null, "event_status": "whatever"})), Status::Critical);
}

#[test]
fn an_update_is_of_the_same_alert_and_knows_whether_it_is_over() {
    let update = with(json!({"event_update_status": "1", "alert_message": "jo acknowledged it."}));
    assert_eq!((update.status, update.event_time), (Status::Critical, None));
    assert_eq!(update.alert_key, only(problem()).alert_key);
    let over = with(json!({"event_update_status": "1", "event_value": "1", "event_status": "RESOLVED"}));
    assert_eq!(over.status, Status::Ok);
    let milder = with(json!({"event_update_status": "1", "event_update_nseverity": "2"}));
    assert_eq!(milder.status, Status::Warning);
    let none = with(json!({"event_update_status": "0", "event_update_nseverity": "2"}));
    assert_eq!(none.status, Status::Critical);
}

#[test]
fn severities_are_known_by_number_and_by_name() {
    for (words, status) in [
        (["5", "Disaster"], Status::Critical),
        (["4", "HIGH"], Status::Critical),
        (["3", "Average"], Status::Warning),
        (["2", "Warning"], Status::Warning),
        (["1", "Information"], Status::Info),
        (["0", "Not classified"], Status::Info),
        (["9", "Katastrophe"], Status::Warning),
    ] {
        for (number, name) in [(Some(words[0]), None), (None, Some(words[1]))] {
            let draft = with(json!({"event_nseverity": number, "event_severity": name}));
            assert_eq!(draft.status, status, "{words:?}");
        }
    }
    assert_eq!(with(json!({"event_nseverity": null, "event_severity": "ok"})).status, Status::Info);
}

#[test]
fn nothing_recovers_at_discovery() {
    let draft =
        only(json!({"event_source": "1", "event_value": "0", "subject": "Discovery: host found", "message": "m"}));
    assert_eq!((draft.status, draft.title.as_str()), (Status::Info, "Discovery: host found"));
}

#[test]
fn without_a_trigger_the_event_is_the_identity_and_without_one_the_name() {
    assert_eq!(with(json!({"trigger_id": "*UNKNOWN*"})).alert_key, "event/862");
    assert_eq!(only(json!({"EVENT.NAME": "down", "HOST.NAME": "db-3"})).alert_key, "name/down/db-3");
    assert_eq!(only(json!({"message": "m"})).alert_key, "host/");
    assert_eq!(only(json!({"problem": "p".repeat(300)})).alert_key.len(), 22);
}

#[test]
fn a_title_does_not_say_the_host_twice() {
    assert_eq!(with(json!({"event_name": "db-3 is down"})).title, "db-3 is down");
    assert_eq!(with(json!({"event_name": null})).title, "Zabbix problem / db-3");
}

#[test]
fn what_says_nothing_is_refused() {
    let refusal = |body: Value| read(&body).expect("an object").remove(0).expect_err("refused").message;
    assert_eq!(refusal(json!({})), "event_name: is required");
    assert_eq!(refusal(json!({"event_name": "{EVENT.NAME}", "event_id": "", "to": "k"})), "event_name: is required");
    assert!(read(&json!("x")).is_err());
}

const NAMES: [&str; 12] = [
    "event_id",
    "trigger_id",
    "event_name",
    "host",
    "event_value",
    "event_status",
    "event_nseverity",
    "event_update_status",
    "event_tags",
    "event_source",
    "message",
    "tag",
];
const TEXTS: [&str; 9] =
    ["", "0", "1", "RESOLVED", "{EVENT.ID}", "*UNKNOWN*", "a:b,c:d", "[{\"tag\":1}]", "{\"a\":[1]}"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_taken_can_be_sealed(body in arbitrary::body_of(&NAMES, &TEXTS)) {
        arbitrary::all_seal(read(&body))?;
        arbitrary::all_seal(read(&json!({"event_name": "n", "event_tags": body.clone(), "event_value": body})))?;
    }
}
