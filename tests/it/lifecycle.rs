//! The life of an alert and its incident, told from outside.

use serde_json::{Value, json};

use super::channel_rules::config;
use crate::support::World;

fn disk(status: &str) -> Value {
    json!({"event_status": status, "title_rule": "disk full on web-07", "alert_key": "disk/web-07",
        "description": "97 %", "labels": {"host": "web-07", "team": "storage"}})
}

#[test]
fn an_alert_becomes_an_incident_and_its_recovery_closes_it() {
    let mut world = World::new();
    world.at(0).push(disk("Critical"));
    let new = world.expect_webhook("i_new");
    assert_eq!(new.body["incident"]["progress"], "Triggered");
    assert_eq!(new.body["incident"]["channel_name"], "storage");
    assert_eq!(new.body["incident"]["labels"]["host"], "web-07");
    world.at(90).push(disk("Ok"));
    let resolved = world.expect_webhook("i_rslv");
    assert_eq!(resolved.incident_id, new.incident_id);
    assert!(resolved.event_time >= new.event_time + 89_000);
    let incident = &resolved.body["incident"];
    assert_eq!((&incident["progress"], &incident["incident_status"]), (&json!("Closed"), &json!("Ok")));
    assert_eq!(incident["end_time"].as_u64(), new.body["incident"]["start_time"].as_u64().map(|t| t + 90));
    world.expect_no_webhook();
}

#[test]
fn a_reader_sees_a_push_as_soon_as_it_is_answered() {
    let world = World::new();
    world.cluster.lost_wakes.set(1000);
    let mut world = world;
    world.fire("disk/web-07");
    world.expect_no_webhook();
    let incidents = world.incidents();
    assert_eq!(incidents.len(), 1);
    assert_eq!(incidents[0]["title"], "disk/web-07 is bad");
    let id = incidents[0]["incident_id"].clone();
    assert_eq!(world.call("/incident/info", &json!({"incident_id": id})).1["data"], incidents[0]);
}

#[test]
fn a_closed_incident_stays_listed_and_readable() {
    let mut world = World::new();
    world.fire("a").recover("a");
    let open = world.expect_webhook("i_new");
    world.at(3600);
    let incidents = world.incidents();
    assert_eq!(incidents.len(), 1);
    assert_eq!(incidents[0]["progress"], "Closed");
    let (status, body) = world.call("/incident/info", &json!({"incident_id": open.incident_id}));
    assert_eq!((status, &body["data"]["alert_cnt"]), (200, &json!(1)));
}

#[test]
fn an_alert_that_fires_again_after_recovery_opens_a_new_incident() {
    let mut world = World::new();
    world.at(0).fire("a").at(10).recover("a").at(20).fire("a");
    let first = world.expect_webhook("i_new");
    world.expect_webhook("i_rslv");
    let second = world.expect_webhook("i_new");
    assert_ne!(first.incident_id, second.incident_id);
    assert_eq!(world.incidents().len(), 2);
}

#[test]
fn repeats_merge_into_the_open_alert_and_tell_nobody() {
    let mut world = World::new();
    world.fire("a").fire("a");
    world.push(json!({"event_status": "Warning", "title_rule": "a is bad", "alert_key": "a"}));
    world.expect_webhook("i_new");
    world.expect_no_webhook();
    let incidents = world.incidents();
    assert_eq!(incidents.len(), 1);
    assert_eq!((&incidents[0]["alert_cnt"], &incidents[0]["alert_event_cnt"]), (&json!(1), &json!(2)));
    assert_eq!(incidents[0]["incident_status"], "Warning");
    assert_eq!(incidents[0]["incident_severity"], "Critical");
}

#[test]
fn a_recovery_of_an_unknown_alert_changes_nothing() {
    let mut world = World::new();
    world.recover("never seen");
    world.expect_no_webhook();
    assert!(world.incidents().is_empty());
}

#[test]
fn a_shared_integration_gives_every_channel_its_own_incident() {
    let mut world = World::new();
    world.push_shared(json!({"event_status": "Critical", "title_rule": "t", "labels": {"team": "storage"}}));
    let channels: Vec<_> = [world.expect_webhook("i_new"), world.expect_webhook("i_new")]
        .iter()
        .map(|w| (w.body["incident"]["channel_id"].as_i64(), w.incident_id.clone()))
        .collect();
    assert_eq!(channels.iter().map(|c| c.0).collect::<std::collections::BTreeSet<_>>(), [Some(100), Some(101)].into());
    assert_ne!(channels[0].1, channels[1].1);
}

