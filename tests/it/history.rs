//! What can be seen of deliveries afterwards, attempt by attempt.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::{Value, json};

use super::delivering::pass;
use crate::support::receiver::Answering;
use crate::support::{APP_KEY, DEMO, World, request};

/// A configuration whose subscription has a body of its own.
pub(super) fn templated() -> String {
    let body = r#"body = '{"event_id": "{{event_id}}", "says": "{{incident.title}}."}'"#;
    DEMO.replacen("[[subscriptions]]\n", &format!("[[subscriptions]]\n{body}\n"), 1)
}

pub(super) fn history(world: &World, more: Value) -> Vec<Value> {
    let now = world.cluster.sim.now().millis();
    let mut query = json!({"limit": 100, "start_time": now - 8 * 24 * 3600 * 1000, "end_time": now + 1000});
    for (name, value) in more.as_object().expect("an object") {
        query[name] = value.clone();
    }
    let (status, body) = world.call("/webhook/history/list", &query);
    assert_eq!(status, 200, "{body}");
    body["data"]["items"].as_array().expect("items").clone()
}

/// The latest attempt to tell the only subscription of an event.
fn detail(world: &World, event_id: &str) -> (u16, Value) {
    world.call("/webhook/history/detail", &json!({"integration_id": 1, "event_id": event_id}))
}

/// The id of the event that arrived at this place.
fn event_id(world: &World, place: usize) -> String {
    world.cluster.receiver.arrived.borrow()[place].event_id.clone()
}

#[test]
fn the_history_comes_in_one_order() {
    let mut world = World::new();
    world.fire("a");
    let ask = |more: Value| {
        let mut query = json!({"limit": 10, "start_time": 0, "end_time": u64::MAX});
        for (name, value) in more.as_object().expect("an object") {
            query[name] = value.clone();
        }
        world.call("/webhook/history/list", &query)
    };
    let (status, body) = ask(json!({"asc": false, "orderby": "event_time"}));
    assert_eq!((status, &body["data"]["total"]), (200, &json!(1)));
    for (wrong, field) in [
        (json!({"asc": true}), "asc"),
        (json!({"orderby": "duration"}), "orderby"),
        (json!({"limit": 0}), "limit"),
        (json!({"limit": 101}), "limit"),
        (json!({"start_time": null}), "start_time"),
        (json!({"start_time": 2, "end_time": 1}), "end_time"),
        (json!({"status": "ok"}), "status"),
        (json!({"search_after_ctx": "7"}), "search_after_ctx"),
    ] {
        let (status, body) = ask(wrong);
        assert_eq!((status, &body["error"]["code"]), (400, &json!("InvalidParameter")));
        assert!(body["error"]["message"].as_str().is_some_and(|text| text.starts_with(field)), "{body}");
    }
}

