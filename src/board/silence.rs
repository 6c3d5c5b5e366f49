//! Quick silences: made from an incident, for alerts like its own, and gone when they are over (Flashduty, "Noise
//! Reduction", quick silence). The rules of a channel are another thing: intake looks at those.

use crate::sorted::SortedMap;

use serde::{Deserialize, Serialize};

use super::alert::Alert;
use super::head::Board;
use crate::intake::Severity;

/// The most quick silences of a channel at a time.
pub const QUICK_SILENCES: usize = 100;

/// A quick silence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuickSilence {
    /// 24 hex digits.
    pub rule_id: String,
    /// From which incident it was made; made again from the same one, it is changed.
    pub from_incident_id: String,
    /// When it begins, Unix seconds.
    pub start_time: u64,
    /// When it is over, Unix seconds.
    pub end_time: u64,
    /// What an alert's severity must be.
    pub severity: Severity,
    /// What labels an alert must have.
    pub labels: SortedMap<String, String>,
    /// Who made it; 0: nobody by name.
    pub creator_id: i64,
}

impl<T> Board<T> {
    /// Its quick silences; one that is over may still be there.
    pub fn silences(&self) -> &[QuickSilence] {
        &self.head.silences
    }
}

impl QuickSilence {
    /// Whether it silences an alert at a time, Unix seconds. Its end does not belong to it.
    pub fn silences(&self, alert: &Alert, secs: u64) -> bool {
        let within = (self.start_time..self.end_time).contains(&secs);
        let severity = alert.alert_status.severity() == Some(self.severity);
        within && severity && self.labels.iter().all(|(name, value)| alert.labels.get(name) == Some(value))
    }
}
