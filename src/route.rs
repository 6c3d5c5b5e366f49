//! Routing of shared integrations: which channels an alert goes to.
//!
//! Cases are walked from the top; a case holds if all of its conditions hold; its channels are collected, and the walk
//! stops there unless the case says to fall through. The default applies only where no case gave a channel.
//! (Flashduty's routing rules; values are compared as equal texts, patterns are not understood yet.)

use serde::Deserialize;

use crate::filter::{Condition, Facts};

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
        self.cases.iter().flat_map(|c| &c.conditions).try_for_each(Condition::check)
    }

    /// The channels for an alert, in the order in which the cases name them, each once.
    pub fn channels(&self, facts: &Facts<'_>) -> Vec<i64> {
        let mut channels = Vec::new();
        for case in &self.cases {
            if case.conditions.iter().all(|c| c.holds(facts)) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Origin;
    use crate::intake::{AlertEvent, Status};

    fn event(status: Status, labels: &[(&str, &str)]) -> AlertEvent {
        let labels = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        AlertEvent { status, labels, ..AlertEvent::default() }
    }

    fn channels(event: &AlertEvent) -> Vec<i64> {
        let route: Route = toml::from_str(RULES).expect("valid rules");
        route.channels(&Facts::of(event, Origin::default()))
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
        assert_eq!(channels(&event(Status::Critical, &[("team", "b")])), [1, 2]);
    }

    #[test]
    fn the_default_takes_what_no_case_sent_anywhere() {
        assert_eq!(channels(&event(Status::Info, &[])), [9]);
        assert_eq!(channels(&event(Status::Info, &[("team", "a")])), [1]);
    }

    #[test]
    fn an_absent_label_is_not_in_and_all_conditions_must_hold() {
        assert_eq!(channels(&event(Status::Info, &[("x", "y")])), [3]);
        assert_eq!(channels(&event(Status::Info, &[("x", "y"), ("env", "dev")])), [9]);
    }
}
