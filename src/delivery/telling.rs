//! An event as it is told: with the bytes that stand in the log, and that every attempt sends.

use super::payload::payload;
use super::segment::{Kind, Told};
use crate::board::Event;
use crate::config::Config;

impl Told {
    /// An event as it is told by default.
    pub(super) fn of(event: &Event, config: &Config) -> Self {
        Self::with_body(event, payload(event, config))
    }

    /// An event that is told with a body of its own.
    pub(super) fn with_body(event: &Event, body: Vec<u8>) -> Self {
        Self {
            event_id: event.event_id.clone(),
            event_type: event.event_type.name().to_owned(),
            event_time: event.event_time,
            kind: if event.is_alert() { Kind::Alert } else { Kind::Incident },
            ref_id: event.ref_id().to_owned(),
            channel_id: event.channel_id(),
            body: String::from_utf8(body).unwrap_or_default(),
            stands_in: String::new(),
        }
    }
}
