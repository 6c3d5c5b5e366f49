//! What is shown of a webhook.

use crate::subscriber::signature::Problem;
use serde_json::{Value, json};

/// A webhook that came in, and how often it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// The Unix second it came first.
    pub at: u64,
    /// The essence of its body.
    pub summary: Summary,
    /// The outcome of the first delivery's signature check.
    pub signature: Result<(), Problem>,
    /// Deliveries so far; more than 1 for a repeat.
    pub deliveries: u32,
    /// All of it.
    pub body: Value,
}

/// The fields that people look for. Missing ones are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// The same on every delivery of one event.
    pub event_id: String,
    /// For example `i_new`.
    pub event_type: String,
    /// Critical, Warning or Info.
    pub severity: String,
    /// Triggered, Processing or Closed; of an alert its status.
    pub progress: String,
    /// The title.
    pub title: String,
    /// The incident that it is about.
    pub incident_id: String,
}

impl Summary {
    /// Of an incident webhook or an alert webhook.
    pub fn of(body: &Value) -> Summary {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
        let (event_id, event_type) = (text(&body["event_id"]), text(&body["event_type"]));
        if let Some(alert) = body.get("alert") {
            return Summary {
                event_id,
                event_type,
                severity: text(&alert["alert_severity"]),
                progress: text(&alert["alert_status"]),
                title: text(&alert["title"]),
                incident_id: text(&alert["incident"]["incident_id"]),
            };
        }
        let incident = &body["incident"];
        Summary {
            event_id,
            event_type,
            severity: text(&incident["incident_severity"]),
            progress: text(&incident["progress"]),
            title: text(&incident["title"]),
            incident_id: text(&incident["incident_id"]),
        }
    }
}

impl Received {
    /// `ok`, or `bad` and why.
    pub fn verdict(&self) -> String {
        match &self.signature {
            Ok(()) => "ok".to_string(),
            Err(problem) => format!("bad: {problem}"),
        }
    }

    /// For `GET /events`.
    pub fn to_json(&self) -> Value {
        let Summary { event_id, event_type, severity, progress, title, incident_id } = &self.summary;
        json!({
            "received_at": self.at,
            "event_id": event_id,
            "event_type": event_type,
            "severity": severity,
            "progress": progress,
            "title": title,
            "incident_id": incident_id,
            "signature": if self.signature.is_ok() { "ok" } else { "bad" },
            "signature_problem": self.signature.as_ref().err().map(ToString::to_string),
            "deliveries": self.deliveries,
            "body": self.body,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_webhooks_are_understood() {
        let incident = json!({"event_id": "e", "event_type": "i_new", "incident": {"incident_id": "i", "title": "t",
            "incident_severity": "Critical", "progress": "Triggered"}});
        let summary = Summary::of(&incident);
        assert_eq!((summary.incident_id.as_str(), summary.progress.as_str()), ("i", "Triggered"));
        let alert = json!({"event_id": "e", "event_type": "a_new", "alert": {"title": "t", "alert_severity": "Info",
            "alert_status": "Ok", "incident": {"incident_id": "i"}}});
        let summary = Summary::of(&alert);
        assert_eq!((summary.incident_id.as_str(), summary.progress.as_str()), ("i", "Ok"));
        assert_eq!(Summary::of(&json!([1])), Summary::default());
    }
}
