//! YAML with lines, and an account of what of it was looked at.

use crate::import::notes::Notes;
use anyhow::{Result, bail};
use saphyr::{LoadableYamlNode as _, MarkedYamlOwned, ScalarOwned, YamlDataOwned};

/// A part of the document.
#[derive(Clone, Debug)]
pub struct Yaml {
    /// Its line, from 1.
    pub line: usize,
    /// What it is.
    pub kind: Kind,
}

/// What a part is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Named parts, in their order.
    Map(Vec<(String, Yaml)>),
    /// Entries.
    List(Vec<Yaml>),
    /// A value, as text.
    Text(String),
    /// Nothing.
    Null,
}

impl Yaml {
    /// Reads a document.
    ///
    /// # Errors
    /// When it is not YAML, or not one document that is a mapping.
    pub fn parse(text: &str) -> Result<Yaml> {
        let documents = MarkedYamlOwned::load_from_str(text)
            .map_err(|error| anyhow::anyhow!("line {}: not YAML: {}", error.marker().line(), error.info()))?;
        match documents.as_slice() {
            [document] => match Yaml::of(document) {
                yaml @ Yaml { kind: Kind::Map(_), .. } => Ok(yaml),
                _ => bail!("it is not a mapping"),
            },
            documents => bail!("it has {} documents, not one", documents.len()),
        }
    }

    fn of(node: &MarkedYamlOwned) -> Yaml {
        let line = node.span.start.line();
        let kind = match &node.data {
            YamlDataOwned::Mapping(map) => {
                let part = |(key, value): (&MarkedYamlOwned, &MarkedYamlOwned)| {
                    let mut part = Yaml::of(value);
                    // A part stands where its name does.
                    part.line = key.span.start.line();
                    (Yaml::of(key).text(), part)
                };
                Kind::Map(map.iter().map(part).collect())
            }
            YamlDataOwned::Sequence(entries) => Kind::List(entries.iter().map(Yaml::of).collect()),
            YamlDataOwned::Tagged(_, node) => Yaml::of(node).kind,
            YamlDataOwned::Representation(text, ..) => Kind::Text(text.clone()),
            YamlDataOwned::Value(ScalarOwned::String(text)) => Kind::Text(text.clone()),
            YamlDataOwned::Value(ScalarOwned::Integer(number)) => Kind::Text(number.to_string()),
            YamlDataOwned::Value(ScalarOwned::Boolean(is)) => Kind::Text(is.to_string()),
            YamlDataOwned::Value(ScalarOwned::FloatingPoint(number)) => Kind::Text(number.to_string()),
            YamlDataOwned::Value(ScalarOwned::Null) | YamlDataOwned::Alias(_) | YamlDataOwned::BadValue => Kind::Null,
        };
        Yaml { line, kind }
    }

    /// The text of a value; of anything else none.
    pub fn text(&self) -> String {
        match &self.kind {
            Kind::Text(text) => text.clone(),
            _ => String::new(),
        }
    }

    /// Whether a value says yes.
    pub fn is_true(&self) -> bool {
        matches!(&self.kind, Kind::Text(text) if text == "true")
    }

    /// The entries of a list; of a value itself alone.
    pub fn entries(&self) -> Vec<&Yaml> {
        match &self.kind {
            Kind::List(entries) => entries.iter().collect(),
            Kind::Text(_) => vec![self],
            _ => Vec::new(),
        }
    }

    /// The parts, to take them one by one. `place` is the way to it.
    pub fn parts(&self, place: &str) -> Parts<'_> {
        let parts = match &self.kind {
            Kind::Map(parts) => parts.iter().map(|(name, part)| (name.as_str(), part)).collect(),
            _ => Vec::new(),
        };
        Parts { place: place.to_owned(), line: self.line, parts }
    }
}

/// Parts of a mapping that were not looked at yet.
pub struct Parts<'a> {
    /// The way to the mapping.
    pub place: String,
    /// Its line.
    pub line: usize,
    parts: Vec<(&'a str, &'a Yaml)>,
}

impl<'a> Parts<'a> {
    /// Takes a part out.
    pub fn take(&mut self, name: &str) -> Option<&'a Yaml> {
        let at = self.parts.iter().position(|(n, _)| *n == name)?;
        Some(self.parts.remove(at).1)
    }

    /// Takes a value out, as text.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.take(name).map(Yaml::text).filter(|text| !text.is_empty())
    }

    /// Takes the entries of a list out, each with its place.
    pub fn list(&mut self, name: &str) -> Vec<(String, &'a Yaml)> {
        let place = |nth: usize| format!("{}{name}[{nth}]", self.dot());
        let entries = self.parts.iter().find(|(n, _)| *n == name).map(|(_, part)| part.entries()).unwrap_or_default();
        let entries = entries.into_iter().enumerate().map(|(nth, entry)| (place(nth), entry)).collect();
        self.take(name);
        entries
    }

    /// Takes every part out whose name ends so.
    pub fn ending(&mut self, end: &str) -> Vec<(&'a str, &'a Yaml)> {
        let (found, rest) = self.parts.drain(..).partition(|(name, _)| name.ends_with(end));
        self.parts = rest;
        found
    }

    /// Says of a part that is there that it is not carried over.
    pub fn leave(&mut self, name: &str, why: &str, notes: &mut Notes) {
        if let Some(part) = self.take(name) {
            notes.left(part.line, &format!("{}{name}", self.dot()), why);
        }
    }

    /// Says of all parts that nobody took that they are not carried over.
    pub fn finish(self, why: &str, notes: &mut Notes) {
        for (name, part) in &self.parts {
            notes.left(part.line, &format!("{}{name}", self.dot()), why);
        }
    }

    fn dot(&self) -> String {
        if self.place.is_empty() { String::new() } else { format!("{}.", self.place) }
    }
}
