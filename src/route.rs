//! Routing of shared integrations: which channels an alert goes to.
//!
//! Cases are walked from the top; a case holds if all of its conditions hold; its channels are collected, and the walk
//! stops there unless the case says to fall through. The default applies only where no case gave a channel.
//! (Flashduty's routing rules; values are compared as equal texts, patterns are not understood yet.)

use serde::Deserialize;

use crate::intake::AlertEvent;

/// The routing rules of a shared integration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The cases, first to last.
    #[serde(default)]
    pub cases: Vec<Case>,
    /// Where an alert goes that no case sent anywhere.
    #[serde(default)]
    pub default: Fallback,
}

/// One case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The conditions, all of which must hold; none: it always holds.
    #[serde(rename = "if")]
    pub conditions: Vec<Condition>,
    /// Where the alert goes.
    pub channel_ids: Vec<i64>,
    /// Whether the walk goes on after this case.
    #[serde(default)]
    pub fallthrough: bool,
}

/// Where an alert goes that no case sent anywhere.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fallback {
    /// The channels; may be none.
    #[serde(default)]
    pub channel_ids: Vec<i64>,
}

/// A condition on one field of an alert.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// `severity`, `title`, `description`, `alert_key`, `title_rule` or `labels.<name>`.
    pub key: String,
    /// Whether one of the values must match, or none.
    pub oper: Oper,
    /// The values.
    pub vals: Vec<String>,
}

/// The operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Oper {
    /// Some value matches; false where the field is absent.
    #[serde(rename = "IN")]
    In,
    /// No value matches; true where the field is absent.
    #[serde(rename = "NOTIN")]
    NotIn,
}

impl Route {
    /// Whether nothing is configured, so that no push can be taken.
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty() && self.default.channel_ids.is_empty()
    }

    /// All channels that the rules name.
    pub fn channel_ids(&self) -> impl Iterator<Item = i64> {
        self.cases.iter().flat_map(|c| &c.channel_ids).chain(&self.default.channel_ids).copied()
    }

    /// Refuses rules that this version cannot follow; better than following them wrongly.
    pub fn check(&self) -> Result<(), String> {
        for condition in self.cases.iter().flat_map(|c| &c.conditions) {
            let key = condition.key.as_str();
            let known = ["severity", "title", "description", "alert_key", "title_rule"];
            if !known.contains(&key) && key.strip_prefix("labels.").is_none_or(str::is_empty) {
                return Err(format!("the key '{key}' is not known"));
            }
            if let Some(pattern) = condition.vals.iter().find(|v| looks_like_a_pattern(v)) {
                return Err(format!("the value '{pattern}' is a pattern; only equal texts are compared so far"));
            }
        }
        Ok(())
    }

    /// The channels for an alert, in the order in which the cases name them, each once.
    pub fn channels(&self, event: &AlertEvent) -> Vec<i64> {
        let mut channels = Vec::new();
        for case in &self.cases {
            if case.conditions.iter().all(|c| c.holds(event)) {
                channels.extend(&case.channel_ids);
                if !case.fallthrough {
                    break;
                }
            }
        }
        if channels.is_empty() {
            channels.extend(&self.default.channel_ids);
        }
        let mut seen = std::collections::BTreeSet::new();
        channels.retain(|id| seen.insert(*id));
        channels
    }
}

impl Condition {
    fn holds(&self, event: &AlertEvent) -> bool {
        let value = match self.key.as_str() {
            "severity" => event.status.severity().map(|s| s.name()),
            "title" => Some(event.title.as_str()),
            "description" => Some(event.description.as_str()),
            "alert_key" => Some(event.alert_key.as_str()),
            "title_rule" => Some(event.title_rule.as_str()),
            key => key.strip_prefix("labels.").and_then(|name| event.labels.get(name)).map(String::as_str),
        };
        let found = value.is_some_and(|value| self.vals.iter().any(|v| v == value));
        found == (self.oper == Oper::In)
    }
}

fn looks_like_a_pattern(value: &str) -> bool {
    let regex = value.len() > 1 && value.starts_with('/') && value.ends_with('/');
    regex || value.contains(['*', '?']) || value.starts_with("cidr:") || value.starts_with("num:")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::{AlertEvent, Status};

    fn event(status: Status, labels: &[(&str, &str)]) -> AlertEvent {
        let labels = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        AlertEvent { status, labels, ..AlertEvent::default() }
    }

    fn route(text: &str) -> Route {
        toml::from_str(text).expect("valid rules")
    }

    const RULES: &str = r#"
        default = { channel_ids = [9] }
        cases = [
          { if = [{ key = "labels.team", oper = "IN", vals = ["a", "b"] }], channel_ids = [1], fallthrough = true },
          { if = [{ key = "severity", oper = "IN", vals = ["Critical"] }], channel_ids = [2, 1] },
          { if = [{ key = "labels.env", oper = "NOTIN", vals = ["dev"] }, { key = "labels.x", oper = "IN", vals = ["y"] }], channel_ids = [3] },
        ]"#;

    #[test]
    fn a_case_that_falls_through_adds_to_the_next_one_and_no_channel_comes_twice() {
        assert_eq!(route(RULES).channels(&event(Status::Critical, &[("team", "b")])), [1, 2]);
    }

    #[test]
    fn the_default_takes_what_no_case_sent_anywhere() {
        assert_eq!(route(RULES).channels(&event(Status::Info, &[])), [9]);
        assert_eq!(route(RULES).channels(&event(Status::Info, &[("team", "a")])), [1]);
    }

    #[test]
    fn an_absent_label_is_not_in_and_all_conditions_must_hold() {
        assert_eq!(route(RULES).channels(&event(Status::Info, &[("x", "y")])), [3]);
        assert_eq!(route(RULES).channels(&event(Status::Info, &[("x", "y"), ("env", "dev")])), [9]);
    }

    #[test]
    fn a_rule_that_cannot_be_followed_yet_is_refused() {
        for value in ["web-*", "/a|b/", "cidr:10.0.0.0/8", "num:gt:3"] {
            let text = format!(
                r#"cases = [{{ if = [{{ key = "title", oper = "IN", vals = ["{value}"] }}], channel_ids = [1] }}]"#
            );
            assert!(route(&text).check().is_err(), "{value}");
        }
        let text = r#"cases = [{ if = [{ key = "colour", oper = "IN", vals = ["red"] }], channel_ids = [1] }]"#;
        assert_eq!(route(text).check(), Err("the key 'colour' is not known".into()));
    }
}
