//! The configuration as calls change it: what holds, since when, for whom, and what came before.

use serde_json::{Value, json};

use crate::support::{APP_KEY, DEMO, PRIVATE_KEY, World, alert, request, target};

/// What a call answers, which must be 200.
fn data(world: &World, path: &str, body: Value) -> Value {
    let (status, answer) = world.call(path, &body);
    assert_eq!(status, 200, "{path} {body}: {answer}");
    answer["data"].clone()
}

/// The status, code and message of a call that is refused.
fn refused(world: &World, path: &str, body: Value) -> (u16, String) {
    let (status, answer) = world.call(path, &body);
    let error = &answer["error"];
    (status, format!("{}: {}", error["code"].as_str().unwrap_or("none"), error["message"].as_str().unwrap_or_default()))
}

/// The document that holds, with `change` made to it, applied.
fn apply(world: &World, change: impl FnOnce(&mut Value)) -> Value {
    let mut export = data(world, "/config/export", json!({}));
    change(&mut export["document"]);
    data(world, "/config/apply", json!({"document": export["document"], "version": export["version"]}))
}

fn channel(id: i64, name: &str) -> Value {
    json!({"id": id, "name": name})
}

fn add_channel(document: &mut Value, id: i64) {
    document["channels"].as_array_mut().expect("channels").push(channel(id, &format!("channel {id}")));
}

#[test]
fn the_file_holds_until_the_first_change_and_is_version_one_from_then_on() {
    let world = World::by_stored(DEMO);
    let info = data(&world, "/config/info", json!({}));
    assert_eq!((&info["version"], &info["from"], &info["calls"]), (&json!(0), &json!("file"), &json!(true)));
    assert_eq!(info["counts"]["channels"], 2);
    assert!(world.cluster.store.keys().is_empty(), "asking stores nothing");
    let applied = apply(&world, |document| add_channel(document, 102));
    let wanted = json!({"version": 2, "changes": [{"section": "channels", "id": 102, "change": "added"}]});
    assert_eq!(applied, wanted);
    let info = data(&world, "/config/info", json!({}));
    assert_eq!((&info["version"], &info["from"], &info["file_changed"]), (&json!(2), &json!("stored"), &json!(false)));
    assert_eq!((&info["latest"]["key"], &info["latest"]["call"]), (&json!("tests"), &json!("/config/apply")));
    let list = data(&world, "/channel/list", json!({}));
    assert_eq!(list["items"][2]["channel_name"], "channel 102");
    let history = data(&world, "/config/history/list", json!({}));
    let calls: Vec<&Value> = history["items"].as_array().expect("items").iter().map(|item| &item["call"]).collect();
    assert_eq!(calls, ["/config/apply", "file"]);
}

#[test]
fn an_export_applied_as_it_is_changes_nothing_and_makes_no_version() {
    let config = DEMO.replace(
        "url = \"https://hooks.example.net/alarum\"",
        "url = \"https://hooks.example.net/alarum?token=t0ken\"\nheaders = { x-token = \"t0ken\" }",
    );
    let mut world = World::by_stored(&config);
    assert_eq!(apply(&world, |_| ()), json!({"version": 0, "changes": []}));
    assert!(world.cluster.store.keys().is_empty());
    apply(&world, |document| add_channel(document, 102));
    assert_eq!(apply(&world, |_| ()), json!({"version": 2, "changes": []}));
    // What the export left out is still there: the webhook is signed, and sent where it was.
    world.fire("a");
    assert_eq!(world.expect_webhook("i_new").url, "https://hooks.example.net/alarum?token=t0ken");
}

