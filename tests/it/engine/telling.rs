//! What is told of alerts, to subscribers that listen to them: when, in which order, and as they were then.

use alarum::board::{Event, ToldAlert};
use alarum::engine::action::{Action, Resolution};
use alarum::intake::Status;

use super::grouping::by;
use super::merging::{alert_merging, merge};
use crate::support::desk::{CHANNEL, Desk, T0, crowded_desk, desk};

/// A desk where somebody listens.
fn watched(mut desk: Desk) -> Desk {
    desk.rules(|ruling| ruling.watched = true);
    desk
}

impl Desk {
    /// The next event, which is of this kind and happened to an alert.
    fn expect_of_alert(&mut self, kind: &str) -> (Event, ToldAlert) {
        let event = self.next_event().unwrap_or_else(|| panic!("no event, instead of {kind}"));
        assert_eq!((event.event_type.name(), event.is_alert()), (kind, true));
        let told = *event.alert.clone().expect("an alert");
        assert_eq!(
            (event.ref_id(), event.channel_id(), told.channel_id),
            (told.alert.alert_id.as_str(), CHANNEL, CHANNEL)
        );
        (event, told)
    }
}

#[test]
fn where_nobody_listens_nothing_is_told_of_alerts() {
    let mut desk = desk();
    desk.fires("a").expect_event("i_new");
    let id = desk.alert("a").alert_id;
    desk.fires_with("a", |event| event.status = Status::Info).expect_no_event();
    desk.does(Action::CloseAlerts(vec![id]));
    desk.expect_event("i_rslv");
    desk.expect_no_event();
}

#[test]
fn a_new_alert_is_told_with_the_incident_that_it_makes_and_before_it() {
    for mut desk in [watched(desk()), watched(crowded_desk())] {
        desk.fires("a");
        let (event, told) = desk.expect_of_alert("a_new");
        let made = desk.expect_event("i_new");
        assert_eq!(told.alert.incident_id, made.incident.incident_id);
        assert_eq!((told.incident_title.as_str(), event.person_id), ("a is bad", None));
        assert_eq!((told.alert.alert_status, told.alert.event_cnt), (Status::Critical, 1));
        desk.expect_no_event();
    }
}

#[test]
fn one_that_joins_an_incident_is_told_to_merge_into_it() {
    let mut desk = watched(desk());
    desk.rules(|ruling| ruling.grouping = Some(by(&[7]))).fires("a");
    desk.expect_of_alert("a_new");
    let made = desk.expect_event("i_new");
    desk.fires("b");
    let ((new, told), (merge, merged)) = (desk.expect_of_alert("a_new"), desk.expect_of_alert("a_merge"));
    desk.expect_no_event();
    assert_eq!(told, merged);
    assert_eq!((&told.alert.incident_id, told.incident_title.as_str()), (&made.incident.incident_id, "a is bad"));
    assert_eq!((new.ref_id(), new.event_time + 1), (merge.ref_id(), merge.event_time), "they have an order");
    assert_ne!(new.event_id, merge.event_id);
}

#[test]
fn a_change_is_told_and_what_changes_nothing_is_not() {
    let mut desk = watched(desk());
    desk.fires("a");
    desk.expect_of_alert("a_new");
    desk.expect_event("i_new");
    desk.at(10).fires("a").expect_no_event();
    desk.fires_with("a", |event| event.status = Status::Info);
    let (_, told) = desk.expect_of_alert("a_update");
    assert_eq!((told.alert.alert_status, told.alert.last_time, told.alert.event_cnt), (Status::Info, T0 + 10, 2));
    desk.at(20).fires_with("a", |event| (event.status, event.description) = (Status::Info, "98 %".into()));
    assert_eq!(desk.expect_of_alert("a_update").1.alert.description, "98 %");
    desk.fires_with("a", |event| {
        (event.status, event.description) = (Status::Info, "98 %".into());
        event.labels.insert("team".into(), "storage".into());
    });
    let (_, told) = desk.expect_of_alert("a_update");
    assert_eq!((told.alert.labels.len(), told.alert.event_cnt), (2, 3), "labels are no event");
    let again = |event: &mut alarum::intake::AlertEvent| event.event_time = Some(5);
    desk.fires_with("a", again);
    desk.expect_of_alert("a_update");
    desk.fires_with("a", again).expect_no_event();
}

#[test]
fn a_recovery_is_a_change_and_comes_before_what_it_closes() {
    let mut desk = watched(desk());
    desk.fires("a").at(60).recovers("a");
    desk.expect_of_alert("a_new");
    let id = desk.expect_event("i_new").incident.incident_id;
    let (event, told) = desk.expect_of_alert("a_update");
    assert_eq!((event.event_time, told.alert.alert_status), ((T0 + 60) * 1000, Status::Ok));
    assert_eq!((told.alert.end_time, told.alert.incident_id), (T0 + 60, id));
    desk.expect_event("i_rslv");
    desk.at(70).recovers("a").expect_no_event();
    desk.deliver().fires("a");
    assert_ne!(desk.expect_of_alert("a_new").0.ref_id(), event.ref_id());
}

