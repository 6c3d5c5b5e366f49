//! The configuration where things go wrong: writers that race, crashes after each call of the store, what cannot be read.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use serde_json::{Value, json};

use crate::support::{APP_KEY, Cluster, DEMO, Faults, PRIVATE_KEY, World, request};

/// Where calls of the Open API run.
const OUTSIDE: u64 = 9999;

fn cluster(seed: u64) -> Rc<Cluster> {
    let cluster = Cluster::new(seed, DEMO, 1, 1);
    cluster.by_stored.set(true);
    cluster
}

/// Starts a call; its answer comes into the cell.
fn start(cluster: &Rc<Cluster>, path: &str, body: &Value) -> Rc<RefCell<Option<(u16, Value)>>> {
    let answered = Rc::new(RefCell::new(None));
    let slot = answered.clone();
    cluster.call(request("POST", &format!("{path}?app_key={APP_KEY}"), &body.to_string()), move |answer| {
        *slot.borrow_mut() = Some((answer.status, serde_json::from_slice(&answer.body).expect("a JSON answer")));
    });
    answered
}

fn call(cluster: &Rc<Cluster>, path: &str, body: &Value) -> (u16, Value) {
    let answered = start(cluster, path, body);
    cluster.run();
    answered.take().expect("an answer")
}

fn data(cluster: &Rc<Cluster>, path: &str, body: &Value) -> Value {
    let (status, answer) = call(cluster, path, body);
    assert_eq!(status, 200, "{path}: {answer}");
    answer["data"].clone()
}

fn names(cluster: &Rc<Cluster>) -> Vec<String> {
    let list = data(cluster, "/channel/list", &json!({}));
    let items = list["items"].as_array().expect("items").iter();
    items.map(|item| item["channel_name"].as_str().expect("a name").to_owned()).collect()
}

/// The documents of versions that are stored, and how many the history knows.
fn kept(cluster: &Rc<Cluster>) -> (usize, usize) {
    let documents = cluster.store.keys().iter().filter(|key| key.starts_with("alarum:1:config:")).count();
    let history = data(cluster, "/config/history/list", &json!({}));
    (documents, history["total"].as_u64().expect("a number") as usize)
}

#[test]
fn of_writers_who_change_single_entries_none_is_lost_though_several_create_the_first_version() {
    for seed in 0..40 {
        let cluster = cluster(seed);
        let body = |n: usize| json!({"channel_name": format!("made {n}")});
        let answers: Vec<_> = (0..4).map(|n| start(&cluster, "/channel/create", &body(n))).collect();
        cluster.run();
        let mut ids = Vec::new();
        for answer in answers {
            let (status, answer) = answer.take().expect("an answer");
            assert_eq!(status, 200, "seed {seed}: {answer}");
            ids.push(answer["data"]["channel_id"].as_i64().expect("an id"));
        }
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 4, "seed {seed}");
        let mut names = names(&cluster);
        names.sort_unstable();
        assert_eq!(names, ["everything else", "made 0", "made 1", "made 2", "made 3", "storage"], "seed {seed}");
        assert_eq!(kept(&cluster), (5, 5), "seed {seed}: what lost a swap is deleted");
    }
}

#[test]
fn of_writers_of_whole_documents_one_wins_and_the_others_are_told() {
    for seed in 0..40 {
        let cluster = cluster(seed);
        let text = |n: usize| DEMO.replace("everything else", &format!("of writer {n}"));
        let apply = |n: usize| json!({"toml": text(n), "version": 0});
        let answers: Vec<_> = (0..3).map(|n| start(&cluster, "/config/apply", &apply(n))).collect();
        cluster.run();
        let (mut winners, mut told) = (Vec::new(), 0);
        for (n, answer) in answers.iter().enumerate() {
            let (status, answer) = answer.take().expect("an answer");
            match status {
                200 => winners.push(n),
                _ => told += usize::from(answer["error"]["message"].as_str().expect("a text").contains("is 2 now")),
            }
        }
        assert_eq!((winners.len(), told), (1, 2), "seed {seed}");
        assert_eq!(names(&cluster)[1], format!("of writer {}", winners[0]), "seed {seed}");
    }
}

#[test]
fn a_crash_after_any_call_of_the_store_leaves_one_version_or_the_other() {
    let mut ends = [0, 0];
    for (first, body) in [(true, json!({"channel_name": "made"})), (false, json!({"channel_name": "made"}))] {
        for calls in 0..16 {
            let cluster = cluster(calls as u64);
            if !first {
                data(&cluster, "/channel/create", &json!({"channel_name": "before"}));
            }
            let called = |cluster: &Cluster| cluster.store.reads.get() + cluster.store.writes.get();
            let (limit, crashed) = (called(&cluster) + calls, Cell::new(false));
            let answered = start(&cluster, "/channel/create", &body);
            cluster.sim.run(|sim| {
                if called(&cluster) >= limit && answered.borrow().is_none() && !crashed.replace(true) {
                    sim.crash(OUTSIDE);
                }
            });
            cluster.restart();
            // Whoever had the right to create the first version has lost it by then.
            cluster.sim.advance_ms(20_000);
            let made = names(&cluster).iter().filter(|name| *name == "made").count();
            assert!(made == usize::from(!crashed.get()) || (crashed.get() && made <= 1), "after {calls} calls");
            ends[made] += 1;
            data(&cluster, "/channel/create", &json!({"channel_name": "after"}));
            assert!(names(&cluster).contains(&"after".to_owned()), "after {calls} calls");
            assert_eq!(names(&cluster).contains(&"before".to_owned()), !first);
        }
    }
    assert!(ends[0] > 5 && ends[1] > 5, "{ends:?}");
}

