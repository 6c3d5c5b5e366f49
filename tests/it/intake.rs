//! Alerts on their way in, told from outside: who is taken, where it goes, what is answered.

use alarum::http::Request;
use serde_json::{Value, json};

use crate::support::{DEMO, PRIVATE_KEY, SHARED_KEY, World, alert, body, push, request, target};

/// Ids of the channels that have incidents with this progress.
fn channels(world: &World, progress: &str) -> Vec<i64> {
    let incidents = world.incidents();
    let wanted = incidents.iter().filter(|incident| incident["progress"] == progress);
    let mut ids: Vec<i64> = wanted.filter_map(|incident| incident["channel_id"].as_i64()).collect();
    ids.sort_unstable();
    ids
}

fn last_time(world: &World, integration_id: i64) -> u64 {
    let (status, answer) = world.call("/integration/list", &json!({}));
    assert_eq!(status, 200, "{answer}");
    let items = answer["data"]["items"].as_array().expect("items").clone();
    let found = items.iter().find(|item| item["integration_id"] == integration_id).expect("the integration");
    found["last_time"].as_u64().expect("a number")
}

#[test]
fn a_recovery_that_says_nothing_but_its_key_closes_the_alert_wherever_it_is_open() {
    let mut world = World::new();
    world.push_shared(alert("Critical", "disk", json!({"team": "storage"})));
    world.push_shared(alert("Warning", "cpu", json!({"team": "storage"})));
    assert_eq!(channels(&world, "Triggered"), [100, 101, 101]);
    world.push_shared(json!({"event_status": "Ok", "alert_key": "disk"}));
    assert_eq!((channels(&world, "Closed"), channels(&world, "Triggered")), (vec![100, 101], vec![101]));
    world.expect_webhook("i_new");
}

#[test]
fn a_recovery_that_finds_nothing_costs_no_board_a_write() {
    let mut world = World::new();
    world.push_shared(alert("Critical", "disk", json!({"team": "storage"}))).at(20);
    let before = world.cluster.store.writes.get();
    world.push_shared(json!({"event_status": "Ok", "alert_key": "never seen"}));
    assert_eq!(world.cluster.store.writes.get() - before, 2, "the first record of a new stream, and its number");
}

#[test]
fn an_array_is_one_record_and_says_what_became_of_each() {
    let mut world = World::new();
    let list = json!([alert("Critical", "a", json!({})), {"event_status": "critical", "title_rule": "t"}, 5,
        alert("Warning", "b", json!({}))]);
    let answer = push(&mut world, &target(PRIVATE_KEY, ""), &list);
    assert_eq!(answer.status, 200);
    let data = &body(&answer)["data"];
    assert_eq!(data["alert_key"], "a");
    assert_eq!(data["items"][1]["error"]["code"], "InvalidParameter");
    assert_eq!(data["items"][2]["error"]["message"], "body: every alert must be a JSON object");
    assert_eq!(data["items"][3], json!({"alert_key": "b"}));
    assert_eq!(world.incidents().len(), 2);
    let answer = push(&mut world, &target(PRIVATE_KEY, ""), &json!([{}, {}]));
    assert_eq!((answer.status, &body(&answer)["error"]["code"]), (400, &json!("InvalidParameter")));
}

#[test]
fn a_hundred_alerts_to_two_channels_are_one_write_before_the_answer_and_no_read() {
    let mut world = World::new();
    world.fire("first of the instance");
    world.cluster.lost_wakes.set(1000);
    let list: Vec<Value> =
        (0..100).map(|nth| alert("Critical", &format!("k{nth}"), json!({"team": "storage"}))).collect();
    let store = world.cluster.store.clone();
    let before = (store.reads.get(), store.writes.get());
    let answer = push(&mut world, &target(SHARED_KEY, ""), &json!(list));
    assert_eq!(answer.status, 200);
    assert_eq!((store.reads.get() - before.0, store.writes.get() - before.1), (0, 1));
    assert_eq!(world.incidents().len(), 201);
}

