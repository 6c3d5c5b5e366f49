//! The bodies of webhooks: what happened, who did it, and the complete state of what it happened to (Flashduty,
//! "Incident Webhook", "Alert Webhook", "Custom Actions").
//!
//! All three share an envelope. The bytes follow from the event and the configuration alone, so that an attempt that is
//! made again sends the same.

mod alert;
mod custom_action;
mod incident;

use serde::Serialize;

use self::alert::AlertView;
pub use self::custom_action::custom_action;
pub use self::incident::{IncidentInfo, IncidentView};
use crate::board::Event;
use crate::config::{Config, Person};

/// A person as payloads show them.
#[derive(Clone, Debug, Serialize)]
pub struct PersonView {
    person_id: i64,
    person_name: String,
    email: String,
}

impl PersonView {
    fn new(id: i64, config: &Config) -> Self {
        let Person { id, name, email } = config.person(id);
        Self { person_id: id, person_name: name, email }
    }
}

/// The envelope.
#[derive(Serialize)]
struct Webhook<'a> {
    event_id: &'a str,
    event_time: u64,
    event_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<PersonView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alert: Option<AlertView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    incident: Option<IncidentView<'a>>,
}

impl<'a> Webhook<'a> {
    fn new(event: &'a Event, config: &'a Config) -> Self {
        Self {
            event_id: &event.event_id,
            event_time: event.event_time,
            event_type: event.event_type.name(),
            person: event.person_id.map(|id| PersonView::new(id, config)),
            alert: event.alert.as_ref().map(|told| AlertView::new(told, config)),
            incident: event.incident.as_ref().map(|incident| IncidentView::new(incident, config)),
        }
    }

    fn encode(&self) -> Vec<u8> {
        // Plain data with text keys: serialising it into memory has no way to fail.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// The default body of an event's webhook: of the incident webhook or the alert webhook, by what it happened to.
pub fn payload(event: &Event, config: &Config) -> Vec<u8> {
    Webhook::new(event, config).encode()
}
