//! The timeline of an incident: an entry for everything that happened to it (Flashduty Open API, `FeedItem`).
//!
//! Entries stand beside the incident under keys of their own, so that a long timeline does not make each change dear.
//! The first one, that it was made, follows from the incident and is not stored.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::incident::Incident;

/// The most entries that are kept of an incident; of more the oldest go.
pub const FEED: u32 = 500;

/// An entry of a timeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeedItem {
    /// When it happened, Unix milliseconds.
    #[serde(rename = "at")]
    pub at_ms: u64,
    /// What happened, by the protocol's word (`i_ack` …).
    #[serde(rename = "k")]
    pub kind: String,
    /// Who did it; 0: nobody.
    #[serde(rename = "p", default, skip_serializing_if = "is_nobody")]
    pub person_id: i64,
    /// What else there is to say of it.
    #[serde(rename = "d", default, skip_serializing_if = "Value::is_null")]
    pub detail: Value,
}

fn is_nobody(person_id: &i64) -> bool {
    *person_id == 0
}

impl FeedItem {
    /// The first entry of an incident, whose later ones are `rest`: that it was made, with the title that it had then.
    pub fn first(incident: &Incident, rest: &[Self]) -> Self {
        let renamed = rest.iter().find(|item| item.kind == "i_r_title").and_then(|item| item.detail["from"].as_str());
        let title = renamed.unwrap_or(&incident.title);
        Self {
            at_ms: incident.created_at * 1000,
            kind: "i_new".to_owned(),
            person_id: incident.handling.as_ref().map_or(0, |handling| handling.creator_id),
            detail: json!({"severity": incident.first_severity, "title": title}),
        }
    }
}
