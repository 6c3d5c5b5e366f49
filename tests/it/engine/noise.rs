//! Noise reduction: alerts that are silenced or inhibited are discarded, or kept and marked without an incident.

use alarum::board::MutedBy;
use alarum::engine::action::{Action, Fields};
use alarum::intake::{Severity, Status};
use serde_json::json;

use super::grouping::by;
use crate::support::desk::{Desk, T0, crowded_desk, desk};

const DAY: u64 = 24 * 3600;

/// A desk whose channel has a silence rule until so many seconds after the beginning.
fn silenced_desk(until: u64) -> Desk {
    let mut desk = desk();
    desk.rules(|ruling| {
        ruling.silenced_until = T0 + until;
        ruling.silence_rule_id = "rule".into();
    });
    desk
}

impl Desk {
    pub fn is_muted(&mut self, key: &str) -> bool {
        let alert = self.alert(key);
        assert_eq!(alert.muted.is_some(), alert.incident_id.is_empty(), "muted alerts are in no incident");
        alert.muted.is_some()
    }
}

#[test]
fn a_silenced_alert_is_kept_and_marked_and_in_no_incident() {
    let mut desk = silenced_desk(600);
    desk.fires("disk").expect_no_event();
    let alert = desk.alert("disk");
    assert!(alert.ever_muted && alert.incident_id.is_empty());
    let muted = alert.muted.expect("it is muted");
    assert_eq!((muted.by, muted.until, muted.rule_id.as_str()), (MutedBy::Silence, T0 + 600, "rule"));
    assert!(desk.incidents().is_empty());
}

#[test]
fn one_that_is_still_open_at_the_end_of_the_silence_starts_an_incident() {
    let mut desk = silenced_desk(600);
    desk.fires("disk").at(599).expect_no_event();
    let event = desk.at(600).expect_event("i_new");
    assert_eq!((event.event_time, event.incident.created_at), ((T0 + 600) * 1000, T0 + 600));
    assert!(event.incident.ever_muted);
    assert_eq!((event.incident.alert_cnt(), event.incident.dedup_key.as_str()), (1, "disk"));
    assert!(!desk.is_muted("disk"));
    desk.at(660).recovers("disk").expect_event("i_rslv");
}

#[test]
fn one_that_recovers_while_it_is_silenced_is_told_of_to_nobody() {
    let mut desk = silenced_desk(600);
    desk.fires("disk");
    let id = desk.alert("disk").alert_id;
    desk.at(60).recovers("disk");
    assert!(desk.open_alert("disk").is_none() && desk.alert_with_id(&id).is_none());
    desk.at(600).expect_no_event();
    assert!(desk.incidents().is_empty());
}

#[test]
fn a_silence_ends_with_its_second() {
    for (at, muted) in [(599, true), (600, false)] {
        let mut desk = silenced_desk(600);
        desk.at(at).fires("disk");
        assert_eq!(desk.is_muted("disk"), muted, "{at}");
    }
}

#[test]
fn an_event_that_no_rule_silences_ends_the_silence_of_its_alert() {
    let mut desk = silenced_desk(600);
    desk.fires("disk").at(60).rules(|ruling| ruling.silenced_until = 0);
    let event = desk.fires_with("disk", |event| event.description = "other".into()).expect_event("i_new");
    assert_eq!((event.incident.alert_event_cnt, event.incident.start_time), (2, T0 + 60));
    assert!(!desk.is_muted("disk"));
    desk.at(700).expect_no_event();
}

#[test]
fn a_longer_silence_keeps_a_silenced_alert_quiet_for_longer_and_a_shorter_one_for_less() {
    for (until, ends) in [(900, 900), (300, 300)] {
        let mut desk = silenced_desk(600);
        desk.fires("disk").at(60).rules(|ruling| ruling.silenced_until = T0 + until).fires("disk");
        desk.at(ends - 1).expect_no_event();
        let event = desk.at(2000).expect_event("i_new");
        assert_eq!(event.event_time, (T0 + ends) * 1000);
        desk.expect_no_event();
    }
}

#[test]
fn an_alert_that_is_in_an_incident_stays_in_it_and_both_are_marked() {
    let mut desk = desk();
    desk.fires("disk");
    let id = desk.holding("disk");
    assert!(!desk.incident(&id).ever_muted);
    desk.rules(|ruling| ruling.silenced_until = T0 + 600).at(10).fires("disk");
    assert_eq!(desk.holding("disk"), id);
    assert!(desk.incident(&id).ever_muted && desk.alert("disk").ever_muted);
    let mut desk = crate::support::desk::desk();
    desk.fires("disk").rules(|ruling| ruling.silenced_until = T0 + 600).at(10);
    desk.fires_with("disk", |event| event.description = "other".into());
    let id = desk.holding("disk");
    assert!(desk.incident(&id).ever_muted);
}