#[test]
fn every_door_writes_once_and_reads_nothing_whatever_a_push_holds() {
    let grouped = |nth: usize| json!({"status": "firing", "labels": {"alertname": "Down", "instance": format!("i{nth}"), "team": "storage"}});
    let many = |one: &dyn Fn(usize) -> Value| Value::from((0..100).map(one).collect::<Vec<_>>());
    let group = json!({"alerts": many(&grouped)});
    let event = json!({"rule_name": "Down", "hash": "h", "severity": 1, "tags": ["team=storage"]});
    let nightingale = |nth: usize| {
        let mut event = event.clone();
        event["hash"] = json!(format!("h{nth}"));
        event
    };
    let pagerduty = json!({"event_action": "trigger", "dedup_key": "k",
        "payload": {"summary": "s", "source": "h", "severity": "critical", "custom_details": {"team": "storage"}}});
    let zabbix = json!({"event_id": "1", "event_name": "Down", "event_value": "1", "event_nseverity": "5"});
    let alarm = json!({"AlarmName": "a", "NewStateValue": "ALARM", "AlarmArn": "arn:aws:cloudwatch:r:1:alarm:a"});
    let change = json!({"change_key": "c", "change_status": "Done", "title": "t"});
    let pushes = [
        ("/event/push/alert/standard", many(&|nth| alert("Critical", &format!("k{nth}"), json!({"team": "storage"})))),
        ("/event/push/alert/prometheus", group.clone()),
        ("/api/v2/alerts", many(&grouped)),
        ("/event/push/alert/grafana", group),
        ("/event/push/alert/pagerduty", pagerduty),
        ("/event/push/alert/n9e", many(&nightingale)),
        ("/event/push/alert/zabbix", zabbix),
        ("/event/push/alert/cloudwatch", alarm),
        ("/event/push/change/standard", change),
        ("/push/incident/comment-by-alert", json!({"alert_key": "k", "comment": "c"})),
    ];
    let mut world = World::new();
    world.fire("first of the instance");
    world.cluster.lost_wakes.set(1000);
    let store = world.cluster.store.clone();
    for (path, pushed) in pushes {
        let before = (store.reads.get(), store.writes.get());
        let answer = push(&mut world, &format!("{path}?integration_key={SHARED_KEY}"), &pushed);
        assert!((200..300).contains(&answer.status), "{path}: {}", String::from_utf8_lossy(&answer.body));
        assert_eq!((store.reads.get() - before.0, store.writes.get() - before.1), (0, 1), "{path}");
    }
}

#[test]
fn a_push_can_name_its_channel_and_severity_and_title_in_the_query() {
    let mut world = World::new();
    let more = "&channel_id=100&severity=Info&title_rule=over%20there";
    let answer = push(&mut world, &target(SHARED_KEY, more), &alert("Critical", "a", json!({"team": "storage"})));
    assert_eq!(answer.status, 200);
    let incidents = world.incidents();
    assert_eq!(incidents.len(), 1);
    let shown = ["channel_id", "incident_severity", "title"].map(|name| incidents[0][name].clone());
    assert_eq!(shown, [json!(100), json!("Info"), json!("over there")]);
    for (more, field) in [("&channel_id=x", "channel_id"), ("&severity=Bad", "severity")] {
        let answer = push(&mut world, &target(SHARED_KEY, more), &alert("Critical", "b", json!({})));
        let message = body(&answer)["error"]["message"].clone();
        assert!(message.as_str().is_some_and(|text| text.starts_with(field)), "{message}");
    }
}

#[test]
fn a_channel_that_is_not_there_does_not_lose_the_alert_that_names_it() {
    let mut world = World::new();
    push(&mut world, &target(SHARED_KEY, "&channel_id=7"), &alert("Critical", "a", json!({})));
    assert_eq!(channels(&world, "Triggered"), [100, 101], "by the rules");
}

#[test]
fn a_key_may_come_in_the_authorization_header() {
    let mut world = World::new();
    let bearer = |key: &str| Request {
        authorization: Some(format!("Bearer {key}").into()),
        ..request("POST", "/event/push/alert/standard", &alert("Info", "a", json!({})).to_string())
    };
    assert_eq!(world.send(bearer(PRIVATE_KEY)).status, 200);
    assert_eq!(world.send(bearer("private")).status, 400);
}

#[test]
fn a_key_that_is_for_one_door_opens_no_other() {
    let config = DEMO.replacen("kind = \"private\"", "kind = \"private\"\ntype = \"prometheus\"", 1);
    let mut world = World::with_config(&config);
    let answer = push(&mut world, &target(PRIVATE_KEY, ""), &alert("Info", "a", json!({})));
    assert_eq!(
        (answer.status, &body(&answer)["error"]["message"]),
        (400, &json!("integration_key is not a valid one"))
    );
    let group = json!({"alerts": [{"status": "firing", "labels": {"alertname": "Down"}}]});
    let prometheus = format!("/event/push/alert/prometheus?integration_key={PRIVATE_KEY}");
    assert_eq!(push(&mut world, &prometheus, &group).status, 200);
    assert_eq!(world.incidents().len(), 1);
}