#[test]
fn every_attempt_stands_in_the_history() {
    let mut world = World::new();
    world.cluster.receiver.answering.borrow_mut().push_back(Answering::Status(503));
    world.cluster.receiver.answering.borrow_mut().push_back(Answering::TimesOut);
    world.fire("a");
    pass(&world, 120, 1);
    world.recover("a");
    let all = history(&world, json!({}));
    let row = |item: &Value| {
        let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
        (
            text("event_type"),
            item["attempt"].as_u64().unwrap_or_default(),
            item["status_code"].as_u64().unwrap_or_default(),
            text("status"),
        )
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    let expected = [
        ("i_rslv", 1, 200, "success"),
        ("i_new", 3, 200, "success"),
        ("i_new", 2, 0, "failed"),
        ("i_new", 1, 503, "failed"),
    ];
    let expected = expected.map(|(kind, nth, code, status)| (kind.to_owned(), nth, code, status.to_owned()));
    assert_eq!(rows, expected);
    assert_eq!(all[2]["error_message"], "no complete answer within the time limit");
    let bodies: Vec<Value> = all
        .iter()
        .map(|item| serde_json::from_str(item["request_body"].as_str().expect("a body")).expect("JSON"))
        .collect();
    assert_eq!((&bodies[1], &bodies[2]), (&bodies[3], &bodies[3]), "the body is the same on every attempt");
    assert_eq!(bodies[3]["event_type"], "i_new");
    assert_eq!(history(&world, json!({"status": "failed"})).len(), 2);
    assert_eq!(history(&world, json!({"event_types": ["i_rslv"]})).len(), 1);
    assert_eq!(history(&world, json!({"integration_id": 2})).len(), 0);
    assert_eq!(history(&world, json!({"ref_id": bodies[0]["incident"]["incident_id"]})).len(), 4);
    let (status, body) =
        world.call("/webhook/history/detail", &json!({"integration_id": 1, "event_id": bodies[3]["event_id"]}));
    assert_eq!((status, &body["data"]["attempt"], &body["data"]["ref_title"]), (200, &json!(3), &json!("a is bad")));
    let shown = serde_json::to_string(&all).expect("JSON");
    assert!(!shown.contains("whsec_") && shown.contains("webhook-signature: ***"));
    let (_, body) = world.call("/webhook/history/detail", &json!({"integration_id": 1, "event_id": "0".repeat(32)}));
    assert_eq!(body["error"]["code"], "ResourceNotFound");
}

#[test]
fn the_history_is_read_page_by_page_and_forgotten_after_its_days() {
    let mut world = World::new();
    for nth in 0..70 {
        world.fire(&format!("k{nth}")).cluster.sim.advance_ms(1500);
    }
    let now = world.cluster.sim.now().millis();
    let (mut context, mut seen) = (String::new(), Vec::new());
    loop {
        let query = json!({"limit": 30, "start_time": now - 3_600_000, "end_time": now, "search_after_ctx": context});
        let (_, body) = world.call("/webhook/history/list", &query);
        let items = body["data"]["items"].as_array().expect("items").clone();
        seen.extend(items.iter().map(|item| item["event_id"].as_str().expect("an id").to_owned()));
        context = body["data"]["search_after_ctx"].as_str().expect("a text").to_owned();
        if context.is_empty() {
            break;
        }
    }
    let arrived: Vec<String> =
        world.cluster.receiver.arrived.borrow().iter().rev().map(|w| w.event_id.clone()).collect();
    assert_eq!(seen, arrived);
    pass(&world, 8 * 24 * 3600, 3600);
    assert_eq!(history(&world, json!({})).len(), 0);
    assert!(!world.cluster.store.keys().iter().any(|key| key.starts_with("alarum:1:l:")));
}

#[test]
fn an_event_is_found_however_much_was_told_after_it() {
    let mut world = World::new();
    world.fire("the oldest");
    for nth in 0..600 {
        world.fire(&format!("k{nth}")).cluster.sim.advance_ms(700);
    }
    let store = world.cluster.store.clone();
    let oldest = event_id(&world, 0);
    let (status, body) = detail(&world, &oldest);
    assert_eq!((status, &body["data"]["ref_title"]), (200, &json!("the oldest is bad")), "{body}");
    assert_eq!((&body["data"]["attempt"], &body["data"]["status"]), (&json!(1), &json!("success")));
    let before = store.reads.get();
    let newest = event_id(&world, 600);
    assert_eq!(detail(&world, &newest).1["data"]["ref_title"], "k599 is bad");
    let reads = store.reads.get() - before;
    assert!(reads <= 8, "{reads} reads for the newest event");
    let (status, body) = detail(&world, &"0".repeat(32));
    assert_eq!((status, &body["error"]["code"]), (400, &json!("ResourceNotFound")), "all was searched");
}

#[test]
fn a_search_that_takes_too_long_says_how_far_it_came() {
    let mut world = World::new();
    for nth in 0..20 {
        world.fire(&format!("k{nth}")).cluster.sim.advance_ms(60_000);
    }
    let oldest = event_id(&world, 0);
    let answered = Rc::new(RefCell::new(None));
    let slot = answered.clone();
    let body = json!({"integration_id": 1, "event_id": oldest}).to_string();
    let path = format!("/webhook/history/detail?app_key={APP_KEY}");
    world.cluster.call(request("POST", &path, &body), move |answer| *slot.borrow_mut() = Some(answer));
    world.cluster.sim.run(|sim| sim.advance_ms(700));
    let answer = answered.take().expect("an answer");
    let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
    let message = body["error"]["message"].as_str().unwrap_or_default();
    assert_eq!((answer.status, &body["error"]["code"]), (400, &json!("InvalidParameter")), "{body}");
    assert!(message.starts_with("event_id: was not told since 2026-"), "{message}");
}

#[test]
fn the_latest_of_many_attempts_is_shown_wherever_it_stands() {
    let mut world = World::new();
    world.fire("a");
    world.cluster.receiver.refused_key.replace("b".to_owned());
    world.fire("b");
    let late = event_id(&world, 1);
    for nth in 0..10 {
        pass(&world, 60, 10);
        world.fire(&format!("k{nth}"));
    }
    let shown = detail(&world, &late).1["data"].clone();
    assert_eq!((&shown["status"], &shown["status_code"]), (&json!("failed"), &json!(500)));
    assert!(shown["attempt"].as_u64().is_some_and(|nth| nth > 2), "{shown}");
    let listed = history(&world, json!({"ref_id": shown["ref_id"]}));
    assert_eq!(
        (&listed[0]["attempt"], listed.len() as u64),
        (&shown["attempt"], shown["attempt"].as_u64().unwrap_or(0))
    );
    world.cluster.receiver.refused_key.replace(String::new());
    pass(&world, 3600, 60);
    assert_eq!(detail(&world, &late).1["data"]["status"], "success");
}

#[test]
fn the_title_is_that_of_the_event_where_the_subscription_has_a_template() {
    let mut world = World::with_config(&templated());
    world.cluster.receiver.answering.borrow_mut().push_back(Answering::Status(503));
    world.fire("a");
    let id = event_id(&world, 0);
    for attempt in [1, 2] {
        let shown = detail(&world, &id).1["data"].clone();
        assert_eq!((&shown["ref_title"], &shown["attempt"]), (&json!("a is bad"), &json!(attempt)));
        let sent: Value = serde_json::from_str(shown["request_body"].as_str().expect("a body")).expect("JSON");
        assert_eq!(sent, json!({"event_id": id, "says": "a is bad."}));
        pass(&world, 30, 1);
    }
}
