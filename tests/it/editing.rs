//! The configuration changed entry by entry, by calls, and what follows from it for who pushes and who is told.

use serde_json::{Value, json};

use alarum::settings::edits::{BY_INTEGRATION, EDITS};

use crate::support::{DEMO, World, request};

/// What a call answers, which must be 200.
fn data(world: &World, path: &str, body: Value) -> Value {
    let (status, answer) = world.call(path, &body);
    assert_eq!(status, 200, "{path} {body}: {answer}");
    answer["data"].clone()
}

/// Pushes an alert where a call said, a second after whatever was called.
fn push(world: &mut World, push_path: &Value, alert: Value) -> u16 {
    world.cluster.sim.advance_ms(1000);
    world.send(request("POST", push_path.as_str().expect("a path"), &alert.to_string())).status
}

fn critical(title: &str, team: &str) -> Value {
    json!({"event_status": "Critical", "title_rule": title, "alert_key": title, "labels": {"team": team}})
}

#[test]
fn what_is_needed_for_an_alert_to_reach_somebody_is_made_by_calls_alone() {
    let mut world = World::by_stored(DEMO);
    let channel = data(&world, "/channel/create", json!({"channel_name": "network"}))["channel_id"].clone();
    let integration = data(&world, "/integration/create", json!({"integration_name": "probes", "kind": "shared"}));
    let (id, path) = (integration["integration_id"].clone(), integration["push_path"].clone());
    assert_eq!(push(&mut world, &path, critical("a", "n")), 400, "it has no route");
    let condition = json!({"key": "labels.team", "oper": "IN", "vals": ["n"]});
    let case = json!({"if": [condition], "channel_ids": [channel], "fallthrough": false});
    data(&world, "/route/upsert", json!({"integration_id": id, "cases": [case], "default": {"channel_ids": [100]}}));
    let hook =
        json!({"integration_name": "net", "endpoint": "https://hooks.example.net/net", "channel_ids": [channel]});
    let hook = data(&world, "/webhook/create", hook)["integration_id"].clone();
    data(&world, "/webhook/disable", json!({"integration_id": 1}));
    world.cluster.sim.advance_ms(1000);
    for (title, team) in [("a", "n"), ("b", "other")] {
        assert_eq!(push(&mut world, &path, critical(title, team)), 200);
    }
    let told = world.expect_webhook("i_new");
    assert_eq!((told.url.as_str(), &told.body["incident"]["channel_id"]), ("https://hooks.example.net/net", &channel));
    world.expect_no_webhook();
    // Another key, another secret: the old key is refused, and the webhook is signed with both secrets.
    let rotated = data(&world, "/integration/key/rotate", json!({"integration_id": id}));
    data(&world, "/webhook/secret/rotate", json!({"integration_id": hook}));
    world.cluster.sim.advance_ms(1000);
    assert_eq!(push(&mut world, &rotated["push_path"], critical("c", "n")), 200);
    world.expect_webhook("i_new");
    assert_eq!(push(&mut world, &path, critical("d", "n")), 400);
}

#[test]
fn a_drop_rule_a_pipeline_and_an_enrichment_count_from_the_next_push_on() {
    let mut world = World::by_stored(DEMO);
    let filters = json!([[{"key": "labels.owner", "oper": "IN", "vals": ["nobody"]}]]);
    data(
        &world,
        "/mapping/upsert",
        json!({"schema_id": "owners", "source_labels": ["team"], "result_labels": ["owner"], "rows": [{"team": "x", "owner": "nobody"}]}),
    );
    let rule = json!({"kind": "mapping", "settings": {"schema_id": "owners"}});
    data(&world, "/enrichment/upsert", json!({"integration_id": 9001, "rules": [rule]}));
    let drop = data(
        &world,
        "/channel/unsubscribe/rule/create",
        json!({"channel_id": 101, "rule_name": "x", "filters": filters}),
    );
    world.cluster.sim.advance_ms(1000);
    // The instance of intake hears of it after its answer to this one.
    world.push(critical("first", "y"));
    world.expect_webhook("i_new");
    world.cluster.sim.advance_ms(1000);
    world.push(critical("dropped", "x"));
    world.expect_no_webhook();
    data(&world, "/channel/unsubscribe/rule/disable", json!({"channel_id": 101, "rule_id": drop["rule_id"]}));
    let rule = json!({"kind": "severity_reset", "settings": {"severity": "Info"}});
    data(&world, "/alert/pipeline/upsert", json!({"integration_id": 9001, "rules": [rule]}));
    world.cluster.sim.advance_ms(1000);
    world.push(critical("second", "y"));
    world.expect_webhook("i_new");
    world.cluster.sim.advance_ms(1000);
    world.push(critical("graded", "x"));
    assert_eq!(world.expect_webhook("i_new").body["incident"]["incident_severity"], "Info");
}

