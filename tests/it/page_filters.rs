//! Filters of pages: lists show what they would show without them, whatever became of them.

use alarum::board::{Alert, Board, ClosedIncident, Handling, Incident, Progress, Responder};
use alarum::intake::{Severity, Status};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::support::World;

/// Channels, and the keys of their boards.
const HEADS: [(i64, &str); 2] = [(101, "alarum:1:r:b101:1"), (100, "alarum:1:r:b100:1")];
const COUNT: u64 = 1200;

/// Numbers that follow from one.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    /// Once in so many times.
    fn seldom(&mut self, times: u64) -> bool {
        self.next(times) == 0
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.next(all.len() as u64) as usize]
    }

    fn severity(&mut self) -> Severity {
        let seldom = if self.seldom(2) { Severity::Critical } else { Severity::Info };
        if self.seldom(150) { seldom } else { Severity::Warning }
    }
}

/// Two boards with closed incidents on several pages and in their heads, side by side in time; some were called back, and
/// some of those have left again; the oldest are gone.
struct History {
    world: World,
    begin: u64,
    ids: Vec<String>,
}

impl History {
    /// `recalling`: some were called back.
    fn of(seed: u64, recalling: bool) -> Self {
        let mut world = World::new();
        let first = |status: &str| json!({"event_status": status, "title_rule": "first", "alert_key": "first"});
        world.push_shared(first("Critical")).push_shared(first("Ok")).at(60);
        let store = world.cluster.store.clone();
        let (now, numbers) = (world.cluster.sim.now(), &mut Numbers(seed));
        let begin = now.secs() - COUNT - 3600;
        let read = |(_, key)| Board::decode(&store.value(key).expect("a board")).expect("readable");
        let mut boards = HEADS.map(read);
        let (mut ids, mut recalled) = (Vec::new(), Vec::new());
        for nth in 0..COUNT {
            let on = usize::from(nth % 3 == 0);
            let incident = incident(numbers, begin + nth, nth, HEADS[on].0);
            ids.push(incident.incident_id.clone());
            let mut step = boards[on].step();
            step.put_alert(alert(numbers, &incident));
            let left = step.leave(incident).expect("nothing is missing");
            let changes = step.changes();
            boards[on].commit(changes);
            for (key, value) in left.writes {
                if key == format!("alarum:1:i:{}", ids[nth as usize]) && recalling && numbers.seldom(60) {
                    recalled.push((on, ClosedIncident::decode(&value[1..]).expect("a document")));
                }
                store.put(&key, value);
            }
            if nth % 50 == 49 {
                for (on, board) in boards.iter_mut().enumerate() {
                    let encoded = board.encode(nth * 2 + on as u64, now).expect("nothing is missing");
                    encoded.writes.into_iter().for_each(|(key, value)| store.put(&key, value));
                }
            }
        }
        for (on, document) in recalled {
            let mut incident = document.incident.clone();
            let mut step = boards[on].step();
            step.recall(document).expect("nothing is missing");
            if numbers.seldom(2) {
                incident.title = "it was needle99 that was meant".to_owned();
                incident.incident_severity = Severity::Info;
                let left = step.leave(incident).expect("nothing is missing");
                left.writes.into_iter().for_each(|(key, value)| store.put(&key, value));
            }
            let changes = step.changes();
            boards[on].commit(changes);
        }
        for (board, (channel, key)) in boards.iter_mut().zip(HEADS) {
            board.sweep(now, now.secs() - begin - 50).expect("nothing is missing");
            let encoded = board.encode(COUNT * 2 + channel as u64, now).expect("nothing is missing");
            encoded.writes.into_iter().for_each(|(key, value)| store.put(&key, value));
            store.put(key, encoded.head);
        }
        assert!(filters(&world).len() > 5, "{}", filters(&world).len());
        Self { world, begin, ids }
    }

    /// A list that asks for this and that.
    fn question(&self, numbers: &mut Numbers) -> (&'static str, Value) {
        let mut query = Map::new();
        query.insert("start_time".into(), json!(self.begin + if numbers.seldom(4) { 400 } else { 0 }));
        query.insert("end_time".into(), json!(self.begin + if numbers.seldom(4) { 800 } else { 100_000 }));
        query.insert("limit".into(), json!(20));
        query.insert("p".into(), json!(1 + numbers.next(2)));
        query.insert("asc".into(), json!(numbers.seldom(2)));
        let path = ["/incident/list", "/incident/list", "/incident/list", "/alert/list", "/alert-event/list"];
        let path = numbers.one_of(&path);
        for _ in 0..=numbers.next(3) {
            let (name, value) = match path {
                "/incident/list" => self.condition(numbers),
                "/alert/list" => of_alerts(numbers),
                _ => ("integration_ids", json!([numbers.one_of(&[9001, 9002, 9003, 4])])),
            };
            query.insert(name.into(), value);
        }
        (path, query.into())
    }