#[test]
fn when_the_silence_ends_an_alert_joins_by_the_rules_that_it_came_under() {
    let mut desk = silenced_desk(600);
    desk.rules(|ruling| ruling.grouping = Some(by(&[1]))).fires("a");
    desk.rules(|ruling| (ruling.silenced_until, ruling.storms) = (0, vec![2])).fires("b");
    let id = desk.holding("b");
    desk.expect_event("i_new");
    desk.at(600);
    assert_eq!(desk.holding("a"), id);
    assert!(desk.incident(&id).ever_muted);
    desk.expect_no_event();
}

#[test]
fn a_quick_silence_is_for_the_severity_and_the_labels_of_an_incident() {
    for mut desk in [desk(), crowded_desk()] {
        desk.fires("disk").expect_event("i_new");
        let id = desk.holding("disk");
        desk.at(10).as_person(41);
        let rule = desk.silence(&id, DAY);
        let item = desk.newest(&id);
        assert_eq!((item.kind.as_str(), item.person_id), ("i_silence", 41));
        assert_eq!(item.detail, json!({"rule_id": rule, "start_time": T0 + 10, "end_time": T0 + 10 + DAY}));
        desk.fires("cpu");
        assert!(desk.is_muted("cpu"));
        let muted = desk.alert("cpu").muted.expect("muted");
        assert_eq!((muted.rule_id, muted.until), (rule, T0 + 10 + DAY));
        desk.fires_with("warning", |event| event.status = Status::Warning);
        desk.fires_with("elsewhere", |event| event.labels = [("host".to_owned(), "web-08".to_owned())].into());
        desk.fires_with("more", |event| {
            event.labels.insert("disk".into(), "/".into());
        });
        assert!(!desk.is_muted("warning") && !desk.is_muted("elsewhere") && desk.is_muted("more"));
        assert_eq!(desk.holding("disk"), id);
    }
}

#[test]
fn a_quick_silence_goes_at_its_end_and_what_is_still_open_starts_an_incident() {
    let mut desk = desk();
    desk.fires("disk");
    let id = desk.holding("disk");
    desk.silence(&id, 60);
    desk.fires("cpu").at(59).fires("net");
    assert!(desk.is_muted("net") && desk.board().silence_ended(T0 + 60) && !desk.board().silence_ended(T0 + 59));
    desk.expect_event("i_new");
    desk.at(60);
    assert!(!desk.board().silence_ended(u64::MAX), "it is gone");
    let mut keys = ["i_new", "i_new"].map(|kind| desk.expect_event(kind).incident.dedup_key);
    keys.sort();
    assert_eq!(keys, ["cpu", "net"]);
    desk.fires("mem").expect_event("i_new");
}

#[test]
fn a_quick_silence_that_ends_leaves_the_others_as_they_are() {
    let mut desk = desk();
    desk.fires("disk").fires_with("warning", |event| event.status = Status::Warning);
    let (disk, warning) = (desk.holding("disk"), desk.holding("warning"));
    desk.silence(&disk, 60);
    desk.silence(&warning, 120);
    assert!(desk.at(59).fires("mem").is_muted("mem"), "each has its own");
    desk.at(60).fires("cpu").fires_with("net", |event| event.status = Status::Warning);
    assert!(!desk.is_muted("cpu") && desk.is_muted("net"));
    assert!(!desk.board().silence_ended(T0 + 119) && desk.board().silence_ended(T0 + 120));
}

#[test]
fn a_quick_silence_from_the_same_incident_changes_the_one_that_is_there() {
    let mut desk = desk();
    desk.fires("disk").expect_event("i_new");
    let id = desk.holding("disk");
    let first = desk.silence(&id, 600);
    desk.at(100).fires("cpu").at(300).as_person(5);
    assert_eq!(desk.silence(&id, 600), first);
    desk.at(600).expect_no_event();
    assert!(desk.is_muted("cpu"), "the silence became longer, and so did that of the alert");
    desk.at(900).expect_event("i_new");
    desk.fires("net").expect_event("i_new");
    let other = desk.holding("net");
    assert_ne!(desk.silence(&other, 600), first);
}

