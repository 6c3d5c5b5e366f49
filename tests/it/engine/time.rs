//! Time: what happens because a moment has come, to the second, once, and in order.

use alarum::engine::action::Action;
use alarum::journal::AutoResolve;

use super::grouping::by;
use crate::support::desk::{Desk, T0, crowded_desk, desk};

/// An incident closes by itself after so many seconds, from its latest event or from its trigger.
pub fn after(after_s: u64, from_update: bool) -> AutoResolve {
    AutoResolve { after_s, from_update }
}

fn resolving_desk(after_s: u64, from_update: bool) -> Desk {
    let mut desk = desk();
    desk.rules(|ruling| ruling.auto_resolve = Some(after(after_s, from_update)));
    desk
}

impl Desk {
    /// The incident is open a second before, and closes then.
    fn expect_closing_at(&mut self, secs: u64) {
        self.at(secs - 1).expect_no_event();
        let event = self.at(secs).expect_event("i_rslv");
        assert_eq!(event.event_time, (T0 + secs) * 1000);
    }
}

#[test]
fn counted_from_the_trigger_nothing_puts_the_closing_off() {
    let mut desk = resolving_desk(600, false);
    desk.rules(|ruling| ruling.grouping = Some(by(&[1]))).fires("a").expect_event("i_new");
    desk.at(100).fires("b").at(200).fires_with("a", |event| event.description = "d".into()).at(300).fires("b");
    desk.expect_closing_at(600);
}

#[test]
fn counted_from_the_latest_event_each_puts_it_off() {
    let changes: [fn(&mut Desk); 4] = [
        |desk| {
            desk.fires_with("a", |event| event.description = "changed".into());
        },
        |desk| {
            desk.fires("a");
        },
        |desk| {
            desk.fires("joins");
        },
        |desk| {
            desk.recovers("b");
        },
    ];
    for (nth, change) in changes.iter().enumerate() {
        let mut desk = resolving_desk(600, true);
        desk.rules(|ruling| ruling.grouping = Some(by(&[1]))).fires("a").fires("b").expect_event("i_new");
        change(desk.at(599));
        let event = desk.at(2000).expect_event("i_rslv");
        assert_eq!(event.event_time, (T0 + 1199) * 1000, "{nth}");
    }
}

#[test]
fn counted_from_the_latest_event_an_incident_without_further_ones_closes_after_its_first() {
    let mut desk = resolving_desk(600, true);
    desk.fires("a").expect_event("i_new");
    desk.expect_closing_at(600);
}

#[test]
fn zero_seconds_are_never() {
    let mut desk = resolving_desk(0, false);
    desk.fires("a").expect_event("i_new");
    desk.at(100_000).expect_no_event();
}

#[test]
fn the_rules_that_the_latest_event_came_under_count() {
    let mut desk = resolving_desk(600, false);
    desk.fires("a").expect_event("i_new");
    desk.at(10).rules(|ruling| ruling.auto_resolve = Some(after(300, false))).fires("a");
    desk.expect_closing_at(300);
    let mut desk = resolving_desk(600, false);
    desk.fires("a").expect_event("i_new");
    desk.at(10).rules(|ruling| ruling.auto_resolve = None).fires("a").at(10_000).expect_no_event();
    desk.rules(|ruling| ruling.keep_open = true).fires("a").at(10_001).recovers("a").expect_no_event();
}

#[test]
fn a_reopened_incident_has_its_whole_time_again() {
    for from_update in [false, true] {
        let mut desk = resolving_desk(600, from_update);
        desk.fires("a").expect_event("i_new");
        let id = desk.holding("a");
        desk.at(500).resolve(&id).expect_event("i_rslv");
        desk.at(550).reopen(&id, "").expect_event("i_reopen");
        desk.expect_closing_at(1150);
    }
}

#[test]
fn one_made_by_hand_closes_by_the_time_of_its_channel() {
    let mut desk = desk();
    desk.creates(|creation| creation.auto_resolve = Some(after(600, true)));
    desk.expect_event("i_new");
    desk.expect_closing_at(600);
}

#[test]
fn a_snooze_ends_in_its_second_and_once() {
    for mut desk in [desk(), crowded_desk()] {
        desk.fires("a").expect_event("i_new");
        let id = desk.holding("a");
        desk.snooze(&id, 1440).expect_event("i_snooze");
        desk.at(86_399).expect_no_event();
        desk.at(86_400).expect_event("i_assign");
        let before = desk.canonical();
        desk.tick().tick().at(90_000).expect_no_event();
        assert_eq!(desk.canonical(), before);
    }
}

