//! Grouping: which alerts share an incident, for how long, and when it warns of a storm.

use alarum::board::ALERTS;
use alarum::engine::action::Action;
use alarum::intake::{Severity, Status};
use alarum::journal::{Grouping, Texts};
use serde_json::json;

use crate::support::desk::{Desk, T0, crowded_desk, desk};

/// By rule: the marks of what an alert has in common with others, a mark for each group of keys.
pub fn by(marks: &[u64]) -> Grouping {
    Grouping { marks: marks.to_vec(), ..Grouping::default() }
}

/// By similarity: the features of one field.
pub fn like(features: &[u32]) -> Grouping {
    Grouping { texts: Some(Texts { keys: vec![features.to_vec()], score: 900 }), ..Grouping::default() }
}

impl Desk {
    /// An alert that is grouped by these marks. The id of its incident.
    fn marked(&mut self, key: &str, marks: &[u64]) -> String {
        self.grouped(key, |grouping| grouping.marks = marks.to_vec())
    }

    fn grouped(&mut self, key: &str, edit: impl FnOnce(&mut Grouping)) -> String {
        self.rules(|ruling| edit(ruling.grouping.get_or_insert_default())).fires(key).holding(key)
    }
}

#[test]
fn without_grouping_every_alert_is_its_own_incident() {
    let mut desk = desk();
    desk.fires("a").fires("b");
    let (a, b) = (desk.holding("a"), desk.holding("b"));
    assert_ne!(a, b);
    let incident = desk.incident(&a);
    assert_eq!((incident.group_method(), incident.equals_md5().as_str(), incident.dedup_key.as_str()), ('n', "", "a"));
}

#[test]
fn alerts_with_equal_values_share_an_incident_and_nobody_is_told() {
    for mut desk in [desk(), crowded_desk()] {
        let id = desk.marked("a", &[7]);
        desk.expect_event("i_new");
        desk.at(60);
        assert_eq!(desk.marked("b", &[7]), id);
        assert_ne!(desk.marked("c", &[8]), id);
        desk.expect_event("i_new");
        desk.expect_no_event();
        let incident = desk.incident(&id);
        assert_eq!((incident.alert_cnt(), incident.active_alert_cnt(), incident.alert_event_cnt), (2, 2, 2));
        assert_eq!((incident.start_time, incident.last_time, incident.updated_at), (T0, T0 + 60, T0 + 60));
        assert_eq!(incident.group_method(), 'p');
        assert_eq!(incident.equals_md5(), "00000000000000070000000000000007");
        assert_eq!((incident.title.as_str(), incident.dedup_key.as_str()), ("a is bad", "a"));
    }
}

#[test]
fn one_group_of_keys_is_enough_and_the_first_that_has_an_incident_wins() {
    let mut desk = desk();
    let first = desk.marked("a", &[1, 2]);
    assert_eq!(desk.marked("b", &[9, 2]), first);
    assert_eq!(desk.incident(&first).equals_md5(), "00000000000000010000000000000002");
    let other = desk.marked("c", &[9]);
    assert_ne!(other, first, "an incident takes in what equals the alert that made it");
    assert_eq!(desk.marked("d", &[9, 1]), other);
    assert_eq!(desk.marked("e", &[1, 9]), first);
}

#[test]
fn an_alert_without_marks_joins_nothing_and_nothing_joins_it() {
    let mut desk = desk();
    assert_ne!(desk.marked("a", &[]), desk.marked("b", &[]));
}

#[test]
fn the_incident_shows_the_worst_of_its_alerts() {
    let mut desk = desk();
    desk.rules(|ruling| ruling.grouping = Some(by(&[1])));
    desk.fires_with("info", |event| event.status = Status::Info);
    let id = desk.holding("info");
    desk.fires_with("warning", |event| event.status = Status::Warning);
    let shown = |desk: &mut Desk| {
        let incident = desk.incident(&id);
        (incident.incident_severity, incident.incident_status)
    };
    assert_eq!(shown(&mut desk), (Severity::Warning, Status::Warning));
    desk.fires("critical");
    assert_eq!(shown(&mut desk), (Severity::Critical, Status::Critical));
    desk.at(10).recovers("critical");
    assert_eq!(shown(&mut desk), (Severity::Critical, Status::Warning));
    desk.at(20).recovers("warning");
    assert_eq!(shown(&mut desk), (Severity::Critical, Status::Info));
    assert_eq!((desk.incident(&id).active_alert_cnt(), desk.incident(&id).end_time), (1, 0));
    desk.at(30).recovers("info");
    assert_eq!(shown(&mut desk), (Severity::Critical, Status::Ok));
    assert_eq!((desk.incident(&id).end_time, desk.incident(&id).is_open()), (T0 + 30, false));
    assert_eq!(desk.incident(&id).first_severity, Severity::Info);
}

#[test]
fn alerts_of_several_integrations_share_an_incident() {
    let mut desk = desk();
    let id = desk.marked("a", &[1]);
    desk.marked("b", &[1]);
    desk.through(2).marked("a", &[1]);
    desk.through(2).marked("b", &[1]);
    assert_eq!((desk.incident(&id).more_integration_ids, desk.incident(&id).alert_ids.len()), (vec![2], 4));
}