    fn condition(&self, numbers: &mut Numbers) -> (&'static str, Value) {
        let person = json!([numbers.next(40)]);
        let id = self.ids[numbers.next(COUNT) as usize].as_str();
        match numbers.next(12) {
            0 => ("incident_severity", json!(numbers.one_of(&["Critical", "Info", "Critical,Info"]))),
            1 => ("labels", json!({"rare": format!("r{}", numbers.next(12))})),
            2 => ("labels", json!({"host": format!("h{}", numbers.next(120)), "l1": format!("v{}", numbers.next(6))})),
            3 => ("responder_ids", person),
            4 => ("acker_ids", person),
            5 => ("closer_ids", json!([numbers.next(40), 1 + numbers.next(40)])),
            6 => ("creator_ids", person),
            7 => ("ever_muted", json!(!numbers.seldom(4))),
            8 => ("nums", json!([id[18..].to_uppercase(), "ABCDEF"])),
            9 => ("query", json!(numbers.one_of(&[id, &id[18..], "needle9 Of", "zz", "f"]))),
            10 => ("query", json!(format!("NEEDLE{}", numbers.next(99)))),
            _ => ("query", json!(format!("db-{} disk", numbers.next(1200)))),
        }
    }

    /// The answers to questions, without what differs each time.
    fn answers(&self, questions: &[(&str, Value)]) -> Vec<Value> {
        let answer = |(path, query): &(&str, Value)| {
            // An instance that has read nothing yet.
            self.world.cluster.restart();
            let (status, answer) = self.world.call(path, query);
            assert_eq!(status, 200, "{path} {query}: {answer}");
            answer["data"].clone()
        };
        questions.iter().map(answer).collect()
    }
}

fn of_alerts(numbers: &mut Numbers) -> (&'static str, Value) {
    match numbers.next(6) {
        0 => ("alert_severity", json!(numbers.one_of(&["Critical", "Info", "Critical,Info"]))),
        1 => ("integration_ids", json!([numbers.one_of(&[9001, 9002, 9003, 4])])),
        2 | 3 => ("alert_keys", json!([format!("k{}", numbers.next(800)), "none"])),
        4 => ("ever_muted", json!(!numbers.seldom(4))),
        _ => ("orderby", json!(numbers.one_of(&["created_at", "updated_at"]))),
    }
}

fn incident(numbers: &mut Numbers, secs: u64, nth: u64, channel_id: i64) -> Incident {
    let mut labels: Vec<(String, String)> =
        (0..25).map(|l| (format!("l{l}"), format!("v{}", numbers.next(5)))).collect();
    labels.push(("host".to_owned(), format!("h{}", nth / 12)));
    if numbers.seldom(100) {
        labels.push(("rare".to_owned(), format!("r{}", numbers.next(10))));
    }
    let title = match numbers.next(120) {
        0 => format!("needle{} of a haystack", numbers.next(99)),
        1 => format!("{} needle{}", "long ".repeat(40), numbers.next(99)),
        2 => String::new(),
        _ => format!("Disk of db-{nth} is almost full: Größe {} von {}", numbers.next(4000), numbers.next(4000)),
    };
    let mut handling = Handling::default();
    if numbers.seldom(50) {
        handling.creator_id = numbers.next(40) as i64;
        handling.closer_id = numbers.next(40) as i64;
        let person_id = numbers.next(40) as i64;
        let acknowledged_at = if numbers.seldom(2) { secs } else { 0 };
        handling.responders.push(Responder { person_id, assigned_at: secs, acknowledged_at });
    }
    Incident {
        incident_id: format!("{secs:08x}{:016x}", nth * 0x1234_5679),
        channel_id,
        title,
        incident_severity: numbers.severity(),
        ever_muted: numbers.seldom(200),
        progress: Progress::Closed,
        start_time: secs,
        close_time: secs + 30,
        labels: labels.into_iter().collect(),
        alert_ids: vec![format!("{secs:08x}a{nth:015x}")],
        handling: Some(Box::new(handling)),
        ..Incident::default()
    }
}

fn alert(numbers: &mut Numbers, incident: &Incident) -> Alert {
    let mut alert = Alert::default();
    alert.alert_id = incident.alert_ids[0].clone();
    alert.incident_id = incident.incident_id.clone();
    alert.integration_id = if numbers.seldom(300) { 9003 } else { 9001 + numbers.next(2) as i64 };
    alert.alert_key = format!("k{}", numbers.next(800));
    alert.alert_severity = numbers.severity();
    alert.ever_muted = numbers.seldom(200);
    alert.alert_status = Status::Ok;
    alert.start_time = incident.start_time;
    alert.last_time = incident.close_time;
    alert.end_time = incident.close_time;
    alert.event_cnt = 1;
    alert
}

/// The keys of all filters.
fn filters(world: &World) -> Vec<String> {
    let keys = world.cluster.store.keys().into_iter();
    keys.filter(|key| key.starts_with("alarum:1:p:") && key.ends_with(".f")).collect()
}

