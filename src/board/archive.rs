//! Closed incidents: when all their events are delivered they leave the board. Their final document is stored under a
//! key of its own first; the board keeps a short reference, in the order of time, so that they stay listable.

use serde::{Deserialize, Serialize};

use super::alert::Alert;
use super::incident::Incident;
use crate::intake::Severity;

/// The final document of a closed incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedIncident {
    /// The format; [`ClosedIncident::FORMAT`].
    pub v: u32,
    /// The incident.
    pub incident: Incident,
    /// Its alerts.
    pub alerts: Vec<Alert>,
}

impl ClosedIncident {
    /// The format that this version writes.
    pub const FORMAT: u32 = 1;

    /// The stored form.
    pub fn encode(&self) -> Vec<u8> {
        // Plain data with text keys: serialising it into memory has no way to fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads the stored form.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let document: Self = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
        if document.v == Self::FORMAT { Ok(document) } else { Err(format!("format {} is not known", document.v)) }
    }
}

/// What the board keeps of a closed incident.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedRef {
    /// 24 hex digits.
    pub incident_id: String,
    /// When it was triggered, Unix seconds.
    pub start_time: u64,
    /// When it was closed, Unix seconds.
    pub close_time: u64,
    /// Its severity.
    pub incident_severity: Severity,
}
