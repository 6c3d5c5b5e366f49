//! An incident: what people handle. Made by an alert or by hand, closed when all of its alerts have recovered, by hand,
//! or by time (Flashduty, "What is an incident").

use crate::sorted::SortedMap;

use serde::{Deserialize, Serialize};

use super::alert::Alert;
use super::handling::Handling;
use super::tally::Tally;
use crate::intake::{Image, Severity, Status};
use crate::journal::{AutoResolve, Texts};
use crate::json::is_default;

/// The most alerts in an incident; of those that would join it beyond, the first makes a new one.
pub const ALERTS: u32 = 5000;
/// Of how many alerts an incident knows the ids itself. Those of a larger one are found by time.
pub const KNOWN_ALERTS: usize = 32;

/// An incident. Times are Unix seconds, 0 where it has not happened.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// 24 hex digits.
    pub incident_id: String,
    /// The channel it lives in; 0: none.
    pub channel_id: i64,
    /// The integration of its first alert; 0: made by hand.
    pub integration_id: i64,
    /// The title of its first alert, until people change it.
    pub title: String,
    /// The description of its first alert, until people change it.
    pub description: String,
    /// The highest severity of its alerts, until people change it.
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
    pub labels: SortedMap<String, String>,
    /// Those of its first alert.
    pub images: Vec<Image>,
    /// The alert key of its first alert.
    pub dedup_key: String,
    /// How many events its alerts have.
    pub alert_event_cnt: u64,
    /// How many alerts of which status and severity it has.
    pub tally: Tally,
    /// The alert that made it; empty: made by hand.
    pub first_alert_id: String,
    /// Its first alerts, at most [`KNOWN_ALERTS`], in the order in which they joined.
    pub alert_ids: Vec<String>,
    /// Where there are more: the least and the greatest of all their ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<(String, String)>,
    /// The severity that it was made with.
    pub first_severity: Severity,
    /// The integrations of its alerts beyond `integration_id`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more_integration_ids: Vec<i64>,
    /// How alerts join it; absent: they do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Box<Group>>,
    /// Whether it stays open when all of its alerts have recovered.
    #[serde(default, skip_serializing_if = "is_default")]
    pub keep_open: bool,
    /// When it closes by itself; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_resolve: Option<AutoResolve>,
    /// Where it closes by itself after its latest event: when that came.
    #[serde(default, skip_serializing_if = "is_default")]
    pub active_at: u64,
    /// When it was last opened again.
    #[serde(default, skip_serializing_if = "is_default")]
    pub reopened_at: u64,
    /// The highest storm threshold that it has reached.
    #[serde(default, skip_serializing_if = "is_default")]
    pub storm: u32,
    /// Whether an alert of it was ever silenced or inhibited.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ever_muted: bool,
    /// Whether its alert key was found flapping.
    #[serde(default, skip_serializing_if = "is_default")]
    pub flapping: bool,
    /// Whether it has left the board and was called back to it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub recalled: bool,
    /// For when it stands in the index of what is due; 0: it does not.
    #[serde(default, skip_serializing_if = "is_default")]
    pub due_at: u64,
    /// The `event_time` of its latest webhook event, Unix milliseconds. No two events of an incident share one:
    /// receivers tell by it which is later.
    pub last_event_time: u64,
    /// The id of its latest webhook event.
    pub last_event_id: String,
    /// How many entries its timeline has, the first one (`i_new`) not counted: that follows from the incident.
    #[serde(default, skip_serializing_if = "is_default")]
    pub feed_cnt: u32,
    /// What people did to it; absent: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handling: Option<Box<Handling>>,
}

/// How alerts join an incident.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// `p` by rule, `i` by similarity.
    pub method: char,
    /// By rule: the marks of its first alert.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<u64>,
    /// By similarity: what it is compared by, while it is closed. While it is open, that stands with those of others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub texts: Option<Texts>,
    /// When an alert last joined, Unix seconds.
    pub joined_at: u64,
}

