//! A store that version 1 wrote is read, folded on, listed, and closed; one of a later version is left alone. So is one of
//! version 2 from before the events of alerts stood beside them.

use std::collections::BTreeMap;

use alarum::engine::action::Action;
use serde_json::{Value, json};

use crate::support::World;
use crate::support::prometheus::Figures;

const BOARD: &str = "alarum:1:r:b101:1";

/// The store that version 1 left, with what its list showed.
fn world() -> (World, Vec<Value>) {
    let dump: Value = serde_json::from_str(include_str!("../golden-store/v1.json")).expect("JSON");
    (world_of(&dump), dump["incidents"].as_array().expect("incidents").clone())
}

fn world_of(dump: &Value) -> World {
    let world = World::new();
    for (key, value) in dump["store"].as_object().expect("a store") {
        world.cluster.store.put(key, value.as_str().expect("a text").as_bytes().to_vec());
    }
    let now = dump["now"].as_u64().expect("a time");
    world.cluster.sim.advance_ms((now - world.cluster.sim.now().0) / 1000 + 1);
    world
}

fn by_id(incidents: &[Value]) -> BTreeMap<String, Value> {
    incidents.iter().map(|i| (i["incident_id"].as_str().expect("an id").to_owned(), i.clone())).collect()
}

/// The id of the incident with an alert key.
fn with_key(incidents: &[Value], key: &str) -> String {
    let found = incidents.iter().find(|i| i["dedup_key"] == key).expect("there");
    found["incident_id"].as_str().expect("an id").to_owned()
}

fn comments(world: &World, incident_id: &str) -> Vec<Value> {
    let call = json!({"incident_id": incident_id, "types": ["i_comm"], "asc": true});
    let (status, answer) = world.call("/incident/feed", &call);
    assert_eq!(status, 200, "{answer}");
    answer["data"]["items"].as_array().expect("items").iter().map(|i| i["detail"]["comment"].clone()).collect()
}

#[test]
fn everything_is_listed_as_it_was() {
    let (world, before) = world();
    let now = by_id(&world.incidents());
    assert_eq!(now.len(), before.len());
    for (id, before) in by_id(&before) {
        let now = &now[&id];
        for (field, value) in before.as_object().expect("fields") {
            // Those that version 1 had; more came.
            assert_eq!(&now[field], value, "{field} of {id}");
        }
    }
}

#[test]
fn comments_are_entries_of_the_timeline() {
    let (world, before) = world();
    assert_eq!(comments(&world, &with_key(&before, "open1")), ["first words", "second words"]);
    assert_eq!(comments(&world, &with_key(&before, "open2")), ["only words", "late words"]);
    assert_eq!(comments(&world, &with_key(&before, "closed10")), ["looked at closed10"]);
}

#[test]
fn what_waited_is_delivered_and_incidents_close_and_leave() {
    let (mut world, before) = world();
    world.at(3);
    world.cluster.sim.advance_ms(30_000);
    world.cluster.tick();
    let arrived = |kind: &str| world.cluster.receiver.arrived.borrow().iter().filter(|w| w.event_type == kind).count();
    // Thirty late ones and the one that was not folded; open3 and open5; a comment.
    assert_eq!((arrived("i_new"), arrived("i_rslv"), arrived("i_comm")), (31, 2, 1));
    for nth in 0..40 {
        world.recover(&format!("open{nth}"));
        world.recover(&format!("late{nth}"));
    }
    world.cluster.sim.advance_ms(60_000);
    world.cluster.tick();
    let open: Vec<Value> =
        world.incidents().iter().filter(|i| i["progress"] != "Closed").map(|i| i["dedup_key"].clone()).collect();
    assert_eq!(open, ["unfolded", "shared", "shared"]);
    let id = with_key(&before, "open1");
    let document = world.cluster.store.value(&format!("alarum:1:i:{id}")).expect("it has left");
    let document: Value = serde_json::from_slice(&document[1..]).expect("JSON");
    assert_eq!((&document["v"], &document["incident"]["tally"]["n"]), (&json!(2), &json!(1)));
    assert_eq!(comments(&world, &id), ["first words", "second words"]);
    let head: Value = serde_json::from_slice(&world.cluster.store.value(BOARD).expect("a board")).expect("JSON");
    assert_eq!(head["v"], 2);
}

#[test]
fn one_that_was_closed_is_called_back_and_goes_when_its_time_is_over() {
    let (mut world, before) = world();
    let id = with_key(&before, "closed10");
    world.cluster.act(101, Action::Reopen(vec![id.clone()], "again".into())).expect("reopened");
    assert_eq!(world.call("/incident/info", &json!({"incident_id": id})).1["data"]["progress"], "Triggered");
    assert_eq!(comments(&world, &id), ["looked at closed10"]);
    world.at(30);
    let documents = |world: &World| world.cluster.store.keys().iter().filter(|k| k.starts_with("alarum:1:i")).count();
    let before = documents(&world);
    assert!(before > 100);
    for _ in 0..6 {
        world.cluster.sim.advance_ms(181 * 24 * 3600 * 1000 / 6 + 200_000);
        world.cluster.tick();
    }
    for _ in 0..6 {
        world.cluster.sim.advance_ms(200_000);
        world.cluster.tick();
    }
    // Its document stays, because it is open.
    assert_eq!(documents(&world), 1);
    assert_eq!(world.call("/incident/info", &json!({"incident_id": id})).1["data"]["progress"], "Triggered");
}

