//! The document before it is read: plain data, of a text in TOML or of what is stored as JSON.
//!
//! Each entry is read on its own, so that a problem is told with the section and the entry, and a component reads only
//! the sections that it needs (and carries only their code).

use crate::json;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{ConfigError, hash_of};

/// All sections and fields that there are.
const SECTIONS: [&str; 17] = [
    "version",
    "administration",
    "base_url",
    "account",
    "app_keys",
    "people",
    "fields",
    "channels",
    "integrations",
    "mapping_tables",
    "calendars",
    "time_zone",
    "subscriptions",
    "delivery",
    "tick",
    "metrics",
    "retention_days",
];

/// The sections that were not read yet.
pub struct Document {
    sections: Map<String, Value>,
    /// What tells it from any other.
    pub(super) revision: u64,
}

impl Document {
    /// Takes what is stored; `revision` tells it from any other.
    ///
    /// # Errors
    /// A section that there is not.
    pub fn of(mut sections: Map<String, Value>, revision: u64) -> Result<Self, ConfigError> {
        sections.retain(|_, section| !section.is_null());
        match sections.keys().find(|name| !SECTIONS.contains(&name.as_str())) {
            None => Ok(Self { sections, revision }),
            Some(name) => Err(ConfigError(format!("{name}: there is no such section"))),
        }
    }

    /// All of it, as it would be stored.
    pub fn into_sections(self) -> Map<String, Value> {
        self.sections
    }

    /// Whether calls may change the configuration; only the mounted file can say that they may not.
    ///
    /// # Errors
    /// Anything but `calls = true` or `false` in the section.
    pub fn allows_calls(&mut self) -> Result<bool, ConfigError> {
        let Some(section) = self.sections.remove("administration") else {
            return Ok(true);
        };
        let calls = section.get("calls").and_then(Value::as_bool);
        let alone = section.as_object().is_some_and(|fields| fields.len() == 1);
        calls.filter(|_| alone).ok_or_else(|| ConfigError("administration: must be calls = true or false".to_owned()))
    }

    /// Parses the text.
    ///
    /// # Errors
    /// Where it is no TOML, with line and column; a section that there is not.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        Self::of(super::toml::parse(text)?, hash_of(text.as_bytes()))
    }

    /// A section or field that must be there.
    pub(super) fn required<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, ConfigError> {
        self.optional(name)?.ok_or_else(|| ConfigError(format!("{name}: is required")))
    }

    /// A section or field that may be left out.
    pub(super) fn optional<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, ConfigError> {
        self.sections.remove(name).map(|value| read(value, name)).transpose()
    }

    /// A section of many entries, which may be left out.
    pub(super) fn list<T: DeserializeOwned>(&mut self, name: &str) -> Result<Vec<T>, ConfigError> {
        self.read_entries(name, Entry::read)
    }

    /// The same where an entry is not read as a whole.
    pub(super) fn read_entries<T>(
        &mut self,
        name: &str,
        read: impl Fn(Entry) -> Result<T, ConfigError>,
    ) -> Result<Vec<T>, ConfigError> {
        let mut items = Vec::new();
        for entry in self.entries(name)? {
            items.push(read(entry)?);
        }
        Ok(items)
    }

    /// The entries of a section, not read yet.
    fn entries(&mut self, name: &str) -> Result<Vec<Entry>, ConfigError> {
        match self.sections.remove(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(entries)) => {
                let at = |nth: usize| format!("{name}: entry {nth}");
                Ok((1..).zip(entries).map(|(nth, value)| Entry { value, at: at(nth) }).collect())
            }
            Some(_) => Err(ConfigError(format!("{name}: must be a list, written [[{name}]]"))),
        }
    }
}

/// An entry of a section, not read yet.
pub(super) struct Entry {
    value: Value,
    at: String,
}

impl Entry {
    /// Takes some of its fields out of it.
    pub fn split(&mut self, fields: &[&str]) -> Self {
        let mut taken = Map::new();
        if let Value::Object(all) = &mut self.value {
            taken.extend(fields.iter().filter_map(|field| all.remove_entry(*field)));
        }
        Self { value: Value::Object(taken), at: self.at.clone() }
    }

    /// Reads it.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, ConfigError> {
        read(self.value, &self.at)
    }
}

fn read<T: DeserializeOwned>(value: Value, at: &str) -> Result<T, ConfigError> {
    json::from_value(value).map_err(|error| ConfigError(format!("{at}: {}", without_value(&error.to_string()))))
}

/// A complaint about a value without the value, which may be a key.
fn without_value(problem: &str) -> String {
    let quoted = ["invalid type: ", "invalid value: "].iter().any(|start| problem.starts_with(start));
    match (quoted, problem.find(['"', '`']), problem.rfind(", expected ")) {
        (true, Some(from), Some(to)) if from < to => {
            [problem.get(..from).unwrap_or_default().trim_end(), problem.get(to..).unwrap_or_default()].concat()
        }
        _ => problem.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_told_without_the_value() {
        let told = |problem: &str| without_value(problem);
        assert_eq!(told(r#"invalid type: string "s3cret", expected i64"#), "invalid type: string, expected i64");
        assert_eq!(told("invalid type: integer `5`, expected a string"), "invalid type: integer, expected a string");
        assert_eq!(
            told(r#"invalid value: string "a, expected b", expected i64"#),
            "invalid value: string, expected i64"
        );
        assert_eq!(told("missing field `id`"), "missing field `id`");
    }

    #[test]
    fn a_section_that_there_is_not_is_refused_and_one_that_is_missing_named() {
        assert_eq!(Document::parse("acount = 1").err().expect("refused").0, "acount: there is no such section");
        let mut document = Document::parse("version = 1").expect("TOML");
        assert_eq!(document.required::<u32>("version"), Ok(1));
        assert_eq!(document.optional::<i64>("tick"), Ok(None));
        assert_eq!(document.required::<i64>("account").expect_err("absent").0, "account: is required");
    }

    #[test]
    fn an_entry_is_named_by_its_number_and_a_syntax_error_by_its_line() {
        let mut document = Document::parse("channels = [2, 'x']").expect("TOML");
        let problem = document.list::<i64>("channels").expect_err("no number").0;
        assert_eq!(problem, "channels: entry 2: invalid type: string, expected i64");
        let problem = Document::parse("a = 1\nb = = 2").err().expect("no TOML").0;
        assert!(problem.starts_with("line 2, column "), "{problem}");
    }
}
