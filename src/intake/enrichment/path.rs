//! Paths into a text that is JSON: a part of GJSON's syntax ("GJSON Path Syntax").
//!
//! * `a.b.c`: names in objects. `\` takes the next character as it is, so `a\.b` is one name.
//! * `a.0`: a place in an array, from 0.
//! * `a.#`: how many items an array has. `a.#.b`: the `b` of every item that has one, as an array.
//! * `*` and `?` in a name: the first name that matches, in the order of names.
//!
//! Queries `#(…)`, pipes, modifiers such as `@reverse`, literals and selections of several paths are refused.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::filter::matches_wildcard;
use crate::intake::derived::Derived;

/// The length of a path, in characters.
const PATH_CHARS: usize = 500;
/// What `@` names in GJSON; any other name may begin with one (`@timestamp`).
const MODIFIERS: [&str; 13] = [
    "pretty", "ugly", "reverse", "this", "flatten", "join", "valid", "keys", "values", "tostr", "fromstr", "group",
    "dig",
];

/// A path as it is written, a text in JSON and TOML; read when it is first used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Path {
    text: String,
    #[serde(skip)]
    parts: Derived<Result<Vec<Part>, String>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// A name, or a place in an array.
    Name(String),
    /// A wildcard over names.
    Wildcard(String),
    /// Every item of an array, or their number.
    Each,
}

impl Path {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Refuses what cannot be followed. The text says what is wrong.
    pub fn check(&self) -> Result<(), String> {
        self.parts().as_ref().map(drop).map_err(Clone::clone)
    }

    /// What lies at this path.
    pub fn find<'a>(&self, value: &'a Value) -> Option<Cow<'a, Value>> {
        walk(self.parts().as_ref().ok()?, value)
    }

    fn parts(&self) -> &Result<Vec<Part>, String> {
        self.parts.get(|| read(&self.text))
    }
}

impl From<&str> for Path {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), parts: Derived::default() }
    }
}

fn read(text: &str) -> Result<Vec<Part>, String> {
    if text.chars().nth(PATH_CHARS).is_some() {
        return Err(format!("a path has at most {PATH_CHARS} characters"));
    }
    let mut parts = Vec::new();
    let mut chars = text.chars();
    loop {
        let (part, ended) = read_part(&mut chars)?;
        parts.push(part);
        if ended {
            return Ok(parts);
        }
    }
}

/// Reads up to the next dot, and tells whether the path ends there.
fn read_part(chars: &mut std::str::Chars<'_>) -> Result<(Part, bool), String> {
    let rest = chars.as_str();
    let modifier = rest.strip_prefix('@').map(|name| name.split(['.', ':', '|']).next().unwrap_or_default());
    if rest.starts_with(['{', '[', '!']) || rest.starts_with("#(") || modifier.is_some_and(|m| MODIFIERS.contains(&m)) {
        return Err("has a query, modifier, literal or selection, which are not supported".to_owned());
    }
    let (mut name, mut wild, mut escaped_wild, mut plain) = (String::new(), false, false, true);
    let ended = loop {
        match chars.next() {
            None => break true,
            Some('.') => break false,
            Some('|') => return Err("has a pipe, which is not supported; write \\| for the character".to_owned()),
            Some('\\') => {
                let c = chars.next().ok_or("ends with a backslash")?;
                escaped_wild |= matches!(c, '*' | '?');
                plain = false;
                name.push(c);
            }
            Some(c) => {
                wild |= matches!(c, '*' | '?');
                name.push(c);
            }
        }
    };
    let part = match name.as_str() {
        "" => return Err("has a part without a name".to_owned()),
        "#" if plain => Part::Each,
        _ if wild && escaped_wild => return Err("has a wildcard and an escaped one in the same name".to_owned()),
        _ if wild => Part::Wildcard(name),
        _ => Part::Name(name),
    };
    Ok((part, ended))
}

