//! What is different between two documents: which entries, which of their fields. Never a value.

use serde_json::{Map, Value, json};

/// What changes from `old` to `new`, in the order of sections: those that are lists entry by entry.
pub fn changes(old: &Map<String, Value>, new: &Map<String, Value>) -> Vec<Value> {
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let mut found = Vec::new();
    for name in names {
        match (old.get(name).unwrap_or(&Value::Null), new.get(name).unwrap_or(&Value::Null)) {
            (one, other) if one == other => {}
            (Value::Array(_) | Value::Null, Value::Array(_) | Value::Null) => entries(name, old, new, &mut found),
            (one, other) => found.push(change(name, None, one, other)),
        }
    }
    found
}

/// What changes in a section that is a list.
fn entries(section: &str, old: &Map<String, Value>, new: &Map<String, Value>, found: &mut Vec<Value>) {
    let (old, new) = (list(old, section), list(new, section));
    for entry in old {
        let twin = find(section, new, entry).unwrap_or(&Value::Null);
        if entry != twin {
            found.push(change(section, id(section, entry), entry, twin));
        }
    }
    for entry in new.iter().filter(|entry| find(section, old, entry).is_none()) {
        found.push(change(section, id(section, entry), &Value::Null, entry));
    }
}

/// The entries of a section; none where it is not there or no list.
pub(super) fn list<'a>(document: &'a Map<String, Value>, section: &str) -> &'a [Value] {
    document.get(section).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The entry that has the same id.
pub(super) fn find<'a>(section: &str, entries: &'a [Value], like: &Value) -> Option<&'a Value> {
    entries.iter().find(|entry| id(section, entry) == id(section, like))
}

/// What an entry is known by.
fn id<'a>(section: &str, entry: &'a Value) -> Option<&'a Value> {
    entry.get(match section {
        "app_keys" | "fields" => "name",
        "calendars" => "cal_id",
        _ => "id",
    })
}

fn change(section: &str, id: Option<&Value>, old: &Value, new: &Value) -> Value {
    let kind = match (old, new) {
        (Value::Null, _) => "added",
        (_, Value::Null) => "removed",
        _ => "changed",
    };
    let mut change = json!({"section": section, "change": kind});
    if let Some(id) = id {
        change["id"] = id.clone();
    }
    if let (Value::Object(old), Value::Object(new)) = (old, new) {
        let mut fields: Vec<&String> =
            old.keys().chain(new.keys()).filter(|name| old.get(*name) != new.get(*name)).collect();
        fields.sort_unstable();
        fields.dedup();
        change["fields"] = json!(fields);
    }
    change
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(old: Value, new: Value) -> Value {
        changes(old.as_object().expect("an object"), new.as_object().expect("an object")).into()
    }

    #[test]
    fn entries_are_told_by_their_ids_and_fields() {
        let old = json!({"channels": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}], "app_keys": [{"name": "x", "hash": "1"}]});
        let new = json!({"channels": [{"id": 3, "name": "c"}, {"id": 2, "name": "B", "enabled": false}], "app_keys": [{"name": "x", "hash": "2"}]});
        let wanted = json!([
            {"section": "app_keys", "id": "x", "change": "changed", "fields": ["hash"]},
            {"section": "channels", "id": 1, "change": "removed"},
            {"section": "channels", "id": 2, "change": "changed", "fields": ["enabled", "name"]},
            {"section": "channels", "id": 3, "change": "added"},
        ]);
        assert_eq!(told(old, new), wanted);
    }

    #[test]
    fn sections_that_are_no_lists_are_told_as_a_whole() {
        let old = json!({"base_url": "a", "delivery": {"timeout_ms": 1000}, "people": [{"id": 1}]});
        let new = json!({"base_url": "b", "delivery": {"timeout_ms": 2000, "allow_http": true}, "tick": {}});
        let wanted = json!([
            {"section": "base_url", "change": "changed"},
            {"section": "delivery", "change": "changed", "fields": ["allow_http", "timeout_ms"]},
            {"section": "people", "id": 1, "change": "removed"},
            {"section": "tick", "change": "added"},
        ]);
        assert_eq!(told(old.clone(), new), wanted);
        assert_eq!(told(old.clone(), old), json!([]));
    }
}
