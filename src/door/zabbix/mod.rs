//! Zabbix, as webhook media types send it (Zabbix, "Webhook" and "Supported macros"; Flashduty, "Zabbix Integration").
//!
//! There is no body that all of them share: a script sends what its operator made parameters of. So the names that
//! Zabbix's own media types and common scripts use are all known here ([`fields`] says when two names are the same), and
//! every other field becomes a label.
//!
//! | What | Names, the first one that is there counts |
//! | --- | --- |
//! | event | `event_id`, `problem_id` |
//! | trigger | `trigger_id` |
//! | host | `host_name`, `host`, `host_host`, `host_visible_name`, `host_dns`, `host_ip`, `host_conn`, `ip` |
//! | name | `event_name`, `problem_name`, `problem`, `trigger_name`, `alert_name`, `name`, `alert_subject`, `subject`, `title` |
//! | description | `alert_message`, `message`, `event_opdata`, `trigger_description`, `description`, `body` |
//! | severity | `event_nseverity`, `nseverity`, `trigger_nseverity`, `event_severity`, `severity`, `trigger_severity`, `priority`, `level`; at an update before them `event_update_nseverity`, `event_update_severity` |
//! | problem or not | `event_value`, `trigger_value`, then `event_status`, `status`, `trigger_status`, `state`; at an update the other way round |
//! | tags | `event_tags_json`, `event_tags`, `trigger_tags`, `tags` |
//! | time | `event_timestamp`, `timestamp`, `clock`; of a recovery `event_recovery_timestamp`, `recovery_timestamp` |

mod fields;

use serde_json::{Map, Value};

use self::fields::Fields;
use super::alertmanager::{add_label, unix_secs};
use super::{Drafts, each, severity};
use crate::error::ApiError;
use crate::id::short_key;
use crate::intake::fields::ALERT_KEY_CHARS;
use crate::intake::{Draft, Status};

const EVENT: &[&str] = &["eventid", "problemid"];
const TRIGGER: &[&str] = &["triggerid"];
const HOST: &[&str] = &["hostname", "host", "hosthost", "hostvisiblename", "hostdns", "hostip", "hostconn", "ip"];
const NAME: &[&str] =
    &["eventname", "problemname", "problem", "triggername", "alertname", "name", "alertsubject", "subject", "title"];
const DESCRIPTION: &[&str] = &["alertmessage", "message", "eventopdata", "triggerdescription", "description", "body"];
const SEVERITY: &[&str] = &[
    "eventnseverity",
    "nseverity",
    "triggernseverity",
    "eventseverity",
    "severity",
    "triggerseverity",
    "priority",
    "level",
];
const NEW_SEVERITY: &[&str] = &["eventupdatenseverity", "eventupdateseverity"];
const VALUE: &[&str] = &["eventvalue", "triggervalue"];
const STATUS: &[&str] = &["eventstatus", "status", "triggerstatus", "state"];
const TAGS: &[&str] = &["eventtagsjson", "eventtags", "triggertags", "tags"];
const TIME: &[&str] = &["eventtimestamp", "timestamp", "clock"];
const RECOVERY_TIME: &[&str] = &["eventrecoverytimestamp", "recoverytimestamp"];
const SOURCE: &[&str] = &["eventsource"];
const UPDATE: &[&str] = &["eventupdatestatus"];

/// Reads the body of a push: one event, or an array of them.
///
/// # Errors
/// `InvalidParameter` where the body is neither an object nor an array.
pub fn read(body: &Value) -> Result<Drafts, ApiError> {
    each(body, read_event)
}

