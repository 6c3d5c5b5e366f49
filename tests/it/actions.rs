//! What people do through the Open API, with what subscribers are told and what the timeline says.

use serde_json::{Value, json};

use crate::support::{DEMO, World, request};

const SILENCE_LIST: &str = "/channel/silence/rule/list";
const SILENCE_DELETE: &str = "/channel/silence/rule/delete";

/// The demo, with people, a key of each of them, and a custom field.
pub fn world() -> World {
    let people = r#"
[[people]]
id = 41
name = "Mei"
email = "mei@example.net"

[[people]]
id = 42
name = "Ada"

[[app_keys]]
name = "Ada's"
key = "app-key-of-ada-0123456789"
person_id = 42

[[fields]]
name = "priority"
type = "single_select"
options = ["P1", "P2"]
"#;
    let config =
        DEMO.replace("key = \"app-key-0123456789abcdef\"", "key = \"app-key-0123456789abcdef\"\nperson_id = 41");
    World::with_config(&format!("{config}\n{people}"))
}

fn fired(world: &mut World, key: &str) -> String {
    world.fire(key);
    world.expect_webhook("i_new").incident_id
}

fn done(world: &World, path: &str, body: Value) -> Value {
    let (status, answer) = world.call(path, &body);
    assert_eq!(status, 200, "{path}: {answer}");
    answer["data"].clone()
}

fn info(world: &World, id: &str) -> Value {
    done(world, "/incident/info", json!({"incident_id": id}))
}

/// The call is refused with this code, says this, and changes nothing.
fn refused(world: &World, id: &str, path: &str, body: Value, code: &str, says: &str) {
    let before = info(world, id);
    let (status, answer) = world.call(path, &body);
    assert_eq!((status, &answer["error"]["code"]), (400, &json!(code)), "{path}: {answer}");
    let message = answer["error"]["message"].as_str().expect("a text");
    assert!(message.contains(says), "{message}");
    assert_eq!(info(world, id), before);
}

#[test]
fn who_acknowledges_is_told_to_subscribers_at_once_and_stands_in_the_timeline() {
    let mut world = world();
    let id = fired(&mut world, "a");
    assert_eq!(done(&world, "/incident/ack", json!({"incident_ids": [id]})), Value::Null);
    let told = world.expect_webhook("i_ack");
    assert_eq!(told.body["person"], json!({"person_id": 41, "person_name": "Mei", "email": "mei@example.net"}));
    let incident = &told.body["incident"];
    assert_eq!((&incident["progress"], &incident["responder_ids"]), (&json!("Processing"), &json!([41])));
    assert!(incident["ack_time"].as_u64() > Some(0));
    let feed = done(&world, "/incident/feed", json!({"incident_id": id, "asc": true}));
    let kinds: Vec<&Value> = feed["items"].as_array().expect("items").iter().map(|item| &item["type"]).collect();
    assert_eq!(kinds, ["i_new", "i_ack"]);
    assert_eq!(feed["items"][1]["creator_id"], 41);
    // Once more by the same person, it changes nothing and tells nobody.
    done(&world, "/incident/ack", json!({"incident_ids": [id]}));
    world.expect_no_webhook();
    done(&world, "/incident/unack", json!({"incident_ids": [id]}));
    assert_eq!(world.expect_webhook("i_unack").body["incident"]["progress"], "Triggered");
}

#[test]
fn a_snooze_ends_by_tick_and_the_incident_is_assigned_anew() {
    let mut world = world();
    let id = fired(&mut world, "a");
    refused(
        &world,
        &id,
        "/incident/snooze",
        json!({"incident_ids": [id], "minutes": 0}),
        "InvalidParameter",
        "minutes",
    );
    refused(&world, &id, "/incident/wake", json!({"incident_ids": [id]}), "InvalidParameter", "not snoozed");
    done(&world, "/incident/snooze", json!({"incident_ids": [id], "minutes": 1}));
    let snoozed = world.expect_webhook("i_snooze");
    assert!(snoozed.body["incident"]["snoozed_before"].as_u64() > Some(0));
    world.at(59).expect_no_webhook();
    world.at(62);
    let assigned = world.expect_webhook("i_assign");
    assert_eq!((assigned.body.get("person"), &assigned.body["incident"]["snoozed_before"]), (None, &json!(0)));
}

