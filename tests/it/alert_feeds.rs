//! What happened to an alert, and the events of all alerts in the order of time.

use alarum::engine::action::Action;
use serde_json::{Value, json};

use super::channel_rules::config;
use crate::support::{GOLDEN, World};

fn fires(world: &mut World, key: &str, status: &str, description: &str) {
    world.push(json!({"event_status": status, "title_rule": key, "alert_key": key, "description": description}));
}

fn call(world: &World, path: &str, query: Value) -> Value {
    let (status, answer) = world.call(path, &query);
    assert_eq!(status, 200, "{path}: {answer}");
    answer["data"].clone()
}

/// The alert with a key, as lists show it.
fn alert(world: &World, key: &str) -> Value {
    let now = world.cluster.sim.now().secs();
    let query = json!({"start_time": now - 24 * 3600, "end_time": now, "alert_keys": [key]});
    call(world, "/alert/list", query)["items"][0].clone()
}

fn feed(world: &World, key: &str, more: Value) -> Value {
    let mut query = json!({"alert_id": alert(world, key)["alert_id"], "asc": true});
    query.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    call(world, "/alert/feed", query)
}

fn all(data: &Value, field: &str) -> Vec<Value> {
    data["items"].as_array().expect("items").iter().map(|item| item[field].clone()).collect()
}

#[test]
fn a_feed_tells_events_and_what_people_and_senders_did() {
    let mut world = World::with_config(GOLDEN);
    let begin = world.cluster.sim.now().millis();
    fires(&mut world, "disk", "Warning", "91 %");
    fires(world.at(10), "disk", "Critical", "97 %");
    fires(world.at(20), "other", "Info", "");
    let target = alert(&world, "other")["incident"]["incident_id"].as_str().expect("an id").to_owned();
    let alert_ids = vec![alert(&world, "disk")["alert_id"].as_str().expect("an id").to_owned()];
    let id = alert_ids[0].clone();
    let merging = alarum::engine::action::AlertMerging {
        alert_ids,
        incident_id: target,
        comment: "the same".into(),
        ..alarum::engine::action::AlertMerging::default()
    };
    world.cluster.act(101, Action::MergeAlerts(Box::new(merging))).expect("merged");
    world.at(30);
    world.cluster.act(101, Action::CloseAlerts(vec![id.clone()])).expect("closed");
    let told = feed(&world, "disk", json!({}));
    assert_eq!(all(&told, "type"), ["a_new", "a_update", "a_merge", "a_close"]);
    assert_eq!(told["items"][0]["detail"], json!({"severity": "Warning", "status": "Warning"}));
    assert_eq!(told["items"][1]["detail"], json!({"severity": "Warning", "status": "Critical"}));
    assert_eq!(
        (&told["items"][2]["detail"]["comment"], &told["items"][2]["detail"]["target_incident"]["title"]),
        (&json!("the same"), &json!("other"))
    );
    assert_eq!(
        (&told["items"][0]["ref_id"], &told["items"][1]["created_at"]),
        (&json!(id), &json!(begin / 1000 * 1000 + 10_000))
    );
    assert_eq!(all(&feed(&world, "disk", json!({"asc": false})), "type"), ["a_close", "a_merge", "a_update", "a_new"]);
    assert_eq!(all(&feed(&world, "disk", json!({"types": ["a_new", "a_close"]})), "type"), ["a_new", "a_close"]);
    let page = feed(&world, "disk", json!({"limit": 3, "p": 2}));
    assert_eq!((all(&page, "type"), &page["has_next_page"]), (vec![json!("a_close")], &json!(false)));
    assert_eq!(all(&feed(&world, "other", json!({})), "type"), ["a_new"]);
}

#[test]
fn a_remark_by_alert_key_is_told_where_the_incident_has_no_other_alert() {
    let mut world = World::new();
    fires(&mut world, "disk", "Warning", "");
    let comment = json!({"alert_key": "disk", "comment": "rotation failed"});
    let path = crate::support::with_keys("/push/incident/comment-by-alert?integration_key=$PRIVATE");
    let answer = world.send(crate::support::request("POST", &path, &comment.to_string()));
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    let told = feed(&world, "disk", json!({}));
    assert_eq!(all(&told, "type"), ["a_new", "a_comm"]);
    assert_eq!(told["items"][1]["detail"], json!({"comment": "rotation failed"}));
    world.at(5).recover("disk").at(900);
    assert_eq!(all(&feed(&world, "disk", json!({})), "type"), ["a_new", "a_comm", "a_update"]);
}

const SILENCE: &str = r#"
[[channels.silence]]
rule_id = "works"
filters = [[{ key = "labels.host", oper = "IN", vals = ["db-*"] }]]
time_filter = { start_time = 0, end_time = 4102444800 }
"#;