#[test]
fn the_latest_snooze_counts_whether_it_is_longer_or_shorter() {
    for (minutes, ends) in [(10, 660), (2, 180)] {
        let mut desk = desk();
        desk.fires("a").expect_event("i_new");
        let id = desk.holding("a");
        desk.snooze(&id, 5).at(60).snooze(&id, minutes);
        desk.expect_events(["i_snooze", "i_snooze"]);
        desk.at(ends - 1).expect_no_event();
        desk.at(ends).expect_event("i_assign");
        desk.at(10_000).expect_no_event();
    }
}

#[test]
fn what_is_due_happens_in_order_each_at_its_own_time_however_late_somebody_comes() {
    let mut desk = resolving_desk(300, false);
    desk.fires("a").at(1).rules(|ruling| ruling.auto_resolve = Some(after(100, false))).fires("b");
    desk.rules(|ruling| ruling.auto_resolve = None).fires("c");
    let (a, b, c) = (desk.holding("a"), desk.holding("b"), desk.holding("c"));
    desk.snooze(&c, 2);
    desk.rules(|ruling| ruling.silenced_until = T0 + 200).fires("d");
    for kind in ["i_new", "i_new", "i_new", "i_snooze"] {
        desk.expect_event(kind);
    }
    desk.at(10_000);
    let told = desk.expect_events(["i_rslv", "i_assign", "i_new", "i_rslv"]);
    let times = told.each_ref().map(|event| event.event_time / 1000 - T0);
    assert_eq!(times, [101, 121, 200, 300]);
    let d = desk.holding("d");
    assert_eq!(told.map(|event| event.incident.incident_id), [b, c, d, a]);
    desk.expect_no_event();
}

#[test]
fn what_is_due_happens_before_what_comes_in_the_same_second() {
    let mut desk = resolving_desk(600, true);
    desk.fires("a").expect_event("i_new");
    let id = desk.holding("a");
    // Nobody has looked since, and the event comes in the very second.
    desk.unseen_at(600).fires_with("a", |event| event.description = "too late".into());
    assert_eq!(desk.expect_event("i_rslv").incident.incident_id, id);
    assert_ne!(desk.expect_event("i_new").incident.incident_id, id);
}

#[test]
fn an_incident_that_closes_and_wakes_at_once_closes() {
    let mut desk = resolving_desk(600, false);
    desk.fires("a");
    let id = desk.holding("a");
    desk.snooze(&id, 10);
    desk.expect_events(["i_new", "i_snooze"]);
    desk.at(600).expect_event("i_rslv");
    desk.at(700).expect_no_event();
}

#[test]
fn a_snooze_that_ends_first_does_not_keep_an_incident_from_closing() {
    let mut desk = resolving_desk(600, false);
    desk.fires("a");
    let id = desk.holding("a");
    desk.snooze(&id, 5);
    desk.at(1000);
    for (kind, at) in [("i_new", 0), ("i_snooze", 0), ("i_assign", 300), ("i_rslv", 600)] {
        assert_eq!(desk.expect_event(kind).event_time / 1000, T0 + at);
    }
    desk.expect_no_event();
}

#[test]
fn nothing_is_due_for_what_has_left_the_board() {
    let mut desk = resolving_desk(600, false);
    desk.fires("a");
    let id = desk.holding("a");
    desk.at(10).resolve(&id).deliver();
    let before = desk.canonical();
    desk.at(10_000);
    assert_eq!(desk.canonical(), before);
}

#[test]
fn the_board_says_when_somebody_has_to_come_by() {
    let mut desk = resolving_desk(600, false);
    assert_eq!(desk.board().next_due(), None);
    desk.fires("a").fires("b");
    let id = desk.holding("b");
    desk.does(Action::Snooze(vec![id], 1));
    assert_eq!(desk.board().next_due(), Some(T0 + 60));
    desk.at(60).tick();
    assert_eq!(desk.board().next_due(), Some(T0 + 600));
    desk.at(600).tick();
    assert_eq!(desk.board().next_due(), None);
}

#[test]
fn two_events_of_an_incident_never_share_a_time() {
    let mut desk = desk();
    desk.fires("a");
    let id = desk.holding("a");
    desk.acknowledge(&id).comment(&id, "a").comment(&id, "b").resolve(&id);
    let times = ["i_new", "i_ack", "i_comm", "i_comm", "i_rslv"].map(|kind| desk.expect_event(kind).event_time);
    assert_eq!(times.map(|time| time - T0 * 1000), [0, 1, 2, 3, 4]);
}
