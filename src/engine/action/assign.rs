//! Who handles an incident: assigning it and adding responders.

use serde_json::{Value, json};

use super::{By, Halt, open, refused};
use crate::board::{Assignment, EventType, Incident, Progress, Step};
use crate::engine::tell::report;
use crate::id::short_key;

/// The most responders of an incident.
const RESPONDERS: usize = 100;

impl By {
    /// Assigns an incident to persons instead of those it was assigned to. It is triggered anew, unless one of the
    /// persons has acknowledged it before.
    pub(super) fn assign(&self, step: &mut Step, incident: &mut Incident, person_ids: &[i64]) -> Result<(), Halt> {
        open(incident)?;
        let detail = self.hand_over(incident, person_ids)?;
        report(step, incident, EventType::Assign, self.who, self.at, detail);
        Ok(())
    }

    /// Gives an incident to persons, instead of those who had it. Returns what the timeline says of it.
    pub(super) fn hand_over(&self, incident: &mut Incident, person_ids: &[i64]) -> Result<Value, Halt> {
        check(person_ids)?;
        let secs = self.at.secs();
        let handling = incident.handled();
        let kind = if handling.assigned_to.is_some() { "reassign" } else { "assign" };
        let known = std::mem::take(&mut handling.responders);
        for &person_id in person_ids {
            let acknowledged = known.iter().find(|responder| responder.person_id == person_id);
            let responder = handling.responder(person_id, secs);
            responder.acknowledged_at = acknowledged.map_or(0, |responder| responder.acknowledged_at);
        }
        handling.count_acknowledgements();
        let id = short_key(&self.token.to_be_bytes());
        let detail = json!({"id": id, "type": kind, "person_ids": person_ids, "to": person_ids, "assigned_at": secs});
        let kind = kind.to_owned();
        handling.assigned_to = Some(Assignment { id, kind, person_ids: person_ids.to_vec(), assigned_at: secs });
        let acknowledged = handling.is_acknowledged();
        incident.progress = if acknowledged { Progress::Processing } else { Progress::Triggered };
        Ok(detail)
    }

    /// Asks further persons to handle an incident. Those who are asked already are left as they are.
    pub(super) fn add_responders(
        &self,
        step: &mut Step,
        incident: &mut Incident,
        person_ids: &[i64],
    ) -> Result<(), Halt> {
        open(incident)?;
        check(person_ids)?;
        let secs = self.at.secs();
        let handling = incident.handled();
        for &person_id in person_ids {
            handling.responder(person_id, secs);
        }
        if handling.responders.len() > RESPONDERS {
            return Err(refused("person_ids", "an incident has at most 100 responders"));
        }
        report(step, incident, EventType::AddResponder, self.who, self.at, json!({"to": person_ids}));
        Ok(())
    }
}

fn check(person_ids: &[i64]) -> Result<(), Halt> {
    match person_ids.len() {
        1..=RESPONDERS => Ok(()),
        _ => Err(refused("person_ids", "must be 1 to 100 persons")),
    }
}
