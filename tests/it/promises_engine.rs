//! What must always hold of incidents, with people and time beside the senders: one incident for a group, what was
//! answered with success is there afterwards, what was refused changed nothing, no alert is ever lost, and what is due
//! happens once. `ALARUM_SEED=…` runs one seed alone, `ALARUM_SEEDS=…` runs that many.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::{Value, json};

use super::promises::{seeds, settle};
use crate::support::{APP_KEY, Cluster, DEMO, Faults, PRIVATE_KEY, Push, World, request};

const GROUPED: &str = "group = { method = \"p\", equals = [[\"labels.rack\"]], storm_thresholds = [2, 40] }\n";
/// Where the instance that answers calls of the Open API lives.
const API: u64 = 9999;

/// The configuration with settings of the first channel.
fn config(settings: &str) -> String {
    let name = "name = \"storage\"\n";
    assert!(DEMO.contains(name));
    DEMO.replacen(name, &format!("{name}{settings}"), 1)
}

fn fires(key: &str, rack: &str) -> Push {
    let body = json!({"event_status": "Critical", "title_rule": "t", "alert_key": key, "labels": {"rack": rack}});
    Push { key: PRIVATE_KEY, body }
}

/// The types of the events of an incident that subscribers took, each event once, in the order in which they first did.
fn taken(cluster: &Rc<Cluster>, incident_id: &str) -> Vec<String> {
    let mut ids = BTreeSet::new();
    let arrived = cluster.receiver.arrived.borrow();
    let mine = arrived.iter().filter(|w| w.taken && w.incident_id == incident_id);
    mine.filter(|w| ids.insert(w.event_id.clone())).map(|w| w.event_type.clone()).collect()
}

fn call(cluster: &Rc<Cluster>, path: &str, body: &Value) -> Value {
    let answer = cluster.call_now(&format!("{path}?app_key={APP_KEY}"), body);
    let body: Value = serde_json::from_slice(&answer.body).expect("a JSON answer");
    assert_eq!(answer.status, 200, "{path}: {body}");
    body["data"].clone()
}

#[test]
fn sixty_four_first_alerts_of_a_group_at_once_are_one_incident_that_warns_once_of_each_threshold() {
    let config = config(GROUPED);
    for seed in seeds(1000) {
        let cluster = Cluster::new(seed, &config, 5, 2);
        for nth in 0..64 {
            cluster.push(fires(&format!("k{nth}"), "same").request(), move |answer| assert_eq!(answer.status, 200));
        }
        cluster.run();
        let incidents = cluster.incidents();
        assert_eq!(incidents.len(), 1, "seed {seed}: {incidents:#?}");
        assert_eq!(incidents[0]["alert_cnt"], 64, "seed {seed}");
        cluster.sim.advance_ms(20_000);
        cluster.tick();
        let id = incidents[0]["incident_id"].as_str().expect("an id");
        assert_eq!(taken(&cluster, id), ["i_new", "i_storm", "i_storm"], "seed {seed}");
    }
}

#[test]
fn what_is_due_happens_once_however_many_ticks_race() {
    let config = config("auto_resolve_timeout = 60\n");
    let faults = Faults { crash: 20, store_before: 15, store_after: 15, receiver: 200, wake: 300 };
    for seed in seeds(400) {
        let cluster = Cluster::new(seed, &config, 2, 3);
        for nth in 0..4 {
            cluster.push(fires(&format!("k{nth}"), "any").request(), move |answer| assert_eq!(answer.status, 200));
        }
        cluster.run();
        cluster.set_faults(faults);
        cluster.sim.advance_ms(60_000);
        for _ in 0..3 {
            for _ in 0..4 {
                cluster.fanout("/tick", |_| {});
            }
            for _ in 0..cluster.sim.below(400) {
                cluster.sim.step();
                if cluster.sim.happens(faults.crash) {
                    cluster.crash_one();
                }
            }
        }
        cluster.crash_all();
        cluster.set_faults(Faults::default());
        settle(&cluster);
        let incidents = cluster.incidents();
        assert_eq!(incidents.len(), 4, "seed {seed}");
        for incident in &incidents {
            let id = incident["incident_id"].as_str().expect("an id");
            let over = incident["close_time"].as_u64().zip(incident["start_time"].as_u64());
            assert!(over.is_some_and(|(end, start)| end == start + 60), "seed {seed}: {incident:#}");
            assert_eq!(taken(&cluster, id), ["i_new", "i_rslv"], "seed {seed}");
        }
    }
}