#[test]
fn what_a_later_version_wrote_is_left_alone() {
    let (mut world, before) = world();
    let set = |world: &World, key: &str, from: &str, to: &str| {
        let value = String::from_utf8(world.cluster.store.value(key).expect("there")).expect("text");
        assert!(value.contains(from));
        world.cluster.store.put(key, value.replacen(from, to, 1).into_bytes());
    };
    let document = format!("alarum:1:i:{}", with_key(&before, "closed10"));
    set(&world, &document, r#"{"v":1,"#, r#"{"v":3,"#);
    let (status, _) = world.call("/incident/info", &json!({"incident_id": with_key(&before, "closed10")}));
    assert_eq!(status, 500);
    set(&world, BOARD, r#"{"v":1,"#, r#"{"v":3,"#);
    let stored = world.cluster.store.value(BOARD);
    let failed = world.cluster.tick();
    assert!(failed["error"].is_object(), "{failed}");
    world.fire("more");
    world.cluster.tick();
    assert_eq!(world.cluster.store.value(BOARD), stored);
    let log = world.cluster.log.borrow();
    assert!(log.iter().any(|line| line.contains("cannot be read: format 3 is not known")), "{log:?}");
}

/// Nothing was counted before: what is open is, and what comes and goes from then on.
#[test]
fn what_was_open_before_is_counted() {
    let (mut world, before) = world();
    let open = |incidents: &[Value]| incidents.iter().filter(|i| i["progress"] != "Closed").count() as u64;
    world.cluster.tick();
    let figures = |world: &World| Figures::read(&world.cluster.get_now("/metrics"));
    let closed = figures(&world).sum("alarum_incidents_closed_total");
    assert_eq!(figures(&world).sum("alarum_open_incidents"), open(&world.incidents()));
    assert!(open(&before) > 40);
    world.recover("open1").fire("new one").fire("and another");
    let now = figures(&world);
    assert_eq!(now.sum("alarum_open_incidents"), open(&world.incidents()));
    assert_eq!(now.sum("alarum_incidents_closed_total"), closed + 1);
}

/// A store in which alerts hold their earlier events themselves, and references to alerts say nothing but the incident:
/// one is closed and has left, one has had thirty events, and one a third event that was not folded yet.
#[test]
fn events_that_alerts_held_themselves_are_told_go_on_and_are_kept() {
    let dump: Value = serde_json::from_str(include_str!("../golden-store/v2-events.json")).expect("JSON");
    let mut world = world_of(&dump);
    let now = world.cluster.sim.now().secs();
    let listed = |world: &World, more: Value| {
        let mut query = json!({"start_time": now - 3600, "end_time": now + 3600, "limit": 100});
        query.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let (status, answer) = world.call("/alert/list", &query);
        assert_eq!(status, 200, "{answer}");
        answer["data"]["items"].as_array().expect("items").clone()
    };
    let described = |world: &World, key: &str| -> Vec<String> {
        let found = listed(world, json!({"alert_keys": [key]}));
        let [alert] = found.as_slice() else { panic!("one {key}: {found:?}") };
        let query = json!({"alert_id": alert["alert_id"], "limit": 100});
        let (status, answer) = world.call("/alert/event/list", &query);
        assert_eq!(status, 200, "{answer}");
        let items = answer["data"]["items"].as_array().expect("items").clone();
        items.iter().map(|item| item["description"].as_str().expect("a text").to_owned()).collect()
    };
    let percents = |from: u64, to: u64| (to..=from).rev().map(|nth| format!("{nth} %")).collect::<Vec<_>>();
    assert_eq!(listed(&world, json!({})).len(), 36);
    assert_eq!(described(&world, "gone"), ["3 %", "3 %", "2 %", "1 %"]);
    assert_eq!(described(&world, "open"), percents(30, 11));
    assert_eq!(described(&world, "fresh"), percents(3, 1));
    assert_eq!(listed(&world, json!({"is_active": true})).len(), 2);
    assert_eq!(listed(&world, json!({"alert_severity": "Info"})).len(), 1);
    for key in ["open", "fresh"] {
        world.push(json!({"event_status": "Warning", "title_rule": format!("{key} is bad"), "alert_key": key,
            "description": "31 %"}));
    }
    assert_eq!(described(&world, "open"), percents(31, 12));
    let fresh = [vec!["31 %".to_owned()], percents(3, 1)].concat();
    assert_eq!(described(&world, "fresh"), fresh);
    let head = String::from_utf8(world.cluster.store.value(BOARD).expect("a board")).expect("text");
    assert!(!head.contains("\"past\""), "events stand beside their alerts now");
    world.recover("open").recover("fresh").at(2);
    world.cluster.sim.advance_ms(700_000);
    world.cluster.tick();
    assert_eq!(described(&world, "fresh"), [vec!["31 %".to_owned()], fresh].concat());
    assert_eq!(listed(&world, json!({"is_active": false})).len(), 36);
}
