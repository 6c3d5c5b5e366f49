//! Extraction: a label from a part of the title, the description or another label (Flashduty, "Label Enhancement").

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::expression::Expression;
use super::label;
use super::path::Path;
use crate::filter::{Facts, Origin, value};
use crate::intake::AlertEvent;
use crate::intake::bounded::Bounded;
use crate::intake::fields::{LABEL_VALUE_CHARS, plain_text};
use crate::intake::step::Account;

/// The settings of `extraction`. Exactly one of `pattern` and `g_json` is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extraction {
    /// Where the text is: `title`, `description` or `labels.<name>`.
    pub source_field: String,
    /// The label that is set: a small letter, then at most 62 of small letters, digits and underscores.
    pub result_label: String,
    /// An expression whose match is the value.
    #[serde(default, skip_serializing_if = "Expression::is_empty")]
    pub pattern: Expression,
    /// A path to the value, where the text is JSON.
    #[serde(default, skip_serializing_if = "Path::is_empty")]
    pub g_json: Path,
    /// Whether a label of this name is replaced.
    #[serde(default, rename = "override")]
    pub replaces: bool,
}

impl Extraction {
    pub(super) fn check(&self) -> Result<(), String> {
        let source = self.source_field.as_str();
        if !matches!(source, "title" | "description") && source.strip_prefix("labels.").is_none_or(str::is_empty) {
            return Err("source_field: must be title, description or labels.<name>".to_owned());
        }
        if !is_result_label(&self.result_label) {
            return Err("result_label: must match ^[a-z][a-z0-9_]{0,62}$".to_owned());
        }
        match (self.pattern.is_empty(), self.g_json.is_empty()) {
            (false, true) => self.pattern.check().map_err(|problem| format!("pattern: {problem}")),
            (true, false) => self.g_json.check().map_err(|problem| format!("g_json: {problem}")),
            _ => Err("pattern: exactly one of pattern and g_json is required".to_owned()),
        }
    }

    pub(super) fn apply(&self, event: &mut AlertEvent, origin: Origin<'_>, account: &mut Account) {
        let source = &self.source_field;
        let found = match value(source, &Facts::of(event, origin)) {
            None => return account.say(|| format!("the alert has no {source}")),
            Some(text) if !self.pattern.is_empty() => self.pattern.find(&text).map(str::to_owned),
            Some(text) => match serde_json::from_slice::<Value>(text.as_bytes()) {
                Err(_) => return account.say(|| format!("{source} is not JSON")),
                Ok(value) => self.g_json.find(&value).and_then(|found| as_text(&found)),
            },
        };
        match found {
            None => account.say(|| format!("nothing is found in {source}")),
            Some(found) => label::set(event, &self.result_label, &found, self.replaces, account),
        }
    }
}

fn is_result_label(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_lowercase())
        && bytes.len() <= 62
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// The value as a label's text: arrays and objects as JSON, `null` as nothing.
fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Array(_) | Value::Object(_) => {
            let mut text = Bounded::new(LABEL_VALUE_CHARS);
            text.push_json(value);
            Some(text.into_text())
        }
        _ => plain_text(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(source_field: &str, pattern: &str, g_json: &str) -> Extraction {
        Extraction {
            source_field: source_field.into(),
            result_label: "found".into(),
            pattern: pattern.into(),
            g_json: g_json.into(),
            replaces: false,
        }
    }

    fn applied(rule: &Extraction) -> (Option<String>, String) {
        let mut event = AlertEvent {
            title: "disk full on web-07".into(),
            description: r#"{"host":{"ip":["10.0.0.1","10.0.0.2"]},"used":97.5,"ok":false,"none":null}"#.into(),
            labels: [("url".to_owned(), "https://x.example/d/42".to_owned())].into(),
            ..AlertEvent::default()
        };
        let (mut account, mut steps) = (Account::new(true), Vec::new());
        rule.apply(&mut event, Origin::default(), &mut account);
        account.close(1, "extraction", true, Some(&mut steps));
        (event.labels.remove("found"), steps.remove(0).effect)
    }

    #[test]
    fn a_pattern_takes_a_label_out_of_any_text() {
        for (source, pattern, expected) in [
            ("title", r"on (?P<result>\S+)$", "web-07"),
            ("title", r"web-\d+", "web-07"),
            ("labels.url", r"/d/(?P<result>\d+)", "42"),
        ] {
            let expected = (Some(expected.to_owned()), format!("label found = {expected}"));
            assert_eq!(applied(&rule(source, pattern, "")), expected);
        }
    }

    #[test]
    fn a_path_takes_a_label_out_of_json() {
        for (path, expected) in [
            ("host.ip.0", Some("10.0.0.1")),
            ("host.ip", Some(r#"["10.0.0.1","10.0.0.2"]"#)),
            ("host.ip.#", Some("2")),
            ("used", Some("97.5")),
            ("ok", Some("false")),
            ("none", None),
        ] {
            assert_eq!(applied(&rule("description", "", path)).0.as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn what_finds_nothing_sets_nothing_and_says_why() {
        assert_eq!(applied(&rule("title", "nope", "")), (None, "nothing is found in title".into()));
        assert_eq!(applied(&rule("labels.none", "x", "")), (None, "the alert has no labels.none".into()));
        assert_eq!(applied(&rule("title", "", "a")), (None, "title is not JSON".into()));
        assert_eq!(applied(&rule("title", "x*", "")), (None, "label found is left out: its value is empty".into()));
    }

    #[test]
    fn a_rule_that_can_find_nothing_is_refused_by_field() {
        let named = |result_label: &str| Extraction { result_label: result_label.into(), ..rule("title", "x", "") };
        let long = "a".repeat(64);
        for (rule, field) in [
            (rule("severity", "x", ""), "source_field:"),
            (rule("labels.", "x", ""), "source_field:"),
            (rule("title", "", ""), "pattern:"),
            (rule("title", "x", "y"), "pattern:"),
            (rule("title", "(", ""), "pattern:"),
            (rule("title", "", "a|b"), "g_json:"),
            (named(""), "result_label:"),
            (named("Host"), "result_label:"),
            (named("9x"), "result_label:"),
            (named("a-b"), "result_label:"),
            (named(&long), "result_label:"),
        ] {
            assert!(rule.check().is_err_and(|problem| problem.starts_with(field)), "{rule:?}");
        }
        assert_eq!(named(&long[..63]).check(), Ok(()));
        assert_eq!(rule("labels.x", "", "a.b").check(), Ok(()));
    }
}
