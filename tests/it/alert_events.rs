//! The events of alerts: the newest twenty of each are kept and told, wherever the alert is.

use serde_json::{Value, json};

use crate::support::World;

/// What the sender says, the `nth` time.
fn said(world: &mut World, key: &str, nth: u64) {
    let labels = if nth.is_multiple_of(2) {
        json!({"host": "db-1", "value": format!("{nth}")})
    } else {
        json!({"host": "db-1"})
    };
    world.push(json!({"event_status": if nth.is_multiple_of(3) { "Warning" } else { "Critical" },
        "title_rule": format!("{key} is bad"), "alert_key": key, "description": format!("{nth} %"), "labels": labels}));
}

/// The id of the alert with a key, by the incident that it made.
fn alert_of(world: &World, key: &str) -> String {
    let incidents = world.incidents();
    let incident = incidents.iter().find(|incident| incident["dedup_key"] == key).expect("there");
    let (_, answer) = world.call("/incident/alert/list", &json!({"incident_id": incident["incident_id"]}));
    answer["data"]["items"][0]["alert_id"].as_str().expect("an id").to_owned()
}

fn events(world: &World, alert_id: &str, more: Value) -> Value {
    let mut query = json!({"alert_id": alert_id});
    query.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let (status, answer) = world.call("/alert/event/list", &query);
    assert_eq!(status, 200, "{answer}");
    answer["data"].clone()
}

fn all(data: &Value, field: &str) -> Vec<Value> {
    data["items"].as_array().expect("items").iter().map(|item| item[field].clone()).collect()
}

#[test]
fn events_are_told_in_full_newest_first_and_the_same_when_the_alert_has_left() {
    let mut world = World::new();
    let begin = world.cluster.sim.now().secs();
    for nth in 1..=5 {
        world.at(nth * 10);
        said(&mut world, "disk", nth);
    }
    let id = alert_of(&world, "disk");
    let open = events(&world, &id, json!({}));
    assert_eq!(
        (&open["total"], &open["has_next_page"], &open["search_after_ctx"]),
        (&json!(5), &json!(false), &json!(""))
    );
    assert_eq!(all(&open, "description"), ["5 %", "4 %", "3 %", "2 %", "1 %"]);
    assert_eq!(all(&open, "event_status"), ["Critical", "Critical", "Warning", "Critical", "Critical"]);
    let values: Vec<Value> = all(&open, "labels").iter().map(|labels| labels["value"].clone()).collect();
    assert_eq!(values, [json!(null), json!("4"), json!(null), json!("2"), json!(null)]);
    assert_eq!(all(&open, "created_at"), [50, 40, 30, 20, 10].map(|secs| begin + secs));
    let mut ids = all(&open, "event_id");
    ids.dedup();
    assert_eq!(ids.len(), 5);
    let oldest = events(&world, &id, json!({"asc": true}));
    let mut reversed = open["items"].as_array().expect("items").clone();
    reversed.reverse();
    assert_eq!(oldest["items"], Value::from(reversed));

    world.recover("disk").at(900);
    assert!(world.cluster.store.keys().iter().any(|key| key.starts_with("alarum:1:i:")), "it has left");
    let closed = events(&world, &id, json!({}));
    assert_eq!((&closed["total"], &closed["items"][0]["event_status"]), (&json!(6), &json!("Ok")));
    assert_eq!(closed["items"].as_array().expect("items")[1..], *open["items"].as_array().expect("items"));
}

#[test]
fn what_says_nothing_new_is_no_event_but_refreshes_the_labels_of_the_latest() {
    let mut world = World::new();
    let push = |world: &mut World, host: &str, description: &str| {
        world.push(json!({"event_status": "Info", "title_rule": "t", "alert_key": "k", "description": description,
            "labels": {"host": host}}));
    };
    push(&mut world, "a", "1");
    push(&mut world, "b", "1");
    let id = alert_of(&world, "k");
    assert_eq!(all(&events(&world, &id, json!({})), "labels"), [json!({"host": "b"})]);
    push(&mut world, "c", "2");
    assert_eq!(all(&events(&world, &id, json!({})), "labels"), [json!({"host": "c"}), json!({"host": "b"})]);
}

#[test]
fn the_senders_time_is_that_of_the_event() {
    let mut world = World::new();
    let now = world.cluster.sim.now().secs();
    for (nth, said) in [now - 100, now - 50].into_iter().enumerate() {
        world.push(json!({"event_status": "Info", "title_rule": "t", "alert_key": "k", "event_time": said,
            "description": format!("{nth}")}));
    }
    let told = events(&world, &alert_of(&world, "k"), json!({}));
    assert_eq!(all(&told, "event_time"), [now - 50, now - 100]);
    assert!(all(&told, "created_at").iter().all(|at| at.as_u64() >= Some(now)));
}

