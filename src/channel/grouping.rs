//! How alerts of a channel join incidents: not at all, by rule, by similarity.

use crate::sorted::SortedMap;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::alike;
use crate::filter::{Facts, Filter, canonical, is_known, value};
use crate::journal::{Grouping, Texts};

/// The setting `group` of a channel.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Group {
    /// Which way.
    pub method: Method,
    /// By rule: groups of keys. Alerts that are equal on all keys of a group belong together.
    pub equals: Vec<Vec<String>>,
    /// By rule: the first case that holds says which keys, instead of `equals`.
    pub cases: Vec<Case>,
    /// By rule: whether an empty value is equal to none, not even to another empty one. Without it two empty values are
    /// equal, so alerts that have none of the keys belong together too.
    pub all_equals_required: bool,
    /// For how many minutes an incident takes alerts in; 0: until it closes.
    pub time_window: u64,
    /// From when they count.
    pub window_type: WindowType,
    /// The older, single threshold; 0: none. At 1 there is nothing to warn of.
    pub storm_threshold: u32,
    /// At how many alerts an incident warns of a storm.
    pub storm_thresholds: Vec<u32>,
    /// By similarity: what is compared.
    pub i_keys: Vec<String>,
    /// By similarity: from where on alerts belong together, 0.5 to 1.
    pub i_score_threshold: f64,
}

/// A way of grouping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Method {
    /// Every alert makes an incident of its own.
    #[default]
    #[serde(rename = "n")]
    None,
    /// By rule.
    #[serde(rename = "p")]
    Rule,
    /// By similarity.
    #[serde(rename = "i")]
    Similarity,
}

/// From when a window counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WindowType {
    /// From the incident's trigger.
    #[default]
    Tumbling,
    /// From the alert that joined last.
    Sliding,
}

/// Keys for the alerts that a filter holds for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Case {
    /// For which alerts; it must ask for something.
    #[serde(rename = "if")]
    pub filter: Filter,
    /// The groups of keys.
    pub equals: Vec<Vec<String>>,
}

impl Default for Group {
    fn default() -> Self {
        let keys = ["title", "description", "labels.service", "labels.resource"];
        Self {
            method: Method::None,
            equals: Vec::new(),
            cases: Vec::new(),
            all_equals_required: false,
            time_window: 0,
            window_type: WindowType::Tumbling,
            storm_threshold: 0,
            storm_thresholds: Vec::new(),
            i_keys: keys.map(str::to_owned).to_vec(),
            i_score_threshold: 0.9,
        }
    }
}

impl Group {
    /// Refuses a setting that cannot be followed.
    pub fn check(&self) -> Result<(), String> {
        let refuse = |holds: bool, problem: &str| if holds { Ok(()) } else { Err(problem.to_owned()) };
        refuse(self.cases.len() <= 100, "cases: at most 100")?;
        for case in &self.cases {
            case.filter.check_asks().map_err(|problem| format!("cases: if: {problem}"))?;
        }
        for keys in self.cases.iter().flat_map(|case| &case.equals).chain(&self.equals) {
            refuse((1..=5).contains(&keys.len()), "equals: a group has 1 to 5 keys")?;
            if let Some(key) = keys.iter().find(|key| !is_known(key)) {
                return Err(format!("equals: the key '{key}' is not known"));
            }
        }
        let has_keys = !self.equals.is_empty() || !self.cases.is_empty();
        refuse(self.method != Method::Rule || has_keys, "equals: method p needs equals or cases")?;
        refuse(self.time_window <= 43_200, "time_window: must be at most 43200 minutes")?;
        refuse(self.storm_thresholds.len() <= 5, "storm_thresholds: at most 5")?;
        let storms = self.storm_thresholds.iter().all(|threshold| (2..=10_000).contains(threshold));
        refuse(storms, "storm_thresholds: must be 2 to 10000")?;
        refuse(self.storm_threshold <= 10_000, "storm_threshold: must be at most 10000")?;
        refuse((1..=10).contains(&self.i_keys.len()), "i_keys: must be 1 to 10 keys")?;
        if let Some(key) = self.i_keys.iter().find(|key| !is_known(key)) {
            return Err(format!("i_keys: the key '{key}' is not known"));
        }
        refuse((0.5..=1.0).contains(&self.i_score_threshold), "i_score_threshold: must be 0.5 to 1")
    }

    /// At how many alerts an incident warns, rising.
    pub fn storms(&self) -> Vec<u32> {
        let mut storms = self.storm_thresholds.clone();
        if self.storm_threshold > 1 {
            storms.push(self.storm_threshold);
        }
        storms.sort_unstable();
        storms.dedup();
        storms
    }