#[test]
fn what_is_closed_by_hand_is_not_recovered_and_fires_into_a_new_incident() {
    let mut world = world();
    let id = fired(&mut world, "a");
    done(&world, "/incident/resolve", json!({"incident_ids": [id], "root_cause": "a full disk"}));
    let told = world.expect_webhook("i_rslv");
    let incident = &told.body["incident"];
    assert_eq!((&incident["progress"], &incident["incident_status"]), (&json!("Closed"), &json!("Critical")));
    assert_eq!((&incident["end_time"], &incident["closer"]["person_name"]), (&json!(0), &json!("Mei")));
    assert_eq!(incident["root_cause"], "a full disk");
    refused(&world, &id, "/incident/ack", json!({"incident_ids": [id]}), "InvalidParameter", "is closed");
    world.at(10).fire("a");
    assert_ne!(world.expect_webhook("i_new").incident_id, id);
}

#[test]
fn an_incident_that_has_left_its_board_can_be_commented_and_opened_again() {
    let mut world = world();
    let id = fired(&mut world, "a");
    world.recover("a");
    world.expect_webhook("i_rslv");
    world.at(600);
    done(&world, "/incident/comment", json!({"incident_ids": [id], "comment": "  post mortem on Monday "}));
    assert_eq!(world.expect_webhook("i_comm").incident_id, id);
    let feed = done(&world, "/incident/feed", json!({"incident_id": id, "types": ["i_comm"]}));
    assert_eq!(feed["items"][0]["detail"]["comment"], "post mortem on Monday");
    done(&world, "/incident/reopen", json!({"incident_ids": [id], "reason": "not over"}));
    assert_eq!(world.expect_webhook("i_reopen").body["incident"]["progress"], "Triggered");
    let (_, open) = world.call("/incident/list", &window(&world, json!({"progress": "Triggered"})));
    assert_eq!(open["data"]["items"][0]["incident_id"], json!(id));
}

fn window(world: &World, mut query: Value) -> Value {
    let now = world.cluster.sim.now().secs();
    query["start_time"] = json!(now - 3600);
    query["end_time"] = json!(now + 60);
    query
}

#[test]
fn fields_that_people_change_stay_and_each_is_told() {
    let mut world = world();
    let id = fired(&mut world, "a");
    let reset =
        json!({"incident_id": id, "title": "the shop is slow", "incident_severity": "Info", "impact": "orders"});
    done(&world, "/incident/reset", reset);
    for kind in ["i_r_title", "i_r_severity", "i_r_impact"] {
        world.expect_webhook(kind);
    }
    done(&world, "/incident/field/reset", json!({"incident_id": id, "field_name": "priority", "field_value": "P1"}));
    assert_eq!(world.expect_webhook("i_r_field").body["incident"]["fields"], json!({"priority": "P1"}));
    let wrong = json!({"incident_id": id, "field_name": "priority", "field_value": "P9"});
    refused(&world, &id, "/incident/field/reset", wrong, "InvalidParameter", "one of the options");
    let unknown = json!({"incident_id": id, "field_name": "colour", "field_value": "red"});
    refused(&world, &id, "/incident/field/reset", unknown, "ResourceNotFound", "no such custom field");
    refused(&world, &id, "/incident/reset", json!({"incident_id": id}), "InvalidParameter", "required");
    let short = json!({"incident_id": id, "title": "no"});
    refused(&world, &id, "/incident/reset", short, "InvalidParameter", "title");
    let shown = info(&world, &id);
    assert_eq!((&shown["title"], &shown["incident_severity"]), (&json!("the shop is slow"), &json!("Info")));
    assert_eq!(shown["manual_overrides"], json!(["title", "incident_severity", "impact"]));
}

