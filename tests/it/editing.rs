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

#[test]
fn when_a_channel_was_made_and_changed_by_call_is_shown_and_decides_nothing() {
    let world = World::by_stored(DEMO);
    let began = world.cluster.sim.now().secs();
    let times = |id: i64| {
        let shown = data(&world, "/channel/info", json!({"channel_id": id}));
        let listed = data(&world, "/channel/list", json!({"channel_ids": [id]}))["items"][0].clone();
        assert_eq!((&shown["created_at"], &shown["updated_at"]), (&listed["created_at"], &listed["updated_at"]));
        let after = |name: &str| shown[name].as_u64().map(|at| at.saturating_sub(began));
        (after("created_at"), after("updated_at"), shown["created_at"] == 0, shown["updated_at"] == 0)
    };
    assert_eq!(times(101), (Some(0), Some(0), true, true), "as the file has it");
    world.cluster.sim.advance_ms(10_000);
    let made = data(&world, "/channel/create", json!({"channel_name": "network"}))["channel_id"].clone();
    let made = made.as_i64().expect("an id");
    world.cluster.sim.advance_ms(10_000);
    data(&world, "/channel/update", json!({"channel_id": made, "description": "switches"}));
    data(&world, "/channel/disable", json!({"channel_id": 101}));
    assert_eq!(times(made), (Some(10), Some(20), false, false));
    assert_eq!(times(101), (Some(0), Some(20), true, false), "who made it is not known");
    world.cluster.sim.advance_ms(10_000);
    let version = data(&world, "/config/info", json!({}))["version"].clone();
    data(&world, "/channel/update", json!({"channel_id": made, "description": "switches"}));
    let export = data(&world, "/config/export", json!({}));
    let document = export["document"].clone();
    let applied = data(&world, "/config/apply", json!({"document": document, "version": version}));
    assert_eq!(applied, json!({"version": version, "changes": []}), "what stays as it was is not dated anew");
    assert_eq!(times(made), (Some(10), Some(20), false, false));
    // Whoever writes something else there does no harm.
    let mut odd = export["document"].clone();
    odd["channels"][0]["revisions"] = json!(["x"]);
    data(&world, "/config/apply", json!({"document": odd, "version": version}));
    assert_eq!(times(odd["channels"][0]["id"].as_i64().expect("an id")), (Some(0), Some(0), true, true));
}

#[test]
fn how_often_and_when_settings_of_an_integration_were_changed_is_kept_by_an_export() {
    let world = World::by_stored(DEMO);
    let route = json!({"integration_id": 9003, "default": {"channel_ids": [100]}});
    data(&world, "/route/upsert", route.clone());
    data(&world, "/route/upsert", route);
    let shown = data(&world, "/route/info", json!({"integration_id": 9003}));
    assert_eq!((&shown["version"], shown["created_at"].as_u64() > Some(0)), (&json!(2), true));
    let export = data(&world, "/config/export", json!({}));
    let at = |document: &Value| {
        let integrations = document["integrations"].as_array().expect("integrations");
        integrations.iter().position(|it| it["id"] == 9003).expect("it")
    };
    let nth = at(&export["document"]);
    assert_eq!(export["document"]["integrations"][nth]["revisions"]["route"]["version"], 2);
    // A document without it is as good: then it counts anew.
    let mut plain = export["document"].clone();
    plain["integrations"][nth].as_object_mut().expect("an object").remove("revisions");
    let applied = data(&world, "/config/apply", json!({"document": plain, "version": export["version"]}));
    assert_eq!(applied["changes"][0]["fields"], json!(["revisions"]));
    let shown = data(&world, "/route/info", json!({"integration_id": 9003}));
    assert_eq!((&shown["version"], &shown["created_at"]), (&json!(1), &json!(0)));
}

#[test]
fn what_is_written_as_deleted_is_not_there_any_more() {
    let world = World::by_stored(DEMO);
    for (path, given, gone) in [
        ("/route", json!({"default": {"channel_ids": [100]}}), Value::Null),
        ("/alert/pipeline", json!({"rules": []}), json!([])),
        ("/enrichment", json!({"rules": []}), json!([])),
    ] {
        let with = |mut given: Value| {
            given["integration_id"] = json!(9003);
            given
        };
        data(&world, &format!("{path}/upsert"), with(given));
        data(&world, &format!("{path}/upsert"), with(json!({"status": "deleted"})));
        let shown = data(&world, &format!("{path}/info"), with(json!({})));
        assert_eq!(if path == "/route" { &shown } else { &shown["rules"] }, &gone, "{path}");
        let listed = data(&world, &format!("{path}/list"), json!({}));
        assert!(listed["items"].as_array().expect("items").iter().all(|it| it["integration_id"] != 9003), "{path}");
    }
}
