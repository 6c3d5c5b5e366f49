//! What may not be deleted, because something else in the document needs it.

use serde_json::{Map, Value};

use super::entry::entries;
use super::subject::{KEY, SUBJECTS, Subject, shown};
use crate::error::ApiError;

/// The section of what is needed; the subject that needs it; under which names the id stands there.
const USES: [(&str, &str, &[&str]); 7] = [
    ("channels", "integrations", &["channel_id"]),
    ("channels", "integrations", &["route", "cases", "channel_ids"]),
    ("channels", "integrations", &["route", "default", "channel_ids"]),
    ("channels", "subscriptions", &["channel_ids"]),
    ("mapping_tables", "integrations", &["enrichment", "rules", "settings", "schema_id"]),
    ("calendars", "channels", &["silence", "time_filters", "cal_id"]),
    ("people", "app_keys", &["person_id"]),
];

/// Refuses to delete what is used elsewhere, and the last key that may change the configuration.
///
/// # Errors
/// `InvalidParameter`, with what uses it.
pub fn check(document: &Map<String, Value>, subject: &Subject, id: &Value) -> Result<(), ApiError> {
    for (_, by, names) in USES.iter().filter(|(section, ..)| *section == subject.section) {
        let user = entries(Some(document), by).iter().find(|entry| holds(entry, names, id));
        let of = SUBJECTS.iter().find(|other| other.section == *by);
        if let (Some(user), Some(of)) = (user, of) {
            let user = shown(user.get(of.id.kept).unwrap_or(&Value::Null));
            let problem = format!("is used by {} {user} ({})", of.noun, names.join("."));
            return Err(ApiError::invalid(subject.id.given, &problem));
        }
    }
    let key = entries(Some(document), KEY.section).iter().find(|entry| entry.get(KEY.id.kept) == Some(id));
    match key.and_then(Value::as_object).filter(|key| subject.section == KEY.section && administers(key)) {
        Some(_) => check_last_key(document, id),
        None => Ok(()),
    }
}

/// Whether a key may change the configuration.
pub fn administers(key: &Map<String, Value>) -> bool {
    key.get("role").is_some_and(|role| role == "administer")
}

/// Refuses to take its right from the last key that may change the configuration: nobody could give it back.
///
/// # Errors
/// `InvalidParameter`.
pub fn check_last_key(document: &Map<String, Value>, name: &Value) -> Result<(), ApiError> {
    let keys = entries(Some(document), KEY.section).iter().filter_map(Value::as_object);
    let mut others = keys.filter(|key| administers(key) && key.get(KEY.id.kept) != Some(name));
    match others.next() {
        Some(_) => Ok(()),
        None => Err(ApiError::invalid(KEY.id.given, "is the last key that may change the configuration")),
    }
}

/// Whether an id stands under these names, in whatever lists there are on the way.
fn holds(value: &Value, names: &[&str], id: &Value) -> bool {
    match (value, names.split_first()) {
        (Value::Array(values), _) => values.iter().any(|value| holds(value, names, id)),
        (value, Some((name, rest))) => value.get(name).is_some_and(|value| holds(value, rest, id)),
        (value, None) => value == id,
    }
}