/// Reads one event.
///
/// # Errors
/// `InvalidParameter` for one that says neither what it is nor about what.
fn read_event(body: &Map<String, Value>) -> Result<Draft, ApiError> {
    let fields = Fields::read(body);
    if [NAME, EVENT, TRIGGER, HOST, DESCRIPTION].iter().all(|names| fields.first(names).is_none()) {
        return Err(ApiError::invalid("event_name", "is required"));
    }
    let (update, recovered) = (is_update(&fields), is_recovery(&fields));
    let time = match (recovered, update) {
        (true, _) => fields.first(RECOVERY_TIME),
        (false, true) => None,
        (false, false) => fields.first(TIME),
    };
    let mut draft = Draft {
        status: if recovered { Status::Ok } else { severity(&fields) },
        title: title(&fields),
        description: fields.first(DESCRIPTION).unwrap_or_default().to_owned(),
        alert_key: alert_key(&fields),
        event_time: time.and_then(unix_secs),
        ..Draft::default()
    };
    for (name, names) in [("check", NAME), ("host", HOST)] {
        add_label(&mut draft, name, fields.first(names).unwrap_or_default());
    }
    for (name, value) in fields.tags(TAGS) {
        add_label(&mut draft, &name, &value);
    }
    for (name, value) in fields.others(&[NAME, DESCRIPTION, TAGS]) {
        add_label(&mut draft, name, value);
    }
    Ok(draft)
}

/// Whether somebody acknowledged, commented or changed a problem that is there already.
fn is_update(fields: &Fields) -> bool {
    fields.first(UPDATE) == Some("1")
}

/// Whether the event comes from discovery or autoregistration, whose values mean other things: nothing recovers there.
fn is_discovery(fields: &Fields) -> bool {
    matches!(fields.first(SOURCE), Some("1" | "2"))
}

fn is_recovery(fields: &Fields) -> bool {
    let value = || {
        fields.texts(VALUE).find_map(|value| match value {
            "0" => Some(true),
            "1" => Some(false),
            word => recovers(word),
        })
    };
    let status = || fields.texts(STATUS).find_map(recovers);
    // The value is that of the event, so at the update of a problem that is over it still says "problem".
    let said = if is_update(fields) { status().or_else(value) } else { value().or_else(status) };
    !is_discovery(fields) && said.unwrap_or(false)
}

/// What a word says about that; `None` where it says nothing.
fn recovers(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "resolved" | "ok" | "recovered" | "recovery" | "closed" => Some(true),
        "problem" | "firing" | "triggered" | "trigger" | "alerting" => Some(false),
        _ => None,
    }
}

/// The severity, by number or by name; `Warning` where none is said or it was given another name.
fn severity(fields: &Fields) -> Status {
    let new = if is_update(fields) { NEW_SEVERITY } else { &[] };
    let otherwise = if is_discovery(fields) { Status::Info } else { Status::Warning };
    fields.texts(new).chain(fields.texts(SEVERITY)).find_map(of_word).unwrap_or(otherwise)
}

fn of_word(word: &str) -> Option<Status> {
    match word.to_ascii_lowercase().as_str() {
        "4" | "5" => Some(Status::Critical),
        "2" | "3" => Some(Status::Warning),
        "0" | "1" | "not classified" => Some(Status::Info),
        // A problem is none that has recovered, whatever a script says.
        word => severity::of_word(word).map(|status| status.max(Status::Info)),
    }
}

/// "name / host", the host only where the name does not hold it.
fn title(fields: &Fields) -> String {
    let (name, host) = (fields.first(NAME), fields.first(HOST));
    match (name, host) {
        (Some(name), Some(host)) if !name.contains(host) => format!("{name} / {host}"),
        (Some(name), _) => name.to_owned(),
        (None, Some(host)) => format!("Zabbix problem / {host}"),
        (None, None) => "Zabbix problem".to_owned(),
    }
}

/// Trigger and host, else the problem's event, which a recovery names too, else name and host.
fn alert_key(fields: &Fields) -> String {
    let host = fields.first(HOST).unwrap_or_default();
    let key = match (fields.first(TRIGGER), fields.first(EVENT), fields.first(NAME)) {
        (Some(trigger), _, _) => format!("trigger/{trigger}/{host}"),
        (None, Some(event), _) => format!("event/{event}"),
        (None, None, Some(name)) => format!("name/{name}/{host}"),
        (None, None, None) => format!("host/{host}"),
    };
    if key.chars().nth(ALERT_KEY_CHARS).is_some() { short_key(key.as_bytes()) } else { key }
}

#[cfg(test)]
mod tests;
