//! The fields of a Zabbix webhook, whatever its script calls them.
//!
//! A name counts by its letters and digits, in lower case: `event_id`, `eventid`, `EventID` and `EVENT.ID` are the same.
//! A macro that Zabbix could not expand arrives as it was written, or as `*UNKNOWN*`; both count as absent.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::intake::fields::plain_text;

/// What a macro becomes for which there is no value.
const UNKNOWN: &str = "*UNKNOWN*";

/// The fields that have a value.
#[derive(Debug, Default)]
pub struct Fields<'a> {
    by_name: BTreeMap<String, Field<'a>>,
}

#[derive(Debug)]
struct Field<'a> {
    /// The name as it was sent.
    name: &'a str,

    /// The value as a text; of what has parts the JSON text.
    text: String,
}

impl<'a> Fields<'a> {
    /// Reads the fields of a body.
    pub fn read(body: &'a Map<String, Value>) -> Self {
        let mut by_name = BTreeMap::new();
        for (name, value) in body {
            let text = plain_text(value).unwrap_or_else(|| value.to_string());
            if is_given(&text) {
                by_name.entry(bare(name)).or_insert(Field { name, text: text.trim().to_owned() });
            }
        }
        Self { by_name }
    }

    /// The text of the first of these fields that is there; the names in their bare form.
    pub fn first(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.by_name.get(*name)).map(|field| field.text.as_str())
    }

    /// The texts of those of these fields that are there.
    pub fn texts<'s>(&'s self, names: &'s [&str]) -> impl Iterator<Item = &'s str> {
        names.iter().filter_map(|name| self.by_name.get(*name)).map(|field| field.text.as_str())
    }

    /// The event's tags, by name; the values of one that is there several times together.
    pub fn tags(&self, names: &[&str]) -> BTreeMap<String, String> {
        let mut tags = BTreeMap::new();
        let Some(field) = names.iter().find_map(|name| self.by_name.get(*name)) else {
            return tags;
        };
        match serde_json::from_slice(field.text.as_bytes()) {
            Ok(Value::Array(list)) => list.iter().for_each(|tag| add_object(&mut tags, tag)),
            Ok(Value::Object(map)) => map.iter().for_each(|(name, value)| add_values(&mut tags, name, value)),
            _ => field.text.split(',').filter_map(|tag| tag.split_once(':')).for_each(|(name, value)| {
                add(&mut tags, name, value);
            }),
        }
        tags
    }

    /// What is left for labels: all fields but these, and but those that may hold a key.
    pub fn others(&self, except: &[&[&str]]) -> impl Iterator<Item = (&str, &str)> {
        let used: Vec<&str> = except.iter().flat_map(|names| names.iter().copied()).collect();
        let left =
            self.by_name.iter().filter(move |(name, field)| !used.contains(&name.as_str()) && !field.is_secret());
        left.map(|(_, field)| (field.name, field.text.as_str()))
    }
}

impl Field<'_> {
    /// Whether it may hold a key: scripts that pass all their parameters on pass those as well by which they reach
    /// their receiver.
    fn is_secret(&self) -> bool {
        let name = bare(self.name);
        let ends = ["token", "password", "secret", "apikey", "integrationkey", "routingkey", "sendto", "endpoint"];
        let names = ["to", "key", "url", "webhookurl", "pushurl", "httpproxy"];
        ends.iter().any(|end| name.ends_with(end))
            || names.contains(&name.as_str())
            || self.text.contains("integration_key=")
    }
}

/// The letters and digits of a name, in lower case.
fn bare(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether a text says something: it is neither empty nor the name of a macro.
fn is_given(text: &str) -> bool {
    let text = text.trim();
    let inner = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let is_macro = inner.is_some_and(|inner| inner.starts_with(|c: char| c.is_ascii_uppercase() || "$#?".contains(c)));
    !text.is_empty() && text != UNKNOWN && !is_macro
}

/// `{"tag": …, "value": …}`, as in `{EVENT.TAGSJSON}`.
fn add_object(tags: &mut BTreeMap<String, String>, tag: &Value) {
    let text = |name: &str| tag.get(name).and_then(plain_text).unwrap_or_default();
    add(tags, &text("tag"), &text("value"));
}

/// A tag with one value or an array of them.
fn add_values(tags: &mut BTreeMap<String, String>, name: &str, value: &Value) {
    match value {
        Value::Array(values) => values.iter().filter_map(plain_text).for_each(|value| add(tags, name, &value)),
        value => add(tags, name, &plain_text(value).unwrap_or_else(|| value.to_string())),
    }
}

fn add(tags: &mut BTreeMap<String, String>, name: &str, value: &str) {
    let (name, value) = (name.trim(), value.trim());
    if name.is_empty() || !is_given(value) {
        return;
    }
    let values: &mut String = tags.entry(name.to_owned()).or_default();
    if !values.is_empty() {
        values.push_str(", ");
    }
    values.push_str(value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn with<T>(body: Value, ask: impl Fn(&Fields) -> T) -> T {
        ask(&Fields::read(body.as_object().expect("an object")))
    }

    #[test]
    fn a_name_counts_by_its_letters_and_digits() {
        for name in ["event_id", "eventid", "EventID", "EVENT.ID", "{EVENT.ID}"] {
            assert_eq!(with(json!({name: 862}), |f| f.first(&["eventid"]).map(str::to_owned)).as_deref(), Some("862"));
        }
    }

    #[test]
    fn a_macro_that_was_not_expanded_counts_as_absent() {
        for text in ["", "  ", "*UNKNOWN*", "{EVENT.ID}", "{$HOME}", "{#FSNAME}", "{ITEM.VALUE1}", "{?last(/h/k)}"] {
            assert!(!is_given(text), "{text}");
        }
        for text in ["862", r#"{"a":1}"#, "{a}", "{HOST.NAME} is down", "UNKNOWN"] {
            assert!(is_given(text), "{text}");
        }
        assert_eq!(with(json!({"event_id": null}), |f| f.first(&["eventid"]).map(str::to_owned)), None);
    }

    #[test]
    fn tags_are_read_in_all_their_forms() {
        let tags = |tags: Value| with(json!({"event_tags": tags}), |f| f.tags(&["eventtags"]));
        let expected: BTreeMap<_, _> =
            [("team", "storage"), ("scope", "a, b")].map(|(n, v)| (n.to_owned(), v.to_owned())).into();
        let list = json!([{"tag": "team", "value": "storage"}, {"tag": "scope", "value": "a"},
            {"tag": "scope", "value": "b"}, {"tag": "bare", "value": ""}, 7]);
        assert_eq!(tags(json!(list.to_string())), expected);
        assert_eq!(tags(list), expected);
        assert_eq!(tags(json!({"team": "storage", "scope": ["a", "b"]})), expected);
        assert_eq!(tags(json!("team:storage, scope:a,scope: b, bare")), expected);
        assert!(tags(json!("{EVENT.TAGS}")).is_empty());
    }

    #[test]
    fn what_may_hold_a_key_is_no_label() {
        let body = json!({"to": "k", "api_token": "t", "integration_key": "k", "HTTPProxy": "http://u:p@proxy",
            "URL": "https://a.example.net", "hook": "https://a.example.net/x?integration_key=k", "host": "db-3",
            "item_key": "vfs.fs.size", "trigger_url": "https://z.example.net"});
        let names = with(body, |f| f.others(&[&["eventid"]]).map(|(name, _)| name.to_owned()).collect::<Vec<_>>());
        assert_eq!(names, ["host", "item_key", "trigger_url"]);
    }
}
