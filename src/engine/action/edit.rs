//! Changing what an incident says, and commenting it. Both can be done to a closed incident as well: that is when root
//! causes are written down.

use serde_json::{Value, json};

use super::{By, Fields, Halt, refused};
use crate::board::{EventType, Incident, Step};
use crate::engine::tell::report;

impl By {
    /// Comments an incident.
    pub(super) fn comment(
        &self,
        step: &mut Step,
        incident: &mut Incident,
        comment: &str,
        mute_reply: bool,
    ) -> Result<(), Halt> {
        let detail = json!({"comment": comment, "mute_reply": mute_reply});
        report(step, incident, EventType::Comment, self.who, self.at, detail);
        Ok(())
    }

    /// Changes fields; each that changes has an event of its own. Alerts change them no more.
    pub(super) fn reset(&self, step: &mut Step, incident: &mut Incident, fields: &Fields) -> Result<(), Halt> {
        let Fields { title, description, impact, root_cause, resolution, severity } = fields;
        if let Some(to) = title.as_ref().filter(|to| **to != incident.title) {
            let from = std::mem::replace(&mut incident.title, to.clone());
            self.changed(step, incident, "title", EventType::Title, json!({"from": from, "to": to}));
        }
        if let Some(to) = severity.filter(|to| *to != incident.incident_severity) {
            let from = std::mem::replace(&mut incident.incident_severity, to);
            self.changed(step, incident, "incident_severity", EventType::Severity, json!({"from": from, "to": to}));
        } else if severity.is_some() {
            // To say that it is what it is means that it shall stay so.
            incident.handled().override_field("incident_severity");
        }
        if let Some(to) = description.as_ref().filter(|to| **to != incident.description) {
            incident.description.clone_from(to);
            self.changed(step, incident, "description", EventType::Description, json!({}));
        }
        if let Some(to) = impact.as_ref().filter(|to| **to != incident.handled().impact) {
            incident.handled().impact.clone_from(to);
            self.changed(step, incident, "impact", EventType::Impact, json!({}));
        }
        if let Some(to) = root_cause.as_ref().filter(|to| **to != incident.handled().root_cause) {
            incident.handled().root_cause.clone_from(to);
            self.changed(step, incident, "root_cause", EventType::RootCause, json!({}));
        }
        if let Some(to) = resolution.as_ref().filter(|to| **to != incident.handled().resolution) {
            incident.handled().resolution.clone_from(to);
            self.changed(step, incident, "resolution", EventType::Resolution, json!({}));
        }
        Ok(())
    }

    fn changed(&self, step: &mut Step, incident: &mut Incident, field: &str, event_type: EventType, detail: Value) {
        incident.handled().override_field(field);
        report(step, incident, event_type, self.who, self.at, detail);
    }

    /// Changes a custom field. Whether there is such a field and it may have such a value is for the caller to know.
    pub(super) fn reset_field(
        &self,
        step: &mut Step,
        incident: &mut Incident,
        name: &str,
        value: &Value,
    ) -> Result<(), Halt> {
        if name.is_empty() {
            return Err(refused("field_name", "must not be empty"));
        }
        let fields = &mut incident.handled().fields;
        let before = if value.is_null() { fields.remove(name) } else { fields.insert(name.to_owned(), value.clone()) };
        if before.unwrap_or_default() != *value {
            let detail = json!({"field_name": name, "to": value});
            report(step, incident, EventType::Field, self.who, self.at, detail);
        }
        Ok(())
    }
}