#[test]
fn a_silenced_alert_is_told_too_and_merges_when_the_silence_is_over() {
    let mut desk = watched(desk());
    desk.rules(|ruling| ruling.silenced_until = T0 + 600)
        .fires("a")
        .fires_with("a", |event| event.status = Status::Info);
    for kind in ["a_new", "a_update"] {
        let (_, told) = desk.expect_of_alert(kind);
        assert_eq!((told.alert.incident_id.as_str(), told.incident_title.as_str()), ("", ""));
    }
    desk.expect_no_event();
    desk.at(600);
    let (event, told) = desk.expect_of_alert("a_merge");
    assert_eq!(event.event_time, (T0 + 600) * 1000);
    assert_eq!(desk.expect_event("i_new").incident.incident_id, told.alert.incident_id);
    desk.at(700).rules(|ruling| ruling.silenced_until = T0 + 5000).fires("b").recovers("b");
    desk.expect_of_alert("a_new");
    assert_eq!(desk.expect_of_alert("a_update").1.alert.end_time, T0 + 700);
    desk.expect_no_event();
}

#[test]
fn one_that_is_silenced_no_more_by_its_own_event_is_told_to_change_and_to_merge() {
    let mut desk = watched(desk());
    desk.rules(|ruling| ruling.silenced_until = T0 + 600).fires("a");
    desk.expect_of_alert("a_new");
    desk.at(10).rules(|ruling| ruling.silenced_until = 0).fires_with("a", |event| event.status = Status::Warning);
    let ((_, changed), (_, merged)) = (desk.expect_of_alert("a_update"), desk.expect_of_alert("a_merge"));
    assert_eq!((&changed, merged.alert.alert_status), (&merged, Status::Warning));
    assert_eq!(desk.expect_event("i_new").incident.incident_id, merged.alert.incident_id);
}

#[test]
fn what_is_discarded_is_not_told() {
    let mut desk = watched(desk());
    desk.rules(|ruling| ruling.sources = vec![1]).fires("a");
    desk.expect_of_alert("a_new");
    desk.expect_event("i_new");
    desk.rules(|ruling| (ruling.sources, ruling.discarded_by) = (vec![], vec![1])).fires("b").expect_no_event();
}

#[test]
fn alerts_that_people_merge_are_told_with_the_person_and_the_title_that_the_incident_has_then() {
    let mut desk = watched(desk());
    desk.fires("a").fires("b").rules(|ruling| ruling.silenced_until = T0 + 5000).fires("c");
    let (target, source) = (desk.holding("a"), desk.holding("b"));
    let (b, silenced) = (desk.alert("b").alert_id, desk.alert("c").alert_id);
    while desk.next_event().is_some() {}
    let Action::MergeAlerts(mut merging) = alert_merging(&[&b, &silenced], &target) else { panic!("another action") };
    merging.title = Some("both".into());
    desk.at(60).does(Action::MergeAlerts(merging));
    for alert_id in [&b, &silenced] {
        let (event, told) = desk.expect_of_alert("a_merge");
        assert_eq!((event.ref_id(), event.person_id), (alert_id.as_str(), Some(41)));
        assert_eq!((&told.alert.incident_id, told.incident_title.as_str()), (&target, "both"));
    }
    desk.expect_event("i_merge");
    assert_eq!(desk.expect_event("i_rslv").incident.incident_id, source);
    desk.rules(|ruling| ruling.silenced_until = 0).fires("d");
    let other = desk.holding("d");
    while desk.next_event().is_some() {}
    desk.does(merge(&[&other], &target));
    assert_eq!(desk.expect_of_alert("a_merge").1.alert.incident_id, target);
    desk.expect_event("i_rslv");
    desk.expect_event("i_merge");
}

#[test]
fn one_that_is_closed_by_hand_is_told_with_the_person_and_one_that_its_incident_closes_is_not() {
    let mut desk = watched(desk());
    desk.fires("a").fires("b").rules(|ruling| ruling.silenced_until = T0 + 5000).fires("c");
    let (a, incident, c) = (desk.alert("a").alert_id, desk.holding("b"), desk.alert("c").alert_id);
    while desk.next_event().is_some() {}
    desk.at(60).does(Action::CloseAlerts(vec![a.clone(), c.clone()]));
    let (event, told) = desk.expect_of_alert("a_close");
    assert_eq!((event.ref_id(), event.person_id), (a.as_str(), Some(41)));
    assert_eq!((told.alert.alert_status, told.alert.end_time), (Status::Critical, 0));
    assert!(!told.alert.incident_id.is_empty());
    desk.expect_event("i_rslv");
    let (event, told) = desk.expect_of_alert("a_close");
    assert_eq!((event.ref_id(), told.alert.incident_id.as_str()), (c.as_str(), ""));
    desk.does(Action::Resolve(vec![incident], Resolution::default()));
    desk.expect_event("i_rslv");
    desk.expect_no_event();
}

#[test]
fn whether_it_is_told_follows_its_latest_event_but_recoveries() {
    let mut desk = watched(desk());
    desk.fires("a").fires("b");
    while desk.next_event().is_some() {}
    desk.rules(|ruling| ruling.watched = false);
    desk.recovers("a");
    desk.expect_of_alert("a_update");
    desk.expect_event("i_rslv");
    desk.fires_with("b", |event| event.status = Status::Info).expect_no_event();
    desk.rules(|ruling| ruling.watched = true).fires_with("b", |event| event.status = Status::Warning);
    desk.expect_of_alert("a_update");
    desk.expect_no_event();
}

#[test]
fn what_is_told_holds_nothing_that_only_the_board_needs() {
    let mut desk = watched(desk());
    desk.fires("a").fires_with("a", |event| (event.status, event.event_time) = (Status::Info, Some(7)));
    desk.expect_of_alert("a_new");
    desk.expect_event("i_new");
    let (_, told) = desk.expect_of_alert("a_update");
    let text = serde_json::to_string(&told).expect("plain data");
    assert!(!desk.alert("a").past.is_empty() && told.alert.past.is_empty() && !text.contains("seen"), "{text}");
}
