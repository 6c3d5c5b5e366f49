//! What people merge, move and close alert by alert.

use alarum::engine::action::{Action, AlertMerging, Merging};
use alarum::intake::{Severity, Status};
use serde_json::json;

use super::grouping::by;
use super::people::desk_with;
use crate::support::desk::{T0, crowded_desk, desk};

/// Merges incidents into another.
pub fn merging(sources: &[&str], target: &str) -> Merging {
    Merging {
        source_incident_ids: sources.iter().map(|id| (*id).to_owned()).collect(),
        target_incident_id: target.to_owned(),
        ..Merging::default()
    }
}

/// Moves alerts into an incident.
pub fn alert_merging(alerts: &[&str], target: &str) -> Action {
    let alert_ids = alerts.iter().map(|id| (*id).to_owned()).collect();
    Action::MergeAlerts(Box::new(AlertMerging { alert_ids, incident_id: target.to_owned(), ..AlertMerging::default() }))
}

pub fn merge(sources: &[&str], target: &str) -> Action {
    Action::Merge(Box::new(merging(sources, target)))
}

#[test]
fn an_incident_made_by_hand_has_no_labels_whatever_joins_it() {
    let (mut desk, [id]) = desk_with(["a"]);
    let by_hand = desk.creates(|_| ());
    desk.does(merge(&[&id], &by_hand));
    desk.fires_with("a", |event| event.description = "other".into());
    assert!(desk.incident(&by_hand).labels.is_empty());
    assert_eq!((desk.incident(&by_hand).more_integration_ids.len(), desk.incident(&by_hand).alert_cnt()), (1, 1));
    desk.at(70).recovers("a");
    assert!(!desk.incident(&by_hand).is_open(), "its alerts have recovered");
}

#[test]
fn a_merge_tells_of_the_target_and_closes_the_sources() {
    let (mut desk, [a, b, c]) = desk_with(["a", "b", "c"]);
    desk.as_person(9).acknowledge(&a).as_person(41);
    desk.expect_event("i_ack");
    let merging = Merging {
        title: Some("all of it".into()),
        comment: "same cause".into(),
        owner_id: 7,
        ..merging(&[&a, &c, &b, &a], &c)
    };
    desk.does(Action::Merge(Box::new(merging)));
    for id in [&a, &b] {
        let event = desk.expect_event("i_rslv");
        assert_eq!((&event.incident.incident_id, event.person_id), (id, Some(41)));
        assert_eq!(desk.story(id)[desk.story(id).len() - 2..], ["i_merge", "i_rslv"]);
        let source = desk.incident(id);
        assert_eq!((source.alert_cnt(), source.alert_event_cnt, source.alert_ids.len()), (0, 0, 0));
        assert_eq!((source.incident_severity, source.incident_status), (Severity::Critical, Status::Critical));
        assert!(!source.handling.expect("handled").removed);
    }
    let detail = json!({"comment": "same cause", "owner_id": 7, "title": "all of it",
        "source_incidents": [{"incident_id": a, "title": "a is bad", "progress": "Processing"},
            {"incident_id": b, "title": "b is bad", "progress": "Triggered"}],
        "target_incident": {"incident_id": c, "title": "all of it", "progress": "Triggered"},
        "remove_source_incidents": false, "source_responders": [9]});
    desk.expect_told("i_merge", &c, detail);
    desk.expect_no_event();
    let target = desk.incident(&c);
    assert_eq!((target.alert_cnt(), target.active_alert_cnt(), target.alert_event_cnt), (3, 3, 3));
    let handling = target.handling.expect("handled");
    assert_eq!((handling.owner_id, handling.overrides), (7, vec!["title".to_owned()]));
    assert_eq!(desk.story(&c), ["i_new", "i_r_title", "i_merge"]);
    // The alerts live on in the target.
    desk.at(70).recovers("a").recovers("b").recovers("c");
    assert_eq!(desk.expect_event("i_rslv").incident.incident_id, c);
}

#[test]
fn a_hundred_incidents_become_one() {
    for mut desk in [desk(), crowded_desk()] {
        let mut ids = Vec::new();
        for nth in 0..=100 {
            ids.push(desk.fires(&format!("k{nth}")).expect_event("i_new").incident.incident_id);
        }
        let sources: Vec<&str> = ids[1..].iter().map(String::as_str).collect();
        desk.does(merge(&sources, &ids[0]));
        let target = desk.incident(&ids[0]);
        assert_eq!((target.alert_cnt(), target.storm, desk.alerts_of(&ids[0]).len()), (101, 101, 101));
        desk.deliver();
        assert_eq!(desk.incidents(), [ids[0].clone()]);
        desk.resolve(&ids[0]);
        assert!(desk.open_alert("k100").is_none());
    }
}

