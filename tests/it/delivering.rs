//! Delivery to subscribers that fail, are away, are gone, or are paused; and what can be seen and done about it.

use serde_json::{Value, json};

use super::history::{history, templated};
use crate::support::{Cluster, DEMO, World};

/// Lets so many seconds pass with a tick in each `step`.
pub(super) fn pass(world: &World, secs: u64, step: u64) {
    for _ in 0..secs / step {
        world.cluster.sim.advance_ms(step * 1000);
        world.cluster.tick();
    }
}

/// Ticks until a subscriber's breaker has been probed and everything told.
pub(super) fn recover(world: &World) {
    pass(world, 4 * 3600, 30);
}

/// What a subscriber took, in order: the incident's alert key and the event's type.
pub(super) fn taken(world: &World) -> Vec<(String, String)> {
    let arrived = world.cluster.receiver.arrived.borrow();
    let mut seen = Vec::new();
    for webhook in arrived.iter().filter(|webhook| webhook.taken) {
        assert!(!seen.contains(&webhook.event_id), "{} came twice", webhook.event_type);
        seen.push(webhook.event_id.clone());
    }
    let told = arrived.iter().filter(|webhook| webhook.taken);
    told.map(|webhook| {
        let key = webhook.body["incident"]["dedup_key"].as_str().unwrap_or_default();
        (key.to_owned(), webhook.event_type.clone())
    })
    .collect()
}

pub(super) fn told(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, kind)| ((*key).to_owned(), (*kind).to_owned())).collect()
}

/// How the only subscription fares.
pub(super) fn subscription(world: &World) -> Value {
    let (status, body) = world.call("/webhook/list", &json!({}));
    assert_eq!(status, 200, "{body}");
    body["data"]["items"][0].clone()
}

#[test]
fn who_was_away_for_half_a_day_is_told_everything_in_order_when_it_is_back() {
    let mut world = World::new();
    world.cluster.receiver.status.set(503);
    let mut expected = Vec::new();
    for nth in 0..60 {
        let key = format!("k{nth:02}");
        world.fire(&key);
        pass(&world, 600, 30);
        world.recover(&key);
        expected.push(key);
    }
    assert_eq!(taken(&world), []);
    assert_eq!(subscription(&world)["status"], "broken");
    world.cluster.receiver.status.set(0);
    recover(&world);
    let taken = taken(&world);
    for key in &expected {
        let of_key: Vec<&str> = taken.iter().filter(|(of, _)| of == key).map(|(_, kind)| kind.as_str()).collect();
        assert_eq!(of_key, ["i_new", "i_rslv"], "{key}");
    }
    assert_eq!(taken.len(), 120);
    let now = subscription(&world);
    assert_eq!(
        (&now["status"], &now["waiting"], &now["behind_channel_ids"]),
        (&json!("healthy"), &json!(0), &json!([]))
    );
}

#[test]
fn who_is_away_is_asked_seldom_and_costs_nothing() {
    let mut world = World::new();
    world.cluster.receiver.status.set(503);
    for nth in 0..20 {
        world.fire(&format!("k{nth}"));
        pass(&world, 60, 5);
    }
    let store = world.cluster.store.clone();
    let (tried, writes) = (world.cluster.receiver.arrived.borrow().len(), store.writes.get());
    for nth in 0..50 {
        world.fire(&format!("later{nth}"));
    }
    assert_eq!(world.cluster.receiver.arrived.borrow().len(), tried, "nothing is sent while the breaker is open");
    let each = (store.writes.get() - writes) / 50;
    assert!(each <= 5, "{each} writes a push");
    pass(&world, 24 * 3600, 60);
    let tried = world.cluster.receiver.arrived.borrow().len() - tried;
    assert!(tried < 60, "{tried} attempts in a day");
    for key in store.keys().iter().filter(|key| key.contains(":r:")) {
        assert!(store.value(key).expect("a root").len() < 64 * 1024, "{key}");
    }
}

#[test]
fn who_is_gone_hears_nothing_until_somebody_resumes_it_and_then_all() {
    let mut world = World::new();
    world.cluster.receiver.status.set(410);
    world.fire("a");
    world.cluster.receiver.status.set(0);
    world.recover("a").fire("b");
    pass(&world, 3600, 60);
    assert_eq!(taken(&world), []);
    let shown = subscription(&world);
    assert_eq!((&shown["status"], &shown["gone_reason"]), (&json!("gone"), &json!("status 410")));
    assert_eq!(world.call("/webhook/resume", &json!({"integration_id": 1})).0, 200);
    pass(&world, 60, 1);
    let mut all = taken(&world);
    all.sort();
    assert_eq!(all, told(&[("a", "i_new"), ("a", "i_rslv"), ("b", "i_new")]));
    let of_a: Vec<_> = taken(&world).into_iter().filter(|(key, _)| key == "a").collect();
    assert_eq!(of_a, told(&[("a", "i_new"), ("a", "i_rslv")]));
}

