//! What people do: the event, who did it, what the timeline says, what changes; and what is refused changes nothing.

use alarum::board::Progress;
use alarum::engine::action::{Action, Resolution};
use alarum::intake::{Severity, Status};
use serde_json::{Value, json};

use super::merging::{alert_merging, merge};
use crate::support::desk::{Desk, T0, desk};

const NO_SUCH_ID: &str = "0123456789abcdef01234567";

/// A desk with an incident for each of these alert keys, of which everybody knows; and their ids.
pub fn desk_with<const N: usize>(keys: [&str; N]) -> (Desk, [String; N]) {
    let mut desk = desk();
    let ids = keys.map(|key| desk.fires(key).expect_event("i_new").incident.incident_id);
    desk.at(60);
    (desk, ids)
}

impl Desk {
    /// The next event, which is of this kind, of this incident and by person 41; and the newest entry of the timeline
    /// is of the same kind, by the same person, at the same time, with this detail.
    pub fn expect_told(&mut self, kind: &str, id: &str, detail: Value) {
        let event = self.expect_event(kind);
        assert_eq!((event.person_id, event.incident.incident_id.as_str()), (Some(41), id));
        let item = self.newest(id);
        assert_eq!((item.kind.as_str(), item.person_id, item.detail), (kind, 41, detail));
        assert_eq!(item.at_ms, (T0 + 60) * 1000);
        assert_eq!(event.incident.updated_at, T0 + 60);
        assert_eq!(self.incident(id).updated_at, T0 + 60);
    }
}

#[test]
fn what_names_an_incident_that_is_not_there_is_refused_whatever_it_is() {
    let (mut desk, [id]) = desk_with(["a"]);
    let no = || vec![id.clone(), NO_SUCH_ID.to_owned()];
    let one = || NO_SUCH_ID.to_owned();
    let many = [
        Action::Acknowledge(no()),
        Action::Snooze(no(), 5),
        Action::Resolve(no(), Resolution::default()),
        Action::Assign(no(), vec![1]),
        Action::Comment(no(), "c".into(), false),
        Action::DisableMerge(no()),
        Action::Remove(no()),
    ];
    for action in many {
        assert!(desk.refuses("incident_ids", action).unknown, "the first one is left as it was as well");
    }
    let single = [
        Action::AddResponders(one(), vec![1]),
        Action::Reset(one(), Box::default()),
        Action::ResetField(one(), "f".into(), json!(1)),
        Action::Custom(one(), 1, "c".into()),
        alert_merging(&[], NO_SUCH_ID),
    ];
    for action in single {
        assert!(desk.refuses("incident_id", action).unknown);
    }
    assert!(desk.refuses("target_incident_id", merge(&[&id], NO_SUCH_ID)).unknown);
    assert!(desk.refuses("source_incident_ids", merge(&[NO_SUCH_ID], &id)).unknown);
    assert!(desk.refuses("alert_ids", Action::CloseAlerts(vec![one()])).unknown);
    assert!(desk.refuses("alert_ids", alert_merging(&[NO_SUCH_ID], &id)).unknown);
    desk.expect_no_event();
}

#[test]
fn an_act_on_several_incidents_is_done_to_each_once() {
    let (mut desk, [a, b]) = desk_with(["a", "b"]);
    desk.does(Action::Comment(vec![a.clone(), b.clone(), a.clone()], "c".into(), false));
    assert_eq!(desk.expect_event("i_comm").incident.incident_id, a);
    assert_eq!(desk.expect_event("i_comm").incident.incident_id, b);
    desk.expect_no_event();
}

#[test]
fn an_acknowledgement_is_told_and_once_more_by_the_same_person_it_is_nothing() {
    let (mut desk, [id]) = desk_with(["a"]);
    desk.acknowledge(&id).expect_told("i_ack", &id, json!({"progress": "Processing"}));
    let before = desk.canonical();
    desk.at(90).acknowledge(&id).expect_no_event();
    assert_eq!(desk.canonical(), before);
    desk.as_person(42).acknowledge(&id).expect_event("i_ack");
    assert_eq!(desk.incident(&id).handling.expect("handled").ack_time, T0 + 60, "the earliest");
}

