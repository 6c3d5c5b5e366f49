//! Lists of very many incidents read a few pages and what they show.

use std::collections::BTreeMap;

use alarum::board::{Board, Incident, Progress};
use alarum::intake::Severity;
use serde_json::{Value, json};

use crate::support::World;

const HEAD: &str = "alarum:1:r:b101:1";
const COUNT: u64 = 100_000;

/// A world whose board has so many closed incidents, one a second, the last one a while ago. Every thousandth is
/// critical, and every ten-thousandth has a label that no other has.
fn world_of(count: u64) -> (World, u64) {
    let mut world = World::new();
    world.fire("first").recover("first").at(60);
    let store = world.cluster.store.clone();
    let mut board = Board::decode(&store.value(HEAD).expect("a board")).expect("readable");
    assert!(store.keys().iter().all(|key| !key.starts_with("alarum:1:p:")), "a small board has no pages");
    let now = world.cluster.sim.now();
    let begin = now.secs() - count - 3600;
    for nth in 0..count {
        let secs = begin + nth;
        let mut labels = BTreeMap::new();
        for name in ["host", "service", "team"] {
            labels.insert(name.to_owned(), format!("{name}-{}", nth % 97));
        }
        if nth % 10_000 == 5000 {
            labels.insert("rare".to_owned(), "yes".to_owned());
        }
        let incident = Incident {
            incident_id: format!("{secs:08x}{nth:016x}"),
            channel_id: 101,
            title: format!("incident {nth}"),
            description: "d".repeat(300),
            incident_severity: if nth % 1000 == 0 { Severity::Critical } else { Severity::Warning },
            progress: Progress::Closed,
            start_time: secs,
            close_time: secs + 30,
            labels: labels.into_iter().collect(),
            ..Incident::default()
        };
        let mut step = board.step();
        let left = step.leave(incident).expect("nothing is missing");
        let changes = step.changes();
        board.commit(changes);
        left.writes.into_iter().for_each(|(key, value)| store.put(&key, value));
        if nth % 200 == 199 || nth == count - 1 {
            let encoded = board.encode(nth + 1, now).expect("nothing is missing");
            encoded.writes.into_iter().for_each(|(key, value)| store.put(&key, value));
            store.put(HEAD, encoded.head);
        }
    }
    (world, begin)
}

/// A page of the list, with what it cost: calls that read, and bytes.
fn list(world: &World, begin: u64, more: Value) -> (Value, usize, usize) {
    // A month at most.
    let mut query = json!({"start_time": begin, "end_time": begin + 30 * 24 * 3600, "limit": 100});
    query.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let store = &world.cluster.store;
    let before = (store.reads.get(), store.bytes_read.get());
    let (status, answer) = world.call("/incident/list", &query);
    assert_eq!(status, 200, "{answer}");
    (answer["data"].clone(), store.reads.get() - before.0, store.bytes_read.get() - before.1)
}

