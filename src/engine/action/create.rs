//! Incidents made by hand: they have no alerts and no labels, and close by hand or by time.

use super::{By, Creation, Done, Halt};
use crate::board::{EventType, Handling, Incident, Step};
use crate::engine::tell::{report, tell};
use crate::id::{Kind, object_id};

impl By {
    /// Makes an incident in the channel of the board. Subscribers are told that it was made (`i_new`) and then, where it
    /// is for somebody, that it was assigned (`i_assign`): who follows assignments need not know in how many ways one
    /// comes about. Both show to whom; it is one act.
    pub(super) fn create(&self, step: &mut Step, creation: &Creation) -> Result<Done, Halt> {
        let secs = self.at.secs();
        let incident_id = object_id(Kind::Incident, self.cause(0, step.channel()));
        let Creation { severity, title, description, person_ids, fields, auto_resolve } = creation.clone();
        let handling = Handling { creator_id: self.who.id(), fields, ..Handling::default() };
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
        let assigned = match person_ids.as_slice() {
            [] => None,
            persons => Some(self.hand_over(&mut incident, persons)?),
        };
        tell(step, &mut incident, EventType::New, self.who, self.at);
        if let Some(detail) = assigned {
            report(step, &mut incident, EventType::Assign, self.who, self.at, detail);
        }
        step.put_incident(incident);
        Ok(Done::Incident(incident_id))
    }
}
