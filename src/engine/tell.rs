//! Telling: the timeline of an incident and the events for its subscribers.

use serde_json::Value;

use crate::board::{Event, EventType, FeedItem, Incident, Step};
use crate::id;
use crate::time::Timestamp;

/// Who does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// An alert, time, or a machine.
    Nobody,
    /// A person; 0 for one without a name of their own.
    Person(i64),
}

impl Who {
    /// The person's id; 0 for nobody.
    pub const fn id(self) -> i64 {
        match self {
            Self::Nobody => 0,
            Self::Person(id) => id,
        }
    }
}

/// Adds an entry to the timeline of `incident`, which is to be put after it.
pub fn note(step: &mut Step, incident: &mut Incident, kind: &str, who: Who, at: Timestamp, detail: Value) {
    let item = FeedItem { at_ms: at.millis(), kind: kind.to_owned(), person_id: who.id(), detail };
    step.feed(incident, item);
    incident.updated_at = incident.updated_at.max(at.secs());
}

/// Puts an event of `incident`, as it is now, into the outbox. The incident is to be put after it.
pub fn tell(step: &mut Step, incident: &mut Incident, event_type: EventType, who: Who, at: Timestamp) {
    // Two events of one incident within a millisecond still have an order.
    let event_time = at.millis().max(incident.last_event_time.saturating_add(1));
    let event_id = id::event_id(&incident.incident_id, event_time, event_type.name());
    incident.last_event_time = event_time;
    incident.last_event_id.clone_from(&event_id);
    let person_id = match who {
        Who::Nobody => None,
        Who::Person(id) => Some(id),
    };
    let told = Some(incident.clone());
    step.put_event(Event { event_id, event_type, event_time, person_id, incident: told, alert: None });
}

/// Both: an entry of the timeline and the event of the same name.
pub fn report(step: &mut Step, incident: &mut Incident, event_type: EventType, who: Who, at: Timestamp, detail: Value) {
    note(step, incident, event_type.name(), who, at, detail);
    tell(step, incident, event_type, who, at);
}