#[test]
fn a_quick_silence_that_is_ended_lets_what_it_kept_quiet_speak_at_once() {
    for crowded in [false, true] {
        let mut desk = if crowded { crowded_desk() } else { desk() };
        let id = desk.fires("disk").expect_event("i_new").incident.incident_id;
        let rule = desk.silence(&id, 600);
        desk.at(10).fires("cpu").expect_no_event();
        desk.at(20).as_person(5).does(Action::EndSilence(rule.clone()));
        let event = desk.expect_event("i_new");
        assert_eq!((event.incident.dedup_key.as_str(), event.incident.start_time), ("cpu", T0 + 20));
        let item = desk.newest(&id);
        assert_eq!((item.kind.as_str(), item.person_id), ("i_silence", 5));
        assert_eq!(item.detail, json!({"rule_id": rule, "start_time": T0, "end_time": T0 + 20}));
        desk.fires("net").expect_event("i_new");
        assert!(desk.board().silences().is_empty());
        assert!(desk.refuses("rule_id", Action::EndSilence(rule)).unknown);
    }
}

#[test]
fn a_quick_silence_is_ended_also_where_its_incident_is_gone() {
    let (mut desk, id, rule) = quiet_desk();
    desk.does(Action::Remove(vec![id]));
    desk.expect_event("i_rslv");
    desk.deliver().does(Action::EndSilence(rule));
    assert_eq!(desk.expect_event("i_new").incident.dedup_key, "cpu");
}

/// An incident whose alerts are silenced for ten minutes, and an alert `cpu` that is quiet by that.
fn quiet_desk() -> (Desk, String, String) {
    let mut desk = desk();
    let id = desk.fires("disk").expect_event("i_new").incident.incident_id;
    let rule = desk.silence(&id, 600);
    desk.at(10).fires("cpu").expect_no_event();
    assert!(desk.is_muted("cpu"));
    (desk, id, rule)
}

#[test]
fn what_a_quick_silence_keeps_quiet_speaks_when_the_silence_that_is_in_force_ends() {
    for crowded in [false, true] {
        let mut desk = if crowded { crowded_desk() } else { desk() };
        let id = desk.fires("disk").expect_event("i_new").incident.incident_id;
        let rule = desk.silence(&id, 600);
        desk.at(10).fires("cpu").at(100);
        assert_eq!(desk.silence(&id, 60), rule);
        assert_eq!(desk.alert("cpu").muted.expect("muted").until, T0 + 160);
        desk.at(159).expect_no_event();
        let event = desk.at(2000).expect_event("i_new");
        assert_eq!((event.incident.dedup_key.as_str(), event.event_time), ("cpu", (T0 + 160) * 1000));
        desk.expect_no_event();
    }
}

#[test]
fn made_shorter_and_longer_again_a_quick_silence_ends_when_it_was_last_said_to() {
    let (mut desk, id, _) = quiet_desk();
    desk.at(100).silence(&id, 60);
    desk.at(120).silence(&id, 900);
    desk.at(1019).expect_no_event();
    assert!(desk.is_muted("cpu"));
    assert_eq!(desk.at(1020).expect_event("i_new").event_time, (T0 + 1020) * 1000);
    desk.at(3000).expect_no_event();
}

#[test]
fn what_a_quick_silence_is_not_for_any_more_speaks_at_once() {
    let (mut desk, id, _) = quiet_desk();
    let fields = Fields { severity: Some(Severity::Info), ..Fields::default() };
    desk.at(100).does(Action::Reset(id.clone(), Box::new(fields)));
    desk.expect_event("i_r_severity");
    desk.silence(&id, 600);
    let event = desk.expect_event("i_new");
    assert_eq!((event.incident.dedup_key.as_str(), event.incident.start_time), ("cpu", T0 + 100));
    assert_eq!(event.person_id, None, "it is an alert that makes it");
    assert!(!desk.is_muted("cpu"));
    desk.at(3000).expect_no_event();
}

#[test]
fn what_speaks_again_may_join_the_very_incident_that_the_silence_is_of() {
    let mut desk = desk();
    desk.rules(|ruling| ruling.grouping = Some(by(&[1]))).fires("disk");
    let id = desk.expect_event("i_new").incident.incident_id;
    desk.silence(&id, 600);
    desk.at(10).fires("cpu");
    let fields = Fields { severity: Some(Severity::Info), ..Fields::default() };
    desk.does(Action::Reset(id.clone(), Box::new(fields)));
    desk.silence(&id, 600);
    assert_eq!((desk.holding("cpu"), desk.incident(&id).alert_cnt()), (id.clone(), 2));
    assert_eq!(desk.newest(&id).kind, "i_silence");
}

