//! The timeline of an incident: an entry for everything that happened to it (Flashduty Open API, `FeedItem`).
//!
//! Entries stand beside the incident under keys of their own, so that a long timeline does not make each change dear.
//! The first one, that it was made, follows from the incident and is not stored.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::incident::Incident;
use crate::json::is_default;

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
    #[serde(rename = "p", default, skip_serializing_if = "is_default")]
    pub person_id: i64,
    /// What else there is to say of it.
    #[serde(rename = "d", default, skip_serializing_if = "Value::is_null")]
    pub detail: Value,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_and_nothing_more_to_say_are_not_stored() {
        let item = FeedItem { at_ms: 1, kind: "i_ack".into(), person_id: 0, detail: Value::Null };
        assert_eq!(serde_json::to_string(&item).expect("plain data"), r#"{"at":1,"k":"i_ack"}"#);
        let item = FeedItem { person_id: 2, detail: json!({}), ..item };
        let text = serde_json::to_string(&item).expect("plain data");
        assert_eq!(serde_json::from_str::<FeedItem>(&text).expect("as written"), item);
    }

    #[test]
    fn the_first_entry_has_the_title_that_the_incident_had_before_it_was_changed() {
        let incident = Incident { title: "third".into(), created_at: 5, ..Incident::default() };
        let item = |kind: &str, from: &str| FeedItem {
            at_ms: 0,
            kind: kind.into(),
            person_id: 0,
            detail: json!({"from": from}),
        };
        let rest = [item("i_r_severity", "Info"), item("i_r_title", "first"), item("i_r_title", "second")];
        let first = FeedItem::first(&incident, &rest);
        assert_eq!((first.at_ms, &first.detail["title"]), (5000, &json!("first")));
        assert_eq!(FeedItem::first(&incident, &rest[..1]).detail["title"], "third");
    }
}