    /// How an alert joins incidents; `None`: it makes one of its own.
    pub fn grouping(&self, channel_id: i64, facts: &Facts<'_>) -> Option<Grouping> {
        let mut grouping = Grouping {
            window_s: self.time_window * 60,
            sliding: self.window_type == WindowType::Sliding,
            ..Grouping::default()
        };
        match self.method {
            Method::None => return None,
            Method::Rule => {
                for keys in self.keys_for(facts) {
                    grouping.marks.extend(self.mark(channel_id, keys, facts));
                }
                if grouping.marks.is_empty() {
                    return None;
                }
            }
            Method::Similarity => {
                let text = |key: &String| value(key, facts).unwrap_or_default();
                let keys: Vec<Vec<u32>> = self.i_keys.iter().map(|key| alike::features(&text(key))).collect();
                if keys.iter().all(Vec::is_empty) {
                    return None;
                }
                let score = (self.i_score_threshold * 1000.0).round() as u32;
                grouping.texts = Some(Texts { keys, score });
            }
        }
        Some(grouping)
    }

    /// The groups of keys that count for an alert, by rule: those of the first case that holds, even if it has none.
    fn keys_for(&self, facts: &Facts<'_>) -> &[Vec<String>] {
        let case = self.cases.iter().find(|case| case.filter.holds(facts));
        case.map_or(&self.equals, |case| &case.equals)
    }

    /// By which values an alert joins incidents, for people: the keys and values of each group that counts.
    pub fn grouped_by(&self, facts: &Facts<'_>) -> Vec<SortedMap<String, String>> {
        let groups = match self.method {
            Method::None => &[],
            Method::Rule => self.keys_for(facts),
            Method::Similarity => std::slice::from_ref(&self.i_keys),
        };
        let mut told = Vec::new();
        for keys in groups {
            if self.method == Method::Rule && self.mark(0, keys, facts).is_none() {
                continue;
            }
            let mut values = SortedMap::new();
            for key in keys {
                values.insert(key.clone(), value(key, facts).unwrap_or_default().into_owned());
            }
            told.push(values);
        }
        told
    }