#[test]
fn nobody_takes_back_what_another_has_acknowledged() {
    let (mut desk, [id]) = desk_with(["a"]);
    desk.refuses("incident_ids", Action::Unacknowledge(vec![id.clone()]));
    desk.as_person(1).acknowledge(&id).assign(&id, &[1, 41]).as_person(41);
    let refused = desk.refuses("incident_ids", Action::Unacknowledge(vec![id.clone()]));
    assert!(refused.problem.contains("you have not acknowledged") && !refused.unknown);
}

#[test]
fn a_snooze_lasts_from_a_minute_to_a_day() {
    let (mut desk, [id]) = desk_with(["a"]);
    for minutes in [0, 1441, u64::MAX] {
        desk.refuses("minutes", Action::Snooze(vec![id.clone()], minutes));
    }
    desk.snooze(&id, 1).expect_told("i_snooze", &id, json!({"minutes": 1}));
    desk.snooze(&id, 1440).expect_told("i_snooze", &id, json!({"minutes": 1440}));
    assert_eq!(desk.incident(&id).snoozed_before(), T0 + 60 + 86_400);
    desk.wake(&id).expect_told("i_wake", &id, json!({"snoozedBefore": T0 + 60 + 86_400}));
    let refused = desk.refuses("incident_ids", Action::Wake(vec![id.clone()]));
    assert_eq!(refused.problem, format!("incident {id} is not snoozed"));
}

#[test]
fn who_closes_can_say_why_and_how() {
    let (mut desk, [a, b]) = desk_with(["a", "b"]);
    let said = Resolution {
        root_cause: Some("rain".into()),
        resolution: Some("roof".into()),
        description: Some("wet".into()),
    };
    desk.does(Action::Resolve(vec![a.clone(), b.clone()], said));
    let told = [desk.expect_event("i_rslv"), desk.expect_event("i_rslv")];
    for (event, id) in told.iter().zip([&a, &b]) {
        let incident = &event.incident;
        let handling = incident.handling.as_ref().expect("handled");
        assert_eq!((&incident.incident_id, incident.description.as_str()), (id, "wet"));
        assert_eq!((handling.root_cause.as_str(), handling.resolution.as_str()), ("rain", "roof"));
        assert_eq!((handling.closer_id, &handling.overrides), (41, &vec!["description".to_owned()]));
    }
    desk.at(90).reopen(&a, "").resolve(&a);
    let handling = desk.incident(&a).handling.expect("handled");
    assert_eq!((handling.root_cause.as_str(), handling.resolution.as_str()), ("rain", "roof"), "nothing new was said");
}

#[test]
fn an_assignment_replaces_the_responders() {
    let (mut desk, [id]) = desk_with(["a"]);
    desk.assign(&id, &[1, 2, 1]);
    let handling = desk.incident(&id).handling.expect("handled");
    let assignment = handling.assigned_to.expect("assigned");
    assert_eq!(handling.responders.len(), 2);
    assert_eq!((assignment.kind.as_str(), assignment.assigned_at), ("assign", T0 + 60));
    assert_eq!((assignment.id.len(), &assignment.person_ids), (22, &vec![1, 2, 1]));
    let detail = json!({"id": assignment.id, "type": "assign", "person_ids": [1, 2, 1], "to": [1, 2, 1],
        "assigned_at": T0 + 60});
    desk.expect_told("i_assign", &id, detail);
    desk.assign(&id, &[3]);
    let again = desk.incident(&id).handling.expect("handled").assigned_to.expect("assigned");
    assert!(again.kind == "reassign" && again.id != assignment.id);
    let hundred_one: Vec<i64> = (0..101).collect();
    for persons in [vec![], hundred_one.clone()] {
        desk.refuses("person_ids", Action::Assign(vec![id.clone()], persons.clone()));
        desk.refuses("person_ids", Action::AddResponders(id.clone(), persons));
    }
    desk.assign(&id, &hundred_one[1..]);
}