#[test]
fn only_an_open_incident_takes_alerts_in() {
    let mut desk = desk();
    let first = desk.marked("a", &[1]);
    desk.at(10).recovers("a").at(20);
    let second = desk.marked("b", &[1]);
    assert_ne!(second, first);
    desk.at(30).resolve(&second);
    assert_ne!(desk.marked("c", &[1]), second);
}

#[test]
fn one_that_stayed_open_after_recovery_takes_alerts_in_and_is_bad_again() {
    let mut desk = desk();
    desk.rules(|ruling| ruling.keep_open = true);
    let id = desk.marked("a", &[1]);
    desk.at(10).recovers("a");
    assert_eq!(desk.incident(&id).end_time, T0 + 10);
    desk.at(20);
    assert_eq!(desk.marked("b", &[1]), id);
    assert_eq!((desk.incident(&id).end_time, desk.incident(&id).incident_status), (0, Status::Critical));
}

#[test]
fn a_reopened_incident_takes_alerts_in_again_unless_another_has_taken_its_place() {
    for (grouping, method) in [(by(&[1]), 'p'), (like(&[1, 2, 3]), 'i')] {
        let mut desk = desk();
        desk.rules(|ruling| ruling.grouping = Some(grouping)).fires("a");
        let first = desk.holding("a");
        desk.at(10).resolve(&first).at(20).reopen(&first, "").at(30).fires("b");
        assert_eq!(desk.holding("b"), first, "{method}");
        assert_eq!((desk.incident(&first).group_method(), desk.incident(&first).active_alert_cnt()), (method, 1));
        desk.at(40).recovers("b").at(50).fires("c");
        let second = desk.holding("c");
        assert_ne!(second, first);
        desk.at(60).reopen(&first, "").at(70).fires("d");
        assert_eq!(desk.holding("d"), second, "{method}");
    }
}

#[test]
fn a_fixed_window_counts_from_the_trigger() {
    let mut desk = desk();
    let id = desk.grouped("a", |grouping| *grouping = Grouping { window_s: 600, ..by(&[1]) });
    desk.at(300).fires("b").at(599).fires("c");
    assert_eq!((desk.holding("b"), desk.holding("c")), (id.clone(), id.clone()));
    desk.at(600).fires("d");
    let second = desk.holding("d");
    assert_ne!(second, id);
    desk.at(601).fires("e");
    assert_eq!(desk.holding("e"), second);
    // The older one closes; the newer one still takes alerts in.
    desk.at(610).resolve(&id).at(620).fires("f");
    assert_eq!(desk.holding("f"), second);
}

#[test]
fn a_sliding_window_begins_anew_with_each_alert_that_joins() {
    let mut desk = desk();
    let sliding = Grouping { window_s: 600, sliding: true, ..by(&[1]) };
    let id = desk.grouped("a", |grouping| *grouping = sliding);
    desk.at(599).fires("b").at(1198).fires("c");
    assert_eq!((desk.holding("b"), desk.holding("c")), (id.clone(), id.clone()));
    // What changes an alert does not.
    desk.at(1500).fires_with("c", |event| event.description = "worse".into());
    desk.at(1798).fires("d");
    assert_ne!(desk.holding("d"), id);
}

#[test]
fn without_a_window_an_incident_takes_alerts_in_until_it_closes() {
    let mut desk = desk();
    let id = desk.marked("a", &[1]);
    desk.at(40 * 24 * 3600);
    assert_eq!(desk.marked("b", &[1]), id);
}

#[test]
fn similar_alerts_share_an_incident() {
    let mut desk = desk();
    desk.rules(|ruling| ruling.grouping = Some(like(&[1, 2, 3]))).fires("a");
    let id = desk.holding("a");
    desk.fires("b").rules(|ruling| ruling.grouping = Some(like(&[7, 8, 9]))).fires("c");
    assert_eq!(desk.holding("b"), id);
    let other = desk.holding("c");
    assert_ne!(other, id);
    assert_eq!((desk.incident(&id).group_method(), desk.incident(&id).equals_md5().as_str()), ('i', ""));
    desk.at(10).resolve(&id).rules(|ruling| ruling.grouping = Some(like(&[1, 2, 3]))).fires("d");
    assert_ne!(desk.holding("d"), id, "it is closed");
}

#[test]
fn of_equally_similar_incidents_the_newest_takes_an_alert_in() {
    let mut desk = desk();
    let within = Grouping { window_s: 60, ..like(&[1, 2, 3]) };
    desk.rules(|ruling| ruling.grouping = Some(within)).fires("a").at(60).fires("b").at(61);
    let (old, new) = (desk.holding("a"), desk.holding("b"));
    assert_ne!(old, new);
    desk.rules(|ruling| ruling.grouping = Some(like(&[1, 2, 3]))).fires("c");
    assert_eq!(desk.holding("c"), new);
    desk.does(Action::DisableMerge(vec![new]));
    desk.fires("d");
    assert_eq!(desk.holding("d"), old);
}