/// How far the handling of an incident is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Progress {
    /// Nobody has acknowledged it.
    #[default]
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
    /// The incident that a first alert makes, under an id of its own. The alert is not in it yet: what follows from
    /// those that are is not said.
    pub fn of(incident_id: String, channel_id: i64, alert: &Alert, secs: u64) -> Self {
        Self {
            incident_id,
            channel_id,
            integration_id: alert.integration_id,
            title: alert.title.clone(),
            description: alert.description.clone(),
            first_severity: alert.alert_severity,
            created_at: secs,
            start_time: secs,
            labels: alert.labels.clone(),
            images: alert.images.clone(),
            dedup_key: alert.alert_key.clone(),
            first_alert_id: alert.alert_id.clone(),
            ..Self::default()
        }
    }

    /// Takes an alert in: one that it did not have.
    pub fn join(&mut self, alert: &mut Alert, secs: u64) {
        alert.incident_id.clone_from(&self.incident_id);
        alert.life = self.closures();
        self.note_member(alert);
        self.tally.add(alert);
        self.alert_event_cnt += alert.event_cnt;
        self.last_time = self.last_time.max(alert.last_time);
        self.updated_at = secs;
        self.active_at = if self.auto_resolve.is_some_and(|auto| auto.from_update) { secs } else { 0 };
        self.ever_muted |= alert.ever_muted;
        if alert.integration_id != self.integration_id && !self.more_integration_ids.contains(&alert.integration_id) {
            self.more_integration_ids.push(alert.integration_id);
        }
        if let Some(group) = &mut self.group {
            group.joined_at = secs;
        }
        self.rate();
    }

    fn note_member(&mut self, alert: &Alert) {
        let id = &alert.alert_id;
        if self.alert_ids.len() < KNOWN_ALERTS && self.span.is_none() {
            self.alert_ids.push(id.clone());
            return;
        }
        let known = self.alert_ids.iter().min().zip(self.alert_ids.iter().max());
        let known = known.map(|(least, greatest)| (least.clone(), greatest.clone()));
        let (least, greatest) = self.span.take().or(known).unwrap_or_else(|| (id.clone(), id.clone()));
        self.span = Some((least.min(id.clone()), greatest.max(id.clone())));
    }

    /// Lets an alert go that moves to another incident.
    pub fn let_go(&mut self, alert: &Alert, secs: u64) {
        self.tally.remove(alert, self.closures());
        self.alert_ids.retain(|id| *id != alert.alert_id);
        self.alert_event_cnt = self.alert_event_cnt.saturating_sub(alert.event_cnt);
        self.updated_at = secs;
        self.rate();
    }

    /// An event of one of its alerts came, whatever it said.
    pub fn heard(&mut self, secs: u64) {
        if self.auto_resolve.is_some_and(|auto| auto.from_update) {
            self.active_at = secs;
        }
    }

    /// Takes in that one of its alerts, which was `before`, changed by an event.
    pub fn follow(&mut self, before: &Alert, alert: &Alert, secs: u64) {
        self.tally.change(before, alert);
        self.alert_event_cnt += 1;
        self.last_time = secs;
        self.updated_at = secs;
        self.ever_muted |= alert.ever_muted;
        self.rate();
        self.follow_labels(alert);
    }

    /// One of its active alerts was closed by hand: that does not make it recovered.
    pub fn close_one(&mut self, alert: &Alert) {
        self.tally.close_one(alert);
        self.incident_status = self.tally.status().unwrap_or(self.incident_status);
    }

    /// Its labels are those of its first alert.
    pub fn follow_labels(&mut self, alert: &Alert) {
        if alert.alert_id == self.first_alert_id {
            self.labels.clone_from(&alert.labels);
        }
    }

    /// Severity and status follow from its alerts.
    fn rate(&mut self) {
        if !self.is_overridden("incident_severity")
            && let Some(severity) = self.tally.severity()
        {
            self.incident_severity = severity;
        }
        match self.tally.status() {
            Some(status) => {
                self.incident_status = status;
                self.end_time = 0;
            }
            None if self.tally.recovered() => self.incident_status = Status::Ok,
            None => {}
        }
    }

    /// Whether people have changed a field, so that alerts no longer do.
    pub fn is_overridden(&self, field: &str) -> bool {
        self.handling.as_ref().is_some_and(|handling| handling.overrides.iter().any(|name| name == field))
    }

    /// Whether it is to be forgotten.
    pub fn is_removed(&self) -> bool {
        self.handling.as_ref().is_some_and(|handling| handling.removed)
    }

    /// How often it was closed with alerts that had not recovered.
    pub fn closures(&self) -> u32 {
        self.handling.as_ref().map_or(0, |handling| handling.closures)
    }

    /// Whether it is not closed.
    pub fn is_open(&self) -> bool {
        self.progress != Progress::Closed
    }

    /// What people did to it, to add to it.
    pub fn handled(&mut self) -> &mut Handling {
        self.handling.get_or_insert_default()
    }

    /// Until when it is snoozed, Unix seconds; 0: it is not.
    pub fn snoozed_before(&self) -> u64 {
        self.handling.as_ref().map_or(0, |handling| handling.snoozed_before)
    }

    /// When it closes by itself, Unix seconds.
    pub fn resolves_at(&self) -> Option<u64> {
        let auto = self.auto_resolve.filter(|auto| auto.after_s > 0)?;
        let begun = self.start_time.max(self.reopened_at);
        let from = if auto.from_update { begun.max(self.active_at) } else { begun };
        // Where rules change so that it should have closed before, it closes then: time does not go back.
        Some(from.saturating_add(auto.after_s).max(self.updated_at))
    }

    /// When time will next change it, Unix seconds.
    pub fn next_due(&self) -> Option<u64> {
        let snooze = Some(self.snoozed_before()).filter(|end| *end > 0);
        [self.resolves_at(), snooze].into_iter().flatten().min().filter(|_| self.is_open())
    }

    /// How many alerts it has.
    pub fn alert_cnt(&self) -> u32 {
        self.tally.alerts
    }

    /// How many of them are active.
    pub fn active_alert_cnt(&self) -> u32 {
        self.tally.active()
    }

    /// How alerts join it: `n` not at all, `p` by rule, `i` by similarity.
    pub fn group_method(&self) -> char {
        self.group.as_ref().map_or('n', |group| group.method)
    }

    /// A hash of the values that alerts must share to join it: 32 hex digits, or nothing.
    pub fn equals_md5(&self) -> String {
        match &self.group {
            Some(group) if !group.marks.is_empty() => {
                let both = (group.marks.first().copied().unwrap_or(0), group.marks.last().copied().unwrap_or(0));
                format!("{:016x}{:016x}", both.0, both.1)
            }
            _ => String::new(),
        }
    }

    /// The short name that people use: the last six digits of the id, in upper case.
    pub fn num(&self) -> String {
        num_of(&self.incident_id).to_uppercase()
    }
}

/// The short name of the incident with an id, in lower case.
pub fn num_of(incident_id: &str) -> &str {
    incident_id.get(incident_id.len().saturating_sub(6)..).unwrap_or_default()
}

#[cfg(test)]
mod tests;
