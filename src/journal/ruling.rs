//! What the rules of a channel say of an alert, by the configuration under which it was taken in.
//!
//! It stands in the record, so that the board needs neither rules nor configuration: the same journal gives the same
//! board, whoever folds it and whatever the rules are by then. Marks are hashes of a rule and of the values that it
//! compares; the board only compares numbers.

use serde::{Deserialize, Serialize};

use crate::json::is_default;

/// What one channel's rules say of one alert. Where they say nothing, it is not stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ruling {
    /// The channel.
    #[serde(rename = "c")]
    pub channel_id: i64,
    /// Silence: it is kept and marked, and is in no incident, until this Unix second; 0: no silence.
    #[serde(rename = "s", skip_serializing_if = "is_default")]
    pub silenced_until: u64,
    /// The silence rule that does it; of several, the one that lasts longest.
    #[serde(rename = "sr", skip_serializing_if = "String::is_empty")]
    pub silence_rule_id: String,
    /// Inhibition: it is discarded while an alert that is a source of one of these is active.
    #[serde(rename = "d", skip_serializing_if = "Vec::is_empty")]
    pub discarded_by: Vec<u64>,
    /// Inhibition: it is kept and marked, and is in no incident, while an alert that is a source of one of these is
    /// active.
    #[serde(rename = "m", skip_serializing_if = "Vec::is_empty")]
    pub muted_by: Vec<u64>,
    /// Inhibition: it is a source of these.
    #[serde(rename = "so", skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<u64>,
    /// How it joins incidents; absent: it makes one of its own.
    #[serde(rename = "g", skip_serializing_if = "Option::is_none")]
    pub grouping: Option<Grouping>,
    /// At which numbers of merged alerts an incident warns of a storm, rising.
    #[serde(rename = "st", skip_serializing_if = "Vec::is_empty")]
    pub storms: Vec<u32>,
    /// When its key counts as flapping; absent: [`Flapping::default`].
    #[serde(rename = "f", skip_serializing_if = "Option::is_none")]
    pub flapping: Option<Flapping>,
    /// When its incident closes by itself; absent: never.
    #[serde(rename = "a", skip_serializing_if = "Option::is_none")]
    pub auto_resolve: Option<AutoResolve>,
    /// Its incident stays open when all alerts have recovered (`disable_auto_close`).
    #[serde(rename = "k", skip_serializing_if = "is_default")]
    pub keep_open: bool,
    /// Somebody is told what happens to the alerts of the channel.
    #[serde(rename = "w", skip_serializing_if = "is_default")]
    pub watched: bool,
}

/// How an alert joins incidents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Grouping {
    /// By rule: hashes of the values of each group of keys. It joins an incident that was opened with one of them.
    #[serde(rename = "m", skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<u64>,
    /// By similarity: what it is compared by.
    #[serde(rename = "t", skip_serializing_if = "Option::is_none")]
    pub texts: Option<Texts>,
    /// For how long after its trigger an incident takes alerts in, seconds; 0: until it closes.
    #[serde(rename = "w", skip_serializing_if = "is_default")]
    pub window_s: u64,
    /// Whether each alert that joins begins the window anew.
    #[serde(rename = "sl", skip_serializing_if = "is_default")]
    pub sliding: bool,
}

/// The texts by which alerts are compared: of each chosen field the hashes of its features, rising, without repeats.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Texts {
    /// In the order of the channel's `i_keys`.
    #[serde(rename = "k")]
    pub keys: Vec<Vec<u32>>,
    /// From which similarity on they belong together, thousandths.
    #[serde(rename = "s")]
    pub score: u32,
}

/// When an alert key counts as flapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flapping {
    /// This many changes between open and recovered; 0: never.
    #[serde(rename = "n")]
    pub max_changes: u32,
    /// Within so many seconds.
    #[serde(rename = "i")]
    pub in_s: u64,
    /// For so many seconds it then makes no incident; 0: it is only marked.
    #[serde(rename = "m")]
    pub mute_s: u64,
}

impl Default for Flapping {
    /// That of a new channel: marked at four changes within an hour, not muted.
    fn default() -> Self {
        Self { max_changes: 4, in_s: 3600, mute_s: 0 }
    }
}

/// When an incident closes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutoResolve {
    /// After so many seconds.
    #[serde(rename = "a")]
    pub after_s: u64,
    /// Whether they count from its latest event (mode `update`), not from its trigger (mode `trigger`).
    #[serde(rename = "u")]
    pub from_update: bool,
}

impl Ruling {
    /// Whether it says nothing that is not so by default.
    pub fn is_default(&self) -> bool {
        *self == Self { channel_id: self.channel_id, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rules_do_not_say_is_not_stored() {
        let ruling = Ruling { channel_id: 7, storms: vec![10], ..Ruling::default() };
        assert_eq!(serde_json::to_string(&ruling).expect("plain data"), r#"{"c":7,"st":[10]}"#);
        assert!(!ruling.is_default() && Ruling { channel_id: 7, ..Ruling::default() }.is_default());
    }

    #[test]
    fn a_ruling_reads_back_as_it_was_written() {
        let ruling = Ruling {
            channel_id: 7,
            silenced_until: 5,
            silence_rule_id: "r".into(),
            discarded_by: vec![1],
            muted_by: vec![2],
            sources: vec![3],
            grouping: Some(Grouping {
                marks: vec![u64::MAX],
                texts: Some(Texts { keys: vec![vec![1, 2], vec![]], score: 900 }),
                window_s: 60,
                sliding: true,
            }),
            storms: vec![2, 3],
            flapping: Some(Flapping::default()),
            auto_resolve: Some(AutoResolve { after_s: 60, from_update: true }),
            keep_open: true,
            watched: true,
        };
        let bytes = serde_json::to_vec(&ruling).expect("plain data");
        assert_eq!(serde_json::from_slice::<Ruling>(&bytes).expect("a ruling"), ruling);
    }
}