#[test]
fn responders_are_added_to_those_who_are_there() {
    let (mut desk, [id]) = desk_with(["a"]);
    desk.as_person(1).acknowledge(&id).expect_event("i_ack");
    desk.at(60).as_person(41).does(Action::AddResponders(id.clone(), vec![1, 2]));
    desk.expect_told("i_a_rspd", &id, json!({"to": [1, 2]}));
    let incident = desk.incident(&id);
    let responders = incident.handling.expect("handled").responders;
    assert_eq!((responders.len(), responders[0].acknowledged_at, responders[1].assigned_at), (2, T0 + 60, T0 + 60));
    assert_eq!((responders[1].acknowledged_at, incident.progress), (0, Progress::Processing));
    desk.does(Action::AddResponders(id.clone(), (1..=100).collect()));
    desk.refuses("person_ids", Action::AddResponders(id.clone(), vec![101]));
    desk.resolve(&id).refuses("incident_ids", Action::AddResponders(id.clone(), vec![1]));
}

#[test]
fn a_comment_can_be_made_on_a_closed_incident_as_well() {
    let (mut desk, [id]) = desk_with(["a"]);
    desk.comment(&id, "so").expect_told("i_comm", &id, json!({"comment": "so", "mute_reply": false}));
    desk.resolve(&id).expect_event("i_rslv");
    desk.deliver().does(Action::Comment(vec![id.clone()], "that was it".into(), true));
    desk.expect_told("i_comm", &id, json!({"comment": "that was it", "mute_reply": true}));
    desk.deliver();
    assert!(desk.incidents().is_empty(), "it leaves again");
    assert_eq!(desk.story(&id), ["i_new", "i_comm", "i_rslv", "i_comm"]);
}

#[test]
fn a_custom_action_is_told() {
    let (mut desk, [id]) = desk_with(["a"]);
    desk.does(Action::Custom(id.clone(), 5, "restart".into()));
    desk.expect_told("i_custom", &id, json!({"integration_id": 5, "integration_name": "restart"}));
}

#[test]
fn an_incident_made_by_hand_says_all_that_was_said() {
    let mut desk = desk();
    let id = desk.creates(|creation| {
        creation.severity = Severity::Critical;
        creation.title = "site is slow".into();
        creation.description = "since noon".into();
        creation.person_ids = vec![1, 2, 1];
        creation.fields.insert("priority".into(), json!("P1"));
    });
    let [made, assigned] = desk.expect_events(["i_new", "i_assign"]);
    desk.expect_no_event();
    let incident = desk.incident(&id);
    for event in [&made, &assigned] {
        assert_eq!((event.incident.incident_id.as_str(), event.person_id), (id.as_str(), Some(41)));
        assert_eq!(event.incident.handling, incident.handling, "both are told to whom");
    }
    assert!(made.event_time < assigned.event_time);
    assert_eq!((incident.title.as_str(), incident.description.as_str()), ("site is slow", "since noon"));
    assert_eq!((incident.incident_severity, incident.incident_status), (Severity::Critical, Status::Critical));
    assert_eq!((incident.first_severity, incident.channel_id, incident.integration_id), (Severity::Critical, 101, 0));
    assert_eq!((incident.created_at, incident.updated_at, incident.start_time), (T0, T0, T0));
    assert_eq!((incident.alert_cnt(), incident.labels.len(), incident.group_method()), (0, 0, 'n'));
    let handling = incident.handling.expect("handled");
    assert_eq!((handling.creator_id, &handling.fields["priority"]), (41, &json!("P1")));
    let responders: Vec<_> = handling.responders.iter().map(|r| (r.person_id, r.assigned_at)).collect();
    assert_eq!(responders, [(1, T0), (2, T0)], "each once");
    let assignment = handling.assigned_to.expect("assigned");
    assert_eq!(assignment.kind, "assign");
    let [first, second] = <[_; 2]>::try_from(desk.timeline(&id)).expect("two entries");
    let detail = json!({"severity": "Critical", "title": "site is slow"});
    assert_eq!((first.kind.as_str(), first.detail, first.person_id), ("i_new", detail, 41));
    let detail = json!({"id": assignment.id, "type": "assign", "person_ids": [1, 2, 1], "to": [1, 2, 1],
        "assigned_at": T0});
    assert_eq!((second.kind.as_str(), second.detail, second.person_id), ("i_assign", detail, 41));
    desk.refuses(
        "person_ids",
        Action::Create(Box::new(alarum::engine::action::Creation {
            person_ids: (0..101).collect(),
            ..Default::default()
        })),
    );
    let other = desk.creates(|_| ());
    assert_ne!(other, id);
    desk.expect_event("i_new");
    desk.expect_no_event();
    assert!(desk.incident(&other).handling.expect("handled").assigned_to.is_none());
}

