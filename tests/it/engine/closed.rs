//! What people do to incidents that are closed and have left their board.

use alarum::engine::action::{Action, Resolution};
use serde_json::json;

use super::merging::{alert_merging, merge};
use crate::support::desk::{Desk, desk};

/// Two closed incidents that have left, and an open one.
fn closed_desk() -> (Desk, [String; 3]) {
    let mut desk = desk();
    let ids = ["a", "b", "c"].map(|key| desk.fires(key).expect_event("i_new").incident.incident_id);
    desk.at(60).recovers("a").recovers("b").deliver();
    desk.expect_events(["i_rslv", "i_rslv"]);
    (desk, ids)
}

/// Which kind of action it is. One that is new must have its place here, and in the test below.
fn nth(action: &Action) -> usize {
    match action {
        Action::Create(_) => 0,
        Action::Acknowledge(_) => 1,
        Action::Unacknowledge(_) => 2,
        Action::Snooze(..) => 3,
        Action::Wake(_) => 4,
        Action::Resolve(..) => 5,
        Action::Reopen(..) => 6,
        Action::Assign(..) => 7,
        Action::AddResponders(..) => 8,
        Action::Comment(..) => 9,
        Action::Reset(..) => 10,
        Action::ResetField(..) => 11,
        Action::Merge(_) => 12,
        Action::MergeAlerts(_) => 13,
        Action::CloseAlerts(_) => 14,
        Action::DisableMerge(_) => 15,
        Action::Remove(_) => 16,
        Action::Silence(..) => 17,
        Action::Custom(..) => 18,
        Action::EndSilence(_) => 19,
    }
}

/// The folder counts on it: only where an action names one incident can it be allowed and change nothing.
#[test]
fn what_is_done_to_several_closed_incidents_is_told_of_each() {
    let (mut seen, mut done) = ([false; 20], Vec::new());
    let (_, [a, b, c]) = closed_desk();
    let both = || vec![a.clone(), b.clone()];
    for action in [
        Action::Create(Box::default()),
        Action::Acknowledge(both()),
        Action::Unacknowledge(both()),
        Action::Snooze(both(), 5),
        Action::Wake(both()),
        Action::Resolve(both(), Resolution::default()),
        Action::Reopen(both(), String::new()),
        Action::Assign(both(), vec![1]),
        Action::AddResponders(a.clone(), vec![1]),
        Action::Comment(both(), String::new(), true),
        Action::Reset(a.clone(), Box::default()),
        Action::ResetField(a.clone(), "f".into(), json!(null)),
        merge(&[&a, &b], &c),
        merge(&[&c], &a),
        merge(&[&a], &b),
        alert_merging(&[], &a),
        Action::CloseAlerts(Vec::new()),
        Action::DisableMerge(both()),
        Action::Remove(both()),
        Action::Silence(a.clone(), 60),
        Action::Custom(a.clone(), 1, String::new()),
        Action::EndSilence(a.clone()),
    ] {
        let (mut desk, ids) = closed_desk();
        assert_eq!(ids, [a.clone(), b.clone(), c.clone()], "the same things have the same ids");
        seen[nth(&action)] = true;
        let before = [&a, &b].map(|id| desk.incident(id).last_event_id);
        if desk.tries(action.clone()).is_err() {
            continue;
        }
        let changed: Vec<bool> = [&a, &b]
            .map(|id| desk.incident(id).last_event_id)
            .iter()
            .zip(&before)
            .map(|(now, before)| now != before)
            .collect();
        let named = action.incident_ids();
        if named.len() > 1 {
            assert_eq!(changed, [true, true], "{action:?}");
            done.push(nth(&action));
        } else if changed == [false, false] && !named.is_empty() {
            assert!(matches!(action, Action::Reset(..) | Action::ResetField(..)), "{action:?}");
        }
    }
    assert_eq!(seen, [true; 20]);
    assert_eq!(done, [6, 9, 16], "of what names several: reopening, commenting, forgetting");
}