/// What people asked for, and how it was answered: 200, another status, or not at all.
type Asked = Rc<RefCell<Vec<(String, Value, Option<u16>)>>>;

/// Somebody does something to incidents that there are or are not.
fn ask(cluster: &Rc<Cluster>, asked: &Asked, known: &[String]) {
    let one = || known[cluster.sim.below(known.len())].clone();
    let nth = asked.borrow().len();
    let text = format!("said {nth}");
    let (path, body) = match cluster.sim.below(6) {
        0 => ("/incident/comment", json!({"incident_ids": [one()], "comment": text})),
        1 => ("/incident/comment", json!({"incident_ids": [one(), "0".repeat(24)], "comment": text})),
        2 => ("/incident/resolve", json!({"incident_ids": [one()], "root_cause": text})),
        3 => ("/incident/reopen", json!({"incident_ids": [one()], "reason": text})),
        _ => {
            let merging = json!({"source_incident_ids": [one(), one()], "target_incident_id": one(), "comment": text});
            ("/incident/merge", merging)
        }
    };
    asked.borrow_mut().push((path.to_owned(), body.clone(), None));
    let asked = asked.clone();
    cluster.call(request("POST", &format!("{path}?app_key={APP_KEY}"), &body.to_string()), move |answer| {
        asked.borrow_mut()[nth].2 = Some(answer.status);
    });
}

/// What the timeline of any incident says that people did: by the text they gave with it.
fn said(feed: &[Value]) -> Vec<String> {
    let text = |item: &Value, name: &str| item["detail"][name].as_str().map(str::to_owned);
    let texts = feed.iter().filter_map(|item| match item["type"].as_str() {
        Some("i_comm" | "i_merge") => text(item, "comment"),
        Some("i_reopen") => text(item, "reason"),
        _ => None,
    });
    texts.collect()
}

#[test]
fn what_people_were_told_is_done_and_what_was_refused_is_not_and_no_alert_is_lost() {
    let config = config(GROUPED);
    let faults = Faults { crash: 10, store_before: 8, store_after: 8, receiver: 100, wake: 200 };
    let (mut done, mut refused) = (0, 0);
    for seed in seeds(300) {
        let cluster = Cluster::new(seed, &config, 3, 3);
        for rack in ["a", "b", "c", "d"] {
            cluster.push(fires(&format!("first-{rack}"), rack).request(), |answer| assert_eq!(answer.status, 200));
        }
        cluster.run();
        let known: Vec<String> =
            cluster.incidents().iter().map(|i| i["incident_id"].as_str().expect("an id").to_owned()).collect();
        let (asked, pushed): (Asked, Rc<RefCell<BTreeSet<String>>>) = Default::default();
        cluster.set_faults(faults);
        for nth in 0..30 {
            match cluster.sim.below(3) {
                0 => {
                    let (key, pushed) = (format!("k{nth}"), pushed.clone());
                    let rack = ["a", "b", "c", "d"][cluster.sim.below(4)];
                    cluster.push(fires(&key, rack).request(), move |answer| {
                        if answer.status == 200 {
                            pushed.borrow_mut().insert(key);
                        }
                    });
                }
                1 => cluster.fanout("/tick", |_| {}),
                _ => ask(&cluster, &asked, &known),
            }
            for _ in 0..cluster.sim.below(60) {
                cluster.sim.step();
                if cluster.sim.happens(faults.crash) {
                    cluster.crash_one();
                }
                if cluster.sim.happens(2) {
                    cluster.sim.crash(API);
                }
            }
            cluster.sim.advance_ms(1 + cluster.sim.random() % 2000);
        }
        cluster.sim.run(|_| {});
        cluster.crash_all();
        cluster.set_faults(Faults::default());
        settle(&cluster);
        check(seed, &cluster, &asked.borrow(), &pushed.borrow());
        let with = |some: &dyn Fn(u16) -> bool| asked.borrow().iter().filter(|(.., s)| s.is_some_and(some)).count();
        done += with(&|status| status == 200);
        refused += with(&|status| (400..500).contains(&status));
    }
    assert!(seeds(300).len() < 100 || done.min(refused) > 100, "{done} were done, {refused} refused");
}

