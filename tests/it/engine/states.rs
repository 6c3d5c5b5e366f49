//! How far the handling of an incident is: every way from one state to another.

use alarum::board::Progress::{Closed, Processing, Triggered};
use alarum::engine::action::Action;
use alarum::intake::Status;
use serde_json::json;

use crate::support::desk::{Desk, T0, crowded_desk, desk};

/// A desk with one incident, and its id.
fn one_incident() -> (Desk, String) {
    let mut desk = desk();
    let id = desk.fires("disk").expect_event("i_new").incident.incident_id;
    (desk, id)
}

#[test]
fn an_alert_makes_an_incident_which_is_triggered() {
    for mut desk in [desk(), crowded_desk()] {
        let event = desk.fires("disk").expect_event("i_new");
        assert_eq!(event.person_id, None);
        let incident = desk.incident(&event.incident.incident_id);
        assert_eq!(event.incident.title, incident.title);
        assert_eq!((incident.progress, incident.incident_status), (Triggered, Status::Critical));
        let since = (incident.created_at, incident.start_time, incident.updated_at, incident.last_time);
        assert_eq!(since, (T0, T0, T0, T0));
        assert_eq!((incident.end_time, incident.close_time, incident.snoozed_before()), (0, 0, 0));
        assert_eq!((incident.alert_cnt(), incident.active_alert_cnt(), incident.alert_event_cnt), (1, 1, 1));
        assert!(incident.handling.is_none(), "nobody has touched it");
        let first = desk.newest(&incident.incident_id);
        assert_eq!((first.kind.as_str(), first.at_ms, first.person_id), ("i_new", T0 * 1000, 0));
        desk.expect_no_event();
    }
}

#[test]
fn one_made_by_hand_is_triggered_and_says_who_made_it() {
    let mut desk = desk();
    let id = desk.as_person(7).creates(|creation| creation.title = "slow".into());
    let event = desk.expect_event("i_new");
    assert_eq!((event.person_id, event.incident.title.as_str()), (Some(7), "slow"));
    assert_eq!(desk.incident(&id).progress, Triggered);
    assert_eq!(desk.timeline(&id)[0].person_id, 7);
}

#[test]
fn an_acknowledgement_by_anybody_makes_it_processing() {
    let (mut desk, id) = one_incident();
    desk.at(30).assign(&id, &[41]).at(60).as_person(77).acknowledge(&id);
    desk.expect_event("i_assign");
    let event = desk.expect_event("i_ack");
    assert_eq!((event.person_id, event.incident.progress), (Some(77), Processing));
    let handling = desk.incident(&id).handling.expect("it was handled");
    assert_eq!(handling.ack_time, T0 + 60);
    let responders: Vec<_> =
        handling.responders.iter().map(|r| (r.person_id, r.assigned_at - T0, r.acknowledged_at)).collect();
    assert_eq!(responders, [(41, 30, 0), (77, 60, T0 + 60)]);
}

#[test]
fn it_is_triggered_again_when_the_last_acknowledgement_is_taken_back() {
    let (mut desk, id) = one_incident();
    desk.at(10).as_person(1).acknowledge(&id).at(20).as_person(2).acknowledge(&id);
    assert_eq!(desk.incident(&id).handling.expect("handled").ack_time, T0 + 10);
    desk.at(30).as_person(1).unacknowledge(&id);
    let incident = desk.incident(&id);
    assert_eq!((incident.progress, incident.handling.expect("handled").ack_time), (Processing, T0 + 20));
    assert_eq!(desk.newest(&id).detail, json!({"progress": "Processing"}));
    desk.at(40).as_person(2).unacknowledge(&id);
    let incident = desk.incident(&id);
    assert_eq!((incident.progress, incident.handling.expect("handled").ack_time), (Triggered, 0));
    assert_eq!(desk.newest(&id).detail, json!({"progress": "Triggered"}));
    assert_eq!(desk.story(&id), ["i_new", "i_ack", "i_ack", "i_unack", "i_unack"]);
}

#[test]
fn a_snooze_leaves_the_progress_as_it_is_and_a_wake_ends_it() {
    for acknowledged in [false, true] {
        let (mut desk, id) = one_incident();
        let progress = if acknowledged { Processing } else { Triggered };
        if acknowledged {
            desk.acknowledge(&id).expect_event("i_ack");
        }
        desk.at(60).snooze(&id, 30);
        let event = desk.expect_event("i_snooze");
        assert_eq!((event.incident.progress, event.incident.snoozed_before()), (progress, T0 + 60 + 1800));
        assert_eq!(desk.newest(&id).detail, json!({"minutes": 30}));
        desk.at(120).wake(&id);
        let event = desk.expect_event("i_wake");
        assert_eq!((event.incident.progress, event.incident.snoozed_before()), (progress, 0));
        assert_eq!(desk.newest(&id).detail, json!({"snoozedBefore": T0 + 60 + 1800}));
        desk.at(60 + 1800).expect_no_event();
    }
}

