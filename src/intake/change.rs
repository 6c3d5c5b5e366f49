//! A change event: something was changed in a system (Flashduty, "Custom Change Event").

use crate::sorted::SortedMap;

use serde::{Deserialize, Serialize};

/// What a sender said about one change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeEvent {
    /// Which change of the integration it is.
    pub change_key: String,
    /// How far it is.
    pub change_status: ChangeStatus,
    /// The title.
    pub title: String,
    /// At most 2048 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Where to read more.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub link: String,
    /// At most 50; names at most 128 characters.
    #[serde(default, skip_serializing_if = "SortedMap::is_empty")]
    pub labels: SortedMap<String, String>,
    /// When it happens by the sender's clock, Unix seconds; may lie ahead. Absent: when it was received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_time: Option<u64>,
}

/// `change_status`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChangeStatus {
    /// Planned.
    #[default]
    Planned,
    /// About to begin.
    Ready,
    /// Under way.
    Processing,
    /// Called off.
    Canceled,
    /// Done.
    Done,
}

impl ChangeStatus {
    /// Reads the protocol's word; its case does not matter.
    pub fn parse(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "planned" => Some(Self::Planned),
            "ready" => Some(Self::Ready),
            "processing" => Some(Self::Processing),
            "canceled" | "cancelled" => Some(Self::Canceled),
            "done" => Some(Self::Done),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_one_of_five_words_in_any_case() {
        for (word, status) in [
            ("Planned", ChangeStatus::Planned),
            ("ready", ChangeStatus::Ready),
            ("PROCESSING", ChangeStatus::Processing),
            ("Canceled", ChangeStatus::Canceled),
            ("cancelled", ChangeStatus::Canceled),
            ("Done", ChangeStatus::Done),
        ] {
            assert_eq!(ChangeStatus::parse(word), Some(status), "{word}");
        }
        assert_eq!(ChangeStatus::parse("started"), None);
    }
}