#[test]
fn a_shorter_quick_silence_ends_nothing_that_something_else_keeps_quiet() {
    let mut desk = silenced_desk(600);
    desk.rules(|ruling| ruling.silenced_until = 0).fires("disk");
    let id = desk.expect_event("i_new").incident.incident_id;
    desk.silence(&id, 900);
    desk.rules(|ruling| ruling.silenced_until = T0 + 600).at(10).fires("cpu");
    assert_eq!(desk.alert("cpu").muted.expect("muted").until, T0 + 900);
    desk.at(100).silence(&id, 60);
    let muted = desk.alert("cpu").muted.expect("the rule of the channel mutes it still");
    assert_eq!((muted.until, muted.rule_id.as_str()), (T0 + 600, "rule"));
    desk.at(599).expect_no_event();
    desk.at(600).expect_event("i_new");
}

#[test]
fn a_quick_silence_needs_labels_an_open_incident_and_a_minute_to_a_month() {
    let mut desk = desk();
    desk.fires("disk");
    let id = desk.holding("disk");
    let silence = |id: &str, secs| Action::Silence(id.to_owned(), secs);
    for secs in [0, 59, 31 * DAY + 1, u64::MAX] {
        desk.refuses("seconds", silence(&id, secs));
    }
    desk.silence(&id, 60);
    desk.silence(&id, 31 * DAY);
    let bare = desk.creates(|_| ());
    desk.refuses("incident_id", silence(&bare, 60));
    desk.resolve(&id).refuses("incident_ids", silence(&id, 60));
    assert!(desk.refuses("incident_id", silence("0123456789abcdef01234567", 60)).unknown);
}

#[test]
fn a_channel_has_at_most_a_hundred_quick_silences() {
    let mut desk = desk();
    let mut ids = Vec::new();
    for nth in 0..=100 {
        desk.fires_with(&format!("k{nth}"), |event| {
            event.labels.insert("nth".into(), format!("{nth}"));
        });
        ids.push(desk.holding(&format!("k{nth}")));
    }
    for id in &ids[..100] {
        desk.silence(id, 600);
    }
    let refused = desk.refuses("incident_id", Action::Silence(ids[100].clone(), 600));
    assert!(refused.problem.contains("100"));
    desk.silence(&ids[0], 900);
    desk.at(600).silence(&ids[100], 600);
}

#[test]
fn what_people_move_into_an_incident_is_muted_no_more() {
    let mut desk = silenced_desk(600);
    desk.rules(|ruling| ruling.keep_open = true).fires("disk");
    let alert = desk.alert("disk").alert_id;
    let id = desk.creates(|creation| creation.severity = Severity::Critical);
    desk.does(super::merging::alert_merging(&[&alert], &id));
    assert!(!desk.is_muted("disk") && desk.incident(&id).ever_muted && desk.incident(&id).keep_open);
    desk.expect_events(["i_new", "i_merge"]);
    desk.at(600).expect_no_event();
    assert_eq!(desk.holding("disk"), id);
}

#[test]
fn the_severity_of_a_quick_silence_is_that_which_the_incident_shows() {
    let mut desk = desk();
    desk.fires("disk");
    let id = desk.holding("disk");
    let fields = Fields { severity: Some(Severity::Info), ..Fields::default() };
    desk.does(Action::Reset(id.clone(), Box::new(fields)));
    desk.silence(&id, 60);
    desk.fires("cpu").fires_with("net", |event| event.status = Status::Info);
    assert!(!desk.is_muted("cpu") && desk.is_muted("net"));
}

#[test]
fn what_was_once_muted_stays_marked_however_often_it_is_muted_again() {
    let mut desk = desk();
    desk.rules(|ruling| ruling.grouping = Some(by(&[1]))).fires("disk");
    let id = desk.holding("disk");
    desk.rules(|ruling| ruling.silenced_until = T0 + 600);
    for nth in 1..4 {
        desk.at(nth).fires("disk");
        assert!(desk.incident(&id).ever_muted && desk.alert("disk").ever_muted);
    }
    for nth in 4..7 {
        desk.at(nth).fires_with("disk", |event| event.description = format!("{nth}"));
        assert!(desk.incident(&id).ever_muted && desk.alert("disk").ever_muted);
    }
    desk.fires("a").fires("b").at(600);
    assert_eq!((desk.holding("a"), desk.holding("b")), (id.clone(), id.clone()));
    assert!(desk.incident(&id).ever_muted);
}

#[test]
fn an_alert_that_people_move_brings_its_rules_only_where_there_are_no_others() {
    let mut desk = desk();
    desk.fires("a").rules(|ruling| (ruling.keep_open, ruling.silenced_until) = (true, T0 + 600)).fires("b");
    let (id, alert) = (desk.holding("a"), desk.alert("b").alert_id);
    desk.does(super::merging::alert_merging(&[&alert], &id));
    assert!(!desk.incident(&id).keep_open && desk.holding("b") == id);
}