#[test]
fn a_disabled_integration_refuses_and_a_disabled_channel_takes_only_recoveries() {
    let disabled = DEMO.replacen("kind = \"private\"", "kind = \"private\"\nenabled = false", 1);
    let mut world = World::with_config(&disabled);
    let answer = push(&mut world, &target(PRIVATE_KEY, ""), &alert("Info", "a", json!({})));
    assert_eq!((answer.status, &body(&answer)["error"]["code"]), (403, &json!("AccessDenied")));
    assert_eq!(world.cluster.store.keys(), ["alarum:1:refused:AccessDenied"], "nothing but a count");

    let disabled = DEMO.replacen("name = \"storage\"", "name = \"storage\"\nenabled = false", 1);
    let mut world = World::with_config(&disabled);
    assert_eq!(push(&mut world, &target(PRIVATE_KEY, ""), &alert("Info", "a", json!({}))).status, 200);
    assert!(world.incidents().is_empty());
    world.push_shared(alert("Critical", "b", json!({"team": "storage"})));
    assert_eq!(channels(&world, "Triggered"), [100]);
}

#[test]
fn the_latest_event_time_moves_with_every_push_that_is_taken_even_if_no_channel_is() {
    let config = DEMO.replacen("[integrations.route.default]\nchannel_ids = [100]", "", 1);
    let mut world = World::with_config(&config);
    assert_eq!(last_time(&world, 9002), 0);
    world.at(5).push_shared(alert("Info", "a", json!({})));
    let first = last_time(&world, 9002);
    assert!(first > 0 && world.incidents().is_empty());
    let writes = world.cluster.store.writes.get();
    for _ in 0..20 {
        world.push_shared(alert("Info", "a", json!({})));
    }
    assert_eq!(world.cluster.store.writes.get(), writes, "noted once in ten seconds");
    world.at(30).push_shared(alert("Info", "a", json!({})));
    assert_eq!(last_time(&world, 9002), first + 25);
    let answer = push(&mut world, &target(SHARED_KEY, ""), &json!({}));
    assert_eq!(answer.status, 400);
    assert_eq!(last_time(&world, 9002), first + 25, "a refused push does not move it");
}

#[test]
fn an_event_that_was_sent_again_after_others_is_discarded() {
    let mut world = World::new();
    let event = |text: &str, time: u64| {
        let mut event = alert("Critical", "a", json!({}));
        (event["description"], event["event_time"]) = (json!(text), json!(time));
        event
    };
    world.push(event("first", 100)).push(event("second", 200)).push(event("first", 100));
    let incidents = world.incidents();
    assert_eq!((&incidents[0]["alert_event_cnt"], incidents.len()), (&json!(2), 1));
}

#[test]
fn a_comment_by_alert_key_reaches_the_incident_its_timeline_and_the_subscribers() {
    let mut world = World::new();
    world.push_shared(alert("Warning", "disk", json!({"team": "storage"})));
    let new = world.expect_webhook("i_new");
    let path = format!("/push/incident/comment-by-alert?integration_key={SHARED_KEY}");
    let answer = push(&mut world, &path, &json!({"alert_key": "disk", "comment": " log rotation failed "}));
    assert_eq!((answer.status, body(&answer).get("error")), (200, None));
    let (status, feed) = world.call("/incident/feed", &json!({"incident_id": new.incident_id, "types": ["i_comm"]}));
    assert_eq!((status, &feed["data"]["items"][0]["detail"]["comment"]), (200, &json!("log rotation failed")));
    let commented = world.expect_webhook("i_comm");
    assert_eq!(commented.incident_id, new.incident_id);
    assert!(commented.event_time > new.event_time);
    push(&mut world, &path, &json!({"alert_key": "unknown", "comment": "c"}));
    world.expect_no_webhook();
    world.push_shared(json!({"event_status": "Ok", "alert_key": "disk"})).expect_webhook("i_rslv");
    let (_, feed) = world.call("/incident/feed", &json!({"incident_id": new.incident_id, "asc": true}));
    let types: Vec<_> = feed["data"]["items"].as_array().expect("items").iter().map(|i| i["type"].clone()).collect();
    assert_eq!(types, ["i_new", "i_comm", "i_rslv"]);
}
