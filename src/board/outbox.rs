//! The outbox: events that are not delivered yet, oldest first.
//!
//! A few stand in the board's head. When they are many, they are moved to a segment: a value of its own, written once,
//! before the head refers to it. A segment is delivered and dropped as a whole.

use serde::{Deserialize, Serialize};

use super::alert::Alert;
use super::event_type::EventType;
use super::incident::Incident;
use super::migrate;
use crate::json;
use crate::keys;

/// Events beyond this number are moved from the head to a segment.
pub const INLINE_EVENTS: usize = 16;
/// The most events in a segment.
pub const SEGMENT_EVENTS: usize = 64;

/// Something that happened to an incident or to an alert, to be told to subscribers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// 32 hex digits; the same on every attempt.
    pub event_id: String,
    /// What happened.
    pub event_type: EventType,
    /// When, Unix milliseconds; later for a later event of the same incident or alert.
    pub event_time: u64,
    /// Who did it, where a person did; 0: a person without a name of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_id: Option<i64>,
    /// The incident as it was then, where it happened to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<Incident>,
    /// The alert as it was then, where it happened to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<Box<ToldAlert>>,
}

/// An alert as subscribers are told of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldAlert {
    /// The alert, without what only the board needs of it.
    pub alert: Alert,
    /// The channel that it is in.
    pub channel_id: i64,
    /// The title of its incident; empty where it is in none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub incident_title: String,
}

impl ToldAlert {
    /// An alert as it is now, in a channel; `incident` is the one that it is in.
    pub fn new(alert: &Alert, channel_id: i64, incident: Option<&Incident>) -> Self {
        let alert = Alert {
            alert_id: alert.alert_id.clone(),
            incident_id: alert.incident_id.clone(),
            integration_id: alert.integration_id,
            alert_key: alert.alert_key.clone(),
            title: alert.title.clone(),
            title_rule: alert.title_rule.clone(),
            description: alert.description.clone(),
            alert_severity: alert.alert_severity,
            alert_status: alert.alert_status,
            start_time: alert.start_time,
            last_time: alert.last_time,
            end_time: alert.end_time,
            labels: alert.labels.clone(),
            event_cnt: alert.event_cnt,
            door: alert.door.clone(),
            ..Alert::default()
        };
        let incident_title = incident.map(|incident| incident.title.clone()).unwrap_or_default();
        Self { alert, channel_id, incident_title }
    }
}

impl Event {
    /// The id of the incident or alert that it happened to.
    pub fn ref_id(&self) -> &str {
        let alert = || self.alert.as_ref().map_or("", |told| &told.alert.alert_id);
        self.incident.as_ref().map_or_else(alert, |incident| &incident.incident_id)
    }

    /// The channel of what it happened to.
    pub fn channel_id(&self) -> i64 {
        let of_alert = || self.alert.as_ref().map_or(0, |told| told.channel_id);
        self.incident.as_ref().map_or_else(of_alert, |incident| incident.channel_id)
    }

    /// Whether it happened to an alert.
    pub const fn is_alert(&self) -> bool {
        self.alert.is_some()
    }
}

/// The events that wait.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outbox {
    /// Older than those in `inline`; the oldest first.
    pub segments: Vec<Segment>,
    /// The newest.
    pub inline: Vec<Event>,
}

/// A stored part of the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Where it is stored.
    pub key: String,
    /// In how many parts beside its key.
    pub parts: usize,
}

/// What is to be delivered next.
#[derive(Clone, Debug, PartialEq)]
pub enum Batch {
    /// The events of the oldest segment, which is stored under this key.
    Segment(String),
    /// The events that stand in the head.
    Inline(Vec<Event>),
}

/// Reads the events of a stored segment, also of one of the version before.
pub fn decode_events(bytes: &[u8]) -> Result<Vec<Event>, String> {
    json::from_slice(bytes).or_else(|_| migrate::events(bytes))
}

impl Outbox {
    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty() && self.inline.is_empty()
    }

    /// What is to be delivered, the oldest first.
    pub fn batches(&self) -> Vec<Batch> {
        let segments = self.segments.iter().map(|segment| Batch::Segment(segment.key.clone()));
        let inline = (!self.inline.is_empty()).then(|| Batch::Inline(self.inline.clone()));
        segments.chain(inline).collect()
    }

    /// Takes out what was delivered. Returns the keys that are no longer needed.
    pub fn settle(&mut self, batch: &Batch) -> Vec<String> {
        match batch {
            Batch::Segment(key) => {
                let Some(at) = self.segments.iter().position(|s| s.key == *key) else {
                    return Vec::new();
                };
                let segment = self.segments.remove(at);
                let parts = (0..segment.parts).map(|part| keys::part(key, part));
                parts.chain([segment.key.clone()]).collect()
            }
            Batch::Inline(events) => {
                // Another folder may have moved some of them to a segment meanwhile: whoever delivers knows them and
                // passes over them there.
                self.inline.retain(|e| !events.iter().any(|done| done.event_id == e.event_id));
                Vec::new()
            }
        }
    }
}
