//! An incident: what people handle. Made by an alert, closed when all of its alerts have recovered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::alert::Alert;
use crate::intake::{Image, Severity, Status};

/// An incident. Times are Unix seconds, 0 where it has not happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// 24 hex digits.
    pub incident_id: String,
    /// The channel it lives in.
    pub channel_id: i64,
    /// The integration of its first alert.
    pub integration_id: i64,
    /// The title of its first alert.
    pub title: String,
    /// The description of its first alert.
    pub description: String,
    /// The highest severity of its alerts.
    pub incident_severity: Severity,
    /// The worst status of its alerts; `Ok` when all have recovered.
    pub incident_status: Status,
    /// How far its handling is.
    pub progress: Progress,
    /// When it was made.
    pub created_at: u64,
    /// When it last changed.
    pub updated_at: u64,
    /// When it was triggered.
    pub start_time: u64,
    /// The latest event of its alerts.
    pub last_time: u64,
    /// When its last alert recovered.
    pub end_time: u64,
    /// When it was closed.
    pub close_time: u64,
    /// Those of its first alert.
    pub labels: BTreeMap<String, String>,
    /// Those of its first alert.
    pub images: Vec<Image>,
    /// The alert key of its first alert.
    pub dedup_key: String,
    /// How many events its alerts have.
    pub alert_event_cnt: u64,
    /// Its alerts, each with its status. The first is the one with `first_alert_id`.
    pub alerts: BTreeMap<String, Status>,
    /// The alert that made it.
    pub first_alert_id: String,
    /// The `event_time` of its latest webhook event, Unix milliseconds. No two events of an incident share one:
    /// receivers tell by it which is later.
    pub last_event_time: u64,
    /// The id of its latest webhook event.
    pub last_event_id: String,
    /// Comments, oldest first; at most [`NOTES`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

/// The most comments that are kept of an incident; of more the oldest go.
pub const NOTES: usize = 100;

/// A comment on an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// When it was made, Unix milliseconds.
    pub at_ms: u64,
    /// Through which integration.
    pub integration_id: i64,
    /// The text.
    pub comment: String,
}

/// How far the handling of an incident is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Progress {
    /// Nobody has acknowledged it.
    Triggered,
    /// Somebody has.
    Processing,
    /// It is over.
    Closed,
}

impl Progress {
    /// The protocol's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Triggered => "Triggered",
            Self::Processing => "Processing",
            Self::Closed => "Closed",
        }
    }
}

impl Incident {
    /// The incident that a first alert makes.
    pub fn open(channel_id: i64, alert: &Alert, secs: u64) -> Self {
        Self {
            incident_id: alert.incident_id.clone(),
            channel_id,
            integration_id: alert.integration_id,
            title: alert.title.clone(),
            description: alert.description.clone(),
            incident_severity: alert.alert_severity,
            incident_status: alert.alert_status,
            progress: Progress::Triggered,
            created_at: secs,
            updated_at: secs,
            start_time: secs,
            last_time: secs,
            end_time: 0,
            close_time: 0,
            labels: alert.labels.clone(),
            images: alert.images.clone(),
            dedup_key: alert.alert_key.clone(),
            alert_event_cnt: 1,
            alerts: [(alert.alert_id.clone(), alert.alert_status)].into(),
            first_alert_id: alert.alert_id.clone(),
            last_event_time: 0,
            last_event_id: String::new(),
            notes: Vec::new(),
        }
    }

    /// Takes in that one of its alerts changed by an event.
    pub fn follow(&mut self, alert: &Alert, secs: u64) {
        self.alert_event_cnt += 1;
        self.last_time = secs;
        self.updated_at = secs;
        self.alerts.insert(alert.alert_id.clone(), alert.alert_status);
        self.incident_severity = self.incident_severity.max(alert.alert_severity);
        self.incident_status = self.alerts.values().copied().max().unwrap_or(Status::Ok);
        self.follow_labels(alert);
    }

    /// Its labels are those of its first alert.
    pub fn follow_labels(&mut self, alert: &Alert) {
        if alert.alert_id == self.first_alert_id {
            self.labels.clone_from(&alert.labels);
        }
    }

    /// Closes it because all of its alerts have recovered.
    pub fn recover(&mut self, secs: u64) {
        self.progress = Progress::Closed;
        self.end_time = secs;
        self.close_time = secs;
        self.updated_at = secs;
    }

    /// Adds a comment.
    pub fn note(&mut self, note: Note) {
        if self.notes.len() == NOTES {
            self.notes.remove(0);
        }
        self.updated_at = note.at_ms / 1000;
        self.notes.push(note);
    }

    /// How many alerts it has.
    pub fn alert_cnt(&self) -> usize {
        self.alerts.len()
    }

    /// How many of them have not recovered.
    pub fn active_alert_cnt(&self) -> usize {
        self.alerts.values().filter(|s| **s != Status::Ok).count()
    }

    /// The short name that people use: the last six digits of the id, in upper case.
    pub fn num(&self) -> String {
        let id = &self.incident_id;
        id.get(id.len().saturating_sub(6)..).unwrap_or_default().to_uppercase()
    }
}