#[test]
fn when_a_snooze_runs_out_it_is_triggered_and_assigned_anew() {
    let (mut desk, id) = one_incident();
    desk.assign(&id, &[1, 2]).as_person(2).at(10).acknowledge(&id).snooze(&id, 1);
    desk.expect_events(["i_assign", "i_ack", "i_snooze"]);
    desk.at(69).expect_no_event();
    let event = desk.at(70).expect_event("i_assign");
    assert_eq!((event.person_id, event.event_time), (None, (T0 + 70) * 1000));
    let incident = desk.incident(&id);
    let handling = incident.handling.expect("handled");
    assert_eq!((incident.progress, handling.snoozed_before, handling.ack_time), (Triggered, 0, 0));
    for responder in handling.responders {
        assert_eq!((responder.assigned_at, responder.acknowledged_at), (T0 + 70, 0));
    }
    let item = desk.newest(&id);
    assert_eq!((item.kind.as_str(), item.person_id, item.at_ms), ("i_assign", 0, (T0 + 70) * 1000));
    assert_eq!((&item.detail["to"], &item.detail["type"]), (&json!([1, 2]), &json!("reassign")));
}

#[test]
fn closing_by_hand_closes_the_alerts_and_leaves_the_status_as_it_is() {
    for mut desk in [desk(), crowded_desk()] {
        desk.fires("disk");
        let id = desk.holding("disk");
        let alert_id = desk.alert("disk").alert_id;
        desk.expect_event("i_new");
        desk.at(60).as_person(41).resolve(&id);
        let event = desk.expect_event("i_rslv");
        assert_eq!(event.person_id, Some(41));
        let incident = event.incident;
        assert_eq!((incident.progress, incident.incident_status), (Closed, Status::Critical));
        assert_eq!((incident.close_time, incident.end_time, incident.updated_at), (T0 + 60, 0, T0 + 60));
        assert_eq!(incident.handling.as_ref().map(|handling| handling.closer_id), Some(41));
        assert_eq!((incident.alert_cnt(), incident.active_alert_cnt()), (1, 0));
        assert!(desk.open_alert("disk").is_none());
        assert_eq!(desk.newest(&id).detail, json!({"from": "console"}));
        desk.at(70).recovers("disk").expect_no_event();
        assert_eq!(desk.alert_with_id(&alert_id).expect("still there").end_time, 0);
    }
}

#[test]
fn recovery_of_all_alerts_closes_it_and_nobody_did_it() {
    let (mut desk, id) = one_incident();
    desk.at(60).recovers("disk");
    let event = desk.expect_event("i_rslv");
    let incident = event.incident;
    assert_eq!((event.person_id, incident.progress, incident.incident_status), (None, Closed, Status::Ok));
    assert_eq!((incident.end_time, incident.close_time), (T0 + 60, T0 + 60));
    assert_eq!((incident.alert_event_cnt, incident.last_time), (2, T0 + 60));
    assert!(incident.handling.is_none());
    assert_eq!((desk.newest(&id).detail, desk.newest(&id).person_id), (json!({"from": "event"}), 0));
}

#[test]
fn in_a_channel_that_does_not_close_with_alerts_it_stays_open_after_recovery() {
    let mut desk = desk();
    desk.rules(|ruling| ruling.keep_open = true).fires("disk");
    let id = desk.holding("disk");
    desk.acknowledge(&id).at(60).recovers("disk");
    let incident = desk.incident(&id);
    assert_eq!((incident.progress, incident.incident_status), (Processing, Status::Ok));
    assert_eq!((incident.end_time, incident.close_time, incident.updated_at), (T0 + 60, 0, T0 + 60));
    assert_eq!(desk.story(&id), ["i_new", "i_ack"]);
    desk.at(90).resolve(&id);
    let incident = desk.incident(&id);
    assert_eq!((incident.progress, incident.incident_status), (Closed, Status::Ok));
    assert_eq!((incident.end_time, incident.close_time), (T0 + 60, T0 + 90));
}

#[test]
fn a_timeout_closes_it_and_its_alerts_and_nobody_did_it() {
    let mut desk = desk();
    desk.rules(|ruling| ruling.auto_resolve = Some(super::time::after(600, false))).fires("disk");
    let id = desk.holding("disk");
    desk.expect_event("i_new");
    let event = desk.at(700).expect_event("i_rslv");
    let incident = event.incident;
    assert_eq!((event.person_id, event.event_time), (None, (T0 + 600) * 1000));
    assert_eq!((incident.progress, incident.incident_status), (Closed, Status::Critical));
    assert_eq!((incident.close_time, incident.end_time), (T0 + 600, 0));
    assert_eq!((desk.newest(&id).detail, desk.newest(&id).person_id), (json!({"from": "autorslv"}), 0));
    assert!(desk.open_alert("disk").is_none());
}

#[test]
fn closing_ends_a_snooze() {
    let (mut desk, id) = one_incident();
    desk.snooze(&id, 30).at(60).recovers("disk");
    desk.expect_events(["i_snooze", "i_rslv"]);
    assert_eq!(desk.incident(&id).snoozed_before(), 0);
    desk.at(1800).expect_no_event();
}

