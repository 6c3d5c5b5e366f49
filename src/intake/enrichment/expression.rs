//! A regular expression that takes a value out of a text (Flashduty, "Label Enhancement", extraction): the group named
//! `result`, or the whole match.

use regex_lite::Regex;
use serde::{Deserialize, Serialize};

use crate::filter::expression;
use crate::intake::derived::Derived;

/// The group whose text is the value.
const GROUP: &str = "result";

/// An expression as it is written, a text in JSON and TOML; compiled when it is first used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Expression {
    text: String,
    #[serde(skip)]
    compiled: Derived<Result<Regex, String>>,
}

impl Expression {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Refuses what is no expression, or too large a one. The text says what is wrong.
    pub fn check(&self) -> Result<(), String> {
        self.compiled().as_ref().map(drop).map_err(Clone::clone)
    }

    /// What it finds first in `text`. Where it has the group, an alternative that goes past the group gives nothing.
    pub fn find<'a>(&self, text: &'a str) -> Option<&'a str> {
        let regex = self.compiled().as_ref().ok()?;
        let captures = regex.captures(text)?;
        let found = match regex.capture_names().flatten().any(|name| name == GROUP) {
            true => captures.name(GROUP),
            false => captures.get(0),
        };
        found.map(|found| found.as_str())
    }

    fn compiled(&self) -> &Result<Regex, String> {
        self.compiled.get(|| expression(&self.text))
    }
}

impl From<&str> for Expression {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), compiled: Derived::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_named_result_is_the_value_or_else_the_whole_match() {
        let text = "host=web-07 ip=10.2.3.4";
        for (expression, expected) in [
            (r"host=(?P<result>\S+)", Some("web-07")),
            (r"host=(?<result>\S+)", Some("web-07")),
            (r"\d+\.\d+\.\d+\.\d+", Some("10.2.3.4")),
            (r"host=(\S+)", Some("host=web-07")),
            (r"(?P<other>web)-\d", Some("web-0")),
            (r"ip=(?P<result>x)?", None),
            (r"nothing", None),
        ] {
            assert_eq!(Expression::from(expression).find(text), expected, "{expression}");
        }
    }

    #[test]
    fn a_bad_expression_is_refused_and_finds_nothing() {
        let long = "a".repeat(2000);
        for text in ["(", "a{2000}", long.as_str()] {
            let expression = Expression::from(text);
            assert!(expression.check().is_err() && expression.find(text).is_none());
        }
    }
}
