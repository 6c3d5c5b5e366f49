//! What a board keeps of an alert that has left it, so that lists find it without its document.

use serde::{Deserialize, Serialize};

use super::alert::Alert;
use super::archive::label_hash;
use crate::intake::Severity;
use crate::json::is_default;

/// What the board keeps of an alert that left with its incident: what lists filter by. Its id is in the key; the id says
/// when it began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertRef {
    /// The incident that it left with.
    #[serde(rename = "i")]
    pub incident_id: String,
    /// Through which integration it came.
    #[serde(rename = "g")]
    pub integration_id: i64,
    /// The severity of its first event.
    #[serde(rename = "v")]
    pub alert_severity: Severity,
    /// The hash of its key ([`key_hash`]).
    #[serde(rename = "k")]
    pub key: u32,
    /// Its latest event, Unix seconds.
    #[serde(rename = "u")]
    pub last_time: u64,
    /// The type of the door through which its latest event came; empty: `standard`.
    #[serde(rename = "t", default, skip_serializing_if = "String::is_empty")]
    pub door: String,
    /// Whether it was ever silenced or inhibited.
    #[serde(rename = "m", default, skip_serializing_if = "is_default")]
    pub ever_muted: bool,
}

impl AlertRef {
    /// That of an alert.
    pub fn of(alert: &Alert, incident_id: &str) -> Self {
        Self {
            incident_id: incident_id.to_owned(),
            integration_id: alert.integration_id,
            alert_severity: alert.alert_severity,
            key: key_hash(&alert.alert_key),
            last_time: alert.last_time,
            door: alert.door.clone(),
            ever_muted: alert.ever_muted,
        }
    }
}

/// What stands for an alert key in references to alerts. Two keys may share one.
pub fn key_hash(alert_key: &str) -> u32 {
    label_hash("", alert_key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lists_filter_by_is_kept_and_reads_back() {
        let alert = Alert {
            integration_id: -7,
            alert_key: "k".into(),
            alert_severity: Severity::Warning,
            last_time: 9,
            door: "zabbix".into(),
            ever_muted: true,
            ..Alert::default()
        };
        let left = AlertRef::of(&alert, "6ad33b20a1b2c3d4e5f60718");
        assert_eq!((left.integration_id, left.alert_severity, left.last_time), (-7, Severity::Warning, 9));
        assert_eq!((left.key, left.door.as_str(), left.ever_muted), (key_hash("k"), "zabbix", true));
        assert_ne!(key_hash("k"), key_hash("K"));
        let stored = serde_json::to_vec(&left).expect("stored");
        assert_eq!(crate::json::from_slice::<AlertRef>(&stored).expect("as stored"), left);
        let plain = serde_json::to_string(&AlertRef::default()).expect("stored");
        assert!(!plain.contains("\"t\"") && !plain.contains("\"m\""), "{plain}");
    }
}
