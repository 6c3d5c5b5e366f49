//! Routing of shared integrations: which channels an alert goes to (Flashduty, "Configure Routing Rules").
//!
//! Cases are walked from the top; a case holds if all of its conditions hold; its channels are collected, and the walk
//! stops there unless the case says to fall through. The default applies only where no case gave a channel that can
//! take the alert. A channel that several cases name gets the alert once.

mod walk;

use serde::{Deserialize, Serialize};

pub use self::walk::{CaseStep, ConditionStep, RouteSteps};
use crate::filter::Condition;

/// The most cases of a route.
const CASES: usize = 1000;

/// The routing rules of a shared integration.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
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
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The conditions, all of which must hold; none: it always holds.
    #[serde(rename = "if", default)]
    pub conditions: Vec<Condition>,
    /// Where the alert goes.
    #[serde(default)]
    pub channel_ids: Vec<i64>,
    /// Whether the walk goes on after this case.
    #[serde(default)]
    pub fallthrough: bool,
    /// How the channels are found.
    #[serde(default)]
    pub routing_mode: RoutingMode,
    /// The label whose value is the name of the channel, where they are found by name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name_mapping_label: String,
}

/// How a case finds its channels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RoutingMode {
    /// They are listed.
    #[default]
    #[serde(alias = "")]
    Standard,
    /// A label holds the channel's exact name.
    NameMapping,
}

/// Where an alert goes that no case sent anywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
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

    /// Refuses rules that cannot be followed; better than following them wrongly. The text names the case.
    pub fn check(&self) -> Result<(), String> {
        if self.cases.len() > CASES {
            return Err(format!("cases: must be at most {CASES}"));
        }
        for (nth, case) in (1..).zip(&self.cases) {
            case.check().map_err(|problem| format!("case {nth}: {problem}"))?;
        }
        Ok(())
    }
}

impl Case {
    fn check(&self) -> Result<(), String> {
        match self.routing_mode {
            RoutingMode::Standard if self.channel_ids.is_empty() => Err("channel_ids: must not be empty".to_owned()),
            RoutingMode::NameMapping if self.name_mapping_label.is_empty() => {
                Err("name_mapping_label: is required where channels are found by name".to_owned())
            }
            _ => self.conditions.iter().try_for_each(Condition::check),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        basic_toml::from_str::<Route>(text).expect("a route").check().expect_err("refused")
    }

    #[test]
    fn a_case_that_could_send_nowhere_is_refused() {
        assert_eq!(problem("cases = [{ if = [] }]"), "case 1: channel_ids: must not be empty");
        let by_name = r#"cases = [{ channel_ids = [1] }, { routing_mode = "name_mapping" }]"#;
        assert!(problem(by_name).starts_with("case 2: name_mapping_label: "));
    }

    #[test]
    fn a_condition_that_cannot_be_followed_is_refused_with_its_case() {
        let text = r#"cases = [{ if = [{ key = "colour", oper = "IN", vals = ["red"] }], channel_ids = [1] }]"#;
        let problem = problem(text);
        assert!(problem.starts_with("case 1: ") && problem.contains("colour"), "{problem}");
    }

    #[test]
    fn an_empty_routing_mode_is_the_standard_one() {
        let route: Route =
            serde_json::from_str(r#"{"cases":[{"if":[],"channel_ids":[1],"routing_mode":""}]}"#).expect("a route");
        assert_eq!(route.cases[0].routing_mode, RoutingMode::Standard);
    }
}