/// Has heads refer to so many more pages, each, as earlier versions did.
fn age(world: &World, pages: usize) {
    for (_, key) in HEADS {
        let head = String::from_utf8(world.cluster.store.value(key).expect("a board")).expect("text");
        let old = head.replacen(r#","f":1}"#, "}", pages);
        assert!(old.len() < head.len());
        world.cluster.store.put(key, old.into_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lists_show_the_same_with_filters_without_them_and_where_they_are_broken(seed in any::<u64>()) {
        let history = History::of(seed, true);
        let (store, numbers) = (history.world.cluster.store.clone(), &mut Numbers(!seed));
        let questions: Vec<_> = (0..60).map(|_| history.question(numbers)).collect();
        let mut costs = Vec::new();
        let mut answers = || {
            let before = store.bytes_read.get();
            let answers = history.answers(&questions);
            costs.push(store.bytes_read.get() - before);
            answers
        };
        let with = answers();
        let some = with.iter().filter(|data| data["items"].as_array().is_some_and(|items| !items.is_empty())).count();
        prop_assert!(some > 6, "{}", some);
        let kept: Vec<_> = filters(&history.world).into_iter().map(|key| (store.value(&key).expect("there"), key)).collect();
        kept.iter().for_each(|(_, key)| store.put(key, b"broken".to_vec()));
        let broken = answers();
        kept.iter().for_each(|(_, key)| store.forget(key));
        let missing = answers();
        kept.into_iter().for_each(|(filter, key)| store.put(&key, filter));
        age(&history.world, 2);
        let some = answers();
        age(&history.world, usize::MAX);
        let without = answers();
        for (nth, question) in questions.iter().enumerate() {
            prop_assert_eq!((&with[nth], &some[nth]), (&without[nth], &without[nth]), "{:?}", question);
            prop_assert!(broken[nth] == without[nth] && missing[nth] == without[nth], "{:?}", question);
        }
        prop_assert!(costs[0] < costs[3] && costs[3] < costs[4] && costs[0] * 3 < costs[4] * 2, "{:?} bytes", costs);
    }
}

#[test]
fn a_store_that_fails_while_filters_are_read_makes_an_error_and_no_list_that_is_short() {
    let history = History::of(7, true);
    let mut question = json!({"start_time": history.begin, "end_time": history.begin + 100_000, "limit": 100});
    question["query"] = json!("haystack");
    let questions = [("/incident/list", question.clone())];
    let right = history.answers(&questions).remove(0);
    assert!(right["total"].as_u64() > Some(0), "{right}");
    let (mut failed, mut answered) = (0, 0);
    history.world.cluster.store.fail_before.set(60);
    history.world.cluster.store.fail_after.set(60);
    for _ in 0..100 {
        history.world.cluster.restart();
        let (status, answer) = history.world.call("/incident/list", &question);
        match status {
            200 => assert_eq!(answer["data"], right),
            _ => assert!(status >= 500, "{answer}"),
        }
        *(if status == 200 { &mut answered } else { &mut failed }) += 1;
    }
    assert!(failed > 10 && answered > 10, "{failed} failed, {answered} answered");
}

#[test]
fn pages_of_an_old_head_get_filters_when_they_are_written_and_what_is_dropped_takes_its_filter_along() {
    let mut history = History::of(11, false);
    let store = history.world.cluster.store.clone();
    age(&history.world, usize::MAX);
    filters(&history.world).iter().for_each(|key| store.forget(key));
    // What leaves now comes onto the last page, which is written anew.
    for nth in 0..200 {
        let key = format!("k{nth}{}", "x".repeat(150));
        history.world.fire(&key).recover(&key);
    }
    history.world.at(20_000);
    let pages = |world: &World| {
        let keys = world.cluster.store.keys().into_iter();
        keys.filter(|key| key.starts_with("alarum:1:p:") && !key.ends_with(".f")).collect::<Vec<_>>()
    };
    let (with, all) = (filters(&history.world), pages(&history.world));
    assert!(!with.is_empty() && with.len() < all.len(), "{with:?} of {all:?}");
    let each_has_its_page = |with: &[String], all: &[String]| {
        assert!(with.iter().all(|key| all.iter().any(|page| *key == format!("{page}.f"))), "{with:?} of {all:?}");
    };
    each_has_its_page(&with, &all);
    // A year later nothing is left but what the latest removals are from: they are not worth writing it anew.
    history.world.cluster.sim.advance_ms(400 * 24 * 3_600_000);
    for _ in 0..60 {
        history.world.cluster.sim.advance_ms(200_000);
        history.world.cluster.tick();
    }
    let (with, all) = (filters(&history.world), pages(&history.world));
    assert!(all.len() <= 6, "{all:?}");
    each_has_its_page(&with, &all);
    let everything = json!({"start_time": history.begin, "end_time": history.begin + 100_000});
    assert_eq!(history.answers(&[("/incident/list", everything)])[0]["total"], 0);
}
