//! One condition on one field.

use serde::{Deserialize, Serialize};

use super::facts::Facts;

/// A condition on one field of an alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Oper {
    /// Some value matches; false where the field is absent.
    #[serde(rename = "IN")]
    In,
    /// No value matches; true where the field is absent.
    #[serde(rename = "NOTIN")]
    NotIn,
}

impl Condition {
    /// Refuses a condition that cannot be followed; better than following it wrongly. The text says what is wrong.
    pub fn check(&self) -> Result<(), String> {
        let key = self.key.as_str();
        let known = ["severity", "title", "description", "alert_key", "title_rule"];
        if !known.contains(&key) && key.strip_prefix("labels.").is_none_or(str::is_empty) {
            return Err(format!("the key '{key}' is not known"));
        }
        Ok(())
    }

    /// Whether it holds.
    pub fn holds(&self, facts: &Facts<'_>) -> bool {
        let found = value(&self.key, facts).is_some_and(|value| self.vals.iter().any(|v| *v == value));
        found == (self.oper == Oper::In)
    }
}

/// The value of a key; `None` where the alert has nothing there.
pub fn value<'a>(key: &str, facts: &Facts<'a>) -> Option<std::borrow::Cow<'a, str>> {
    match key {
        "severity" => facts.severity().map(|s| s.name()),
        "title" => Some(facts.title),
        "description" => Some(facts.description),
        "alert_key" => Some(facts.alert_key),
        "title_rule" => Some(facts.title_rule),
        key => key.strip_prefix("labels.").and_then(|name| facts.labels.get(name)).map(String::as_str),
    }
    .map(Into::into)
}