#[test]
fn a_forgotten_incident_is_told_as_over_and_then_gone() {
    for closed_before in [false, true] {
        let (mut desk, [id]) = desk_with(["a"]);
        if closed_before {
            desk.resolve(&id).deliver().expect_event("i_rslv");
        }
        desk.does(Action::Remove(vec![id.clone()]));
        desk.expect_told("i_rslv", &id, json!({"from": "console"}));
        assert!(desk.open_alert("a").is_none());
        // As good as gone.
        desk.refuses("incident_ids", Action::Reopen(vec![id.clone()], String::new()));
        assert!(desk.refuses("incident_ids", Action::Comment(vec![id.clone()], "c".into(), false)).unknown);
        desk.deliver();
        assert!(!desk.has_incident(&id));
    }
}

#[test]
fn a_timeline_keeps_its_newest_five_hundred_entries() {
    let (mut desk, [id]) = desk_with(["a"]);
    for nth in 0..501 {
        desk.comment(&id, &format!("{nth}"));
    }
    let timeline = desk.timeline(&id);
    assert_eq!((timeline.len(), timeline[0].kind.as_str()), (501, "i_new"));
    assert_eq!((&timeline[1].detail["comment"], &timeline[500].detail["comment"]), (&json!("1"), &json!("500")));
    desk.resolve(&id).deliver().comment(&id, "after");
    assert_eq!((desk.timeline(&id).len(), &desk.timeline(&id)[1].detail["comment"]), (501, &json!("3")));
}

#[test]
fn an_action_names_the_incidents_and_the_alerts_that_it_concerns() {
    let id = || "a".to_owned();
    for action in [
        Action::Acknowledge(vec![id()]),
        Action::Remove(vec![id()]),
        Action::Custom(id(), 1, String::new()),
        Action::Silence(id(), 1),
        alert_merging(&["x"], "a"),
    ] {
        assert_eq!(action.incident_ids(), ["a"], "{action:?}");
    }
    assert_eq!(merge(&["a", "b"], "c").incident_ids(), ["a", "b", "c"]);
    let closing = Action::CloseAlerts(vec![id()]);
    assert!(closing.incident_ids().is_empty());
    assert_eq!(closing.alert_ids(), ["a"]);
    assert_eq!(alert_merging(&["x", "y"], "a").alert_ids(), ["x", "y"]);
    assert!(merge(&["a"], "c").alert_ids().is_empty());
}

#[test]
fn an_action_on_several_can_be_narrowed_to_some_of_them_and_stays_what_it_is() {
    let both = || vec!["a".to_owned(), "b".to_owned()];
    let one = || vec!["b".to_owned()];
    let said = Resolution { root_cause: Some("disk".into()), ..Resolution::default() };
    let on = |ids: fn() -> Vec<String>, said: &Resolution| {
        [
            Action::Acknowledge(ids()),
            Action::Unacknowledge(ids()),
            Action::Snooze(ids(), 5),
            Action::Wake(ids()),
            Action::Resolve(ids(), said.clone()),
            Action::Reopen(ids(), "again".into()),
            Action::Assign(ids(), vec![7]),
            Action::Comment(ids(), "c".into(), true),
            Action::DisableMerge(ids()),
            Action::Remove(ids()),
            Action::CloseAlerts(ids()),
        ]
    };
    for (action, narrowed) in on(both, &said).into_iter().zip(on(one, &said)) {
        assert_eq!(action.of(one()), narrowed);
    }
    let merging = merge(&["a", "b"], "c");
    assert_eq!(merging.of(one()), merging, "it is about one incident");
}