#[test]
fn reopened_it_is_triggered_and_assigned_again_and_its_alerts_stay_closed() {
    let (mut desk, id) = one_incident();
    desk.assign(&id, &[1]).as_person(1).acknowledge(&id).at(60).resolve(&id);
    desk.expect_events(["i_assign", "i_ack", "i_rslv"]);
    desk.at(120).as_person(2).reopen(&id, "not over");
    let event = desk.expect_event("i_reopen");
    assert_eq!((event.person_id, event.incident.progress), (Some(2), Triggered));
    let incident = desk.incident(&id);
    assert_eq!((incident.close_time, incident.start_time, incident.updated_at), (0, T0, T0 + 120));
    let handling = incident.handling.expect("handled");
    assert_eq!((handling.closer_id, handling.ack_time), (0, 0));
    assert_eq!((handling.responders[0].assigned_at, handling.responders[0].acknowledged_at), (T0 + 120, 0));
    let assignment = handling.assigned_to.expect("it was assigned");
    assert_eq!((assignment.kind.as_str(), assignment.assigned_at), ("reopen", T0 + 120));
    assert_eq!(desk.newest(&id).detail, json!({"reason": "not over"}));
    desk.at(130).fires("disk");
    let other = desk.expect_event("i_new").incident.incident_id;
    assert_ne!(other, id, "a further event opens another alert, and that another incident");
    assert_eq!(desk.alerts_of(&id).len(), 1);
    desk.at(140).recovers("disk");
    assert_eq!(desk.expect_event("i_rslv").incident.incident_id, other);
}

#[test]
fn one_that_has_left_the_board_is_called_back_and_leaves_again() {
    let (mut desk, id) = one_incident();
    desk.at(60).recovers("disk").deliver();
    assert!(desk.incidents().is_empty(), "it has left");
    let before = desk.timeline(&id);
    desk.at(120).reopen(&id, "");
    assert_eq!(desk.incidents(), std::slice::from_ref(&id));
    assert_eq!(desk.timeline(&id)[..before.len()], before);
    let incident = desk.incident(&id);
    assert_eq!((incident.progress, incident.incident_status), (Triggered, Status::Ok));
    assert_eq!(desk.alerts_of(&id)[0].end_time, T0 + 60);
    desk.deliver();
    assert_eq!(desk.incidents(), std::slice::from_ref(&id), "what is open does not leave");
    desk.at(180).resolve(&id).deliver();
    assert!(desk.incidents().is_empty());
    assert_eq!(desk.story(&id), ["i_new", "i_rslv", "i_reopen", "i_rslv"]);
}

#[test]
fn reassigned_it_is_triggered_unless_a_new_responder_had_acknowledged_before() {
    let (mut desk, id) = one_incident();
    desk.at(10).as_person(1).acknowledge(&id).at(20).as_person(2).acknowledge(&id);
    desk.at(30).assign(&id, &[2, 3]);
    let handling = desk.incident(&id).handling.expect("handled");
    assert_eq!((desk.incident(&id).progress, handling.ack_time), (Processing, T0 + 20));
    let responders: Vec<_> = handling.responders.iter().map(|r| (r.person_id, r.acknowledged_at)).collect();
    assert_eq!(responders, [(2, T0 + 20), (3, 0)]);
    desk.at(40).assign(&id, &[3]);
    let incident = desk.incident(&id);
    assert_eq!((incident.progress, incident.handling.expect("handled").ack_time), (Triggered, 0));
    let details: Vec<_> = desk.timeline(&id).iter().map(|item| item.detail["type"].clone()).collect();
    assert_eq!(details[3..], [json!("assign"), json!("reassign")]);
}

#[test]
fn merged_into_another_it_is_closed_and_its_alerts_move() {
    let mut desk = desk();
    desk.fires("a").fires("b");
    let (source, target) = (desk.holding("a"), desk.holding("b"));
    desk.at(60).does(Action::Merge(Box::new(super::merging::merging(&[&source], &target))));
    assert_eq!(desk.incident(&source).progress, Closed);
    assert_eq!((desk.incident(&source).close_time, desk.incident(&source).alert_cnt()), (T0 + 60, 0));
    assert_eq!(desk.holding("a"), target);
    assert_eq!((desk.incident(&target).progress, desk.incident(&target).alert_cnt()), (Triggered, 2));
}

#[test]
fn what_is_closed_can_be_neither_acknowledged_nor_snoozed_nor_closed_again() {
    let (mut desk, id) = one_incident();
    desk.at(60).resolve(&id);
    for action in [
        Action::Acknowledge(vec![id.clone()]),
        Action::Unacknowledge(vec![id.clone()]),
        Action::Snooze(vec![id.clone()], 5),
        Action::Wake(vec![id.clone()]),
        Action::Resolve(vec![id.clone()], Default::default()),
        Action::Assign(vec![id.clone()], vec![1]),
        Action::DisableMerge(vec![id.clone()]),
    ] {
        let refused = desk.refuses("incident_ids", action);
        assert_eq!((refused.problem, refused.unknown), (format!("incident {id} is closed"), false));
    }
    desk.reopen(&id, "").refuses("incident_ids", Action::Reopen(vec![id.clone()], String::new()));
}
