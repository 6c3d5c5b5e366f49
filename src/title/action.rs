//! `{{.Labels.name}}`: a label or attribute in a template (Flashduty, "Reference Variables"; Go, "text/template").
//!
//! Of Go's actions those are read that insert one value, because no others are documented for rules: a field, in the
//! capitals of rules or the small letters of composed labels, and `index .Labels "name"`. Blanks and Go's trim markers
//! `{{-` and `-}}` are understood. Where Go would refuse a name (`.Labels.a-b`, `.Labels.a.b`), what is meant is clear.

use std::borrow::Cow;

use crate::filter::Facts;
use crate::intake::Severity;

/// What Go takes for a blank.
pub const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// An action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action<'a> {
    /// What it inserts.
    pub variable: Variable<'a>,
    /// Whether the blanks before it are dropped.
    pub trims_before: bool,
    /// Its length in bytes, with the blanks after it that are dropped.
    pub len: usize,
}

/// What an action inserts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Variable<'a> {
    /// `.Title`.
    Title,
    /// `.Description`.
    Description,
    /// `.EventSeverity` and `.EventStatus`; both are `Ok` on a recovery.
    Status,
    /// `.AlertKey`.
    AlertKey,
    /// `.TitleRule`.
    TitleRule,
    /// `.IntegrationType`.
    IntegrationType,
    /// `.IntegrationName`.
    IntegrationName,
    /// `.Labels.<name>`.
    Label(Cow<'a, str>),
}

impl<'a> Action<'a> {
    /// Reads the action that `text` begins with, from its `{{`. `None` where it is not understood.
    pub fn read(text: &'a str) -> Option<Self> {
        let inside = text.strip_prefix("{{")?;
        let (trims_before, inside) = match inside.strip_prefix('-') {
            Some(rest) if rest.starts_with(BLANKS) => (true, rest),
            _ => (false, inside),
        };
        let (word, rest) = first_word(inside);
        let (variable, rest) = match word {
            "index" => indexed(rest)?,
            word => (Variable::named(word)?, rest),
        };
        let end = rest.trim_start_matches(BLANKS);
        let after = match end.strip_prefix("-}}") {
            Some(after) if end.len() < rest.len() => after.trim_start_matches(BLANKS),
            _ => end.strip_prefix("}}")?,
        };
        Some(Self { variable, trims_before, len: text.len() - after.len() })
    }
}

impl<'a> Variable<'a> {
    fn named(word: &'a str) -> Option<Self> {
        Some(match word {
            ".Title" | ".title" => Self::Title,
            ".Description" | ".description" => Self::Description,
            ".EventSeverity" | ".EventStatus" => Self::Status,
            ".AlertKey" => Self::AlertKey,
            ".TitleRule" => Self::TitleRule,
            ".IntegrationType" => Self::IntegrationType,
            ".IntegrationName" => Self::IntegrationName,
            word => {
                let name = word.strip_prefix(".Labels.").or_else(|| word.strip_prefix(".labels."))?;
                Self::Label(Cow::Borrowed((!name.is_empty()).then_some(name)?))
            }
        })
    }

    /// Its value. A label may be missing, and so is a title that is not made yet; the other attributes always have a
    /// value, be it an empty one.
    pub fn value<'b>(&self, facts: &Facts<'b>) -> Option<&'b str> {
        Some(match self {
            Self::Title => (!facts.title.is_empty()).then_some(facts.title)?,
            Self::Description => facts.description,
            Self::Status => facts.severity().map_or("Ok", Severity::name),
            Self::AlertKey => facts.alert_key,
            Self::TitleRule => facts.title_rule,
            Self::IntegrationType => facts.origin.kind,
            Self::IntegrationName => facts.origin.name,
            Self::Label(name) => facts.labels.get(name.as_ref())?,
        })
    }
}

