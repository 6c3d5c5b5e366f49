//! Lists of alerts: on the boards, beside them and gone with their incidents; of a hundred thousand few pages are read.

use alarum::board::{Alert, Board, Incident, Progress};
use alarum::intake::{Severity, Status};
use serde_json::{Value, json};

use crate::support::{GOLDEN, World};

const HEAD: &str = "alarum:1:r:b101:1";
const COUNT: u64 = 100_000;

/// A world whose board has so many closed incidents of an alert each, one a second, the last one a while ago. Every
/// thousandth is critical, and every ten-thousandth has a key of its own; each alert had two events, half a minute apart.
fn world_of(count: u64) -> (World, u64) {
    let mut world = World::new();
    world.fire("first").recover("first").at(60);
    let store = world.cluster.store.clone();
    let mut board = Board::decode(&store.value(HEAD).expect("a board")).expect("readable");
    let now = world.cluster.sim.now();
    let begin = now.secs() - count - 3600;
    for nth in 0..count {
        let secs = begin + nth;
        let severity = if nth % 1000 == 0 { Severity::Critical } else { Severity::Warning };
        let incident = Incident {
            incident_id: format!("{secs:08x}{nth:016x}"),
            channel_id: 101,
            title: format!("incident {nth}"),
            progress: Progress::Closed,
            close_time: secs + 30,
            alert_ids: vec![format!("{secs:08x}a{nth:015x}")],
            ..Incident::default()
        };
        let mut alert = Alert::default();
        alert.alert_id = incident.alert_ids[0].clone();
        alert.incident_id = incident.incident_id.clone();
        alert.integration_id = if nth % 2 == 0 { 9001 } else { 9002 };
        alert.alert_key = if nth % 10_000 == 5000 { format!("rare-{nth}") } else { format!("key-{}", nth % 97) };
        alert.title = format!("alert {nth}");
        alert.description = "d".repeat(300);
        alert.alert_severity = severity;
        alert.alert_status = Status::Ok;
        alert.start_time = secs;
        alert.last_time = secs + 30;
        alert.end_time = secs + 30;
        alert.event_cnt = 2;
        alert.ever_muted = nth % 5000 == 0;
        alert.past = vec![json!({"at": secs, "status": "Warning"})];
        let mut step = board.step();
        step.put_alert(alert);
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

/// An answer, with what it cost: calls that read, and bytes.
fn call(world: &World, path: &str, query: &Value) -> (Value, usize, usize) {
    let store = &world.cluster.store;
    let before = (store.reads.get(), store.bytes_read.get());
    let (status, answer) = world.call(path, query);
    assert_eq!(status, 200, "{answer}");
    (answer["data"].clone(), store.reads.get() - before.0, store.bytes_read.get() - before.1)
}

fn list(world: &World, begin: u64, more: Value) -> (Value, usize, usize) {
    let mut query = json!({"start_time": begin, "end_time": begin + 30 * 24 * 3600, "limit": 100});
    query.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    call(world, "/alert/list", &query)
}

fn all(data: &Value, field: &str) -> Vec<String> {
    let items = data["items"].as_array().expect("items");
    items.iter().map(|item| item[field].as_str().unwrap_or_default().to_owned()).collect()
}

fn titles(data: &Value) -> Vec<String> {
    all(data, "title")
}

#[test]
fn of_a_hundred_thousand_alerts_few_pages_are_read() {
    let (world, begin) = world_of(COUNT);
    let head = world.cluster.store.value(HEAD).expect("a board").len();
    assert!(head < 64 * 1024, "{head}");

    let (newest, reads, bytes) = list(&world, begin, json!({}));
    println!("head {head}; newest: {reads} reads, {bytes} bytes");
    let expected: Vec<String> = (0..99).map(|nth| format!("alert {}", COUNT - 1 - nth)).collect();
    assert_eq!(titles(&newest)[1..], expected);
    assert_eq!((&newest["total"], &newest["has_next_page"]), (&json!(1000), &json!(true)));
    assert_eq!(newest["items"][1]["incident"]["title"], format!("incident {}", COUNT - 1));
    assert!(reads <= 24 && bytes < 900_000, "{reads} reads, {bytes} bytes");

    let on = newest["search_after_ctx"].clone();
    let (next, reads, bytes) = list(&world, begin, json!({"search_after_ctx": on}));
    println!("the next page by cursor: {reads} reads, {bytes} bytes");
    assert_eq!(titles(&next)[0], format!("alert {}", COUNT - 100));
    assert_eq!(next["total"], 1000);
    assert!(reads <= 12 && bytes < 600_000, "{reads} reads, {bytes} bytes");

    let (oldest, reads, bytes) = list(&world, begin, json!({"asc": true, "p": 2}));
    println!("oldest: {reads} reads, {bytes} bytes");
    assert_eq!(titles(&oldest), (100..200).map(|nth| format!("alert {nth}")).collect::<Vec<_>>());

    let (critical, reads, bytes) = list(&world, begin, json!({"alert_severity": "Critical"}));
    println!("by severity: {reads} reads, {bytes} bytes");
    assert_eq!((critical["items"].as_array().map(Vec::len), &critical["total"]), (Some(100), &json!(101)));

    let (rare, reads, bytes) = list(&world, begin, json!({"alert_keys": ["rare-5000", "rare-75000", "none"]}));
    println!("by rare keys: {reads} reads, {bytes} bytes");
    assert_eq!(titles(&rare), ["alert 75000", "alert 5000"]);

    let (muted, ..) = list(&world, begin, json!({"ever_muted": true, "integration_ids": [9001]}));
    assert_eq!(muted["total"], 20);
    assert_eq!(list(&world, begin, json!({"ever_muted": true, "integration_ids": [9002]})).0["total"], 0);
    let (active, reads, _) = list(&world, begin, json!({"is_active": true}));
    assert!(active["total"] == 0 && reads <= 8, "{reads}");

    let some = json!({"start_time": begin + 50_000, "end_time": begin + 50_099});
    let (some, reads, bytes) = list(&world, begin, some);
    println!("a hundred seconds: {reads} reads, {bytes} bytes");
    assert_eq!((&some["total"], titles(&some)[0].as_str()), (&json!(100), "alert 50099"));
    assert!(reads <= 12 && bytes < 600_000, "{reads} reads, {bytes} bytes");

    let heard = json!({"start_time": begin + 50_000, "end_time": begin + 50_099, "by_updated_at": true,
        "orderby": "updated_at"});
    let (heard, reads, bytes) = list(&world, begin, heard);
    println!("heard of in a hundred seconds: {reads} reads, {bytes} bytes");
    assert_eq!((&heard["total"], titles(&heard)[0].as_str()), (&json!(100), "alert 50069"));

    let events = json!({"start_time": begin + COUNT - 3600, "end_time": begin + COUNT + 7200, "limit": 20});
    let (events, reads, bytes) = call(&world, "/alert-event/list", &events);
    println!("the newest events of the last hour: {reads} reads, {bytes} bytes");
    assert_eq!((&events["total"], titles(&events)[0].as_str()), (&json!(1000), "first is bad"));
    assert_eq!(titles(&events)[2..4], [format!("alert {}", COUNT - 1), format!("alert {}", COUNT - 2)]);
    assert!(reads <= 24 && bytes < 1_500_000, "{reads} reads, {bytes} bytes");

    let by_id = json!({"alert_ids": all(&rare, "alert_id")});
    let (by_id, reads, _) = call(&world, "/alert/list-by-ids", &by_id);
    assert_eq!(titles(&by_id), ["alert 75000", "alert 5000"]);
    assert!(reads <= 10, "{reads}");
}

#[test]
fn pages_by_cursor_show_every_alert_once_while_pushes_go_on() {
    for (asc, orderby) in [(false, "created_at"), (true, "created_at"), (false, "updated_at"), (true, "updated_at")] {
        let (mut world, begin) = world_of(230);
        for nth in 0..70 {
            world.fire(&format!("open-{nth}"));
        }
        let (mut seen, mut after, mut pages) = (Vec::new(), Value::Null, 0);
        loop {
            let query = json!({"limit": 37, "asc": asc, "orderby": orderby, "search_after_ctx": after});
            let (page, ..) = list(&world, begin, query);
            seen.extend(all(&page, "alert_key"));
            world.fire(&format!("late-{pages}"));
            pages += 1;
            after = page["search_after_ctx"].clone();
            assert_eq!(after != json!(""), page["has_next_page"] == json!(true));
            if after == json!("") {
                break;
            }
        }
        let open = seen.iter().filter(|key| key.starts_with("open-")).count();
        let left = seen.iter().filter(|key| key.starts_with("key-") || *key == "first").count();
        let late = seen.iter().filter(|key| key.starts_with("late-")).count();
        assert_eq!((open, left, late), (70, 231, if asc { pages - 1 } else { 0 }), "{asc} {orderby}");
    }
}

#[test]
fn pages_by_number_show_every_alert_once() {
    let (world, begin) = world_of(950);
    for asc in [false, true] {
        let mut seen = Vec::new();
        for page in 1..=10 {
            let (data, ..) = list(&world, begin, json!({"p": page, "asc": asc}));
            assert_eq!((&data["total"], &data["has_next_page"]), (&json!(951), &json!(page < 10)));
            seen.extend(titles(&data));
        }
        let mut expected: Vec<String> = (0..950).map(|nth| format!("alert {nth}")).collect();
        expected.push("first is bad".to_owned());
        if !asc {
            expected.reverse();
        }
        assert_eq!(seen, expected);
    }
}

#[test]
fn conditions_hold_for_open_muted_and_closed_alerts_alike() {
    let mut world = World::with_config(GOLDEN);
    let begin = world.cluster.sim.now().secs();
    world.push(json!({"event_status": "Critical", "title_rule": "a", "alert_key": "a"})).at(10);
    world.push(json!({"event_status": "Warning", "title_rule": "b", "alert_key": "b"})).recover("b").at(1000);
    world.push(json!({"event_status": "Info", "title_rule": "c", "alert_key": "c"})).at(1010);
    world.push(json!({"event_status": "Info", "title_rule": "a", "alert_key": "a"}));
    let found = |more: Value| {
        let mut query = json!({"start_time": begin, "end_time": begin + 3600});
        query.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        all(&call(&world, "/alert/list", &query).0, "alert_key").join(" ")
    };
    assert_eq!(found(json!({})), "c b a");
    assert_eq!(found(json!({"asc": true})), "a b c");
    assert_eq!(found(json!({"orderby": "updated_at"})), "a c b");
    assert_eq!(found(json!({"is_active": true})), "c a");
    assert_eq!(found(json!({"is_active": false})), "b");
    assert_eq!(found(json!({"alert_severity": "Critical,Warning"})), "b a");
    assert_eq!(found(json!({"alert_keys": ["a", "b"], "alert_severity": "Warning"})), "b");
    assert_eq!(found(json!({"channel_ids": [101]})), "c b a");
    assert_eq!(found(json!({"channel_ids": [4711]})), "");
    assert_eq!(found(json!({"integration_ids": [4711]})), "");
    assert_eq!(found(json!({"ever_muted": true})), "");
    assert_eq!(found(json!({"start_time": begin + 5, "end_time": begin + 20})), "b");
    assert_eq!(found(json!({"start_time": begin + 900, "end_time": begin + 2000})), "c");
    assert_eq!(found(json!({"start_time": begin + 900, "end_time": begin + 2000, "by_updated_at": true})), "c a");
    let ids = |key: &str| {
        let query = json!({"start_time": begin, "end_time": begin + 3600, "alert_keys": [key]});
        all(&call(&world, "/alert/list", &query).0, "alert_id").remove(0)
    };
    let (a, b) = (ids("a"), ids("b"));
    let named = |more: Value| {
        let mut query = json!({"alert_ids": [a, "none", b, "ffffffffffffffffffffffff"]});
        query.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        all(&call(&world, "/alert/list", &query).0, "alert_key").join(" ")
    };
    assert_eq!((named(json!({})), named(json!({"is_active": true}))), ("b a".to_owned(), "a".to_owned()));
    let (by_id, ..) = call(&world, "/alert/list-by-ids", &json!({"alert_ids": [b, "none", a]}));
    assert_eq!((all(&by_id, "alert_key"), &by_id["total"]), (vec!["b".to_owned(), "a".to_owned()], &json!(2)));
}

#[test]
fn wrong_questions_for_alerts_are_refused() {
    let world = World::new();
    let now = world.cluster.sim.now().secs();
    let wrong = [
        ("/alert/list", json!({"start_time": null}), "start_time: "),
        ("/alert/list", json!({"start_time": now - 32 * 24 * 3600}), "end_time: "),
        ("/alert/list", json!({"limit": 101}), "limit: "),
        ("/alert/list", json!({"p": 1000}), "p: "),
        ("/alert/list", json!({"is_active": 1}), "is_active: "),
        ("/alert/list", json!({"ever_muted": "yes"}), "ever_muted: "),
        ("/alert/list", json!({"by_updated_at": 1}), "by_updated_at: "),
        ("/alert/list", json!({"alert_severity": "Bad"}), "alert_severity: "),
        ("/alert/list", json!({"channel_ids": 101}), "channel_ids: "),
        ("/alert/list", json!({"integration_ids": ["a"]}), "integration_ids: "),
        ("/alert/list", json!({"alert_keys": "a"}), "alert_keys: "),
        ("/alert/list", json!({"alert_ids": vec!["a"; 101]}), "alert_ids: "),
        ("/alert/list", json!({"orderby": "event_time"}), "orderby: "),
        ("/alert/list", json!({"search_after_ctx": "00"}), "search_after_ctx: "),
        ("/alert/list-by-ids", json!({}), "alert_ids: "),
        ("/alert/list-by-ids", json!({"alert_ids": vec!["a"; 101]}), "alert_ids: "),
        ("/alert/list-by-ids", json!({"alert_ids": [7]}), "alert_ids: "),
        ("/alert-event/list", json!({"end_time": null}), "end_time: "),
        ("/alert-event/list", json!({"end_time": now + 32 * 24 * 3600}), "end_time: "),
        ("/alert-event/list", json!({"orderby": "created_at"}), "orderby: "),
        ("/alert-event/list", json!({"severities": "Ok"}), "severities: "),
        ("/alert-event/list", json!({"channel_ids": vec![1; 101]}), "channel_ids: "),
        ("/alert-event/list", json!({"integration_types": [1]}), "integration_types: "),
        ("/alert-event/list", json!({"integration_ids": {}}), "integration_ids: "),
        ("/alert-event/list", json!({"search_after_ctx": "x"}), "search_after_ctx: "),
        ("/alert/feed", json!({}), "alert_id: "),
        ("/alert/feed", json!({"alert_id": "none"}), "alert_id: "),
        ("/alert/feed", json!({"alert_id": "none", "types": "a_new"}), "types: "),
        ("/alert/feed", json!({"alert_id": "none", "limit": 101}), "limit: "),
    ];
    for (path, more, field) in wrong {
        let mut query = json!({"start_time": now - 60, "end_time": now});
        query.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let (status, answer) = world.call(path, &query);
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(status == 400 && message.starts_with(field), "{path} {more}: {answer}");
    }
}
