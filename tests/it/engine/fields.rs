//! Fields that people change: each with its event, also of closed incidents; alerts change them no more.

use alarum::engine::action::{Action, Fields};
use alarum::intake::{Severity, Status};
use serde_json::{Value, json};

use super::grouping::by;
use super::people::desk_with;
use crate::support::desk::{T0, desk};

pub fn fields(edit: impl FnOnce(&mut Fields)) -> Box<Fields> {
    let mut fields = Fields::default();
    edit(&mut fields);
    Box::new(fields)
}

#[test]
fn each_field_that_changes_has_an_event_of_its_own_and_what_is_as_it_was_has_none() {
    let (mut desk, [id]) = desk_with(["a"]);
    let all = fields(|fields| {
        fields.title = Some("title".into());
        fields.severity = Some(Severity::Info);
        fields.description = Some("description".into());
        fields.impact = Some("impact".into());
        fields.root_cause = Some("cause".into());
        fields.resolution = Some("resolution".into());
    });
    desk.does(Action::Reset(id.clone(), all.clone()));
    let kinds = ["i_r_title", "i_r_severity", "i_r_desc", "i_r_impact", "i_r_rc", "i_r_rsltn"];
    for kind in kinds {
        let event = desk.expect_event(kind);
        assert_eq!((event.person_id, event.incident.updated_at), (Some(41), T0 + 60));
    }
    desk.expect_no_event();
    let timeline = desk.timeline(&id);
    assert_eq!(timeline[0].detail, json!({"severity": "Critical", "title": "a is bad"}), "as it was made");
    let details: Vec<Value> = timeline[1..].iter().map(|item| item.detail.clone()).collect();
    let (title, severity) = (json!({"from": "a is bad", "to": "title"}), json!({"from": "Critical", "to": "Info"}));
    assert_eq!(details, [title, severity, json!({}), json!({}), json!({}), json!({})]);
    assert_eq!(desk.story(&id)[1..], kinds);
    let incident = desk.incident(&id);
    let handling = incident.handling.expect("handled");
    assert_eq!((incident.title.as_str(), incident.incident_severity), ("title", Severity::Info));
    assert_eq!((incident.description.as_str(), handling.impact.as_str()), ("description", "impact"));
    assert_eq!((handling.root_cause.as_str(), handling.resolution.as_str()), ("cause", "resolution"));
    let overrides = ["title", "incident_severity", "description", "impact", "root_cause", "resolution"];
    assert_eq!(handling.overrides, overrides);
    let before = desk.canonical();
    desk.at(90).does(Action::Reset(id.clone(), all));
    desk.expect_no_event();
    assert_eq!(desk.canonical(), before);
}

#[test]
fn alerts_no_longer_change_a_severity_that_people_have_set_even_to_what_it_was() {
    for to in [Severity::Info, Severity::Warning] {
        let mut desk = desk();
        desk.rules(|ruling| ruling.grouping = Some(by(&[1])));
        desk.fires_with("a", |event| event.status = Status::Warning);
        let id = desk.holding("a");
        desk.does(Action::Reset(id.clone(), fields(|fields| fields.severity = Some(to))));
        desk.fires("b");
        let incident = desk.incident(&id);
        assert_eq!((incident.incident_severity, incident.incident_status), (to, Status::Critical));
    }
}

#[test]
fn a_closed_incident_can_be_edited() {
    let (mut desk, [id]) = desk_with(["a"]);
    desk.resolve(&id).expect_event("i_rslv");
    desk.deliver().does(Action::Reset(id.clone(), fields(|fields| fields.root_cause = Some("rain".into()))));
    desk.expect_told("i_r_rc", &id, json!({}));
    desk.deliver();
    assert_eq!(desk.incident(&id).handling.expect("handled").root_cause, "rain");
}

#[test]
fn a_custom_field_is_set_and_emptied() {
    let (mut desk, [id]) = desk_with(["a"]);
    let set = |value: Value| Action::ResetField(id.clone(), "priority".into(), value);
    desk.does(set(Value::Null));
    desk.expect_no_event();
    desk.does(set(json!("P1")));
    desk.expect_told("i_r_field", &id, json!({"field_name": "priority", "to": "P1"}));
    desk.does(set(json!("P1")));
    desk.expect_no_event();
    desk.does(set(json!(["P1", "P2"])));
    desk.expect_event("i_r_field");
    assert_eq!(desk.incident(&id).handling.expect("handled").fields["priority"], json!(["P1", "P2"]));
    desk.does(set(Value::Null));
    desk.expect_told("i_r_field", &id, json!({"field_name": "priority", "to": null}));
    assert!(desk.incident(&id).handling.expect("handled").fields.is_empty());
    desk.refuses("field_name", Action::ResetField(id.clone(), String::new(), json!(1)));
}