#[test]
fn a_merge_needs_an_open_target_and_open_sources_beside_it() {
    let (mut desk, [a, b]) = desk_with(["a", "b"]);
    desk.refuses("source_incident_ids", merge(&[], &a));
    desk.refuses("source_incident_ids", merge(&[&a, &a], &a));
    desk.resolve(&a);
    assert!(!desk.refuses("source_incident_ids", merge(&[&a], &b)).unknown);
    assert!(!desk.refuses("target_incident_id", merge(&[&b], &a)).unknown);
    desk.refuses("incident_ids", alert_merging(&[], &a));
}

#[test]
fn a_source_keeps_the_severity_and_status_that_it_had_whatever_order_its_alerts_leave_in() {
    let (mut desk, [target]) = desk_with(["other"]);
    desk.rules(|ruling| ruling.grouping = Some(by(&[1]))).fires("a");
    let source = desk.holding("a");
    desk.fires_with("b", |event| event.status = Status::Info).at(70).fires("c").recovers("c");
    desk.does(merge(&[&source], &target));
    let source = desk.incident(&source);
    assert_eq!((source.incident_severity, source.incident_status), (Severity::Critical, Status::Critical));
}

#[test]
fn sources_are_forgotten_where_that_is_asked() {
    let (mut desk, [a, b]) = desk_with(["a", "b"]);
    let removing = Merging { remove_source_incidents: true, ..merging(&[&a], &b) };
    desk.does(Action::Merge(Box::new(removing)));
    desk.expect_events(["i_rslv", "i_merge"]);
    desk.deliver();
    assert!(!desk.has_incident(&a));
    assert_eq!(desk.holding("a"), b);
}

#[test]
fn alerts_move_and_an_incident_that_is_left_empty_closes() {
    let (mut desk, [target]) = desk_with(["other"]);
    desk.rules(|ruling| ruling.grouping = Some(by(&[1])));
    desk.fires_with("info", |event| event.status = Status::Info).fires("b");
    let source = desk.holding("b");
    desk.expect_event("i_new");
    let (info, b) = (desk.alert("info").alert_id, desk.alert("b").alert_id);
    let action = alert_merging(&[&b, &b], &target);
    desk.does(action);
    let detail = json!({"comment": "", "alert_ids": [b, b], "owner_id": 0, "title": "other is bad",
        "target_incident": {"incident_id": target, "title": "other is bad", "progress": "Triggered"}});
    desk.expect_told("i_merge", &target, detail);
    desk.expect_no_event();
    assert_eq!((desk.holding("b"), desk.incident(&target).alert_cnt()), (target.clone(), 2));
    let left = desk.incident(&source);
    assert_eq!((left.incident_severity, left.incident_status, left.alert_cnt()), (Severity::Info, Status::Info, 1));
    desk.does(alert_merging(&[&info], &target));
    desk.expect_event("i_merge");
    let closed = desk.expect_event("i_rslv");
    assert_eq!((closed.incident.incident_id, closed.person_id), (source, Some(41)));
    desk.expect_no_event();
}

#[test]
fn an_incident_made_by_hand_that_is_left_empty_stays_open() {
    let (mut desk, [a, b]) = desk_with(["a", "b"]);
    let by_hand = desk.creates(|_| ());
    desk.does(merge(&[&a], &by_hand));
    let alert = desk.alert("a").alert_id;
    desk.does(alert_merging(&[&alert], &b));
    let left = desk.incident(&by_hand);
    assert_eq!((left.is_open(), left.incident_status), (true, Status::Critical), "nothing has recovered");
}

#[test]
fn an_incident_that_is_left_with_recovered_alerts_only_closes_as_recovered() {
    for keep_open in [false, true] {
        let (mut desk, [target]) = desk_with(["other"]);
        desk.rules(|ruling| (ruling.grouping, ruling.keep_open) = (Some(by(&[1])), keep_open)).fires("a").fires("b");
        let (source, a) = (desk.holding("a"), desk.alert("a").alert_id);
        desk.at(70).recovers("b").at(80);
        assert!(desk.incident(&source).is_open());
        desk.does(alert_merging(&[&a], &target));
        let left = desk.incident(&source);
        assert_eq!((left.is_open(), left.incident_status, left.end_time), (keep_open, Status::Ok, T0 + 80));
        if !keep_open {
            assert_eq!((desk.newest(&source).detail, left.close_time), (json!({"from": "event"}), T0 + 80));
        }
    }
}

