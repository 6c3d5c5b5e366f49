//! What may not be deleted, because something else in the document needs it.

use serde_json::{Map, Value};

use super::entry::entries;
use super::subject::{SUBJECTS, Subject, shown};
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

/// Refuses to delete what is used elsewhere.
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
    Ok(())
}

/// Whether an id stands under these names, in whatever lists there are on the way.
fn holds(value: &Value, names: &[&str], id: &Value) -> bool {
    match (value, names.split_first()) {
        (Value::Array(values), _) => values.iter().any(|value| holds(value, names, id)),
        (value, Some((name, rest))) => value.get(name).is_some_and(|value| holds(value, rest, id)),
        (value, None) => value == id,
    }
}
