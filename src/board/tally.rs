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

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(severity: Severity, status: Status) -> Alert {
        Alert { alert_severity: severity, alert_status: status, ..Alert::default() }
    }

    #[test]
    fn an_empty_tally_has_neither_status_nor_severity_and_has_not_recovered() {
        let tally = Tally::default();
        assert_eq!((tally.alerts, tally.active(), tally.status(), tally.severity()), (0, 0, None, None));
        assert!(!tally.recovered());
    }

    #[test]
    fn each_severity_and_status_is_counted_in_and_out() {
        for (severity, status) in SEVERITIES.into_iter().map(|severity| (severity, Status::from(severity))) {
            let mut tally = Tally::default();
            let one = alert(severity, status);
            tally.add(&one);
            assert_eq!((tally.alerts, tally.active()), (1, 1));
            assert_eq!((tally.severity(), tally.status()), (Some(severity), Some(status)));
            tally.remove(&one, 0);
            assert_eq!(tally, Tally::default());
        }
    }

    #[test]
    fn the_worst_is_told_whatever_the_order() {
        let mut tally = Tally::default();
        for severity in [Severity::Warning, Severity::Critical, Severity::Info] {
            tally.add(&alert(severity, severity.into()));
        }
        assert_eq!((tally.severity(), tally.status()), (Some(Severity::Critical), Some(Status::Critical)));
        assert_eq!((tally.alerts, tally.active()), (3, 3));
        let (before, after) = (alert(Severity::Critical, Status::Critical), alert(Severity::Critical, Status::Ok));
        tally.change(&before, &after);
        assert_eq!((tally.severity(), tally.status()), (Some(Severity::Critical), Some(Status::Warning)));
        assert_eq!((tally.active(), tally.recovered()), (2, false));
        tally.remove(&after, 0);
        assert_eq!((tally.severity(), tally.alerts), (Some(Severity::Warning), 2));
    }

    #[test]
    fn alerts_have_recovered_when_one_has_and_none_is_active() {
        let mut tally = Tally::default();
        let (one, other) = (alert(Severity::Info, Status::Info), alert(Severity::Info, Status::Info));
        tally.add(&one);
        tally.add(&other);
        tally.close_one(&one);
        assert_eq!((tally.active(), tally.recovered()), (1, false));
        tally.change(&other, &alert(Severity::Info, Status::Ok));
        assert!(tally.recovered());
    }

    #[test]
    fn what_was_closed_is_not_active_and_not_recovered() {
        let mut tally = Tally::default();
        tally.add(&alert(Severity::Warning, Status::Warning));
        tally.close();
        assert_eq!((tally.alerts, tally.active(), tally.status(), tally.recovered()), (1, 0, None, false));
        let closed = Alert { closed: true, ..alert(Severity::Info, Status::Info) };
        tally.add(&closed);
        assert_eq!((tally.alerts, tally.active(), tally.severity()), (2, 0, Some(Severity::Warning)));
    }

    #[test]
    fn what_goes_is_counted_out_of_what_it_was_counted_in() {
        let mut tally = Tally::default();
        let (old, new) =
            (alert(Severity::Info, Status::Info), Alert { life: 1, ..alert(Severity::Info, Status::Info) });
        tally.add(&old);
        tally.close();
        tally.add(&new);
        tally.remove(&old, 1);
        assert_eq!((tally.alerts, tally.active()), (1, 1), "it was closed with its incident");
        tally.remove(&Alert { closed: true, ..new.clone() }, 1);
        assert_eq!((tally.alerts, tally.active()), (0, 1), "it was closed by itself");
        let mut tally = Tally::default();
        let recovered = alert(Severity::Info, Status::Ok);
        tally.add(&recovered);
        tally.add(&new);
        tally.remove(&recovered, 1);
        assert_eq!((tally.recovered, tally.active()), (0, 1));
    }
}