#[test]
fn a_paused_subscription_is_told_later_what_happened_meanwhile() {
    let mut world = World::new();
    world.fire("a");
    assert_eq!(world.call("/webhook/pause", &json!({"integration_id": 1})).0, 200);
    world.recover("a").fire("b");
    pass(&world, 600, 10);
    assert_eq!(taken(&world), told(&[("a", "i_new")]));
    assert_eq!(subscription(&world)["status"], "paused");
    assert_eq!(world.call("/webhook/resume", &json!({"integration_id": 1})).0, 200);
    pass(&world, 10, 1);
    assert_eq!(taken(&world), told(&[("a", "i_new"), ("a", "i_rslv"), ("b", "i_new")]));
    world.recover("b");
    assert_eq!(taken(&world).len(), 4, "what is new is told at once again");
    let (_, body) = world.call("/webhook/pause", &json!({"integration_id": 77}));
    assert_eq!(body["error"]["code"], "ResourceNotFound");
}

#[test]
fn who_refuses_everything_is_not_sent_all_of_it() {
    let mut world = World::new();
    world.cluster.receiver.status.set(401);
    for key in ["a", "b", "c", "d", "e"] {
        world.fire(key);
    }
    let sent = |world: &World| world.cluster.receiver.arrived.borrow().len();
    assert_eq!(sent(&world), 3, "what is refused counts as a failure, and after three of them what is new waits");
    let shown = subscription(&world);
    assert_eq!(
        (&shown["status"], &shown["failures"], &shown["waiting"], &shown["behind_channel_ids"]),
        (&json!("failing"), &json!(3), &json!(0), &json!([101]))
    );
    world.cluster.receiver.status.set(0);
    recover(&world);
    assert_eq!(taken(&world), told(&[("d", "i_new"), ("e", "i_new")]), "what was refused is not sent again");
    assert_eq!(subscription(&world)["status"], "healthy");
}

#[test]
fn without_retries_an_event_is_sent_once_at_most() {
    let config = DEMO.replacen("[[subscriptions]]\n", "[[subscriptions]]\nretries = 0\n", 1);
    let mut world = World::with_config(&config);
    world.cluster.receiver.status.set(500);
    world.fire("a");
    world.cluster.receiver.status.set(0);
    world.recover("a");
    recover(&world);
    let arrived = world.cluster.receiver.arrived.borrow();
    let of = |kind: &str| arrived.iter().filter(|webhook| webhook.event_type == kind).count();
    assert_eq!((of("i_new"), of("i_rslv")), (1, 1));
}

#[test]
fn an_event_that_alone_is_not_taken_is_given_up_after_its_schedule() {
    let mut world = World::new();
    world.cluster.receiver.refused_key.replace("bad".to_owned());
    world.fire("bad");
    for nth in 0..400 {
        world.fire(&format!("good{nth}"));
        pass(&world, 600, 600);
    }
    let arrived = world.cluster.receiver.arrived.borrow();
    let tries = arrived.iter().filter(|webhook| webhook.body["incident"]["dedup_key"] == "bad").count();
    assert_eq!(tries, 10);
    assert_eq!(arrived.iter().filter(|webhook| webhook.taken).count(), 400);
    drop(arrived);
    assert_eq!(subscription(&world)["waiting"], 0);
    assert!(world.cluster.log.borrow().iter().any(|line| line.contains("delivery given up")));
}

#[test]
fn edits_that_wait_collapse_and_what_happened_in_a_life_does_not() {
    let mut world = World::new();
    world.fire("a");
    let incident_id = world.incidents()[0]["incident_id"].clone();
    world.cluster.receiver.status.set(503);
    let edit = |title: &str| {
        let (status, body) = world.call("/incident/reset", &json!({"incident_id": incident_id, "title": title}));
        assert_eq!(status, 200, "{body}");
    };
    assert_eq!(world.call("/incident/ack", &json!({"incident_ids": [incident_id]})).0, 200);
    for nth in 0..5 {
        edit(&format!("title {nth}"));
    }
    assert_eq!(world.call("/incident/unack", &json!({"incident_ids": [incident_id]})).0, 200);
    edit("the last");
    world.cluster.receiver.status.set(0);
    recover(&world);
    let kinds: Vec<String> = taken(&world).into_iter().map(|(_, kind)| kind).collect();
    assert_eq!(kinds, ["i_new", "i_ack", "i_r_title", "i_unack", "i_r_title"]);
    let arrived = world.cluster.receiver.arrived.borrow();
    let titles: Vec<_> = arrived.iter().filter(|w| w.taken).map(|w| w.body["incident"]["title"].clone()).collect();
    assert_eq!((&titles[2], &titles[4]), (&json!("title 4"), &json!("the last")));
}

