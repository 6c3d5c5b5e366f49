//! Telling: the timeline of an incident, and the events for subscribers to incidents and to alerts.

use serde_json::Value;

use crate::board::{Alert, Event, EventType, FeedItem, Incident, Step, ToldAlert};
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

    /// The person, if it is one.
    const fn person(self) -> Option<i64> {
        match self {
            Self::Nobody => None,
            Self::Person(id) => Some(id),
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
    let event_time = event_time(at, incident.last_event_time);
    let event_id = id::event_id(&incident.incident_id, event_time, event_type.name());
    incident.last_event_time = event_time;
    incident.last_event_id.clone_from(&event_id);
    let (person_id, told) = (who.person(), Some(incident.clone()));
    step.put_event(Event { event_id, event_type, event_time, person_id, incident: told, alert: None });
}

/// Puts an event of `alert`, as it is now, into the outbox, where subscribers are told what happens to it. The alert is
/// to be put after it. `incident` is the one that it is in.
pub fn tell_alert(
    step: &mut Step,
    alert: &mut Alert,
    incident: Option<&Incident>,
    event_type: EventType,
    who: Who,
    at: Timestamp,
) {
    if !alert.watched {
        return;
    }
    let event_time = event_time(at, alert.last_event_time);
    let event_id = id::event_id(&alert.alert_id, event_time, event_type.name());
    alert.last_event_time = event_time;
    let told = Some(Box::new(ToldAlert::new(alert, step.channel(), incident)));
    step.put_event(Event { event_id, event_type, event_time, person_id: who.person(), incident: None, alert: told });
}

/// When an event happens, Unix milliseconds: two of one incident or alert within a millisecond still have an order.
fn event_time(at: Timestamp, last: u64) -> u64 {
    at.millis().max(last.saturating_add(1))
}

/// Both: an entry of the timeline and the event of the same name.
pub fn report(step: &mut Step, incident: &mut Incident, event_type: EventType, who: Who, at: Timestamp, detail: Value) {
    note(step, incident, event_type.name(), who, at, detail);
    tell(step, incident, event_type, who, at);
}