#[test]
fn what_a_call_changes_is_seen_by_the_calls_that_ask_and_has_a_version_with_its_path() {
    let world = World::by_stored(DEMO);
    data(
        &world,
        "/channel/update",
        json!({"channel_id": 101, "channel_name": "disks", "group": {"method": "p", "equals": [["labels.host"]]}}),
    );
    let channel = data(&world, "/channel/info", json!({"channel_id": 101}));
    assert_eq!((&channel["channel_name"], &channel["group"]["method"]), (&json!("disks"), &json!("p")));
    assert!(channel.get("flapping").is_none(), "nothing is said of it");
    let person = data(&world, "/person/create", json!({"person_name": "Grace"}));
    let key = data(&world, "/key/create", json!({"name": "grace", "person_id": person["person_id"]}));
    let own = format!("/member/info?app_key={}", key["key"].as_str().expect("a key"));
    let (status, answer) = world.call_raw(request("POST", &own, "{}"));
    assert_eq!((status, &answer["data"]["member_name"]), (200, &json!("Grace")));
    let latest = &data(&world, "/config/history/list", json!({}))["items"][0];
    assert_eq!((&latest["call"], &latest["version"]), (&json!("/key/create"), &json!(4)));
    // What changes nothing makes no version; what is not valid neither.
    data(&world, "/channel/enable", json!({"channel_id": 100}));
    data(&world, "/channel/enable", json!({"channel_id": 100}));
    let (status, answer) = world.call("/channel/update", &json!({"channel_id": 100, "channel_name": "n".repeat(60)}));
    assert_eq!((status, &answer["error"]["code"]), (400, &json!("InvalidParameter")));
    assert_eq!(data(&world, "/config/info", json!({}))["version"], 5);
}

#[test]
fn every_call_that_changes_the_configuration_refuses_what_it_does_not_know() {
    let world = World::by_stored(DEMO);
    for path in EDITS {
        let (status, answer) = world.call(path, &json!({"colour": "red"}));
        assert_eq!((status, &answer["error"]["code"]), (400, &json!("InvalidParameter")), "{path}: {answer}");
        let (status, answer) = world.call_raw(request("GET", &format!("{path}?app_key=app-key-0123456789abcdef"), ""));
        assert_eq!((status, &answer["error"]["code"]), (405, &json!("MethodNotAllowed")), "{path}");
    }
    assert_eq!(data(&world, "/config/info", json!({}))["from"], "file", "nothing was stored");
}

#[test]
fn who_has_the_key_of_a_shared_integration_finds_the_channels_without_an_app_key() {
    let world = World::by_stored(DEMO);
    let ask = |key: &str| world.call_raw(request("POST", &format!("{BY_INTEGRATION}?integration_key={key}"), "{}"));
    let (status, answer) = ask("shared-key-0123456789");
    assert_eq!((status, &answer["data"]["total"]), (200, &json!(2)));
    assert!(answer.get("error").is_none(), "its users look for a message in it");
    for key in ["private-key-0123456789", "app-key-0123456789abcdef", ""] {
        let (status, answer) = ask(key);
        assert_eq!((status, &answer["error"]["code"]), (401, &json!("Unauthorized")), "{key}");
    }
}

#[test]
fn the_last_key_that_may_change_the_configuration_keeps_its_role() {
    let world = World::by_stored(DEMO);
    for (path, body) in
        [("/key/delete", json!({"name": "tests"})), ("/key/update", json!({"name": "tests", "role": "read"}))]
    {
        let (status, answer) = world.call(path, &body);
        assert_eq!(
            (status, &answer["error"]["message"]),
            (400, &json!("app_keys: must have one with the role administer"))
        );
    }
    data(&world, "/key/create", json!({"name": "other", "role": "administer"}));
    data(&world, "/key/delete", json!({"name": "tests"}));
    assert_eq!(world.call("/key/list", &json!({})).0, 401);
}