#[test]
fn where_the_store_fails_again_and_again_what_was_answered_is_there() {
    for seed in 0..30 {
        let cluster = cluster(seed);
        cluster.set_faults(Faults { store_before: 60, store_after: 60, ..Faults::default() });
        let mut made = Vec::new();
        for n in 0..12 {
            let name = format!("made {n}");
            let answered = call(&cluster, "/channel/create", &json!({"channel_name": name}));
            if answered.0 == 200 {
                made.push(name);
            }
            cluster.sim.advance_ms(20_000);
        }
        cluster.set_faults(Faults::default());
        let names = names(&cluster);
        assert!(made.iter().all(|name| names.contains(name)), "seed {seed}: {made:?} {names:?}");
        let versions = data(&cluster, "/config/history/list", &json!({}))["total"].as_u64().expect("a number");
        for version in 1..=versions {
            data(&cluster, "/config/compare", &json!({"from": version, "to": 0}));
        }
    }
}

/// A world in which a change was stored, and whose instances have all begun anew.
fn restarted() -> World {
    let world = World::by_stored(DEMO);
    data(&world.cluster, "/key/create", &json!({"name": "another", "role": "administer"}));
    data(&world.cluster, "/integration/key/rotate", &json!({"integration_id": 9001}));
    world.cluster.restart();
    world
}

#[test]
fn who_cannot_read_it_at_first_waits_and_intake_goes_by_the_file_without_refusing_for_good() {
    let mut world = restarted();
    let failing = Faults { store_before: 1000, ..Faults::default() };
    world.cluster.set_faults(failing);
    assert_eq!(world.call("/incident/list", &json!({})).0, 503, "the API waits");
    // The store that cannot be read takes nothing either; but what is to be refused is put off.
    assert_eq!(
        world.push_as("no-such-key-0123456789", json!({"event_status": "Critical", "title_rule": "a"})).status,
        503
    );
    assert_eq!(world.push_as(PRIVATE_KEY, json!({"event_status": "Critical", "title_rule": "a"})).status, 500);
    world.cluster.set_faults(Faults::default());
    assert_eq!(
        world.push_as(PRIVATE_KEY, json!({"event_status": "Critical", "title_rule": "a"})).status,
        400,
        "rotated"
    );
    assert_eq!(world.call("/config/info", &json!({})).1["data"]["version"], 3);
}

#[test]
fn who_knows_a_configuration_goes_on_with_it_while_it_cannot_be_read() {
    let world = World::by_stored(DEMO);
    world.incidents();
    world.cluster.sim.advance_ms(5_000);
    world.cluster.set_faults(Faults { store_before: 1000, ..Faults::default() });
    let (status, answer) = world.call("/route/preview", &json!({"integration_id": 9002, "alert": {}}));
    assert_ne!(status, 503, "{answer}");
    assert!(world.cluster.log.borrow().iter().any(|line| line.contains("configuration not read")));
}

#[test]
fn what_a_newer_version_stored_is_left_alone() {
    let mut world = restarted();
    let stored = world.cluster.store.value("alarum:1:config").expect("it is there");
    world.incidents();
    let known = json!({"event_status": "Critical", "title_rule": "a"});
    for newer in [
        stored_as(&stored, |root| root["v"] = json!(2)),
        stored_as(&stored, |root| root["document"]["news"] = json!(1)),
    ] {
        world.cluster.store.put("alarum:1:config", newer.clone());
        world.cluster.sim.advance_ms(1000);
        assert_eq!(world.call("/incident/list", &json!({"incident_ids": ["x"]})).0, 200, "it knows one");
        world.cluster.restart();
        assert_eq!(world.call("/incident/list", &json!({"incident_ids": ["x"]})).0, 503);
        assert_eq!(world.push_as(PRIVATE_KEY, known.clone()).status, 200, "by the file");
        assert_eq!(world.push_as("no-such-key-0123456789", known.clone()).status, 503);
        let (status, _) = world.call("/config/apply", &json!({"source": "file", "version": 3}));
        if status == 200 {
            assert_eq!(world.call("/config/info", &json!({})).1["data"]["version"], 4, "only the document was newer");
        } else {
            assert_eq!(world.cluster.store.value("alarum:1:config"), Some(newer));
        }
        world.cluster.store.put("alarum:1:config", stored.clone());
        world.cluster.restart();
        world.incidents();
    }
    let text = world.cluster.log.borrow().join("\n");
    assert!(text.contains("has format 2") && text.contains("news: there is no such section"), "{text}");
}

fn stored_as(stored: &[u8], change: impl Fn(&mut Value)) -> Vec<u8> {
    let mut root: Value = serde_json::from_slice(stored).expect("a JSON value");
    change(&mut root);
    root.to_string().into_bytes()
}
