//! The secrets of a document: keys are stored as their hashes, nothing shows any of them, and what was shown can be given
//! back without them.

use serde_json::{Map, Value};

use super::changes::{find, list};
use crate::config::shown;
use crate::secret::Key;

/// The sections whose entries have keys.
const KEYED: [&str; 2] = ["app_keys", "integrations"];

/// Puts the hashes of keys in place of the keys.
pub fn hash_keys(document: &mut Map<String, Value>) {
    for_each_keyed(document, |entry| {
        let Some(Value::String(key)) = entry.get("key") else {
            return;
        };
        let hash = Key::stored(key);
        entry.remove("key");
        entry.insert("hash".to_owned(), hash.into());
    });
}

/// The document without any secret: keys and signing secrets are left out, of headers the names are shown, of URLs what
/// comes before the query.
pub fn exported(mut document: Map<String, Value>) -> Map<String, Value> {
    for_each_keyed(&mut document, |entry| {
        entry.remove("key");
        entry.remove("hash");
    });
    for_each(&mut document, "subscriptions", |subscription| {
        subscription.remove("secret");
        subscription.remove("old_secret");
        if let Some(Value::String(url)) = subscription.get_mut("url") {
            url.truncate(shown(url).len());
        }
        if let Some(Value::Object(headers)) = subscription.get_mut("headers") {
            headers.values_mut().for_each(|value| *value = Value::Null);
        }
    });
    document
}

/// Fills in what a document leaves out as an export does, from the one that holds: the key or secret of an entry that is
/// there already, a header whose value is `null`, the query of a URL that is otherwise the same. An empty `old_secret` or
/// key of tick takes it away.
pub fn kept(document: &mut Map<String, Value>, old: &Map<String, Value>) {
    for section in KEYED {
        for_each(document, section, |entry| {
            let twin = find(section, list(old, section), &Value::Object(entry.clone()));
            keep_key(entry, twin);
        });
    }
    if let Some(Value::Object(tick)) = document.get_mut("tick") {
        keep_key(tick, old.get("tick"));
        if tick.get("key").and_then(Value::as_str) == Some("") {
            tick.remove("key");
        }
    }
    for_each(document, "subscriptions", |entry| {
        let Some(twin) = find("subscriptions", list(old, "subscriptions"), &Value::Object(entry.clone())) else {
            return;
        };
        keep(entry, "secret", twin);
        keep(entry, "old_secret", twin);
        let url = twin.get("url").and_then(Value::as_str).unwrap_or_default();
        if entry.get("url").and_then(Value::as_str) == Some(shown(url)) {
            entry.insert("url".to_owned(), url.into());
        }
        if let Some(Value::Object(headers)) = entry.get_mut("headers") {
            for (name, value) in headers.iter_mut().filter(|(_, value)| value.is_null()) {
                *value = twin.get("headers").and_then(|headers| headers.get(name)).cloned().unwrap_or_default();
            }
        }
    });
    for_each(document, "subscriptions", |entry| {
        if entry.get("old_secret").and_then(Value::as_str) == Some("") {
            entry.remove("old_secret");
        }
    });
}

fn keep_key(entry: &mut Map<String, Value>, twin: Option<&Value>) {
    let given = |name: &str| entry.get(name).is_some_and(|value| !value.is_null());
    if let Some(twin) = twin
        && !given("key")
        && !given("hash")
    {
        keep(entry, "key", twin);
        keep(entry, "hash", twin);
    }
}

/// Takes a field over where it is not given.
fn keep(entry: &mut Map<String, Value>, name: &str, twin: &Value) {
    if entry.get(name).is_none_or(Value::is_null) {
        entry.remove(name);
        if let Some(value) = twin.get(name) {
            entry.insert(name.to_owned(), value.clone());
        }
    }
}

fn for_each_keyed(document: &mut Map<String, Value>, mut change: impl FnMut(&mut Map<String, Value>)) {
    for section in KEYED {
        for_each(document, section, &mut change);
    }
    if let Some(Value::Object(tick)) = document.get_mut("tick") {
        change(tick);
    }
}

fn for_each(document: &mut Map<String, Value>, section: &str, mut change: impl FnMut(&mut Map<String, Value>)) {
    if let Some(Value::Array(entries)) = document.get_mut(section) {
        entries.iter_mut().filter_map(Value::as_object_mut).for_each(&mut change);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().cloned().expect("an object")
    }

    fn secretive() -> Map<String, Value> {
        let mut document = object(json!({
            "app_keys": [{"name": "a", "key": "s3cret-a-0123456789"}],
            "integrations": [{"id": 1, "key": "s3cret-i-0123456789"}],
            "tick": {"key": "s3cret-t-0123456789"},
            "subscriptions": [{"id": 5, "url": "https://h.example/x?token=s3cret", "secret": "whsec_s3cret",
                "old_secret": "whsec_olds3cret", "headers": {"x-token": "s3cret"}}],
        }));
        hash_keys(&mut document);
        document
    }

    #[test]
    fn keys_are_hashed_once() {
        let document = secretive();
        let hash = document["app_keys"][0]["hash"].as_str().expect("a hash");
        assert!(hash.starts_with("sha256:") && document["app_keys"][0].get("key").is_none());
        assert!(document["tick"]["hash"].is_string() && document["integrations"][0]["hash"].is_string());
        let mut again = document.clone();
        hash_keys(&mut again);
        assert_eq!(again, document);
    }

    #[test]
    fn an_export_shows_no_secret_and_gives_all_of_them_back() {
        let document = secretive();
        let mut exported = exported(document.clone());
        let shown = Value::from(exported.clone()).to_string();
        assert!(
            !shown.contains("s3cret") && !shown.contains("sha256") && shown.contains("https://h.example/x"),
            "{shown}"
        );
        kept(&mut exported, &document);
        assert_eq!(exported, document);
    }

    #[test]
    fn what_is_given_holds_and_what_is_new_gets_nothing() {
        let old = secretive();
        let mut new = object(json!({
            "app_keys": [{"name": "a", "key": "another-key-0123456789"}, {"name": "b"}],
            "integrations": [{"id": 2}],
            "tick": {"key": ""},
            "subscriptions": [{"id": 5, "url": "https://h.example/y", "secret": "whsec_new", "old_secret": "",
                "headers": {"x-other": "1"}}],
        }));
        kept(&mut new, &old);
        let wanted = json!({
            "app_keys": [{"name": "a", "key": "another-key-0123456789"}, {"name": "b"}],
            "integrations": [{"id": 2}],
            "tick": {},
            "subscriptions": [{"id": 5, "url": "https://h.example/y", "secret": "whsec_new", "headers": {"x-other": "1"}}],
        });
        assert_eq!(Value::from(new), wanted);
    }
}