fn check(seed: u64, cluster: &Rc<Cluster>, asked: &[(String, Value, Option<u16>)], pushed: &BTreeSet<String>) {
    let mut alerts: BTreeMap<String, usize> = BTreeMap::new();
    let mut done = BTreeSet::new();
    for incident in cluster.incidents() {
        let id = &incident["incident_id"];
        let held = call(cluster, "/incident/alert/list", &json!({"incident_id": id, "limit": 1000}));
        let held = held["items"].as_array().expect("alerts").clone();
        assert_eq!(incident["alert_cnt"].as_u64(), Some(held.len() as u64), "seed {seed}: {incident:#}");
        for alert in held {
            *alerts.entry(alert["alert_key"].as_str().expect("a key").to_owned()).or_default() += 1;
        }
        let feed = call(cluster, "/incident/feed", &json!({"incident_id": id, "limit": 100, "asc": true}));
        let feed = feed["items"].as_array().expect("a feed").clone();
        let events = feed.iter().filter_map(|item| item["type"].as_str()).filter(|kind| kind.starts_with("i_"));
        // A merged source notes the merge, and its closing is what is told.
        let mut events: Vec<&str> = events.collect();
        let told = taken(cluster, id.as_str().expect("an id"));
        events.retain(|kind| *kind != "i_merge");
        let told: Vec<&str> = told.iter().map(String::as_str).filter(|kind| *kind != "i_merge").collect();
        assert_eq!(told, events, "seed {seed}: what was told of {id} and what its timeline says");
        done.extend(said(&feed));
    }
    for key in pushed {
        assert_eq!(alerts.get(key), Some(&1), "seed {seed}: the alert {key} is in one incident");
    }
    for (path, body, status) in asked {
        let text = ["comment", "reason"].iter().find_map(|name| body[*name].as_str());
        let Some(text) = text else {
            continue;
        };
        match status {
            Some(200) => assert!(done.contains(text), "seed {seed}: {path} {body} was answered, and is not done"),
            // A fault of ours: it may have been done or not.
            Some(500..) | None => {}
            Some(_) => assert!(!done.contains(text), "seed {seed}: {path} {body} was refused, and is done"),
        }
    }
}

#[test]
fn a_removed_incident_is_not_found_again_whether_or_not_it_had_left_its_board() {
    for has_left in [false, true] {
        let mut world = World::new();
        world.fire("disk");
        let id = world.incidents()[0]["incident_id"].as_str().expect("an id").to_owned();
        if has_left {
            world.recover("disk");
        }
        let ids = json!({"incident_ids": [id]});
        assert_eq!(world.call("/incident/remove", &ids).0, 200);
        world.at(1);
        for (path, body) in [("/incident/info", json!({"incident_id": id})), ("/incident/reopen", ids)] {
            let (status, answer) = world.call(path, &body);
            assert_eq!((status, &answer["error"]["code"]), (400, &json!("ResourceNotFound")), "{path}: {answer}");
        }
        assert!(world.incidents().is_empty(), "{:#?}", world.incidents());
    }
}