#[test]
fn a_push_costs_one_write_before_its_answer_and_no_read() {
    let mut world = World::new();
    world.fire("first of the instance");
    let store = world.cluster.store.clone();
    world.cluster.lost_wakes.set(1000);
    for (body, what) in [(disk("Critical"), "new"), (disk("Critical"), "merge"), (disk("Ok"), "recovery")] {
        let before = (store.reads.get(), store.writes.get());
        world.push(body);
        assert_eq!((store.reads.get() - before.0, store.writes.get() - before.1), (0, 1), "{what}");
    }
}

#[test]
fn a_push_alone_costs_at_most_five_writes_with_everything_that_follows() {
    let mut world = World::new();
    world.at(0).fire("first of all").at(120);
    let store = world.cluster.store.clone();
    let before = store.writes.get();
    for nth in 0..10 {
        let key = format!("k{nth}");
        world.fire(&key).at(125 + nth);
    }
    world.at(400);
    let per_push = (store.writes.get() - before) as f64 / 10.0;
    assert!(per_push <= 5.0, "{per_push}");
}

#[test]
fn closed_incidents_leave_the_board_together_and_hardly_cost_a_write() {
    let mut world = World::new();
    let store = world.cluster.store.clone();
    let before = store.writes.get();
    for nth in 0..40 {
        let key = format!("k{nth}");
        world.fire(&key).recover(&key);
    }
    let per_push = (store.writes.get() - before) as f64 / 80.0;
    assert!(per_push <= 4.2, "{per_push}");
    let documents = || store.keys().iter().filter(|key| key.starts_with("alarum:1:i:")).count();
    assert!((1..40).contains(&documents()), "{}", documents());
    assert_eq!(world.incidents().len(), 40, "each is listed once, wherever it is");
    world.at(599);
    let waiting = documents();
    assert!(waiting < 40, "{waiting}");
    world.at(603);
    assert_eq!((documents(), world.incidents().len()), (40, 40));
}

#[test]
fn a_failing_subscriber_gets_the_events_of_an_incident_later_and_in_order() {
    let mut world = World::new();
    world.cluster.receiver.status.set(503);
    world.at(0).fire("a").at(1).recover("a");
    let refused = world.expect_webhook("i_new");
    assert!(!refused.taken);
    world.expect_no_webhook();
    world.cluster.receiver.status.set(0);
    world.at(10);
    let new = world.expect_webhook("i_new");
    assert!(new.taken);
    assert_eq!((&new.event_id, &new.body), (&refused.event_id, &refused.body));
    world.expect_webhook("i_rslv");
    world.at(3 * 24 * 3600).expect_no_webhook();
}

#[test]
fn a_subscriber_that_refuses_for_good_is_not_asked_again() {
    let mut world = World::new();
    world.cluster.receiver.status.set(400);
    world.at(0).fire("a");
    world.expect_webhook("i_new");
    world.at(3600).expect_no_webhook();
    assert!(world.cluster.log.borrow().iter().any(|line| line.contains("given up") && line.contains("status 400")));
}

#[test]
fn read_records_and_replaced_pieces_do_not_stay_in_the_store() {
    let mut world = World::new();
    for nth in 0..40 {
        let key = format!("k{nth}");
        world.fire(&key).recover(&key);
    }
    world.at(700);
    // What was told is kept for some days.
    let left: Vec<String> =
        world.cluster.store.keys().into_iter().filter(|key| !key.starts_with("alarum:1:l:")).collect();
    assert!(!left.iter().any(|key| key.starts_with("alarum:1:j:")), "{left:#?}");
    // The documents of 40 closed incidents, the ledger, the board, counters, and a few pages.
    assert!(left.len() < 40 + 12, "{left:#?}");
}

