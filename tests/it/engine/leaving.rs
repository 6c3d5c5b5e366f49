//! What is over leaves nothing on the board but references to what is stored apart; and what changes nothing in an
//! index is not written to it.

use alarum::engine::action::Action;
use serde_json::Value;

use super::grouping::{by, like};
use super::time::after;
use crate::support::desk::{Desk, T0, desk};

/// What stands on a board, as [`Desk::canonical`] lists it.
struct Standing {
    entities: Value,
    sources: Value,
    silences: Value,
    due: Value,
    alike: Value,
    closed: Value,
    index: Value,
}

impl Desk {
    fn standing(&mut self) -> Standing {
        let all: Value = serde_json::from_slice(&self.canonical()).expect("plain data");
        let [_, entities, _, sources, silences, _, indexes] = parts(all);
        let [due, alike, closed, index] = parts(indexes);
        Standing { entities, sources, silences, due, alike, closed, index }
    }

    /// Nothing is on the board but so many references to closed incidents and to alerts that have left.
    fn expect_only_references(&mut self, count: usize) {
        let standing = self.deliver().standing();
        assert_eq!(names(&standing.closed).len(), count, "{:?}", names(&standing.closed));
        for (what, value) in [
            ("entities", standing.entities),
            ("sources", standing.sources),
            ("silences", standing.silences),
            ("due", standing.due),
            ("alike", standing.alike),
            ("index", standing.index),
        ] {
            assert!(is_empty(&value), "{what}: {value}");
        }
    }
}

fn parts<const N: usize>(value: Value) -> [Value; N] {
    let parts = value.as_array().expect("a list").clone();
    parts.try_into().expect("so many parts")
}

fn names(value: &Value) -> Vec<&String> {
    value.as_object().expect("by key").keys().collect()
}

fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(serde_json::Map::is_empty)
}

#[test]
fn an_incident_leaves_nothing_behind_however_alerts_joined_it() {
    for grouping in [None, Some(by(&[1, 2])), Some(like(&[1, 2, 3]))] {
        let mut desk = desk();
        desk.rules(|ruling| ruling.grouping = grouping.clone());
        let id = desk.fires("a").holding("a");
        desk.at(60).fires("a").comment(&id, "c").recovers("a").expect_only_references(2);
        // Called back and closed again.
        desk.reopen(&id, "again").resolve(&id).expect_only_references(2);
        let id = desk.fires("b").holding("b");
        desk.resolve(&id).expect_only_references(4);
    }
}

#[test]
fn an_incident_whose_time_was_brought_forward_leaves_nothing_that_is_due() {
    let mut desk = desk();
    desk.rules(|ruling| ruling.auto_resolve = Some(after(600, false)));
    let id = desk.fires("a").holding("a");
    desk.at(10).snooze(&id, 5);
    assert_eq!(names(&desk.standing().due).len(), 1, "it stands there for what comes first");
    desk.at(20).snooze(&id, 1);
    assert_eq!(names(&desk.standing().due).len(), 1);
    desk.resolve(&id).expect_only_references(2);
}

#[test]
fn an_alert_that_was_muted_leaves_nothing_behind_when_its_time_is_over() {
    let mut desk = desk();
    desk.rules(|ruling| ruling.silenced_until = T0 + 600);
    desk.fires("a").at(60).recovers("a");
    desk.at(600).expect_only_references(1);
    desk.rules(|ruling| ruling.silenced_until = T0 + 1200);
    let alert_id = desk.fires("a").alert("a").alert_id;
    desk.does(Action::CloseAlerts(vec![alert_id]));
    desk.at(1200).expect_only_references(2);
}

#[test]
fn an_alert_that_is_muted_for_another_time_is_due_once() {
    let mut desk = desk();
    for until in [600, 300, 900] {
        desk.rules(|ruling| ruling.silenced_until = T0 + until).fires("a");
        assert_eq!(names(&desk.standing().due).len(), 1, "{until}");
    }
}

#[test]
fn a_source_leaves_nothing_behind_when_it_is_over() {
    let mut desk = desk();
    desk.arrives("switch", |arrival| arrival.sources = vec![7]);
    assert!(!is_empty(&desk.standing().sources));
    desk.recovers("switch").expect_only_references(2);
}

#[test]
fn what_puts_a_closing_off_leaves_the_index_of_what_is_due_as_it_is() {
    let mut desk = desk();
    desk.rules(|ruling| ruling.auto_resolve = Some(after(600, true))).fires("a");
    let before = desk.standing().due;
    desk.at(300).fires("a");
    assert_eq!(desk.standing().due, before, "it is moved when that time comes");
    desk.at(600);
    let after = desk.standing().due;
    assert!(after != before && names(&after).len() == 1);
}
