//! An alert event: one push, validated and cut to the protocol's limits.

use crate::sorted::SortedMap;

use serde::{Deserialize, Serialize};

/// What a sender said about one alert at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertEvent {
    /// Which alert of the integration it is; given or derived, at most 255 characters.
    pub alert_key: String,
    /// `Critical`, `Warning`, `Info`, or `Ok` for a recovery.
    pub status: Status,
    /// The title, at most 512 characters. May be empty on a recovery.
    pub title: String,
    /// The rule that made the title, at most 512 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title_rule: String,
    /// At most 2048 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// At most 50; names at most 128, values at most 2048 characters.
    #[serde(default, skip_serializing_if = "SortedMap::is_empty")]
    pub labels: SortedMap<String, String>,
    /// One per `alt`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
    /// When it happened by the sender's clock, Unix seconds; absent: when it was received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_time: Option<u64>,
}

/// A picture that goes with an alert.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// An `http(s)` URL or the key of an uploaded image, at most 256 characters.
    pub src: String,
    /// At most 128 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub alt: String,
    /// At most 256 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub href: String,
}

/// `event_status`: a severity, or recovered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Status {
    /// Recovered.
    Ok,
    /// For information.
    #[default]
    Info,
    /// A warning.
    Warning,
    /// Critical.
    Critical,
}

/// How bad it is; the order is from mild to bad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Severity {
    /// For information.
    #[default]
    Info,
    /// A warning.
    Warning,
    /// Critical.
    Critical,
}

impl Status {
    /// Reads the protocol's word; its case matters.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "Critical" => Some(Self::Critical),
            "Warning" => Some(Self::Warning),
            "Info" => Some(Self::Info),
            "Ok" => Some(Self::Ok),
            _ => None,
        }
    }

    /// The protocol's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Critical => "Critical",
            Self::Warning => "Warning",
            Self::Info => "Info",
            Self::Ok => "Ok",
        }
    }

    /// The severity, or `None` for a recovery.
    pub const fn severity(self) -> Option<Severity> {
        match self {
            Self::Critical => Some(Severity::Critical),
            Self::Warning => Some(Severity::Warning),
            Self::Info => Some(Severity::Info),
            Self::Ok => None,
        }
    }
}

impl From<Severity> for Status {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Critical => Self::Critical,
            Severity::Warning => Self::Warning,
            Severity::Info => Self::Info,
        }
    }
}

impl Severity {
    /// Reads the protocol's word; its case matters.
    pub fn parse(word: &str) -> Option<Self> {
        Status::parse(word).and_then(Status::severity)
    }

    /// The protocol's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Critical => "Critical",
            Self::Warning => "Warning",
            Self::Info => "Info",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_one_of_four_words_with_their_case() {
        assert_eq!(Status::parse("Ok"), Some(Status::Ok));
        assert_eq!(Status::parse("critical"), None);
        assert!(Severity::Critical > Severity::Warning && Severity::Warning > Severity::Info);
    }
}
