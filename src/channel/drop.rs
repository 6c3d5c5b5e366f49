//! Drop rules ("unsubscribe" in the Open API's paths): alerts that a channel does not take at all.

use serde::Deserialize;

use crate::filter::{Facts, Filter};

/// A drop rule.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Drop {
    /// What it is known by.
    pub rule_id: String,
    /// Its name, if it has one.
    pub rule_name: Option<String>,
    /// What it is for.
    pub description: String,
    /// Of several that drop an alert, the one with the lowest is named; one is enough.
    pub priority: i64,
    /// Whether it is followed.
    pub status: RuleStatus,
    /// What it drops; it must ask for something.
    pub filters: Filter,
}

/// Whether a rule is followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleStatus {
    /// It is.
    #[default]
    Enabled,
    /// It is not.
    Disabled,
}

impl Drop {
    /// Refuses a rule that cannot be followed.
    pub fn check(&self) -> Result<(), String> {
        check_texts(self.rule_name.as_deref(), &self.description)?;
        self.filters.check_asks().map_err(|problem| format!("filters: {problem}"))
    }

    /// Whether it drops an alert.
    pub fn drops(&self, facts: &Facts<'_>) -> bool {
        self.status == RuleStatus::Enabled && self.filters.holds(facts)
    }
}

/// What all rules of a channel have in common.
pub fn check_texts(name: Option<&str>, description: &str) -> Result<(), String> {
    if name.is_some_and(|name| !(1..=39).contains(&name.chars().count())) {
        return Err("rule_name: must have 1 to 39 characters".to_owned());
    }
    match description.chars().count() {
        0..=500 => Ok(()),
        _ => Err("description: must have at most 500 characters".to_owned()),
    }
}
