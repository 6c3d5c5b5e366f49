//! What is measured: pushes as senders send them, each with the integration that it is for. All of them are taken in
//! under one configuration.

use serde_json::{Value, json};

/// The configuration.
pub const CONFIG: &str = include_str!("../alarum.toml");

/// The integration with the routing cases.
const ROUTED: &str = "intake-routed-key-00000000";
/// The one without.
const UNROUTED: &str = "intake-unrouted-key-000000";
/// The one with the routing cases, enrichment and a pipeline.
const RULED: &str = "intake-ruled-key-000000000";
/// Alerts in a group.
const GROUP: usize = 10;

/// A push.
pub struct Case {
    /// The integration's key.
    pub key: &'static str,
    /// The type of the door.
    pub door: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

impl Case {
    /// The case of a name.
    pub fn named(name: &str) -> Option<Self> {
        let (key, door, body) = match name {
            "typical" => (ROUTED, "standard", alert("Critical")),
            "unrouted" => (UNROUTED, "standard", alert("Critical")),
            "recovery" => (ROUTED, "standard", alert("Ok")),
            "ruled" => (RULED, "standard", alert("Critical")),
            "pagerduty" => (ROUTED, "pagerduty", pagerduty()),
            "group" => (ROUTED, "prometheus", group()),
            _ => return None,
        };
        Some(Self { key, door, body: body.to_string().into_bytes() })
    }
}

/// An alert as monitoring systems send them, about 600 bytes.
fn alert(status: &str) -> Value {
    json!({
        "alert_key": "disk/orders-db/db-07",
        "event_status": status,
        "title_rule": "Disk of a database node is almost full",
        "description": "/var/lib/postgresql has 3 % left, 12 h to go at the rate of the last day",
        "labels": {
            "alertname": "DiskAlmostFull", "cluster": "eu-central-1", "env": "production", "service": "orders-db",
            "instance": "db-07.orders.example.net:9100", "mountpoint": "/var/lib/postgresql", "team": "storage",
            "runbook": "https://wiki.example.net/runbooks/disk-almost-full", "job": "node-exporter", "used": "97.2",
            "device": "/dev/nvme1n1", "fstype": "ext4", "prometheus": "monitoring/eu-central-1",
        },
    })
}

/// The same as an event of PagerDuty's.
fn pagerduty() -> Value {
    let alert = alert("Critical");
    json!({
        "event_action": "trigger", "routing_key": ROUTED, "dedup_key": alert["alert_key"],
        "payload": {
            "summary": alert["title_rule"], "severity": "critical", "source": "db-07.orders.example.net",
            "component": "postgresql", "group": "orders-db", "class": "disk", "custom_details": alert["labels"],
        },
    })
}

/// A group of alerts as Alertmanager sends it.
fn group() -> Value {
    let common = json!({
        "alertname": "DiskAlmostFull", "cluster": "eu-central-1", "env": "production", "service": "orders-db",
        "severity": "critical", "team": "storage",
    });
    let alerts: Vec<Value> = (0..GROUP).map(|nth| grouped(nth, &common)).collect();
    json!({
        "version": "4", "status": "firing", "receiver": "alarum", "groupKey": "{}:{alertname=\"DiskAlmostFull\"}",
        "truncatedAlerts": 0, "externalURL": "https://alertmanager.example.net", "alerts": alerts,
        "groupLabels": { "alertname": "DiskAlmostFull" }, "commonLabels": common, "commonAnnotations": {},
    })
}

fn grouped(nth: usize, common: &Value) -> Value {
    let mut labels = common.clone();
    labels["instance"] = json!(format!("db-{nth:02}.orders.example.net:9100"));
    labels["mountpoint"] = json!("/var/lib/postgresql");
    labels["job"] = json!("node-exporter");
    json!({
        "status": "firing", "labels": labels, "fingerprint": format!("ab3f00c1d2e4f5{nth:02}"),
        "annotations": {
            "summary": "Disk of a database node is almost full",
            "description": "/var/lib/postgresql has 3 % left, 12 h to go at the rate of the last day",
            "runbook_url": "https://wiki.example.net/runbooks/disk-almost-full",
        },
        "startsAt": "2026-03-01T12:00:00.000Z", "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "https://prometheus.example.net/graph?g0.expr=node_filesystem_avail_bytes&g0.tab=1",
    })
}
