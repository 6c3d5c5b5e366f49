//! The pushes that are measured: what each connection sends, one after the other.

use super::config::{PRIVATE_KEY, SHARED_KEY};
use hyper::body::Bytes;
use serde_json::{Value, json};

/// A kind of load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The same bodies as [`Kind::New`], to the component that only stores them.
    Floor,
    /// Every push has a new key, so makes an alert and an incident, and a webhook.
    New,
    /// All pushes have the same key and say the same.
    Merge,
    /// All pushes have the same key, each with another description.
    Changed,
    /// Fire and recovery of a new key in turn; both make a webhook.
    Recovery,
    /// A hundred alerts in one push, to two channels.
    Batch,
}

/// Alerts in a push of [`Kind::Batch`].
pub const BATCH: usize = 100;

impl Kind {
    /// Its name in tables and files.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Floor => "floor",
            Kind::New => "new",
            Kind::Merge => "merge",
            Kind::Changed => "changed",
            Kind::Recovery => "recovery",
            Kind::Batch => "batch",
        }
    }

    /// Where its pushes go.
    pub fn path(self) -> String {
        match self {
            Kind::Floor => "/floor".to_string(),
            Kind::Batch => format!("/event/push/alert/standard?integration_key={SHARED_KEY}"),
            _ => format!("/event/push/alert/standard?integration_key={PRIVATE_KEY}"),
        }
    }

    /// Whether each alert key of it is pushed by one connection only.
    pub fn has_own_keys(self) -> bool {
        matches!(self, Kind::New | Kind::Recovery)
    }

    /// Whether the `nth` push of a connection fires (and does not recover).
    pub fn fires(self, nth: usize) -> bool {
        self != Kind::Recovery || nth.is_multiple_of(2)
    }

    /// The alert key of the `nth` push of a connection; `load` is unlike that of any other load.
    pub fn key(self, load: usize, connection: usize, nth: usize) -> String {
        match self {
            Kind::Floor | Kind::New | Kind::Batch => format!("load-{load}/{connection}/{nth}"),
            Kind::Merge | Kind::Changed => format!("load-{load}"),
            Kind::Recovery => format!("load-{load}/{connection}/{}", nth / 2),
        }
    }

    /// The body of the `nth` push of a connection.
    pub fn body(self, load: usize, connection: usize, nth: usize) -> Bytes {
        let key = self.key(load, connection, nth);
        let body = match self {
            Kind::Batch => (0..BATCH).map(|at| alert(&format!("{key}/{at}"), "Critical", "")).collect(),
            Kind::Changed => alert(&key, "Warning", &format!(" ({connection}/{nth})")),
            _ if self.fires(nth) => alert(&key, "Warning", ""),
            _ => alert(&key, "Ok", ""),
        };
        Bytes::from(body.to_string())
    }
}

/// An alert as monitoring systems send them, about 600 bytes.
fn alert(key: &str, status: &str, remark: &str) -> Value {
    json!({
        "alert_key": key,
        "event_status": status,
        "title_rule": "Disk of a database node is almost full",
        "description": format!("/var/lib/postgresql has 3 % left, 12 h to go at the rate of the last day{remark}"),
        "labels": {
            "alertname": "DiskAlmostFull", "cluster": "eu-central-1", "env": "production", "service": "orders-db",
            "instance": "db-07.orders.example.net:9100", "mountpoint": "/var/lib/postgresql", "team": "storage",
            "runbook": "https://wiki.example.net/runbooks/disk-almost-full", "job": "node-exporter",
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alerts(kind: Kind, nth: usize) -> Value {
        serde_json::from_slice(&kind.body(3, 7, nth)).unwrap()
    }

    #[test]
    fn keys_repeat_where_pushes_are_to_meet() {
        assert_ne!(Kind::New.key(1, 0, 0), Kind::New.key(1, 0, 1));
        assert_ne!(Kind::New.key(1, 0, 0), Kind::New.key(1, 1, 0));
        assert_ne!(Kind::New.key(1, 0, 0), Kind::New.key(2, 0, 0));
        assert_eq!(Kind::Merge.key(1, 0, 0), Kind::Merge.key(1, 5, 9));
    }

    #[test]
    fn a_recovery_follows_the_fire_with_its_key() {
        let (fire, recovery) = (alerts(Kind::Recovery, 4), alerts(Kind::Recovery, 5));
        assert_eq!(fire["alert_key"], recovery["alert_key"]);
        assert_eq!((&fire["event_status"], &recovery["event_status"]), (&json!("Warning"), &json!("Ok")));
        assert_ne!(recovery["alert_key"], alerts(Kind::Recovery, 6)["alert_key"]);
    }

    #[test]
    fn merges_say_the_same_and_changes_do_not() {
        assert_eq!(alerts(Kind::Merge, 1), alerts(Kind::Merge, 2));
        assert_ne!(alerts(Kind::Changed, 1)["description"], alerts(Kind::Changed, 2)["description"]);
        assert_eq!(alerts(Kind::Changed, 1)["alert_key"], alerts(Kind::Changed, 2)["alert_key"]);
    }

    #[test]
    fn a_batch_is_an_array_of_different_alerts() {
        let batch = alerts(Kind::Batch, 0);
        assert_eq!(batch.as_array().unwrap().len(), BATCH);
        assert_ne!(batch[0]["alert_key"], batch[1]["alert_key"]);
    }
}