/// The first word, without the blanks before it, and what follows it. A word ends where something of Go's begins that
/// is not read here: a pipe, a parenthesis, a quotation.
fn first_word(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches(BLANKS);
    let ends = |letter: char| BLANKS.contains(&letter) || "{}|()\"'`,=".contains(letter);
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

/// Reads what follows an `index`: `.Labels` and a quoted name.
fn indexed(text: &str) -> Option<(Variable<'_>, &str)> {
    let (".Labels" | ".labels", rest) = first_word(text) else { return None };
    let (name, rest) = quoted(rest.trim_start_matches(BLANKS))?;
    Some((Variable::Label(name), rest))
}

/// Reads a text between quotation marks, where `\` keeps a `"` or `\` from its meaning, or between back quotes.
fn quoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    if let Some(inside) = text.strip_prefix('`') {
        let (name, rest) = inside.split_once('`')?;
        return Some((Cow::Borrowed(name), rest));
    }
    let inside = text.strip_prefix('"')?;
    let mut name = String::new();
    let mut letters = inside.char_indices();
    loop {
        match letters.next()? {
            (end, '"') => return Some((Cow::Owned(name), inside.get(end + 1..)?)),
            (_, '\\') => match letters.next()? {
                (_, escaped @ ('"' | '\\')) => name.push(escaped),
                _ => return None,
            },
            (_, '\n') => return None,
            (_, letter) => name.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(text: &str) -> Option<String> {
        match Action::read(text)?.variable {
            Variable::Label(name) => Some(name.into_owned()),
            other => panic!("{other:?} is not a label"),
        }
    }

    #[test]
    fn blanks_and_trim_markers_belong_to_the_action() {
        for text in ["{{.Labels.x}}", "{{ .Labels.x }}", "{{\n\t.labels.x\r\n}}", "{{- .Labels.x -}}"] {
            let action = Action::read(text).expect("understood");
            assert_eq!((action.variable, action.len), (Variable::Label("x".into()), text.len()), "{text}");
            assert_eq!(action.trims_before, text.starts_with("{{-"));
        }
        assert_eq!(Action::read("{{.Title -}} \n x").map(|action| action.len), Some("{{.Title -}} \n ".len()));
        assert_eq!(Action::read("{{.Title}}  x").map(|action| action.len), Some("{{.Title}}".len()));
    }

    #[test]
    fn a_name_may_hold_what_go_would_refuse() {
        assert_eq!(label("{{.Labels.a-b}}").as_deref(), Some("a-b"));
        assert_eq!(label("{{.Labels.a.b}}").as_deref(), Some("a.b"));
        assert_eq!(label("{{.Labels.主机}}").as_deref(), Some("主机"));
    }

    #[test]
    fn an_index_names_any_label() {
        assert_eq!(label(r#"{{index .Labels "a-b"}}"#).as_deref(), Some("a-b"));
        assert_eq!(label(r#"{{- index  .labels  "a b" }}"#).as_deref(), Some("a b"));
        assert_eq!(label(r#"{{index .Labels "a}}\"\\"}}"#).as_deref(), Some("a}}\"\\"));
        assert_eq!(label("{{index .Labels `a\"b`}}").as_deref(), Some("a\"b"));
    }

    #[test]
    fn what_is_not_documented_is_not_understood() {
        let unread = [
            "{{}}",
            "{{.}}",
            "{{.Labels}}",
            "{{.Labels.}}",
            "{{.Host}}",
            "{{if .Labels.x}}",
            "{{end}}",
            "{{Title}}",
            "{{.Labels.x | toUpper}}",
            "{{.Labels.x|toUpper}}",
            "{{printf .Title}}",
            "{{-.Title}}",
            "{{.Title-}}",
            "{{.Title}",
            "{{.Title",
            "{{",
            "{{{.Title}}}",
            "{{$.Title}}",
            "{{/* why */}}",
            "{{index .Labels x}}",
            "{{index .Labels \"x}}",
            "{{index .Labels \"\\n\"}}",
            "{{index .Title \"x\"}}",
            "{{index .Labels \"a\" \"b\"}}",
        ];
        for text in unread {
            assert_eq!(Action::read(text), None, "{text}");
        }
    }
}
