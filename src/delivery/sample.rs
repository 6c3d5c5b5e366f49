//! A sample event, for trying out a subscription.

use super::payload::payload;
use super::segment::{Kind, Told};
use crate::board::{Event, EventType, Incident};
use crate::config::Config;
use crate::time::Timestamp;

/// The incident of a sample; there is none with this id.
const INCIDENT_ID: &str = "000000000000000000000000";

/// An event of an incident that does not exist.
pub fn sample(config: &Config, now: Timestamp, event_id: String) -> Told {
    let channel_id = config.channels.first().map_or(0, |channel| channel.id);
    let incident = Incident {
        incident_id: INCIDENT_ID.to_owned(),
        channel_id,
        title: "A test of this webhook".to_owned(),
        description: "Nothing has happened: somebody asked for a test delivery.".to_owned(),
        created_at: now.secs(),
        updated_at: now.secs(),
        start_time: now.secs(),
        last_time: now.secs(),
        ..Incident::default()
    };
    let (event_time, event_type) = (now.millis(), EventType::New);
    let event = Event { event_id, event_type, event_time, person_id: None, incident: Some(incident), alert: None };
    let body = String::from_utf8(payload(&event, config)).unwrap_or_default();
    Told {
        event_id: event.event_id,
        event_type: event_type.name().to_owned(),
        event_time,
        kind: Kind::Incident,
        ref_id: INCIDENT_ID.to_owned(),
        channel_id,
        body,
        stands_in: String::new(),
    }
}