#[test]
fn incidents_are_merged_assigned_and_made_by_hand() {
    let mut world = world();
    let (one, other) = (fired(&mut world, "a"), fired(&mut world, "b"));
    let merge = json!({"source_incident_ids": [other], "target_incident_id": one, "comment": "the same disk"});
    done(&world, "/incident/merge", merge);
    let mut kinds = vec![];
    for webhook in world.cluster.receiver.arrived.borrow().iter().skip(2) {
        kinds.push((webhook.event_type.clone(), webhook.incident_id.clone()));
    }
    kinds.sort();
    assert_eq!(kinds, [("i_merge".to_owned(), one.clone()), ("i_rslv".to_owned(), other.clone())]);
    let alerts = done(&world, "/incident/alert/list", json!({"incident_id": one, "is_active": true}));
    assert_eq!((&alerts["total"], &alerts["items"][0]["incident"]["incident_id"]), (&json!(2), &json!(one)));
    let assign = json!({"incident_ids": [one], "assigned_to": {"person_ids": [42], "type": "assign"}});
    done(&world, "/incident/assign", assign);
    let shown = info(&world, &one);
    assert_eq!((&shown["responder_ids"], &shown["assigned_to"]["person_ids"]), (&json!([42]), &json!([42])));
    let stranger = json!({"incident_ids": [one], "assigned_to": {"person_ids": [99]}});
    refused(&world, &one, "/incident/assign", stranger, "ResourceNotFound", "no person 99");
    let by_rule = json!({"incident_ids": [one], "assigned_to": {"escalate_rule_id": "6928f1a4c05b7e33d1a90001"}});
    refused(&world, &one, "/incident/assign", by_rule, "InvalidParameter", "no escalation rules");
    let made =
        json!({"incident_severity": "Warning", "title": "a rumour", "channel_id": 100, "fields": {"priority": "P2"}});
    let made = done(&world, "/incident/create", made);
    let shown = info(&world, made["incident_id"].as_str().expect("an id"));
    assert_eq!((&shown["creator"]["person_name"], &shown["labels"]), (&json!("Mei"), &json!({})));
    assert_eq!((&shown["channel_id"], &shown["title"]), (&json!(100), &made["title"]));
}

#[test]
fn a_call_on_several_channels_is_done_in_all_of_them_or_in_none() {
    let mut world = world();
    let here = fired(&mut world, "a");
    world.push_shared(json!({"event_status": "Warning", "title_rule": "elsewhere", "alert_key": "x"}));
    let there = world.expect_webhook("i_new").incident_id;
    done(&world, "/incident/resolve", json!({"incident_ids": [there]}));
    world.expect_webhook("i_rslv");
    refused(&world, &here, "/incident/ack", json!({"incident_ids": [here, there]}), "InvalidParameter", "is closed");
    let nobody = "0123456789abcdef01234567";
    refused(&world, &here, "/incident/ack", json!({"incident_ids": [here, nobody]}), "ResourceNotFound", nobody);
    let across = json!({"source_incident_ids": [there], "target_incident_id": here});
    refused(&world, &here, "/incident/merge", across, "InvalidParameter", "one channel");
    done(&world, "/incident/comment", json!({"incident_ids": [here, there], "comment": "both"}));
    world.expect_webhook("i_comm");
    world.expect_webhook("i_comm");
}

#[test]
fn parameters_that_cannot_be_right_are_refused_by_name() {
    let mut world = world();
    let id = fired(&mut world, "a");
    for (path, body, field) in [
        ("/incident/ack", json!({}), "incident_ids"),
        ("/incident/ack", json!({"incident_ids": []}), "incident_ids"),
        ("/incident/ack", json!({"incident_ids": vec![&id; 101]}), "incident_ids"),
        ("/incident/comment", json!({"incident_ids": [id], "comment": "  "}), "comment"),
        ("/incident/comment", json!({"incident_ids": [id], "comment": "x".repeat(1025)}), "comment"),
        ("/incident/create", json!({"title": "t"}), "incident_severity"),
        ("/incident/create", json!({"incident_severity": "Ok", "title": "t"}), "incident_severity"),
        ("/incident/create", json!({"incident_severity": "Info"}), "title"),
        ("/incident/responder/add", json!({"incident_id": id, "person_ids": []}), "person_ids"),
        ("/incident/silence", json!({"incident_id": id, "seconds": 1}), "seconds"),
    ] {
        refused(&world, &id, path, body, "InvalidParameter", field);
    }
    let hostile = json!({"incident_ids": ["../../alarum:1:ledger"]});
    refused(&world, &id, "/incident/ack", hostile, "ResourceNotFound", "incident_ids");
    let channel = json!({"incident_severity": "Info", "title": "t", "channel_id": 9});
    refused(&world, &id, "/incident/create", channel, "ResourceNotFound", "channel_id");
}