/// It calls itself once for each array within an array that `#` goes through; JSON is not nested deeper than 128.
fn walk<'a>(mut parts: &[Part], mut value: &'a Value) -> Option<Cow<'a, Value>> {
    while let Some((part, rest)) = parts.split_first() {
        parts = rest;
        value = match (part, value) {
            (Part::Each, Value::Array(items)) if rest.is_empty() => return Some(Cow::Owned(items.len().into())),
            (Part::Each, Value::Array(items)) => {
                let found = items.iter().filter_map(|item| walk(rest, item)).map(Cow::into_owned);
                return Some(Cow::Owned(Value::Array(found.collect())));
            }
            (Part::Name(name), Value::Object(fields)) => fields.get(name)?,
            (Part::Name(name), Value::Array(items)) => items.get(place(name)?)?,
            (Part::Wildcard(name), Value::Object(fields)) => {
                fields.iter().find(|(field, _)| matches_wildcard(name, field))?.1
            }
            _ => return None,
        };
    }
    Some(Cow::Borrowed(value))
}

/// The place in an array. The parser of numbers would take a sign as well.
fn place(name: &str) -> Option<usize> {
    name.bytes().all(|b| b.is_ascii_digit()).then(|| name.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn found(path: &str) -> Option<Value> {
        let value = json!({
            "a": {"b": 1, "c.d": "dotted", "0": "zero"},
            "hosts": [{"name": "web-1", "ip": ["10.0.0.1"]}, {"name": "web-2"}, {"ip": ["10.0.0.2", "10.0.0.3"]}],
            "@timestamp": "now", "*": "star", "#": "sharp", "none": null,
        });
        Path::from(path).find(&value).map(Cow::into_owned)
    }

    #[test]
    fn names_and_places_lead_through_objects_and_arrays() {
        assert_eq!(found("a.b"), Some(json!(1)));
        assert_eq!(found("a.0"), Some(json!("zero")));
        assert_eq!(found("hosts.1.name"), Some(json!("web-2")));
        assert_eq!(found("@timestamp"), Some(json!("now")));
        assert_eq!(found("none"), Some(Value::Null));
        for path in ["b", "a.b.c", "hosts.3", "hosts.+1", "hosts.name", "a.#"] {
            assert_eq!(found(path), None, "{path}");
        }
    }

    #[test]
    fn a_backslash_takes_the_next_character_as_it_is() {
        assert_eq!(found(r"a.c\.d"), Some(json!("dotted")));
        assert_eq!(found(r"\*"), Some(json!("star")));
        assert_eq!(found(r"\#"), Some(json!("sharp")));
    }

    #[test]
    fn a_sharp_counts_or_collects() {
        assert_eq!(found("hosts.#"), Some(json!(3)));
        assert_eq!(found("hosts.#.name"), Some(json!(["web-1", "web-2"])));
        assert_eq!(found("hosts.#.ip.#"), Some(json!([1, 2])));
        assert_eq!(found("hosts.#.ip.0"), Some(json!(["10.0.0.1", "10.0.0.2"])));
    }

    #[test]
    fn a_wildcard_takes_the_first_name_in_their_order() {
        assert_eq!(found("ho*.0.n?me"), Some(json!("web-1")));
        assert_eq!(found("a.?"), Some(json!("zero")));
        assert_eq!(found("x*"), None);
    }

    #[test]
    fn what_is_not_supported_is_refused() {
        let long = "a".repeat(501);
        for path in [
            "",
            ".",
            "a..b",
            "a.",
            "a\\",
            "a|b",
            "@reverse",
            "a.@join:x",
            "#(x==1)",
            "{a,b}",
            "[a]",
            "!\"x\"",
            "a*\\*",
            long.as_str(),
        ] {
            assert!(Path::from(path).check().is_err(), "{path}");
            assert_eq!(found(path), None, "{path}");
        }
        assert_eq!(Path::from(r"a.#.b\|c.*").check(), Ok(()));
    }

    proptest! {
        #[test]
        fn no_path_panics(path in r"([a-c0-9#*?.\\@|]|hosts|\PC){0,20}") {
            prop_assert!(Path::from(path.as_str()).check().is_ok() || found(&path).is_none());
        }
    }
}
