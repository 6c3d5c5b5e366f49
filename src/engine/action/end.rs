//! Closing incidents and alerts by hand, opening again, forgetting.

use serde_json::json;

use super::{By, Halt, Resolution, find_alert, open, refused};
use crate::board::{EventType, Incident, Step};
use crate::engine::closing::{self, How, close};
use crate::engine::tell::{Who, note, report, tell_alert};

impl By {
    /// Closes an incident, and its alerts with it.
    pub(super) fn resolve(&self, step: &mut Step, incident: &mut Incident, said: &Resolution) -> Result<(), Halt> {
        open(incident)?;
        if let Some(text) = &said.root_cause {
            incident.handled().root_cause.clone_from(text);
        }
        if let Some(text) = &said.resolution {
            incident.handled().resolution.clone_from(text);
        }
        if let Some(text) = &said.description {
            incident.description.clone_from(text);
            incident.handled().override_field("description");
        }
        close(step, incident, How::ByHand, self.who, self.at)?;
        Ok(())
    }

    /// Opens a closed incident again and assigns it to those who had it.
    pub(super) fn reopen(&self, step: &mut Step, incident: &mut Incident, reason: &str) -> Result<(), Halt> {
        if incident.is_open() {
            return Err(refused("incident_ids", format!("incident {} is not closed", incident.incident_id)));
        }
        if let Some(assignment) = incident.handling.as_mut().and_then(|handling| handling.assigned_to.as_mut()) {
            assignment.kind = "reopen".to_owned();
            assignment.assigned_at = self.at.secs();
        }
        closing::reopen(step, incident, self.who, self.at, reason)?;
        Ok(())
    }

    /// Forgets an incident: subscribers learn that it is over, and it is listed no more.
    pub(super) fn remove(&self, step: &mut Step, incident: &mut Incident) -> Result<(), Halt> {
        incident.handled().removed = true;
        if incident.is_open() {
            close(step, incident, How::ByHand, self.who, self.at)?;
        } else {
            // What is delivered last lets it leave.
            report(step, incident, EventType::Resolve, self.who, self.at, json!({"from": "console"}));
        }
        Ok(())
    }

    /// Closes alerts before they recover: they take no more events. An incident that is left without an active alert
    /// closes with the last of them.
    pub(super) fn close_alerts(&self, step: &mut Step, alert_ids: &[String]) -> Result<(), Halt> {
        for (nth, alert_id) in alert_ids.iter().enumerate() {
            if alert_ids.iter().take(nth).any(|before| before == alert_id) {
                continue;
            }
            let mut alert = find_alert(step, "alert_ids", alert_id)?;
            let incident = step.incident(&alert.incident_id)?;
            if !alert.is_open(incident.as_ref()) {
                return Err(refused("alert_ids", format!("alert {alert_id} is not open")));
            }
            step.source(&alert.identity(), &[], 0);
            step.unindex_alert(&alert)?;
            alert.closed = true;
            tell_alert(step, &mut alert, incident.as_ref(), EventType::AlertClose, self.who, self.at);
            let Some(mut incident) = incident else {
                alert.muted = None;
                step.archive_alert(alert)?;
                continue;
            };
            incident.close_one(&alert);
            step.put_alert(alert);
            note(step, &mut incident, EventType::AlertClose.name(), self.who, self.at, json!({"alert_id": alert_id}));
            if incident.active_alert_cnt() == 0 {
                close(step, &mut incident, How::ByHand, self.who, self.at)?;
            }
            step.put_incident(incident);
        }
        Ok(())
    }

    /// No further alert joins an incident by itself.
    pub(super) fn disable_merge(&self, step: &mut Step, incident: &mut Incident) -> Result<(), Halt> {
        open(incident)?;
        incident.handled().merge_disabled = true;
        note(step, incident, "i_disable_merge", self.who, self.at, json!({}));
        Ok(())
    }

    /// A custom action was run.
    pub(super) fn custom(
        &self,
        step: &mut Step,
        incident: &mut Incident,
        integration_id: i64,
        name: &str,
    ) -> Result<(), Halt> {
        let detail = json!({"integration_id": integration_id, "integration_name": name});
        report(step, incident, EventType::Custom, self.who, self.at, detail);
        Ok(())
    }
}

/// Closes an incident that alerts have left for another, where it is left without any or with recovered ones only.
/// `was_active`: it had an active one before.
pub(super) fn close_if_over(step: &mut Step, by: &By, incident_id: &str, was_active: bool) -> Result<(), Halt> {
    let Some(mut incident) = step.incident(incident_id)?.filter(Incident::is_open) else {
        return Ok(());
    };
    if was_active && incident.tally.recovered() {
        incident.end_time = by.at.secs();
        if !incident.keep_open {
            close(step, &mut incident, How::Recovered, Who::Nobody, by.at)?;
        }
    } else if incident.alert_cnt() == 0 && incident.integration_id != 0 {
        close(step, &mut incident, How::ByHand, by.who, by.at)?;
    }
    step.put_incident(incident);
    Ok(())
}