#[test]
fn a_quick_silence_keeps_alerts_like_it_quiet_until_it_is_over() {
    let mut world = world();
    let disk =
        |key: &str| json!({"event_status": "Critical", "title_rule": "t", "alert_key": key, "labels": {"host": "h"}});
    world.push(disk("a"));
    let id = world.expect_webhook("i_new").incident_id;
    let rule = done(&world, "/incident/silence", json!({"incident_id": id, "seconds": 120}))["rule_id"].clone();
    assert_eq!(rule.as_str().map(str::len), Some(24));
    world.at(60).push(disk("b")).expect_no_webhook();
    world.at(119).expect_no_webhook();
    // It is still open when the silence ends: then it is told.
    world.at(121);
    assert_eq!(world.expect_webhook("i_new").body["incident"]["dedup_key"], "b");
}

#[test]
fn a_quick_silence_is_listed_with_the_rules_of_its_channel_and_deleted_like_one() {
    let mut world = world();
    let disk =
        |key: &str| json!({"event_status": "Critical", "title_rule": "t", "alert_key": key, "labels": {"host": "h"}});
    world.push(disk("a"));
    let id = world.expect_webhook("i_new").incident_id;
    let began = world.cluster.sim.now().secs();
    let rule_id = done(&world, "/incident/silence", json!({"incident_id": id, "seconds": 600}))["rule_id"].clone();
    let list = |world: &World, channel: i64| done(world, SILENCE_LIST, json!({"channel_id": channel}));
    let filters = json!([[{"key": "severity", "oper": "IN", "vals": ["Critical"]},
        {"key": "labels.host", "oper": "IN", "vals": ["h"]}]]);
    let silence = json!({"channel_id": 101, "rule_id": rule_id, "rule_name": "", "status": "enabled", "filters": filters,
        "time_filter": {"start_time": began, "end_time": began + 600}, "is_auto_delete": true, "from_incident_id": id});
    assert_eq!(list(&world, 101), json!({"total": 1, "items": [silence]}));
    assert_eq!(list(&world, 100), json!({"total": 0, "items": []}), "nothing has happened there");
    world.at(60).push(disk("b")).expect_no_webhook();

    // Who operates may end it, as they may make it.
    let end = json!({"channel_id": 101, "rule_id": rule_id});
    let elsewhere = json!({"channel_id": 100, "rule_id": rule_id});
    let (status, answer) = world.call(SILENCE_DELETE, &elsewhere);
    assert_eq!((status, &answer["error"]["code"]), (400, &json!("ResourceNotFound")));
    let operates = request("POST", &format!("{SILENCE_DELETE}?app_key=app-key-of-ada-0123456789"), &end.to_string());
    let (status, answer) = world.call_raw(operates.clone());
    assert_eq!((status, &answer["data"]), (200, &Value::Null), "{answer}");
    assert_eq!(world.expect_webhook("i_new").body["incident"]["dedup_key"], "b");
    assert_eq!(list(&world, 101)["total"], 0);
    let feed = done(&world, "/incident/feed", json!({"incident_id": id, "types": ["i_silence"]}));
    let told: Vec<_> = feed["items"].as_array().expect("items").iter().map(|item| &item["creator_id"]).collect();
    assert_eq!(told, [42, 41], "the end, and the beginning");

    // There is none any more; of the rules of the configuration only who administers disposes.
    let (status, answer) = world.call(SILENCE_DELETE, &end);
    assert_eq!((status, &answer["error"]["code"]), (400, &json!("ResourceNotFound")));
    let (status, answer) = world.call_raw(operates);
    assert_eq!((status, &answer["error"]["code"]), (403, &json!("AccessDenied")));
}

#[test]
fn a_quick_silence_can_be_ended_where_calls_do_not_change_the_configuration() {
    let mut world = World::by_stored(&format!("{DEMO}\n[administration]\ncalls = false\n"));
    world.push(json!({"event_status": "Critical", "title_rule": "t", "alert_key": "a", "labels": {"host": "h"}}));
    let id = world.expect_webhook("i_new").incident_id;
    let rule_id = done(&world, "/incident/silence", json!({"incident_id": id}))["rule_id"].clone();
    let unknown = json!({"channel_id": 101, "rule_id": "0123456789abcdef01234567"});
    assert_eq!(world.call(SILENCE_DELETE, &unknown).1["error"]["code"], "AccessDenied");
    done(&world, SILENCE_DELETE, json!({"channel_id": 101, "rule_id": rule_id}));
    assert_eq!(done(&world, SILENCE_LIST, json!({"channel_id": 101}))["total"], 0);
}