#[test]
fn an_incident_that_had_recovered_before_stays_as_it_is_when_a_recovered_alert_leaves_it() {
    let (mut desk, [target]) = desk_with(["other"]);
    desk.rules(|ruling| (ruling.grouping, ruling.keep_open) = (Some(by(&[1])), true)).fires("a").fires("b");
    let (source, a) = (desk.holding("a"), desk.alert("a").alert_id);
    desk.at(70).recovers("a").recovers("b").at(80);
    desk.does(alert_merging(&[&a], &target));
    let left = desk.incident(&source);
    assert_eq!((left.is_open(), left.incident_status, left.end_time), (true, Status::Ok, T0 + 70));
}

#[test]
fn alerts_that_were_closed_stay_closed_where_they_move() {
    let (mut desk, [a, b]) = desk_with(["a", "b"]);
    let alert = desk.alert("a").alert_id;
    desk.resolve(&a);
    desk.does(alert_merging(&[&alert], &b));
    assert!(desk.open_alert("a").is_none());
    let target = desk.incident(&b);
    assert_eq!((target.alert_cnt(), target.active_alert_cnt()), (2, 1));
    desk.at(70).recovers("b");
    assert!(!desk.incident(&b).is_open());
}

#[test]
fn an_alert_that_is_closed_takes_no_more_events_and_the_last_one_closes_its_incident() {
    let mut desk = desk();
    desk.rules(|ruling| ruling.grouping = Some(by(&[1]))).fires("a");
    desk.fires_with("b", |event| event.status = Status::Info);
    let id = desk.holding("a");
    let (a, b) = (desk.alert("a").alert_id, desk.alert("b").alert_id);
    desk.at(60).does(Action::CloseAlerts(vec![a.clone(), a.clone()]));
    assert!(desk.open_alert("a").is_none());
    let item = desk.newest(&id);
    assert_eq!((item.kind.as_str(), item.person_id, item.detail), ("a_close", 41, json!({"alert_id": a})));
    let incident = desk.incident(&id);
    assert_eq!((incident.is_open(), incident.alert_cnt(), incident.active_alert_cnt()), (true, 2, 1));
    assert_eq!((incident.incident_status, incident.incident_severity), (Status::Info, Severity::Critical));
    desk.expect_event("i_new");
    desk.expect_no_event();
    desk.refuses("alert_ids", Action::CloseAlerts(vec![b.clone(), a]));
    desk.does(Action::CloseAlerts(vec![b]));
    let closed = desk.expect_event("i_rslv");
    assert_eq!((closed.person_id, closed.incident.incident_status), (Some(41), Status::Info));
    assert_eq!((closed.incident.end_time, desk.newest(&id).detail), (0, json!({"from": "console"})));
    desk.at(70).fires("a").expect_event("i_new");
}

#[test]
fn an_incident_recovers_with_those_of_its_alerts_that_were_not_closed() {
    let mut desk = desk();
    desk.rules(|ruling| ruling.grouping = Some(by(&[1]))).fires("a").fires("b");
    let (id, a) = (desk.holding("a"), desk.alert("a").alert_id);
    desk.does(Action::CloseAlerts(vec![a]));
    desk.at(60).recovers("b");
    assert_eq!((desk.newest(&id).detail, desk.incident(&id).end_time), (json!({"from": "event"}), T0 + 60));
}

#[test]
fn a_muted_alert_that_is_closed_starts_no_incident() {
    let mut desk = desk();
    desk.rules(|ruling| ruling.silenced_until = T0 + 600).fires("a");
    let alert = desk.alert("a").alert_id;
    desk.does(Action::CloseAlerts(vec![alert]));
    assert!(desk.open_alert("a").is_none());
    desk.at(600).expect_no_event();
}

#[test]
fn what_has_recovered_moves_as_recovered() {
    let (mut desk, [target]) = desk_with(["other"]);
    desk.rules(|ruling| ruling.grouping = Some(by(&[1]))).fires("a").fires("b");
    let source = desk.holding("a");
    desk.at(70).recovers("b");
    desk.does(merge(&[&source], &target));
    let alerts = desk.alerts_of(&target);
    assert!(alerts.len() == 3 && alerts.iter().all(|alert| !alert.closed));
    assert_eq!(desk.incident(&target).active_alert_cnt(), 2);
    desk.at(80).recovers("a").recovers("other");
    assert_eq!(desk.incident(&target).end_time, T0 + 80);
}
