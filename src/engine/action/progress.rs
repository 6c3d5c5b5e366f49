//! Acknowledging and snoozing (Flashduty, "Handle incidents").

use serde_json::json;

use super::{By, Halt, open, refused};
use crate::board::{EventType, Incident, Progress, Step};
use crate::engine::closing::no_sources;
use crate::engine::tell::report;

/// An incident can be snoozed for so many minutes.
const SNOOZE_MINUTES: std::ops::RangeInclusive<u64> = 1..=1440;

impl By {
    /// Anybody may acknowledge, not only responders. Once more by the same person it changes nothing.
    pub(super) fn acknowledge(&self, step: &mut Step, incident: &mut Incident) -> Result<(), Halt> {
        open(incident)?;
        let secs = self.at.secs();
        let responder = incident.handled().responder(self.who.id(), secs);
        if responder.acknowledged_at > 0 {
            return Ok(());
        }
        responder.acknowledged_at = secs;
        if !incident.handled().is_acknowledged() {
            incident.handled().ack_time = secs;
        }
        incident.progress = Progress::Processing;
        no_sources(step, incident)?;
        report(step, incident, EventType::Acknowledge, self.who, self.at, json!({"progress": "Processing"}));
        Ok(())
    }

    /// A person takes back what they themselves acknowledged. With the last one the incident is triggered again.
    pub(super) fn unacknowledge(&self, step: &mut Step, incident: &mut Incident) -> Result<(), Halt> {
        open(incident)?;
        let person_id = self.who.id();
        let handling = incident.handled();
        let mine = |responder: &&mut crate::board::Responder| {
            responder.person_id == person_id && responder.acknowledged_at > 0
        };
        let Some(responder) = handling.responders.iter_mut().find(mine) else {
            let id = &incident.incident_id;
            return Err(refused("incident_ids", format!("you have not acknowledged incident {id}")));
        };
        responder.acknowledged_at = 0;
        handling.count_acknowledgements();
        if !handling.is_acknowledged() {
            incident.progress = Progress::Triggered;
        }
        let detail = json!({"progress": incident.progress.name()});
        report(step, incident, EventType::Unacknowledge, self.who, self.at, detail);
        Ok(())
    }

    /// Snoozes an incident; one that is snoozed, anew.
    pub(super) fn snooze(&self, step: &mut Step, incident: &mut Incident, minutes: u64) -> Result<(), Halt> {
        if !SNOOZE_MINUTES.contains(&minutes) {
            return Err(refused("minutes", "must be 1 to 1440"));
        }
        open(incident)?;
        incident.handled().snoozed_before = self.at.secs().saturating_add(minutes * 60);
        report(step, incident, EventType::Snooze, self.who, self.at, json!({"minutes": minutes}));
        Ok(())
    }

    /// Ends a snooze.
    pub(super) fn wake(&self, step: &mut Step, incident: &mut Incident) -> Result<(), Halt> {
        open(incident)?;
        let before = incident.snoozed_before();
        if before == 0 {
            return Err(refused("incident_ids", format!("incident {} is not snoozed", incident.incident_id)));
        }
        incident.handled().snoozed_before = 0;
        report(step, incident, EventType::Wake, self.who, self.at, json!({"snoozedBefore": before}));
        Ok(())
    }
}
