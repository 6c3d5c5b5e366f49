//! That nobody is sent anything twice without a crash, and that who fails is asked with little and loses little.

use alarum::http::Request;
use serde_json::{Value, json};

use super::delivering::{pass, recover, subscription, taken};
use crate::support::receiver::{Answering, Webhook};
use crate::support::{DEMO, PRIVATE_KEY, Push, World};

/// Pushes alerts of a hundred keys at once.
fn push_hundred(world: &mut World) {
    let alert = |nth: usize| json!({"event_status": "Critical", "title_rule": "t", "alert_key": format!("k{nth:02}")});
    world.push((0..100).map(alert).collect());
}

fn arrived(world: &World) -> usize {
    world.cluster.receiver.arrived.borrow().len()
}

/// A subscription whose attempts may take half a minute.
fn patient() -> World {
    World::with_config(&DEMO.replacen("[[subscriptions]]\n", "[[subscriptions]]\ntimeout_ms = 30000\n", 1))
}

/// Has tick called every second for so long, whatever else is under way.
fn tick_for(world: &World, secs: u64) {
    let cluster = world.cluster.clone();
    world.cluster.sim.spawn(u64::MAX, async move {
        for _ in 0..secs {
            cluster.sim.sleep_us(1_000_000).await;
            cluster.fanout("/tick", |_| {});
        }
    });
    world.cluster.run();
}

/// Has the only incident acknowledged and not so often that so many things happen to it.
fn happen(world: &World, times: usize) -> Vec<&'static str> {
    let incident_id = world.incidents()[0]["incident_id"].clone();
    let mut kinds = Vec::new();
    for nth in 0..times {
        let (path, kind) = [("/incident/ack", "i_ack"), ("/incident/unack", "i_unack")][nth % 2];
        assert_eq!(world.call(path, &json!({"incident_ids": [incident_id]})).0, 200);
        kinds.push(kind);
    }
    kinds
}

fn kinds_taken(world: &World) -> Vec<String> {
    taken(world).into_iter().map(|(_, kind)| kind).collect()
}

#[test]
fn who_fails_in_the_midst_of_many_is_told_each_of_them_once() {
    let mut world = World::new();
    world.cluster.receiver.status.set(503);
    push_hundred(&mut world);
    world.cluster.receiver.status.set(0);
    recover(&world);
    assert_eq!(taken(&world).len(), 100, "and none twice");
}

#[test]
fn who_takes_some_of_many_and_fails_then_is_told_each_of_them_once() {
    let mut world = World::new();
    let answers = std::iter::repeat_n(200, 40).chain(std::iter::repeat_n(503, 12));
    world.cluster.receiver.answering.borrow_mut().extend(answers.map(Answering::Status));
    push_hundred(&mut world);
    assert_eq!(subscription(&world)["behind_channel_ids"], json!([101]));
    recover(&world);
    assert_eq!(taken(&world).len(), 100, "and none twice");
}

#[test]
fn who_fails_is_sent_no_more_of_what_is_sent_together() {
    let mut world = World::new();
    world.cluster.receiver.status.set(503);
    push_hundred(&mut world);
    assert!(arrived(&world) <= 10, "{} attempts", arrived(&world));
    pass(&world, 40, 1);
    assert!(arrived(&world) <= 18, "{} attempts", arrived(&world));
    assert_eq!(subscription(&world)["status"], "broken");
}

#[test]
fn who_refuses_everything_for_an_hour_loses_no_more_than_it_was_asked_with() {
    let mut world = World::new();
    world.cluster.receiver.status.set(401);
    push_hundred(&mut world);
    pass(&world, 30, 1);
    assert!(arrived(&world) <= 17, "{} events are lost", arrived(&world));
    pass(&world, 3600, 1);
    let lost = arrived(&world);
    assert!(lost <= 25, "{lost} events are lost");
    world.cluster.receiver.status.set(0);
    recover(&world);
    assert_eq!(taken(&world).len(), 100 - lost);
}

#[test]
fn an_attempt_may_take_as_long_as_its_subscription_allows() {
    let mut world = patient();
    world.cluster.receiver.delay_ms.set(20_000);
    world.cluster.push(world_push("a"), |_| {});
    tick_for(&world, 60);
    assert_eq!(kinds_taken(&world), ["i_new"]);
    world.cluster.receiver.delay_ms.set(0);
    world.cluster.receiver.status.set(503);
    world.recover("a").fire("b").fire("c");
    // The one that is sent to find out as well.
    world.cluster.receiver.status.set(0);
    world.cluster.receiver.delay_ms.set(20_000);
    tick_for(&world, 300);
    assert_eq!(kinds_taken(&world).len(), 4);
}

fn world_push(key: &str) -> Request {
    let body = json!({"event_status": "Critical", "title_rule": "t", "alert_key": key});
    Push { key: PRIVATE_KEY, body }.request()
}