#[test]
fn a_change_counts_for_the_next_push_and_for_everybody_within_a_second() {
    let mut world = World::by_stored(DEMO);
    world.fire("a");
    world.expect_webhook("i_new");
    apply(&world, |document| {
        document["integrations"][0]["channel_id"] = json!(100);
        document["subscriptions"][0]["event_types"] = json!(["i_rslv"]);
    });
    world.cluster.sim.advance_ms(1000);
    // The instance of intake learns of it after the answer to this push; the one that delivers looks before.
    world.fire("b");
    world.expect_no_webhook();
    world.fire("c");
    world.expect_no_webhook();
    let incidents = world.incidents();
    let channel = |title: &str| {
        let found = incidents.iter().find(|incident| incident["title"] == title).expect("it is there");
        found["channel_id"].clone()
    };
    assert_eq!((channel("b is bad"), channel("c is bad")), (json!(101), json!(100)));
}

#[test]
fn a_key_that_was_made_by_call_is_taken_at_once_by_an_instance_that_does_not_know_it() {
    let mut world = World::by_stored(DEMO);
    world.fire("a");
    apply(&world, |document| document["integrations"][0]["key"] = json!("another-key-0123456789"));
    // The instance still goes by the old one, and looks before it refuses.
    world.cluster.sim.advance_ms(1000);
    let answer = world.push_as("another-key-0123456789", json!({"event_status": "Critical", "title_rule": "b"}));
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    world.cluster.sim.advance_ms(1000);
    assert_eq!(world.push_as(PRIVATE_KEY, json!({"event_status": "Critical", "title_rule": "c"})).status, 400);
    assert!(world.cluster.store.value("alarum:1:config").is_some_and(|stored| {
        let text = String::from_utf8_lossy(&stored);
        !text.contains("another-key-0123456789") && text.contains("sha256:")
    }));
}

#[test]
fn intake_reads_nothing_before_its_answer_but_once_when_it_is_cold() {
    let world = World::by_stored(DEMO);
    apply(&world, |document| add_channel(document, 102));
    let before = |world: &World| {
        let start = world.cluster.store.reads.get();
        let cluster = world.cluster.clone();
        let reads = std::rc::Rc::new(std::cell::Cell::new(0));
        let counted = reads.clone();
        let request = request("POST", &target(PRIVATE_KEY, ""), &alert("Critical", "a", json!({})).to_string());
        world.cluster.push(request, move |answer| {
            assert_eq!(answer.status, 200);
            counted.set(cluster.store.reads.get() - start);
        });
        world.cluster.run();
        reads.get()
    };
    assert_eq!(before(&world), 1, "cold");
    world.cluster.sim.advance_ms(5000);
    assert_eq!(before(&world), 0);
    world.cluster.sim.advance_ms(5000);
    assert_eq!(before(&world), 0, "it looked after the answer before");
}

#[test]
fn whoever_comes_together_to_a_cold_instance_is_taken() {
    let world = World::by_stored(DEMO);
    apply(&world, |document| add_channel(document, 102));
    for _ in 0..20 {
        world.cluster.restart();
        let taken = std::rc::Rc::new(std::cell::Cell::new(0));
        for key in ["a", "b", "c", "d"] {
            let counted = taken.clone();
            let request = request("POST", &target(PRIVATE_KEY, ""), &alert("Critical", key, json!({})).to_string());
            world.cluster.push(request, move |answer| counted.set(counted.get() + usize::from(answer.status == 200)));
            world.cluster.call(request_list(), |answer| assert_eq!(answer.status, 200));
        }
        world.cluster.run();
        assert_eq!(taken.get(), 4);
    }
}

