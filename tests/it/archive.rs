//! What closed incidents leave behind: documents, alerts that are found, and nothing else.

use alarum::engine::action::{Action, Merging, Resolution};
use serde_json::{Value, json};

use crate::support::World;

const CHANNEL: i64 = 101;

/// An incident of 40 large alerts, closed; its id.
fn large(world: &mut World) -> String {
    let fire = |nth: usize| {
        json!({"event_status": "Warning", "title_rule": "t", "alert_key": format!("k{nth}"),
        "description": "d".repeat(2000), "labels": {"nth": format!("{nth}")}})
    };
    for nth in 0..40 {
        world.push(fire(nth));
    }
    let ids: Vec<String> = (0..40).map(|_| world.expect_webhook("i_new").incident_id).collect();
    let (target, sources) = (ids[0].clone(), ids[1..].to_vec());
    let merging = Merging { target_incident_id: target.clone(), source_incident_ids: sources, ..Merging::default() };
    world.cluster.act(CHANNEL, Action::Merge(Box::new(merging))).expect("merged");
    world.cluster.act(CHANNEL, Action::Resolve(vec![target.clone()], Resolution::default())).expect("resolved");
    world.at(700);
    target
}

fn keys(world: &World, prefix: &str) -> Vec<String> {
    world.cluster.store.keys().into_iter().filter(|key| key.starts_with(prefix)).collect()
}

fn info(world: &World, incident_id: &str) -> (u16, Value) {
    world.call("/incident/info", &json!({"incident_id": incident_id}))
}

fn explained(world: &World, alert_id: &str) -> (u16, Value) {
    let (status, answer) = world.call("/alert/explain", &json!({"alert_id": alert_id}));
    (status, answer["data"]["stored"].clone())
}

fn alert_ids(world: &World, key: &str) -> Vec<String> {
    let stored: Value = serde_json::from_slice(&world.cluster.store.value(key).expect("there")[1..]).expect("JSON");
    let alerts = stored.get("alerts").unwrap_or(&stored).as_array().expect("alerts").clone();
    alerts.iter().map(|alert| alert["alert_id"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn many_alerts_of_a_closed_incident_stand_apart_from_it() {
    let mut world = World::new();
    let id = large(&mut world);
    let apart = format!("alarum:1:ia:{id}");
    assert_eq!(keys(&world, "alarum:1:ia:"), std::slice::from_ref(&apart));
    let document = world.cluster.store.value(&format!("alarum:1:i:{id}")).expect("there");
    assert!(document.len() < 8 * 1024, "{}", document.len());
    assert_eq!(info(&world, &id).1["data"]["alert_cnt"], 40);
    for alert_id in alert_ids(&world, &apart) {
        let (status, stored) = explained(&world, &alert_id);
        assert_eq!((status, &stored["incident_id"]), (200, &json!(id)));
    }
}

#[test]
fn few_alerts_stand_in_the_document_of_their_incident_and_are_explained() {
    let mut world = World::new();
    world.fire("a").recover("a");
    let id = world.expect_webhook("i_new").incident_id;
    world.at(700);
    assert!(keys(&world, "alarum:1:ia:").is_empty());
    let [alert_id] = alert_ids(&world, &format!("alarum:1:i:{id}")).try_into().expect("one alert");
    let (status, stored) = explained(&world, &alert_id);
    assert_eq!((status, &stored["incident_id"], &stored["alert_status"]), (200, &json!(id), &json!("Ok")));
    let other = if alert_id.ends_with('0') { "1" } else { "0" };
    assert_eq!(explained(&world, &format!("{}{other}", &alert_id[..23])).0, 400);
}

#[test]
fn an_alert_that_recovered_in_no_incident_is_explained() {
    let mut world = World::new();
    let alert = |status: &str, key: &str| {
        json!({"event_status": status, "title_rule": "t", "alert_key": key,
        "labels": {"host": "h"}})
    };
    world.push(alert("Critical", "a"));
    let id = world.expect_webhook("i_new").incident_id;
    world.cluster.act(CHANNEL, Action::Silence(id, 3600)).expect("silenced");
    world.push(alert("Critical", "b")).push(alert("Ok", "b")).expect_no_webhook();
    world.at(5);
    // The board is small: what is over stands in its head.
    let head = world.cluster.store.value("alarum:1:r:b101:1").expect("a board");
    let head: Value = serde_json::from_slice(&head).expect("JSON");
    let changes = head["closed"]["changes"].as_object().expect("changes").clone();
    let past: Vec<&str> = changes.keys().filter_map(|key| key.strip_prefix("x:")).collect();
    let (status, stored) = explained(&world, past[0]);
    assert_eq!(
        (past.len(), status, &stored["alert_status"], &stored["incident_id"]),
        (1, 200, &json!("Ok"), &json!(""))
    );
}

#[test]
fn one_that_is_called_back_leaves_again_and_is_listed_once() {
    let mut world = World::new();
    let id = large(&mut world);
    world.cluster.act(CHANNEL, Action::Comment(vec![id.clone()], "why?".into(), false)).expect("commented");
    let listed = |world: &World| world.incidents().iter().filter(|i| i["incident_id"] == json!(id)).count();
    assert_eq!(listed(&world), 1);
    world.at(1400);
    assert_eq!((listed(&world), info(&world, &id).1["data"]["alert_cnt"].clone()), (1, json!(40)));
    assert_eq!(keys(&world, "alarum:1:ia:").len(), 1);
    world.cluster.act(CHANNEL, Action::Reopen(vec![id.clone()], "again".into())).expect("reopened");
    world.at(1500);
    assert_eq!((listed(&world), info(&world, &id).1["data"]["progress"].clone()), (1, json!("Triggered")));
}

#[test]
fn one_that_is_forgotten_leaves_no_document() {
    let mut world = World::new();
    let id = large(&mut world);
    world.cluster.act(CHANNEL, Action::Remove(vec![id.clone()])).expect("removed");
    assert_eq!(info(&world, &id).0, 400, "at once");
    world.at(1600);
    let left: Vec<String> = world.cluster.store.keys().into_iter().filter(|key| key.contains(&id)).collect();
    assert!(left.is_empty(), "{left:?}");
}