#[test]
fn whoever_comes_late_to_deliver_takes_the_right_anew() {
    let mut world = patient();
    world.cluster.lost_wakes.set(1000);
    world.fire("a").cluster.tick();
    let token = |key: &String| {
        let head: Value = serde_json::from_slice(&world.cluster.store.value(key)?).ok()?;
        head["lease"]["token"].as_u64()
    };
    let token = world.cluster.store.keys().iter().find_map(token).expect("somebody has the right");
    world.cluster.lost_wakes.set(0);
    world.cluster.sim.advance_ms(40_000);
    world.cluster.receiver.delay_ms.set(20_000);
    world.cluster.courier(&format!("/deliver?channel=101&token={token}"), |_| {});
    tick_for(&world, 60);
    assert_eq!(kinds_taken(&world), ["i_new"]);
}

#[test]
fn much_that_happens_to_one_incident_is_sent_once_to_who_is_slow() {
    let mut world = World::new();
    world.cluster.lost_wakes.set(1000);
    world.fire("a").cluster.tick();
    let kinds = happen(&world, 60);
    world.cluster.lost_wakes.set(0);
    world.cluster.sim.advance_ms(60_000);
    world.cluster.receiver.delay_ms.set(900);
    tick_for(&world, 240);
    assert_eq!(kinds_taken(&world)[..1], ["i_new"]);
    assert_eq!(kinds_taken(&world)[1..], kinds);
}

#[test]
fn who_is_slow_and_behind_is_told_everything_once() {
    let mut world = World::new();
    world.fire("a");
    world.cluster.receiver.status.set(503);
    world.fire("b").fire("c").fire("d");
    for nth in 0..40 {
        let key = format!("k{nth}");
        let began = json!({"event_status": "Critical", "title_rule": "t", "alert_key": key});
        world.push(json!([began, {"event_status": "Ok", "alert_key": key}]));
    }
    world.cluster.receiver.status.set(0);
    world.cluster.receiver.delay_ms.set(900);
    tick_for(&world, 300);
    assert_eq!(taken(&world).len(), 84, "and none twice");
    assert_eq!(subscription(&world)["waiting"], 0);
}

#[test]
fn who_is_asked_finds_what_it_wants_however_much_of_the_log_is_for_others() {
    let filters = "filters = [[{ key = \"severity\", oper = \"IN\", vals = [\"Critical\"] }]]\n";
    let other = "[[subscriptions]]\nid = 2\nname = \"another\"\nurl = \"https://b.example.net/\"\n";
    let secret = "secret = \"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\"\n";
    let both = format!("{other}{secret}\n[[subscriptions]]\n{filters}");
    let mut world = World::with_config(&DEMO.replacen("[[subscriptions]]\n", &both, 1));
    world.cluster.receiver.status.set(401);
    world.fire("a").fire("b").fire("c").fire("d");
    for nth in 0..80 {
        world.push(json!({"event_status": "Warning", "title_rule": "t", "alert_key": format!("w{nth}")}));
    }
    world.fire("the last");
    pass(&world, 8, 1);
    assert_eq!(arrived(&world), 8, "each was asked with the fourth event, and refused it");
    world.cluster.receiver.status.set(0);
    let before = arrived(&world);
    pass(&world, 30, 1);
    let last = |webhook: &&Webhook| webhook.body["incident"]["dedup_key"] == "the last";
    assert_eq!(world.cluster.receiver.arrived.borrow()[before..].iter().filter(last).count(), 2);
}

#[test]
fn what_failed_while_nothing_was_taken_counts_against_no_event() {
    let mut world = World::new();
    world.cluster.receiver.status.set(503);
    world.fire("a").fire("b").fire("c");
    pass(&world, 3 * 24 * 3600, 60);
    let tries = |world: &World| {
        let arrived = world.cluster.receiver.arrived.borrow();
        arrived.iter().filter(|webhook| webhook.body["incident"]["dedup_key"] == "a").count()
    };
    assert!(tries(&world) > 10, "{}", tries(&world));
    let during = tries(&world);
    world.cluster.receiver.refused_key.replace("a".to_owned());
    world.cluster.receiver.status.set(0);
    pass(&world, 2 * 24 * 3600, 60);
    assert_eq!(taken(&world).len(), 2);
    assert!(tries(&world) > during, "it was tried after the others");
    assert!(!world.cluster.log.borrow().iter().any(|line| line.contains("delivery given up")));
    world.cluster.receiver.refused_key.replace(String::new());
    pass(&world, 2 * 24 * 3600, 60);
    assert_eq!(taken(&world).len(), 3);
}

#[test]
fn events_that_alone_are_not_taken_keep_no_others_waiting() {
    let mut world = World::new();
    world.cluster.receiver.refused_key.replace("bad".to_owned());
    world.fire("bad");
    // The same alert again and again: incidents of their own that all are refused.
    for _ in 0..3 {
        world.recover("bad").fire("bad");
    }
    for nth in 0..10 {
        world.fire(&format!("good{nth}"));
    }
    pass(&world, 120, 1);
    let good = taken(&world).iter().filter(|(key, _)| key.starts_with("good")).count();
    assert_eq!(good, 10);
}
