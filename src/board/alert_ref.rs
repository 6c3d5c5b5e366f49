//! What a board keeps of an alert that has left it, so that lists find it without its document.

use super::alert::Alert;
use super::archive::label_hash;
use crate::intake::Severity;

/// What lists of alerts filter by. The alert's id is in the key; the id says when it began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertRef {
    /// The incident that it left with.
    pub incident_id: String,
    /// Through which integration it came.
    pub integration_id: i64,
    /// The severity of its first event.
    pub alert_severity: Severity,
    /// The hash of its key ([`key_hash`]).
    pub key: u32,
    /// Its latest event, Unix seconds.
    pub last_time: u64,
    /// Whether it was ever silenced or inhibited.
    pub ever_muted: bool,
    /// The type of the door through which its latest event came; empty: `standard`.
    pub door: String,
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
            ever_muted: alert.ever_muted,
            door: alert.door.clone(),
        }
    }

    /// The stored form: a text, which takes less room and less code than an object. In earlier versions it was the id of
    /// the incident.
    pub fn write(&self) -> String {
        let Self { incident_id, integration_id, alert_severity, key, last_time, ever_muted, door } = self;
        let muted = u8::from(*ever_muted);
        format!("{incident_id} {integration_id} {} {key} {last_time} {muted} {door}", alert_severity.name())
    }

    /// The incident in a stored one, also of an earlier version.
    pub fn incident_id(stored: &str) -> &str {
        stored.split(' ').next().unwrap_or_default()
    }

    /// The time of the latest event in a stored one, Unix seconds; the end of time where an earlier version wrote it.
    pub fn last_time(stored: &str) -> u64 {
        stored.split(' ').nth(4).and_then(|secs| secs.parse().ok()).unwrap_or(u64::MAX)
    }

    /// Reads the stored form; `None`: an earlier version wrote it, or it is something else.
    pub fn read(stored: &str) -> Option<Self> {
        let mut parts = stored.split(' ');
        Some(Self {
            incident_id: parts.next()?.to_owned(),
            integration_id: parts.next()?.parse().ok()?,
            alert_severity: Severity::parse(parts.next()?)?,
            key: parts.next()?.parse().ok()?,
            last_time: parts.next()?.parse().ok()?,
            ever_muted: parts.next()? == "1",
            door: parts.next()?.to_owned(),
        })
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
        let id = "6ad33b20a1b2c3d4e5f60718";
        let zabbix = Alert {
            integration_id: -7,
            alert_key: "k".into(),
            alert_severity: Severity::Warning,
            last_time: 9,
            door: "zabbix".into(),
            ever_muted: true,
            ..Alert::default()
        };
        for alert in [zabbix, Alert::default()] {
            let left = AlertRef::of(&alert, id);
            assert_eq!(
                (left.integration_id, left.last_time, left.key),
                (alert.integration_id, alert.last_time, key_hash(&alert.alert_key))
            );
            let stored = left.write();
            assert_eq!((AlertRef::incident_id(&stored), AlertRef::last_time(&stored)), (id, left.last_time));
            assert_eq!(AlertRef::read(&stored), Some(left));
        }
        assert_ne!(key_hash("k"), key_hash("K"));
    }

    #[test]
    fn one_of_an_earlier_version_says_its_incident_alone() {
        let id = "6ad33b20a1b2c3d4e5f60718";
        assert_eq!((AlertRef::incident_id(id), AlertRef::read(id)), (id, None));
        assert_eq!((AlertRef::read(""), AlertRef::last_time(id)), (None, u64::MAX));
    }
}