    /// What all alerts have in common that are equal on these keys, by whichever of their names a rule calls them: alerts
    /// of two cases, or from before a rule was reworded, belong together all the same.
    fn mark(&self, channel_id: i64, keys: &[String], facts: &Facts<'_>) -> Option<u64> {
        let mut hash = Sha256::new();
        hash.update(channel_id.to_be_bytes());
        for key in keys {
            let value = value(key, facts).unwrap_or_default();
            if value.is_empty() && self.all_equals_required {
                return None;
            }
            // With their lengths, no two lists of keys and values give the same bytes.
            for text in [canonical(key), value] {
                hash.update((text.len() as u64).to_be_bytes());
                hash.update(text.as_bytes());
            }
        }
        Some(hash.finalize().iter().take(8).fold(0, |mark, byte| mark << 8 | u64::from(*byte)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Origin;
    use crate::intake::{AlertEvent, Status};

    fn group(setting: serde_json::Value) -> Group {
        let group: Group = serde_json::from_value(setting).expect("a setting");
        assert_eq!(group.check(), Ok(()));
        group
    }

    fn marks(group: &Group, labels: &[(&str, &str)]) -> Vec<u64> {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let event = AlertEvent { status: Status::Critical, labels, ..AlertEvent::default() };
        group.grouping(7, &Facts::of(&event, Origin::default())).map(|grouping| grouping.marks).unwrap_or_default()
    }

    #[test]
    fn alerts_are_equal_on_all_keys_of_one_of_the_groups() {
        let group = group(serde_json::json!({"method": "p", "equals": [["labels.a", "labels.b"], ["labels.c"]]}));
        let first = marks(&group, &[("a", "1"), ("b", "2"), ("c", "3")]);
        let by_both = marks(&group, &[("a", "1"), ("b", "2"), ("c", "4")]);
        let by_one = marks(&group, &[("a", "1"), ("b", "9"), ("c", "3")]);
        assert_eq!((first.len(), first[0] == by_both[0], first[1] == by_both[1]), (2, true, false));
        assert_eq!((first[0] == by_one[0], first[1] == by_one[1]), (false, true));
    }

    #[test]
    fn two_empty_values_are_equal_unless_all_equals_are_required() {
        let loose = group(serde_json::json!({"method": "p", "equals": [["labels.a"]]}));
        assert_eq!(marks(&loose, &[]), marks(&loose, &[("a", "")]));
        assert_eq!(marks(&loose, &[]).len(), 1);
        let strict = group(serde_json::json!({"method": "p", "equals": [["labels.a"]], "all_equals_required": true}));
        assert_eq!((marks(&strict, &[]).len(), marks(&strict, &[("a", "1")]).len()), (0, 1));
    }

    #[test]
    fn the_first_case_that_holds_says_which_keys_and_without_one_equals_does() {
        let group = group(serde_json::json!({"method": "p", "equals": [["labels.b"]], "cases": [
            {"if": [[{"key": "labels.x", "oper": "IN", "vals": ["1"]}]], "equals": [["labels.a"]]},
            {"if": [[{"key": "labels.x", "oper": "IN", "vals": ["*"]}]], "equals": [["labels.c"]]}]}));
        let same = |one: &[(&str, &str)], other: &[(&str, &str)]| marks(&group, one) == marks(&group, other);
        assert!(same(&[("x", "1"), ("a", "1"), ("b", "1")], &[("x", "1"), ("a", "1"), ("b", "2")]));
        assert!(same(&[("x", "2"), ("c", "1"), ("a", "1")], &[("x", "3"), ("c", "1"), ("a", "2")]));
        assert!(same(&[("b", "1"), ("a", "1")], &[("b", "1"), ("a", "2")]));
        assert!(!same(&[("b", "1")], &[("b", "2")]));
    }

    #[test]
    fn a_case_without_keys_lets_its_alerts_stand_alone() {
        let group = group(serde_json::json!({"method": "p", "equals": [["labels.b"]], "cases": [
            {"if": [[{"key": "labels.x", "oper": "IN", "vals": ["1"]}]], "equals": []}]}));
        assert_eq!((marks(&group, &[("x", "1"), ("b", "1")]).len(), marks(&group, &[("b", "1")]).len()), (0, 1));
    }

    #[test]
    fn people_are_told_the_values_of_the_groups_that_count() {
        let labels = [("a", "1"), ("b", ""), ("c", "3")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let event = AlertEvent { status: Status::Critical, labels: labels.into(), ..AlertEvent::default() };
        let facts = Facts::of(&event, Origin::default());
        let equals = serde_json::json!([["labels.a", "labels.c"], ["labels.b"]]);
        let told = |setting| serde_json::to_value(group(setting).grouped_by(&facts)).expect("plain data");
        let loose = serde_json::json!({"method": "p", "equals": equals});
        assert_eq!(told(loose), serde_json::json!([{"labels.a": "1", "labels.c": "3"}, {"labels.b": ""}]));
        let strict = serde_json::json!({"method": "p", "equals": equals, "all_equals_required": true});
        assert_eq!(told(strict), serde_json::json!([{"labels.a": "1", "labels.c": "3"}]));
        // What is required by rule says nothing of what is compared by similarity.
        let alike = serde_json::json!({"method": "i", "i_keys": ["labels.a", "labels.b"], "all_equals_required": true});
        assert_eq!(told(alike), serde_json::json!([{"labels.a": "1", "labels.b": ""}]));
        assert_eq!(told(serde_json::json!({"equals": equals})), serde_json::json!([]));
    }

    #[test]
    fn it_does_not_matter_by_which_of_its_names_a_key_is_called() {
        let labels = [("check", "disk")];
        let by = |key: &str| {
            let marks = marks(&group(serde_json::json!({"method": "p", "equals": [[key]]})), &labels);
            assert_eq!(marks.len(), 1, "{key}");
            marks
        };
        for (key, other) in [
            ("severity", "alert_severity"),
            ("severity", "incident_severity"),
            ("status", "event_status"),
            ("integration_id", "data_source_id"),
            ("labels.check", "check"),
        ] {
            assert_eq!(by(key), by(other), "{key}, {other}");
        }
        // Equal values of different keys are no reason to belong together.
        assert_ne!(by("severity"), by("status"));
    }

    #[test]
    fn a_mark_never_changes_from_one_version_to_the_next() {
        // It is kept with incidents, so another way of computing it would break what is stored.
        let group = group(serde_json::json!({"method": "p", "equals": [["severity", "labels.a"]]}));
        assert_eq!(marks(&group, &[("a", "x")]), [10_408_207_322_576_738_955]);
    }

    #[test]
    fn thresholds_rise_and_stand_once() {
        let group = group(serde_json::json!({"storm_threshold": 50, "storm_thresholds": [100, 10, 50]}));
        assert_eq!(group.storms(), [10, 50, 100]);
        assert!(Group::default().storms().is_empty());
    }

    #[test]
    fn what_cannot_be_followed_is_refused() {
        for wrong in [
            serde_json::json!({"method": "p"}),
            serde_json::json!({"equals": [[]]}),
            serde_json::json!({"equals": [["no such key"]]}),
            serde_json::json!({"equals": [["title", "title", "title", "title", "title", "title"]]}),
            serde_json::json!({"storm_thresholds": [1]}),
            serde_json::json!({"storm_thresholds": [2, 3, 4, 5, 6, 7]}),
            serde_json::json!({"time_window": 43_201}),
            serde_json::json!({"i_score_threshold": 0.4}),
            serde_json::json!({"i_keys": []}),
            serde_json::json!({"cases": [{"if": [], "equals": [["title"]]}]}),
        ] {
            let group: Group = serde_json::from_value(wrong.clone()).expect("a setting");
            assert!(group.check().is_err(), "{wrong}");
        }
    }
}