#[test]
fn people_can_keep_further_alerts_out() {
    let mut desk = desk();
    let id = desk.marked("a", &[1]);
    desk.does(Action::DisableMerge(vec![id.clone()]));
    assert_ne!(desk.marked("b", &[1]), id);
    assert_eq!(desk.newest(&id).kind, "i_disable_merge");
    // What is in it stays in it.
    desk.at(5).recovers("a");
    assert!(!desk.incident(&id).is_open());
}

#[test]
fn an_incident_has_at_most_five_thousand_alerts() {
    let mut desk = desk();
    let id = desk.marked("first", &[1]);
    // Five thousand pushes would take long: the tally says that they were.
    let full = |alerts: u32| {
        let (mut head, id) = (desk.board().head.encode(), id.clone());
        let text = String::from_utf8(std::mem::take(&mut head)).expect("text");
        assert!(text.contains(r#""tally":{"n":1,"#), "{id}");
        text.replace(r#""tally":{"n":1,"#, &format!(r#""tally":{{"n":{alerts},"#))
    };
    let (almost, full) = (full(ALERTS - 1), full(ALERTS));
    desk.replace_head(&almost);
    assert_eq!(desk.marked("last", &[1]), id);
    desk.replace_head(&full);
    assert_ne!(desk.marked("one more", &[1]), id);
}

#[test]
fn an_incident_of_many_alerts_finds_all_of_them() {
    for mut desk in [desk(), crowded_desk()] {
        let id = desk.marked("alert/0", &[1]);
        for nth in 1..40 {
            desk.at(nth);
            desk.marked(&format!("alert/{nth}"), &[1]);
        }
        desk.at(50).marked("other", &[2]);
        assert_eq!((desk.alerts_of(&id).len(), desk.incident(&id).alert_ids.len()), (40, 32));
        assert!(desk.incident(&id).span.is_some());
        desk.at(60).resolve(&id).deliver();
        assert!(desk.open_alert("alert/39").is_none() && desk.open_alert("other").is_some());
        assert_eq!(desk.alerts_of(&id).len(), 40);
    }
}

#[test]
fn each_storm_threshold_warns_once() {
    let mut desk = desk();
    desk.rules(|ruling| ruling.storms = vec![2, 4]);
    let id = desk.marked("a", &[1]);
    desk.expect_event("i_new");
    desk.expect_no_event();
    desk.marked("b", &[1]);
    let event = desk.expect_event("i_storm");
    assert_eq!((event.person_id, event.incident.alert_cnt(), event.incident.storm), (None, 2, 2));
    assert_eq!((desk.newest(&id).detail, desk.newest(&id).person_id), (json!({"threshold": 2}), 0));
    desk.marked("c", &[1]);
    desk.expect_no_event();
    desk.marked("d", &[1]);
    desk.expect_event("i_storm");
    assert_eq!(desk.newest(&id).detail, json!({"threshold": 4}));
    desk.marked("e", &[1]);
    desk.fires_with("e", |event| event.description = "other".into()).expect_no_event();
}

#[test]
fn thresholds_that_are_passed_at_once_warn_one_after_the_other() {
    let mut desk = desk();
    let id = desk.marked("a", &[1]);
    desk.marked("b", &[1]);
    desk.expect_event("i_new");
    desk.rules(|ruling| ruling.storms = vec![2, 3, 4]).fires("c");
    let (first, second) = (desk.expect_event("i_storm"), desk.expect_event("i_storm"));
    assert!(second.event_time > first.event_time && second.event_id != first.event_id);
    assert_eq!((first.incident.storm, second.incident.storm), (2, 3));
    assert_eq!(desk.story(&id), ["i_new", "i_storm", "i_storm"]);
    desk.expect_no_event();
}

#[test]
fn the_similarity_that_is_asked_for_is_enough() {
    let mut desk = desk();
    let exactly = Texts { keys: vec![vec![1, 2, 3]], score: 1000 };
    desk.rules(|ruling| ruling.grouping = Some(Grouping { texts: Some(exactly), ..Grouping::default() }));
    desk.fires("a").fires("b");
    assert_eq!(desk.holding("a"), desk.holding("b"));
}

#[test]
fn merging_by_hand_goes_no_further_than_five_thousand_alerts() {
    for (alerts, fits) in [(ALERTS - 1, true), (ALERTS, false)] {
        let mut desk = desk();
        desk.fires("a");
        let (target, head) = (desk.holding("a"), String::from_utf8(desk.board().head.encode()).expect("text"));
        desk.replace_head(&head.replace(r#""tally":{"n":1,"#, &format!(r#""tally":{{"n":{alerts},"#)));
        desk.fires("b");
        let (source, alert) = (desk.holding("b"), desk.alert("b").alert_id);
        let merge = super::merging::merge(&[&source], &target);
        let merge_alerts = super::merging::alert_merging(&[&alert], &target);
        if fits {
            desk.does(merge);
            assert_eq!(desk.incident(&target).alert_cnt(), ALERTS);
        } else {
            desk.refuses("source_incident_ids", merge);
            desk.refuses("alert_ids", merge_alerts);
        }
    }
}