#[test]
fn what_was_told_can_be_told_again_by_event_by_incident_and_by_time() {
    let mut world = World::new();
    world.fire("a").fire("b");
    let ids: Vec<(String, String)> = {
        let arrived = world.cluster.receiver.arrived.borrow();
        arrived.iter().map(|webhook| (webhook.event_id.clone(), webhook.incident_id.clone())).collect()
    };
    world.cluster.sim.advance_ms(10_000);
    let later = world.cluster.sim.now().millis();
    world.recover("a").recover("b");
    let replayed = |more: Value| {
        let before = world.cluster.receiver.arrived.borrow().len();
        let mut query = json!({"integration_id": 1});
        for (name, value) in more.as_object().expect("an object") {
            query[name] = value.clone();
        }
        let (status, body) = world.call("/webhook/replay", &query);
        assert_eq!(status, 200, "{body}");
        pass(&world, 5, 1);
        let arrived = world.cluster.receiver.arrived.borrow();
        arrived[before..].iter().map(|w| (w.event_id.clone(), w.event_type.clone())).collect::<Vec<_>>()
    };
    assert_eq!(replayed(json!({"event_id": ids[1].0})), [(ids[1].0.clone(), "i_new".to_owned())]);
    let kinds = |events: Vec<(String, String)>| events.into_iter().map(|(_, kind)| kind).collect::<Vec<_>>();
    assert_eq!(kinds(replayed(json!({"ref_id": ids[0].1}))), ["i_new", "i_rslv"]);
    assert_eq!(kinds(replayed(json!({"start_time": later, "end_time": later + 60_000}))), ["i_rslv", "i_rslv"]);
    assert_eq!(kinds(replayed(json!({"event_id": "0".repeat(32)}))), Vec::<String>::new());
    let (status, body) = world.call("/webhook/replay", &json!({"integration_id": 1}));
    assert_eq!((status, &body["error"]["code"]), (400, &json!("InvalidParameter")));
    assert_eq!(subscription(&world)["replays"], 0);
}

#[test]
fn a_test_delivery_says_what_came_of_it_and_changes_nothing() {
    let world = World::with_config(&templated());
    let (status, body) = world.call("/webhook/test", &json!({"integration_id": 1}));
    assert_eq!((status, &body["data"]["status"], &body["data"]["status_code"]), (200, &json!("success"), &json!(200)));
    let sent: Value = serde_json::from_str(body["data"]["request_body"].as_str().expect("a body")).expect("JSON");
    assert_eq!(sent, world.cluster.receiver.arrived.borrow()[0].body);
    assert_eq!(sent, json!({"event_id": body["data"]["event_id"], "says": "A test of this webhook."}));
    world.cluster.receiver.status.set(418);
    let (_, body) = world.call("/webhook/test", &json!({"integration_id": 1}));
    assert_eq!((&body["data"]["status"], &body["data"]["error_message"]), (&json!("failed"), &json!("status 418")));
    assert_eq!(world.cluster.receiver.arrived.borrow().len(), 2);
    assert_eq!(subscription(&world)["status"], "healthy");
    assert_eq!(history(&world, json!({})).len(), 0);
}

#[test]
fn additional_conditions_choose_what_is_told() {
    let filters = "filters = [[{ key = \"severity\", oper = \"IN\", vals = [\"Critical\"] }]]\n";
    let world =
        &mut World::with_config(&DEMO.replacen("[[subscriptions]]\n", &format!("[[subscriptions]]\n{filters}"), 1));
    world.push(json!({"event_status": "Warning", "title_rule": "t", "alert_key": "warning"}));
    world.fire("critical").recover("critical");
    world.push(json!({"event_status": "Ok", "alert_key": "warning"}));
    assert_eq!(taken(world), told(&[("critical", "i_new"), ("critical", "i_rslv")]));
}

#[test]
fn through_outages_and_crashes_everything_arrives_in_order() {
    for seed in seeds() {
        let cluster = Cluster::new(seed, DEMO, 1, 2);
        let mut world = World::over(cluster.clone());
        let mut fired = Vec::new();
        for round in 0..12 {
            let outage = [0, 503, 500, 429][cluster.sim.below(4)];
            cluster.receiver.status.set(outage);
            let key = format!("k{round}");
            world.fire(&key);
            if cluster.sim.below(3) == 0 {
                cluster.fanout("/tick", |_| {});
                for _ in 0..cluster.sim.below(30) {
                    if !cluster.sim.is_idle() {
                        cluster.sim.step();
                    }
                }
                cluster.crash_all();
            }
            pass(&world, 120, 20);
            world.recover(&key);
            fired.push(key);
        }
        cluster.receiver.status.set(0);
        recover(&world);
        let arrived = cluster.receiver.arrived.borrow();
        for key in &fired {
            let mut first: Vec<(&str, &str)> = Vec::new();
            for webhook in arrived.iter().filter(|w| w.taken && w.body["incident"]["dedup_key"] == key.as_str()) {
                if !first.iter().any(|(id, _)| *id == webhook.event_id) {
                    first.push((&webhook.event_id, &webhook.event_type));
                }
            }
            let kinds: Vec<&str> = first.into_iter().map(|(_, kind)| kind).collect();
            assert_eq!(kinds, ["i_new", "i_rslv"], "{key}, seed {seed}");
        }
    }
}

fn seeds() -> std::ops::Range<u64> {
    match std::env::var("ALARUM_SEED").ok().and_then(|seed| seed.parse().ok()) {
        Some(seed) => seed..seed + 1,
        None => 0..20,
    }
}