#[test]
fn only_the_newest_twenty_are_kept_and_alerts_show_them_where_asked() {
    let mut world = World::new();
    for nth in 1..=50 {
        world.at(nth);
        said(&mut world, "disk", nth);
    }
    let id = alert_of(&world, "disk");
    let told = events(&world, &id, json!({"limit": 100}));
    assert_eq!(
        (&told["total"], &told["items"][0]["description"], &told["items"][19]["description"]),
        (&json!(20), &json!("50 %"), &json!("31 %"))
    );
    let (_, alert) = world.call("/alert/info", &json!({"alert_id": id}));
    assert_eq!((&alert["data"]["event_cnt"], &alert["data"]["events"]), (&json!(50), &json!([])));
    let incident_id = alert["data"]["incident"]["incident_id"].clone();
    for (include, shown) in [(json!(true), told["items"].clone()), (json!(false), json!([])), (json!(null), json!([]))]
    {
        let query = json!({"incident_id": incident_id, "include_events": include});
        let (_, answer) = world.call("/incident/alert/list", &query);
        assert_eq!(answer["data"]["items"][0]["events"], shown);
    }
    world.recover("disk").at(900);
    let (_, answer) = world.call("/incident/alert/list", &json!({"incident_id": incident_id, "include_events": true}));
    let closed = answer["data"]["items"][0]["events"].as_array().expect("events").clone();
    assert_eq!((closed.len(), &closed[0]["event_status"], &closed[1]), (20, &json!("Ok"), &told["items"][0]));
}

#[test]
fn pages_by_cursor_show_each_event_once_while_more_come_in() {
    for asc in [false, true] {
        let mut world = World::new();
        for nth in 1..=10 {
            said(&mut world, "disk", nth);
        }
        let id = alert_of(&world, "disk");
        let (mut seen, mut after, mut nth) = (Vec::new(), json!(null), 10);
        loop {
            let page = events(&world, &id, json!({"limit": 3, "asc": asc, "search_after_ctx": after}));
            seen.extend(all(&page, "description"));
            nth += 1;
            if nth <= 15 {
                said(&mut world, "disk", nth);
            }
            after = page["search_after_ctx"].clone();
            assert_eq!(after != json!(""), page["has_next_page"] == json!(true));
            if after == json!("") {
                break;
            }
        }
        // The fifteenth comes after the last page.
        let mut expected: Vec<String> = (1..=if asc { 14 } else { 10 }).map(|nth| format!("{nth} %")).collect();
        if !asc {
            expected.reverse();
        }
        assert_eq!(seen, expected);
    }
}

#[test]
fn wrong_questions_for_events_are_refused() {
    let mut world = World::new();
    world.fire("disk");
    let id = alert_of(&world, "disk");
    let wrong = [
        (json!({}), "alert_id: "),
        (json!({"alert_id": 7}), "alert_id: "),
        (json!({"alert_id": "ffffffffffffffffffffffff"}), "alert_id: "),
        (json!({"alert_id": "none"}), "alert_id: "),
        (json!({"alert_id": id, "limit": 101}), "limit: "),
        (json!({"alert_id": id, "p": 600}), "p: "),
        (json!({"alert_id": id, "asc": "yes"}), "asc: "),
        (json!({"alert_id": id, "search_after_ctx": "next"}), "search_after_ctx: "),
        (json!({"alert_id": id, "search_after_ctx": 1}), "search_after_ctx: "),
    ];
    for (query, field) in wrong {
        let (status, answer) = world.call("/alert/event/list", &query);
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(status == 400 && message.starts_with(field), "{query}: {answer}");
    }
    let (status, answer) = world.call("/incident/alert/list", &json!({"incident_id": id, "include_events": 1}));
    assert!(status == 400 && answer["error"]["message"].as_str().is_some_and(|m| m.starts_with("include_events: ")));
}

#[test]
fn what_an_event_stores_does_not_grow_with_those_before() {
    let mut world = World::new();
    said(&mut world, "disk", 1);
    let mut bytes = Vec::new();
    for nth in 2..=200 {
        let store = &world.cluster.store;
        let before = (store.writes.get(), store.bytes_written.get());
        said(&mut world, "disk", nth);
        let store = &world.cluster.store;
        bytes.push(store.bytes_written.get() - before.1);
        assert!(store.writes.get() - before.0 <= 5, "push {nth}");
    }
    let sum = |of: &[usize]| of.iter().sum::<usize>() / of.len();
    let (early, late) = (sum(&bytes[30..60]), sum(&bytes[160..]));
    println!("bytes stored for a push with all that follows: {early} early, {late} late");
    assert!(late < early * 2, "{early} {late}");
}