fn request_list() -> alarum::http::Request {
    request("POST", &format!("/incident/list?app_key={APP_KEY}"), r#"{"incident_ids": ["x"]}"#)
}

#[test]
fn a_whole_document_names_the_version_that_it_is_based_on() {
    let world = World::by_stored(DEMO);
    apply(&world, |document| add_channel(document, 102));
    let mut export = data(&world, "/config/export", json!({}));
    assert_eq!(export["version"], 2);
    apply(&world, |document| add_channel(document, 103));
    add_channel(&mut export["document"], 104);
    for version in [json!(2), json!(0), json!(4)] {
        let given = json!({"document": export["document"], "version": version});
        let (status, problem) = refused(&world, "/config/apply", given);
        assert_eq!(status, 400);
        assert!(problem.starts_with("InvalidParameter: version: is 3 now"), "{problem}");
    }
    let (_, problem) = refused(&world, "/config/apply", json!({"document": export["document"]}));
    assert_eq!(problem, "InvalidParameter: version: is required");
    assert_eq!(data(&world, "/config/export", json!({}))["document"]["channels"].as_array().map(Vec::len), Some(4));
}

#[test]
fn what_is_not_valid_is_told_by_its_section_and_changes_nothing() {
    let world = World::by_stored(DEMO);
    let export = data(&world, "/config/export", json!({}))["document"].clone();
    let mut bad = export.clone();
    bad["channels"][0]["name"] = json!("x".repeat(60));
    let check = data(&world, "/config/check", json!({"document": bad}));
    assert_eq!((&check["valid"], &check["section"]), (&json!(false), &json!("channels")));
    assert!(check["problem"].as_str().is_some_and(|problem| problem.contains("id 101: name")), "{check}");
    assert_eq!(data(&world, "/config/check", json!({"document": export})), json!({"valid": true}));
    assert_eq!(data(&world, "/config/check", json!({"toml": DEMO})), json!({"valid": true}));
    let check = data(&world, "/config/check", json!({"toml": "a = = 1"}));
    assert!(check["problem"].as_str().is_some_and(|problem| problem.starts_with("toml: line 1")), "{check}");
    let mut without_keys = export.clone();
    without_keys["app_keys"][0]["role"] = json!("operate");
    let check = data(&world, "/config/check", json!({"document": without_keys}));
    assert_eq!(check["problem"], "app_keys: must have one with the role administer");
    for given in [
        json!({"document": bad, "version": 0}),
        json!({"version": 0}),
        json!({"version": 0, "source": "x"}),
        json!({"version": 0, "source": "file", "toml": ""}),
    ] {
        assert_eq!(refused(&world, "/config/apply", given).0, 400);
    }
    assert_eq!(data(&world, "/config/info", json!({}))["from"], "file");
    assert!(world.cluster.store.keys().is_empty());
}

#[test]
fn a_preview_tells_what_would_change_and_no_value() {
    let world = World::by_stored(DEMO);
    let mut document = data(&world, "/config/export", json!({}))["document"].clone();
    document["integrations"][0]["key"] = json!("another-key-0123456789");
    document["delivery"]["timeout_ms"] = json!(2000);
    document["subscriptions"] = json!([]);
    let preview = data(&world, "/config/preview", json!({"document": document}));
    let wanted = json!({"version": 0, "changes": [
        {"section": "delivery", "change": "changed", "fields": ["timeout_ms"]},
        {"section": "integrations", "id": 9001, "change": "changed", "fields": ["hash"]},
        {"section": "subscriptions", "id": 1, "change": "removed"},
    ]});
    assert_eq!(preview, wanted);
    assert!(world.cluster.store.keys().is_empty());
}

#[test]
fn versions_are_listed_compared_and_put_back() {
    let world = World::by_stored(DEMO);
    apply(&world, |document| add_channel(document, 102));
    let mut export = data(&world, "/config/export", json!({}));
    export["document"]["base_url"] = json!("https://other.example.net");
    let given = json!({"document": export["document"], "version": 2, "note": "moved"});
    data(&world, "/config/apply", given);
    let history = data(&world, "/config/history/list", json!({"limit": 2}));
    assert_eq!((&history["total"], &history["has_next_page"]), (&json!(3), &json!(true)));
    assert_eq!((&history["items"][0]["version"], &history["items"][0]["note"]), (&json!(3), &json!("moved")));
    assert!(history["items"][0].get("token").is_none());
    let compared = data(&world, "/config/compare", json!({"from": 1, "to": 3}));
    let wanted = json!([
        {"section": "base_url", "change": "changed"},
        {"section": "channels", "id": 102, "change": "added"},
    ]);
    assert_eq!(compared["changes"], wanted);
    assert_eq!(data(&world, "/config/compare", json!({"from": 0, "to": 1})), json!({"changes": []}));
    let restored = data(&world, "/config/restore", json!({"version": 1, "note": "back"}));
    assert_eq!(restored["version"], 4);
    assert_eq!(data(&world, "/config/compare", json!({"from": 4, "to": 1})), json!({"changes": []}));
    assert!(refused(&world, "/config/restore", json!({"version": 9})).1.starts_with("ResourceNotFound: version"));
    assert!(refused(&world, "/config/restore", json!({"version": 0})).1.starts_with("InvalidParameter: version"));
    assert!(refused(&world, "/config/compare", json!({"from": 1})).1.starts_with("InvalidParameter: to"));
}

#[test]
fn the_newest_fifty_versions_are_kept_and_nothing_of_the_others() {
    let world = World::by_stored(DEMO);
    for n in 0..55 {
        apply(&world, |document| document["base_url"] = json!(format!("https://{n}.example.net")));
    }
    let history = data(&world, "/config/history/list", json!({"limit": 100}));
    assert_eq!(history["total"], 50);
    let documents = world.cluster.store.keys().iter().filter(|key| key.starts_with("alarum:1:config:")).count();
    assert_eq!(documents, 50);
    assert!(refused(&world, "/config/restore", json!({"version": 1})).1.starts_with("ResourceNotFound"));
}

#[test]
fn a_configuration_of_any_size_is_stored_and_read() {
    let mut world = World::by_stored(DEMO);
    for n in 0..7 {
        apply(&world, |document| {
            let rows: Vec<Value> =
                (0..500).map(|row| json!({"a": format!("{n}-{row}"), "b": "x".repeat(100)})).collect();
            let table = json!({"id": format!("t{n}"), "source_labels": ["a"], "result_labels": ["b"], "rows": rows});
            match document["mapping_tables"].as_array_mut() {
                Some(tables) => tables.push(table),
                None => document["mapping_tables"] = json!([table]),
            }
        });
    }
    let stored = world.cluster.store.value("alarum:1:config").expect("it is there");
    assert!(stored.len() < 10_000, "the document is too large for this value");
    world.cluster.restart();
    world.fire("a");
    world.expect_webhook("i_new");
    assert_eq!(data(&world, "/config/info", json!({}))["counts"]["mapping_tables"], 7);
}

#[test]
fn another_file_is_told_and_is_taken_by_call() {
    let world = World::by_stored(DEMO);
    apply(&world, |document| add_channel(document, 102));
    *world.cluster.file.borrow_mut() = DEMO.replace("name = \"storage\"", "name = \"disks\"");
    world.cluster.restart();
    assert_eq!(data(&world, "/config/info", json!({}))["file_changed"], true);
    world.incidents();
    world.incidents();
    let told = |world: &World| world.cluster.log.borrow().iter().filter(|line| line.contains("file changed")).count();
    assert_eq!(told(&world), 2, "once by each instance");
    assert_eq!(data(&world, "/channel/info", json!({"channel_id": 101}))["channel_name"], "storage");
    let taken = data(&world, "/config/apply", json!({"source": "file", "version": 2}));
    let wanted = json!([
        {"section": "channels", "id": 101, "change": "changed", "fields": ["name"]},
        {"section": "channels", "id": 102, "change": "removed"},
    ]);
    assert_eq!(taken, json!({"version": 3, "changes": wanted}));
    assert_eq!(data(&world, "/config/info", json!({}))["file_changed"], false);
}

#[test]
fn who_can_write_the_file_can_have_it_taken_with_a_key_that_it_has() {
    let world = World::by_stored(DEMO);
    apply(&world, |document| document["app_keys"][0]["key"] = json!("the-key-that-got-lost"));
    assert_eq!(world.call("/config/info", &json!({})).0, 401, "the old key is none");
    assert_eq!(world.call("/config/apply", &json!({"toml": DEMO, "version": 2})).0, 401);
    assert_eq!(world.call("/config/export", &json!({"source": "file"})).0, 401);
    assert_eq!(data(&world, "/config/apply", json!({"source": "file", "version": 2}))["version"], 3);
    assert_eq!(data(&world, "/config/info", json!({}))["version"], 3);
}

#[test]
fn the_file_can_forbid_calls_and_holds_then() {
    let world = World::by_stored(DEMO);
    apply(&world, |document| add_channel(document, 102));
    *world.cluster.file.borrow_mut() = format!("{DEMO}\n[administration]\ncalls = false\n");
    world.cluster.restart();
    let info = data(&world, "/config/info", json!({}));
    assert_eq!((&info["from"], &info["calls"], &info["version"]), (&json!("file"), &json!(false), &json!(0)));
    assert_eq!(data(&world, "/channel/list", json!({}))["total"], 2);
    for (path, body) in [
        ("/config/apply", json!({"source": "file", "version": 0})),
        ("/config/restore", json!({"version": 1})),
        ("/channel/create", json!({"channel_name": "x"})),
    ] {
        assert_eq!(refused(&world, path, body).0, 403, "{path}");
    }
    let mut document = data(&world, "/config/export", json!({}))["document"].clone();
    document["administration"] = json!({"calls": false});
    assert_eq!(data(&world, "/config/check", json!({"document": document}))["section"], "administration");
    *world.cluster.file.borrow_mut() = DEMO.to_owned();
    world.cluster.restart();
    assert_eq!(data(&world, "/channel/list", json!({}))["total"], 3);
}

#[test]
fn a_channel_can_be_taken_away_and_its_incidents_stay() {
    let mut world = World::by_stored(DEMO);
    world.fire("a");
    let id = world.expect_webhook("i_new").incident_id;
    apply(&world, |document| {
        document["channels"] = json!([channel(100, "everything else")]);
        document["integrations"] = json!([]);
        document["subscriptions"][0]["channel_ids"] = json!([]);
    });
    world.cluster.sim.advance_ms(1000);
    let info = data(&world, "/incident/info", json!({"incident_id": id}));
    assert_eq!((&info["progress"], &info["channel_id"]), (&json!("Triggered"), &json!(101)));
    assert_eq!(world.incidents().len(), 1);
    data(&world, "/incident/resolve", json!({"incident_ids": [id]}));
    world.expect_webhook("i_rslv");
    assert_eq!(data(&world, "/incident/info", json!({"incident_id": id}))["progress"], "Closed");
}

#[test]
fn one_entry_is_changed_by_its_own_call() {
    let world = World::by_stored(DEMO);
    let made = data(&world, "/channel/create", json!({"channel_name": "network", "config_note": "new"}));
    let id = made["channel_id"].clone();
    assert_eq!(data(&world, "/channel/info", json!({"channel_id": id}))["channel_name"], "network");
    let history = data(&world, "/config/history/list", json!({}));
    assert_eq!(
        (&history["items"][0]["call"], &history["items"][0]["note"], &history["items"][0]["version"]),
        (&json!("/channel/create"), &json!("new"), &json!(2))
    );
    let stale = json!({"channel_name": "x", "config_version": 1});
    assert!(refused(&world, "/channel/create", stale).1.contains("version: is 2 now"));
    // What would not hold together is refused as a whole.
    assert_eq!(refused(&world, "/channel/create", json!({"channel_name": "x".repeat(60)})).0, 400);
    assert_eq!(data(&world, "/config/info", json!({}))["version"], 2);
    let made = data(&world, "/key/create", json!({"name": "reader", "role": "read"}));
    let key = made["key"].as_str().expect("a key");
    let asked = world.call_raw(request("POST", &format!("/channel/list?app_key={key}"), "{}"));
    assert_eq!(asked.0, 200);
    assert!(key.len() >= 16 && key != APP_KEY);
}
