//! Incidents made by hand: they have no alerts and no labels, and close by hand or by time.

use super::assign::{assignment, check};
use super::{By, Creation, Done, Halt};
use crate::board::{EventType, Handling, Incident, Step};
use crate::engine::tell::tell;
use crate::id::{Kind, object_id};

impl By {
    /// Makes an incident in the channel of the board.
    pub(super) fn create(&self, step: &mut Step, creation: &Creation) -> Result<Done, Halt> {
        let secs = self.at.secs();
        let incident_id = object_id(Kind::Incident, self.cause(0, step.channel()));
        let Creation { severity, title, description, person_ids, fields, auto_resolve } = creation.clone();
        let mut handling = Handling { creator_id: self.who.id(), fields, ..Handling::default() };
        if !person_ids.is_empty() {
            check(&person_ids)?;
            for &person_id in &person_ids {
                handling.responder(person_id, secs);
            }
            handling.assigned_to = Some(assignment(self, "assign", &person_ids));
        }
        let mut incident = Incident {
            incident_id: incident_id.clone(),
            channel_id: step.channel(),
            title,
            description,
            incident_severity: severity,
            first_severity: severity,
            incident_status: severity.into(),
            created_at: secs,
            updated_at: secs,
            start_time: secs,
            auto_resolve,
            handling: Some(Box::new(handling)),
            ..Incident::default()
        };
        tell(step, &mut incident, EventType::New, self.who, self.at);
        step.put_incident(incident);
        Ok(Done::Incident(incident_id))
    }
}
