//! How many alerts of which status and severity an incident has. With it an incident of five thousand alerts is as
//! small as one of one, and each further alert costs the same.

use serde::{Deserialize, Serialize};

use super::alert::Alert;
use crate::intake::{Severity, Status};

/// Counts of an incident's alerts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// All of them.
    #[serde(rename = "n")]
    pub alerts: u32,
    /// Those that have recovered.
    #[serde(rename = "o")]
    recovered: u32,
    /// Those that are active, by status: Info, Warning, Critical.
    #[serde(rename = "a")]
    active: [u32; 3],
    /// All of them, by severity: Info, Warning, Critical.
    #[serde(rename = "s")]
    severities: [u32; 3],
}

const SEVERITIES: [Severity; 3] = [Severity::Info, Severity::Warning, Severity::Critical];

impl Tally {
    /// Counts an alert in.
    pub fn add(&mut self, alert: &Alert) {
        self.alerts += 1;
        *self.severity_slot(alert.alert_severity) += 1;
        if !alert.closed {
            *self.status_slot(alert.alert_status) += 1;
        }
    }

    /// Counts an alert out. One that was closed with its incident (`closures` times closed so far) is not among the
    /// active ones.
    pub fn remove(&mut self, alert: &Alert, closures: u32) {
        self.alerts = self.alerts.saturating_sub(1);
        let slot = self.severity_slot(alert.alert_severity);
        *slot = slot.saturating_sub(1);
        let counted = alert.alert_status == Status::Ok || alert.life == closures;
        if counted && !alert.closed {
            let slot = self.status_slot(alert.alert_status);
            *slot = slot.saturating_sub(1);
        }
    }

    /// Takes in that an alert changed its status.
    pub fn change(&mut self, before: &Alert, alert: &Alert) {
        let slot = self.status_slot(before.alert_status);
        *slot = slot.saturating_sub(1);
        *self.status_slot(alert.alert_status) += 1;
    }

    /// One that was active was closed by hand.
    pub fn close_one(&mut self, alert: &Alert) {
        let slot = self.status_slot(alert.alert_status);
        *slot = slot.saturating_sub(1);
    }

    /// Those that are active were closed with the incident: they count as active no more.
    pub fn close(&mut self) {
        self.active = [0; 3];
    }

    /// How many are active.
    pub fn active(&self) -> u32 {
        self.active.iter().sum()
    }

    /// Whether there are alerts and none is left that has not recovered or was closed.
    pub fn recovered(&self) -> bool {
        self.recovered > 0 && self.active() == 0
    }

    /// The worst status of those that are active.
    pub fn status(&self) -> Option<Status> {
        Self::worst(&self.active).map(Status::from)
    }

    /// The highest severity.
    pub fn severity(&self) -> Option<Severity> {
        Self::worst(&self.severities)
    }

    fn worst(counts: &[u32; 3]) -> Option<Severity> {
        SEVERITIES.into_iter().zip(counts).rev().find(|(_, count)| **count > 0).map(|(severity, _)| severity)
    }

    fn severity_slot(&mut self, severity: Severity) -> &mut u32 {
        let [info, warning, critical] = &mut self.severities;
        match severity {
            Severity::Info => info,
            Severity::Warning => warning,
            Severity::Critical => critical,
        }
    }

    fn status_slot(&mut self, status: Status) -> &mut u32 {
        let [info, warning, critical] = &mut self.active;
        match status {
            Status::Ok => &mut self.recovered,
            Status::Info => info,
            Status::Warning => warning,
            Status::Critical => critical,
        }
    }
}