#[test]
fn ten_thousand_open_alerts_do_not_make_a_push_dear() {
    let mut world = World::new();
    for batch in 0..100 {
        for nth in 0..100 {
            let body = json!({"event_status": "Warning", "title_rule": "t", "alert_key": format!("k{batch}-{nth}"),
                "description": "d".repeat(200), "labels": {"host": "h", "service": "s"}});
            let request = crate::support::Push { key: crate::support::PRIVATE_KEY, body }.request();
            world.cluster.push(request, |answer| assert_eq!(answer.status, 200));
        }
        world.cluster.run();
    }
    world.at(200);
    let store = world.cluster.store.clone();
    // Now and then one of them begins a stream or brings the ledger forward.
    let before = (store.reads.get(), store.writes.get());
    for nth in 0..40 {
        world.fire(&format!("more {nth}"));
    }
    let (reads, writes) = (store.reads.get() - before.0, store.writes.get() - before.1);
    assert!(writes <= 40 * 5 - 20, "{writes} writes for 40 pushes");
    assert!(reads <= 40 * 30, "{reads} reads for 40 pushes");
    assert_eq!(world.cluster.receiver.arrived.borrow().len(), 10_040);
}

/// Pushes batches of large alerts at several instances, whose wakes all get lost; some twelve mebibytes.
fn large_backlog() -> World {
    let world = World::over(crate::support::Cluster::new(3, crate::support::DEMO, 6, 1));
    world.cluster.lost_wakes.set(1000);
    for nth in 0..160 {
        let alerts: Vec<Value> = (0..10)
            .map(|alert| {
                let labels = json!({"a": "l".repeat(2000), "b": "l".repeat(2000), "c": "l".repeat(2000)});
                json!({"event_status": "Critical", "title_rule": "t", "alert_key": format!("{nth}/{alert}"),
                    "description": "d".repeat(2000), "labels": labels})
            })
            .collect();
        let push = crate::support::Push { key: crate::support::PRIVATE_KEY, body: json!(alerts) };
        world.cluster.push(push.request(), |answer| assert_eq!(answer.status, 200));
    }
    world.cluster.run();
    world
}

#[test]
fn a_reader_sees_all_of_a_journal_that_is_too_large_to_be_read_at_once() {
    let world = large_backlog();
    assert_eq!(world.incidents().len(), 1600);
}

#[test]
fn a_journal_that_is_too_large_to_be_read_at_once_is_folded_in_parts() {
    let mut world = large_backlog();
    let ids = |world: &World| -> std::collections::BTreeSet<String> {
        world.incidents().iter().map(|incident| incident["incident_id"].to_string()).collect()
    };
    let seen = ids(&world);
    world.cluster.lost_wakes.set(0);
    let most = world.cluster.store.clone();
    most.most_read.set(0);
    world.fire("one more");
    // Four mebibytes, what the last call brought beyond, and the part of the board that is not loaded yet.
    assert!(most.most_read.get() < 8 * 1024 * 1024, "{}", most.most_read.get());
    world.at(60);
    assert_eq!(world.cluster.receiver.arrived.borrow().len(), 1601);
    let folded = ids(&world);
    assert_eq!((folded.len(), folded.is_superset(&seen)), (1601, true), "the same incidents as a reader saw before");
}

#[test]
fn tick_wants_to_be_called_when_the_next_thing_is_due() {
    let mut world = World::with_config(&config("auto_resolve_timeout = 30"));
    world.fire("a");
    world.expect_webhook("i_new");
    let next_ms = |world: &World| world.cluster.tick()["data"]["next_ms"].as_u64().expect("a number");
    let before = next_ms(&world);
    assert!((29_000..=30_000).contains(&before), "{before}");
    world.at(40);
    world.expect_webhook("i_rslv");
    assert_eq!(next_ms(&world), 60_000, "nothing more is due");
}

#[test]
fn a_removed_incident_is_shown_no_more_though_nobody_was_told_yet() {
    let mut world = World::new();
    world.fire("a");
    let id = world.expect_webhook("i_new").incident_id;
    world.cluster.lost_wakes.set(1000);
    assert_eq!(world.call("/incident/remove", &json!({"incident_ids": [id]})).0, 200);
    assert!(world.incidents().is_empty());
    for path in ["/incident/info", "/incident/feed", "/incident/alert/list"] {
        let (status, answer) = world.call(path, &json!({"incident_id": id}));
        assert_eq!((status, &answer["error"]["code"]), (400, &json!("ResourceNotFound")), "{path}: {answer}");
    }
    world.cluster.lost_wakes.set(0);
    world.at(60);
    world.expect_webhook("i_rslv");
}