#[test]
fn an_alert_that_is_muted_keeps_its_events_and_is_listed_also_when_it_is_over() {
    let mut world = World::with_config(&config(SILENCE));
    let begin = world.cluster.sim.now().secs();
    for nth in 1..=30 {
        world.at(nth).push(json!({"event_status": "Warning", "title_rule": "disk", "alert_key": "disk",
            "description": format!("{nth}"), "labels": {"host": "db-1"}}));
    }
    let told = feed(&world, "disk", json!({"asc": false, "limit": 2}));
    assert_eq!(all(&told, "type"), ["a_m_silence", "a_update"]);
    assert_eq!(told["items"][0]["detail"], json!({"rule_id": "works", "until": 4_102_444_800_u64}));
    let shown = alert(&world, "disk");
    assert_eq!((shown.get("incident"), &shown["ever_muted"], &shown["channel_id"]), (None, &json!(true), &json!(101)));
    let of = |world: &World| {
        let data = call(world, "/alert/event/list", json!({"alert_id": shown["alert_id"], "limit": 100}));
        (all(&data, "description"), all(&data, "event_status")[0].clone())
    };
    let newest = |from: u64, to: u64| (to..=from).rev().map(|nth| json!(format!("{nth}"))).collect::<Vec<_>>();
    assert_eq!(of(&world), (newest(30, 11), json!("Warning")));
    world.at(40).recover("disk").at(900);
    assert_eq!(of(&world), ([newest(30, 30), newest(30, 12)].concat(), json!("Ok")));
    let (found, _) = events(&world, begin + 29, json!({}));
    assert_eq!(found, ["disk:30", "disk:30", "disk:29"]);
    let query = json!({"start_time": begin, "end_time": begin + 60, "ever_muted": true, "is_active": false});
    assert_eq!(call(&world, "/alert/list", query)["total"], 1);
    assert!(!world.cluster.store.keys().iter().any(|key| key.starts_with("alarum:1:i:")), "it is in no incident");
    let head = String::from_utf8(world.cluster.store.value("alarum:1:r:b101:1").expect("a board")).expect("text");
    assert!(!head.contains("\"e:"), "nothing is left beside the board's alerts");
}

/// The events of all alerts, from a second on, as "key:description".
fn events(world: &World, from: u64, more: Value) -> (Vec<String>, Value) {
    let mut query = json!({"start_time": from, "end_time": from + 24 * 3600});
    query.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let data = call(world, "/alert-event/list", query);
    let text = |item: &Value, field: &str| item[field].as_str().expect("a text").to_owned();
    let items = data["items"].as_array().expect("items").iter();
    (items.map(|item| format!("{}:{}", text(item, "alert_key"), text(item, "description"))).collect(), data)
}

#[test]
fn events_of_all_alerts_come_in_the_order_of_time_wherever_the_alerts_are() {
    let mut world = World::with_config(GOLDEN);
    let begin = world.cluster.sim.now().secs();
    fires(&mut world, "old", "Warning", "1");
    fires(world.at(10), "gone", "Critical", "1");
    fires(world.at(20), "gone", "Warning", "2");
    world.at(30).recover("gone");
    fires(world.at(1000), "new", "Info", "1");
    fires(world.at(1010), "old", "Critical", "2");
    let found = |from: u64, more: Value| events(&world, begin + from, more).0.join(" ");
    assert_eq!(found(0, json!({})), "old:2 new:1 gone:2 gone:2 gone:1 old:1");
    assert_eq!(found(0, json!({"asc": true, "orderby": "event_time"})), "old:1 gone:1 gone:2 gone:2 new:1 old:2");
    assert_eq!(found(15, json!({})), "old:2 new:1 gone:2 gone:2");
    assert_eq!(found(0, json!({"end_time": begin + 25})), "gone:2 gone:1 old:1");
    assert_eq!(found(0, json!({"severities": "Critical"})), "old:2 gone:2 gone:1");
    assert_eq!(found(0, json!({"severities": "Info,Warning"})), "new:1 gone:2 old:1");
    assert_eq!(found(0, json!({"channel_ids": [100]})), "");
    assert_eq!(found(0, json!({"channel_ids": [101], "integration_ids": [9001]})), found(0, json!({})));
    assert_eq!(found(0, json!({"integration_ids": [4711]})), "");
    assert_eq!(
        (found(0, json!({"integration_types": ["zabbix"]})), found(0, json!({"integration_types": ["standard"]}))),
        (String::new(), found(0, json!({})))
    );
    let (first, page) = events(&world, begin, json!({"limit": 4}));
    assert_eq!((first.len(), &page["total"], &page["has_next_page"]), (4, &json!(6), &json!(true)));
    let (rest, page) = events(&world, begin, json!({"limit": 4, "p": 2}));
    assert_eq!((rest.len(), &page["has_next_page"], &page["search_after_ctx"]), (2, &json!(false), &json!("")));
}

#[test]
fn events_by_cursor_come_once_each_while_pushes_go_on() {
    for asc in [false, true] {
        let mut world = World::new();
        let begin = world.cluster.sim.now().secs();
        for nth in 0..90_u64 {
            fires(world.at(nth), &format!("k{}", nth % 40), "Warning", &format!("{nth}"));
            if nth % 40 == 7 {
                world.recover("k7");
            }
        }
        world.at(900);
        let (mut seen, mut after, mut late) = (Vec::new(), Value::Null, 0);
        loop {
            let (found, page) = events(&world, begin, json!({"limit": 9, "asc": asc, "search_after_ctx": after}));
            seen.extend(found);
            if late < 5 {
                // A further event of an alert that is not shown yet, or was.
                fires(&mut world, &format!("k{}", late + 1), "Critical", &format!("late {late}"));
                late += 1;
            }
            after = page["search_after_ctx"].clone();
            assert_eq!(after != json!(""), page["has_next_page"] == json!(true));
            if after == json!("") {
                break;
            }
        }
        // The recoveries of k7 keep its description.
        let mut expected: Vec<String> = (0..90).map(|nth| format!("k{}:{nth}", nth % 40)).collect();
        expected.extend((0..90).filter(|nth| nth % 40 == 7).map(|nth| format!("k7:{nth}")));
        if asc {
            expected.extend((0..5).map(|nth| format!("k{}:late {nth}", nth + 1)));
        }
        expected.sort();
        seen.sort();
        assert_eq!(seen, expected, "{asc}");
    }
}
