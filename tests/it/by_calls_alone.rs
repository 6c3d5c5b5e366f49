//! The life of an incident by the Open API alone, from its making to its second life: what each call does, whom the
//! subscribers hear of, and what stands in the timeline.

use serde_json::{Value, json};

use super::actions::world;
use crate::support::receiver::Webhook;
use crate::support::settled::settled;
use crate::support::{APP_KEY, World, request};

/// The key of person 42; the usual one is that of person 41.
const ADAS_KEY: &str = "app-key-of-ada-0123456789";

/// Somebody calls, which must be done.
fn calls(world: &World, key: &str, path: &str, body: Value) -> Value {
    let (status, answer) = world.call_raw(request("POST", &format!("{path}?app_key={key}"), &body.to_string()));
    assert_eq!(status, 200, "{path}: {answer}");
    answer["data"].clone()
}

fn mei(world: &World, path: &str, body: Value) -> Value {
    calls(world, APP_KEY, path, body)
}

fn ada(world: &World, path: &str, body: Value) -> Value {
    calls(world, ADAS_KEY, path, body)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// What arrived, one after the other: which incident, what, by whom, and what it is then.
fn told(world: &World, names: &[(&str, &str)]) -> Vec<String> {
    let arrived = world.cluster.receiver.arrived.borrow();
    let line = |webhook: &Webhook| {
        let incident = &webhook.body["incident"];
        let name = names.iter().find(|(id, _)| *id == webhook.incident_id).map_or("another", |(_, name)| *name);
        let by = webhook.body["person"]["person_name"].as_str().unwrap_or("nobody");
        let progress = text(&incident["progress"]);
        let severity = text(&incident["incident_severity"]);
        format!("{name}: {} by {by}; {progress}, {severity}, {}", webhook.event_type, incident["responder_ids"])
    };
    arrived.iter().map(line).collect()
}

/// The timeline, oldest first: when, what, by whom, and the details without ids.
fn timeline(world: &World, id: &str, began_ms: u64) -> Vec<String> {
    let feed = mei(world, "/incident/feed", json!({"incident_id": id, "asc": true, "limit": 100}));
    assert_eq!(feed["has_next_page"], false);
    let line = |item: &Value| {
        assert_eq!((&item["ref_id"], &item["updated_at"]), (&json!(id), &item["created_at"]));
        let after_s = item["created_at"].as_u64().map(|at| (at - began_ms) / 1000).expect("a time");
        let mut detail = settled(item["detail"].clone());
        if detail.get("id").is_some() {
            detail["id"] = json!("$SHORT");
        }
        format!("{after_s}: {} by {} {detail}", text(&item["type"]), item["creator_id"])
    };
    feed["items"].as_array().expect("items").iter().map(line).collect()
}

#[test]
fn an_incident_is_made_handled_merged_put_to_sleep_woken_closed_and_opened_again() {
    let mut world = world();
    let began_ms = world.cluster.sim.now().0 / 1000;

    // Mei makes an incident and asks Ada to look at it.
    let creation = json!({"title": "the shop is slow", "incident_severity": "Warning", "channel_id": 101,
        "description": "since noon", "assigned_to": {"person_ids": [42]}, "fields": {"priority": "P2"}});
    let made = mei(&world, "/incident/create", creation);
    let shop = text(&made["incident_id"]).to_owned();
    assert_eq!(made["title"], "the shop is slow");

    // Ada takes it on, and says so.
    world.at(60);
    assert_eq!(ada(&world, "/incident/ack", json!({"incident_ids": [shop]})), Value::Null);
    world.at(120);
    ada(&world, "/incident/comment", json!({"incident_ids": [shop], "comment": " the disk is slow "}));

    // Another one turns out to be the same.
    world.at(180);
    let creation = json!({"title": "orders fail", "incident_severity": "Critical", "channel_id": 101});
    let orders = text(&mei(&world, "/incident/create", creation)["incident_id"]).to_owned();
    world.at(240);
    let merging = json!({"source_incident_ids": [orders], "target_incident_id": shop, "comment": "the same disk",
        "title": "the shop is slow and orders fail", "owner_id": 42});
    mei(&world, "/incident/merge", merging);

    // It sleeps, is woken, is closed, and comes back.
    world.at(300);
    ada(&world, "/incident/snooze", json!({"incident_ids": [shop], "minutes": 30}));
    world.at(360);
    ada(&world, "/incident/wake", json!({"incident_ids": [shop]}));
    world.at(420);
    ada(
        &world,
        "/incident/resolve",
        json!({"incident_ids": [shop], "root_cause": "a disk", "resolution": "a new one"}),
    );
    world.at(480);
    mei(&world, "/incident/reopen", json!({"incident_ids": [shop], "reason": "the new one is slow too"}));
    // Nothing is left that would wake it.
    world.at(4000);

    let names = [(&*shop, "shop"), (&*orders, "orders")];
    let expected = [
        "shop: i_new by Mei; Triggered, Warning, [42]",
        "shop: i_assign by Mei; Triggered, Warning, [42]",
        "shop: i_ack by Ada; Processing, Warning, [42]",
        "shop: i_comm by Ada; Processing, Warning, [42]",
        "orders: i_new by Mei; Triggered, Critical, []",
        "orders: i_rslv by Mei; Closed, Critical, []",
        "shop: i_merge by Mei; Processing, Warning, [42]",
        "shop: i_snooze by Ada; Processing, Warning, [42]",
        "shop: i_wake by Ada; Processing, Warning, [42]",
        "shop: i_rslv by Ada; Closed, Warning, [42]",
        "shop: i_reopen by Mei; Triggered, Warning, [42]",
    ];
    assert_eq!(told(&world, &names), expected);

    let merge = r#"{"comment":"the same disk","owner_id":42,"remove_source_incidents":false,"source_incidents":[{"incident_id":"$ID","progress":"Triggered","title":"orders fail"}],"source_responders":[],"target_incident":{"incident_id":"$ID","progress":"Processing","title":"the shop is slow and orders fail"},"title":"the shop is slow and orders fail"}"#;
    let merge = format!("240: i_merge by 41 {merge}");
    let expected = [
        r#"0: i_new by 41 {"severity":"Warning","title":"the shop is slow"}"#,
        r#"0: i_assign by 41 {"assigned_at":"$SECONDS","id":"$SHORT","person_ids":[42],"to":[42],"type":"assign"}"#,
        r#"60: i_ack by 42 {"progress":"Processing"}"#,
        r#"120: i_comm by 42 {"comment":"the disk is slow","mute_reply":false}"#,
        r#"240: i_r_title by 41 {"from":"the shop is slow","to":"the shop is slow and orders fail"}"#,
        &merge,
        r#"300: i_snooze by 42 {"minutes":30}"#,
        r#"360: i_wake by 42 {"snoozedBefore":"$SECONDS"}"#,
        r#"420: i_rslv by 42 {"from":"console"}"#,
        r#"480: i_reopen by 41 {"reason":"the new one is slow too"}"#,
    ];
    assert_eq!(timeline(&world, &shop, began_ms), expected);
    let expected = [
        r#"180: i_new by 41 {"severity":"Critical","title":"orders fail"}"#,
        &merge,
        r#"240: i_rslv by 41 {"from":"console"}"#,
    ];
    assert_eq!(timeline(&world, &orders, began_ms), expected);

    // What it is in the end.
    let shown = mei(&world, "/incident/info", json!({"incident_id": shop}));
    let fields =
        ["title", "progress", "root_cause", "resolution", "fields", "snoozed_before", "close_time", "owner_id"];
    let shown: Vec<&Value> = fields.iter().map(|field| &shown[*field]).collect();
    let expected = json!(["the shop is slow and orders fail", "Triggered", "a disk", "a new one", {"priority": "P2"},
        0, 0, 42]);
    assert_eq!(json!(shown), expected);
}
