//! Flapping: alert keys that change again and again between open and recovered.

use alarum::board::MutedBy;
use alarum::journal::Flapping;
use serde_json::json;

use crate::support::desk::{Desk, T0, desk};

fn policy(max_changes: u32, in_s: u64, mute_s: u64) -> Option<Flapping> {
    Some(Flapping { max_changes, in_s, mute_s })
}

/// A desk whose channel calls a key flapping by such a policy.
fn desk_with(flapping: Option<Flapping>) -> Desk {
    let mut desk = desk();
    desk.rules(|ruling| ruling.flapping = flapping);
    desk
}

impl Desk {
    /// Fires and recovers at these seconds, in turn.
    fn flaps(&mut self, key: &str, times: &[u64]) -> &mut Self {
        for (nth, at) in times.iter().enumerate() {
            self.at(*at);
            if nth % 2 == 0 {
                self.fires(key)
            } else {
                self.recovers(key)
            };
        }
        self
    }
}

#[test]
fn by_default_a_key_is_marked_at_four_changes_within_an_hour_and_not_muted() {
    let mut desk = desk_with(None);
    // The first opening is no change.
    desk.flaps("disk", &[0, 10, 20, 30]);
    let before = desk.incidents();
    assert!(before.iter().all(|id| !desk.incident(id).flapping));
    desk.at(40).fires("disk");
    let id = desk.holding("disk");
    assert!(desk.incident(&id).flapping);
    let item = desk.newest(&id);
    assert_eq!((item.kind.as_str(), item.person_id, item.at_ms / 1000), ("i_m_flapping", 0, T0 + 40));
    assert_eq!(item.detail, json!({"max_changes": 4, "in_mins": 60, "mute_mins": 0}));
    for kind in ["i_new", "i_rslv", "i_new", "i_rslv", "i_new"] {
        desk.expect_event(kind);
    }
    desk.expect_no_event();
}

#[test]
fn after_it_was_marked_the_count_begins_anew() {
    let mut desk = desk_with(policy(4, 3600, 0));
    desk.flaps("disk", &[0, 10, 20, 30, 40, 50, 60, 70, 80]);
    let ids = desk.incidents();
    let marked: Vec<bool> = ids.iter().map(|id| desk.incident(id).flapping).collect();
    assert_eq!(marked, [false, false, true, false, true]);
}

#[test]
fn changes_count_while_they_are_younger_than_the_time() {
    for (last, found) in [(109, true), (110, false)] {
        let mut desk = desk_with(policy(2, 100, 0));
        desk.flaps("disk", &[0, 10, last]);
        let id = desk.holding("disk");
        assert_eq!(desk.incident(&id).flapping, found, "{last}");
    }
}

#[test]
fn switched_off_nothing_is_marked_or_muted() {
    let mut desk = desk_with(policy(0, 3600, 600));
    desk.flaps("disk", &(0..20).collect::<Vec<u64>>());
    assert_eq!(desk.incidents().len(), 10);
    for id in desk.incidents() {
        assert!(!desk.incident(&id).flapping);
    }
}

#[test]
fn the_changes_of_one_key_are_not_those_of_another() {
    let mut desk = desk_with(policy(2, 3600, 0));
    desk.flaps("a", &[0, 10]).flaps("b", &[20, 30]);
    for id in desk.incidents() {
        assert!(!desk.incident(&id).flapping);
    }
}

#[test]
fn found_by_an_opening_it_is_told_of_once_more_and_then_muted() {
    let mut desk = desk_with(policy(2, 3600, 600));
    desk.flaps("disk", &[0, 10, 20]);
    let id = desk.holding("disk");
    assert_eq!(desk.newest(&id).detail, json!({"max_changes": 2, "in_mins": 60, "mute_mins": 10}));
    desk.expect_events(["i_new", "i_rslv", "i_new"]);
    desk.at(30).recovers("disk").expect_event("i_rslv");
    assert_eq!(desk.story(&id), ["i_new", "i_m_flapping", "i_rslv"]);
    desk.at(619).fires("disk").expect_no_event();
    let alert = desk.alert("disk");
    assert!(alert.incident_id.is_empty() && alert.ever_muted);
    let muted = alert.muted.expect("it is muted");
    assert_eq!((muted.by, muted.until, muted.rule_id.as_str()), (MutedBy::Flapping, T0 + 620, ""));
}

#[test]
fn found_by_a_recovery_its_incident_is_marked_and_closes() {
    let mut desk = desk_with(policy(1, 3600, 600));
    desk.flaps("disk", &[0, 10]);
    let id = desk.incidents().remove(0);
    assert_eq!(desk.story(&id), ["i_new", "i_m_flapping", "i_rslv"]);
    assert!(desk.incident(&id).flapping);
    desk.at(609).fires("disk");
    assert!(desk.alert("disk").muted.is_some());
}

#[test]
fn an_alert_that_is_still_open_when_the_mute_ends_starts_an_incident() {
    let mut desk = desk_with(policy(1, 3600, 600));
    desk.flaps("disk", &[0, 10, 20]);
    desk.expect_events(["i_new", "i_rslv"]);
    desk.at(609).expect_no_event();
    let event = desk.at(610).expect_event("i_new");
    assert_eq!((event.event_time, event.incident.start_time), ((T0 + 610) * 1000, T0 + 610));
    assert!(event.incident.ever_muted);
    let alert = desk.alert("disk");
    assert_eq!((&alert.incident_id, alert.start_time), (&event.incident.incident_id, T0 + 20));
    assert!(alert.muted.is_none() && alert.ever_muted);
}

#[test]
fn an_alert_that_recovers_while_it_is_muted_starts_none() {
    let mut desk = desk_with(policy(1, 3600, 600));
    desk.flaps("disk", &[0, 10, 20, 30]);
    desk.expect_events(["i_new", "i_rslv"]);
    desk.at(10_000).expect_no_event();
    assert!(desk.open_alert("disk").is_none());
}

#[test]
fn at_the_end_of_the_mute_an_alert_starts_an_incident_again() {
    for (at, muted) in [(609, true), (610, false)] {
        let mut desk = desk_with(policy(1, 3600, 600));
        desk.flaps("disk", &[0, 10, at]);
        assert_eq!(desk.alert("disk").muted.is_some(), muted, "{at}");
    }
}

#[test]
fn changes_while_it_is_muted_do_not_make_the_mute_longer() {
    let mut desk = desk_with(policy(1, 3600, 600));
    desk.flaps("disk", &[0, 10, 100, 200, 300, 400, 610]);
    assert!(desk.alert("disk").muted.is_none());
}

#[test]
fn from_the_second_in_which_the_mute_ends_changes_count_again() {
    for (recovered, muted) in [(609, false), (610, true)] {
        let mut desk = desk_with(policy(1, 3600, 600));
        desk.flaps("disk", &[0, 10, 20, recovered, 700]);
        assert_eq!(desk.alert("disk").muted.is_some(), muted, "{recovered}");
    }
}

/// Whether the board let go of what it remembers of a key, when it moved things to pages, must not show.
#[test]
fn what_is_remembered_of_a_key_for_more_than_a_day_matters_no_more() {
    let mut desk = desk_with(policy(2, 24 * 3600, 0));
    desk.flaps("disk", &[0, 10]).flaps("disk", &[90_000]);
    // The opening after so long is a first one: the recovery is the first change.
    desk.at(90_010).recovers("disk");
    for id in desk.incidents() {
        assert!(!desk.incident(&id).flapping);
    }
    desk.at(90_020).fires("disk");
    let id = desk.holding("disk");
    assert!(desk.incident(&id).flapping);
}