fn titles(data: &Value) -> Vec<String> {
    data["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|i| i["title"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn the_newest_hundred_of_a_hundred_thousand_cost_a_few_pages() {
    let (world, begin) = world_of(COUNT);
    let head = world.cluster.store.value(HEAD).expect("a board").len();
    // It swings with the changes that it gathers, up to 48 kB, on top of what refers to pages.
    assert!(head < 96 * 1024, "{head}");
    let (newest, reads, bytes) = list(&world, begin, json!({}));
    println!("head {head}; newest: {reads} reads, {bytes} bytes");
    // The newest of all is the one that was made by an alert.
    let expected: Vec<String> = (0..99).map(|nth| format!("incident {}", COUNT - 1 - nth)).collect();
    assert_eq!(titles(&newest)[1..], expected);
    assert_eq!((&newest["total"], &newest["has_next_page"]), (&json!(1000), &json!(true)));
    assert!(reads <= 20 && bytes < 700_000, "{reads} reads, {bytes} bytes");

    let (oldest, reads, bytes) = list(&world, begin, json!({"asc": true, "p": 2}));
    println!("oldest: {reads} reads, {bytes} bytes");
    assert_eq!(titles(&oldest), (100..200).map(|nth| format!("incident {nth}")).collect::<Vec<_>>());

    let (critical, reads, bytes) = list(&world, begin, json!({"incident_severity": "Critical"}));
    println!("by severity: {reads} reads, {bytes} bytes");
    // All are gone over for the total; the critical one that an alert made is the newest.
    assert_eq!((critical["items"].as_array().map(Vec::len), &critical["total"]), (Some(100), &json!(101)));

    let (rare, reads, bytes) = list(&world, begin, json!({"labels": {"rare": "yes", "team": "team-53"}}));
    println!("by a rare label: {reads} reads, {bytes} bytes");
    let with_both = (0..10).map(|nth| nth * 10_000 + 5000).filter(|nth| nth % 97 == 53);
    assert_eq!(titles(&rare), with_both.rev().map(|nth| format!("incident {nth}")).collect::<Vec<_>>());

    let (named, reads, bytes) = list(&world, begin, json!({"query": "Incident 4711"}));
    println!("by words: {reads} reads, {bytes} bytes");
    let called = (0..COUNT).rev().map(|nth| format!("incident {nth}")).filter(|title| title.contains("4711"));
    assert_eq!(titles(&named), called.collect::<Vec<_>>());

    let some = json!({"start_time": begin + 50_000, "end_time": begin + 50_099});
    let (some, reads, bytes) = list(&world, begin, some);
    println!("a hundred seconds: {reads} reads, {bytes} bytes");
    assert_eq!((&some["total"], titles(&some)[0].as_str()), (&json!(100), "incident 50099"));
    assert!(reads <= 12 && bytes < 400_000, "{reads} reads, {bytes} bytes");

    let (deep, reads, bytes) = list(&world, begin, json!({"p": 100}));
    println!("page 100: {reads} reads, {bytes} bytes");
    assert_eq!(titles(&deep)[99], format!("incident {}", COUNT - 9999));
}

#[test]
fn pages_of_a_list_show_everything_once() {
    let (world, begin) = world_of(950);
    for asc in [false, true] {
        let mut all = Vec::new();
        for page in 1..=10 {
            let (data, ..) = list(&world, begin, json!({"p": page, "asc": asc}));
            assert_eq!((&data["total"], &data["has_next_page"]), (&json!(951), &json!(page < 10)));
            all.extend(titles(&data));
        }
        let mut expected: Vec<String> = (0..950).map(|nth| format!("incident {nth}")).collect();
        expected.push("first is bad".to_owned());
        if !asc {
            expected.reverse();
        }
        assert_eq!(all, expected);
    }
}

/// What comes in meanwhile is newer than what is still to be shown; `p` would show the last ones again.
#[test]
fn pages_behind_the_last_item_show_everything_once_while_new_incidents_come_in() {
    let (mut world, begin) = world_of(250);
    for asc in [false, true] {
        let (mut all, mut after) = (Vec::new(), json!(null));
        loop {
            let (data, ..) = list(&world, begin, json!({"search_after_ctx": after, "asc": asc}));
            all.extend(titles(&data));
            assert!(data["total"].as_u64() >= Some(251), "{}", data["total"]);
            world.fire(&format!("new while listing {asc} {}", all.len()));
            after = data["search_after_ctx"].clone();
            assert_eq!(data["has_next_page"] == true, after != "", "a cursor where there is more");
            if after == "" {
                break;
            }
        }
        all.retain(|title| !title.starts_with("new while"));
        let mut expected: Vec<String> = (0..250).map(|nth| format!("incident {nth}")).collect();
        expected.push("first is bad".to_owned());
        if !asc {
            expected.reverse();
        }
        assert_eq!(all, expected);
    }
    for wrong in [json!("x"), json!(7)] {
        let query = json!({"start_time": begin, "end_time": begin + 60, "search_after_ctx": wrong});
        assert_eq!(world.call("/incident/list", &query).0, 400, "{wrong}");
    }
}

#[test]
fn labels_filter_open_and_closed_incidents() {
    let mut world = World::new();
    let alert = |status: &str, key: &str, host: &str| {
        json!({"event_status": status, "title_rule": key, "alert_key": key,
        "labels": {"host": host, "team": "storage"}})
    };
    world.push(alert("Critical", "a", "h1")).push(alert("Ok", "a", "h1")).push(alert("Critical", "b", "h1"));
    world.push(alert("Critical", "c", "h2")).at(30);
    let now = world.cluster.sim.now().secs();
    let list = |labels: Value| {
        let query = json!({"start_time": now - 3600, "end_time": now, "labels": labels});
        world.call("/incident/list", &query)
    };
    assert_eq!(titles(&list(json!({"host": "h1"})).1["data"]), ["b", "a"]);
    assert_eq!(titles(&list(json!({"host": "h2", "team": "storage"})).1["data"]), ["c"]);
    assert!(titles(&list(json!({"host": "h2", "team": "other"})).1["data"]).is_empty());
    for wrong in [json!("host=h1"), json!({"host": 1}), json!(["host"])] {
        let (status, answer) = list(wrong);
        assert!(status == 400 && answer["error"]["message"].as_str().is_some_and(|m| m.starts_with("labels: ")));
    }
}
