//! PagerDuty's Events API, both versions on one path (PagerDuty, "Events API v2" and "Events API v1"; Flashduty,
//! "PagerDuty Integration").
//!
//! Which version it is follows from the body: version 2 says what happens in `event_action`, version 1 in `event_type`.
//! Alertmanager sends both fields, one of them empty.

mod answer;
mod v1;
mod v2;

use serde_json::{Map, Value};

use super::alertmanager::{add_label, pairs, plain};
use super::severity;
use crate::intake::fields::{ALERT_KEY_CHARS, TITLE_CHARS, plain_text};
use crate::intake::{Draft, Image, Status};

pub use answer::{accepted, busy, failed, invalid};

/// The version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// `/generic/2010-04-15/create_event.json`.
    V1,
    /// `/v2/enqueue`.
    V2,
}

/// What is to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// An alert opens, or says more.
    Trigger,
    /// Somebody has seen the alert; it is none of its own.
    Acknowledge,
    /// An alert recovers.
    Resolve,
}

/// A push, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// The version that the sender speaks, and is answered in.
    pub version: Version,
    /// What is to happen.
    pub action: Action,
    /// The identity given, at most 255 characters; empty only on a trigger whose sender leaves it to the receiver.
    pub dedup_key: String,
    /// The alert, its key the identity given. That of a resolve may have no title.
    pub draft: Draft,
}

impl Version {
    /// The version of a body, readable or not.
    pub fn of(body: &Value) -> Self {
        let given = |name: &str| body.get(name).and_then(plain_text).is_some_and(|text| !text.is_empty());
        if !given("event_action") && (given("event_type") || given("service_key")) { Self::V1 } else { Self::V2 }
    }
}

/// The integration key in a body.
pub fn key(body: &Value) -> Option<&str> {
    let given = ["routing_key", "service_key"].into_iter().filter_map(|name| body.get(name)?.as_str());
    given.map(str::trim).find(|key| !key.is_empty())
}

/// Reads the body of a push.
///
/// # Errors
/// What is wrong with it, in sentences for PagerDuty's own answer ([`invalid`]).
pub fn read(body: &Value) -> Result<Push, Vec<String>> {
    let Value::Object(event) = body else {
        return Err(vec!["Event object must be a JSON object".to_owned()]);
    };
    let version = Version::of(body);
    let mut errors = Vec::new();
    let (action, dedup_key, draft) = match version {
        Version::V1 => v1::read(event, &mut errors),
        Version::V2 => v2::read(event, &mut errors),
    };
    match action {
        Some(action) if errors.is_empty() => {
            let draft = Draft { alert_key: dedup_key.clone(), ..draft };
            Ok(Push { version, action, dedup_key, draft })
        }
        _ => Err(errors),
    }
}

/// What is to happen, in any case; an error where that is not said.
fn action(event: &Map<String, Value>, name: &str, errors: &mut Vec<String>) -> Option<Action> {
    match plain(event, name).trim().to_ascii_lowercase().as_str() {
        "trigger" => return Some(Action::Trigger),
        "acknowledge" => return Some(Action::Acknowledge),
        "resolve" => return Some(Action::Resolve),
        "" => errors.push(missing(name)),
        _ => errors.push(format!("'{name}' must be one of trigger, acknowledge, resolve")),
    }
    None
}

/// The identity; only a trigger may come without one.
fn identity(event: &Map<String, Value>, name: &str, action: Option<Action>, errors: &mut Vec<String>) -> String {
    let key = plain(event, name);
    if key.is_empty() && matches!(action, Some(Action::Acknowledge | Action::Resolve)) {
        errors.push(missing(name));
    }
    if key.chars().nth(ALERT_KEY_CHARS).is_some() {
        errors.push(format!("'{name}' must have at most {ALERT_KEY_CHARS} characters"));
    }
    key
}

fn missing(name: &str) -> String {
    format!("'{name}' is missing or blank")
}

/// The severity that a word means. No word makes a trigger a recovery, and an unknown one is a warning.
fn firing(word: &str) -> Status {
    match severity::of_word(word).unwrap_or(Status::Warning) {
        Status::Ok => Status::Info,
        status => status,
    }
}

/// Makes a summary the title, and where the title cannot hold it the description too.
fn summarise(draft: &mut Draft, summary: String) {
    if summary.chars().nth(TITLE_CHARS).is_some() {
        draft.description.clone_from(&summary);
    }
    draft.title = summary;
}

/// The sender's details: a text is the description, each field of an object a label.
fn detail(draft: &mut Draft, fields: &Map<String, Value>, name: &str) {
    match (fields.get(name), pairs(fields, name)) {
        (Some(Value::String(text)), _) if !text.is_empty() => draft.description.clone_from(text),
        (_, Ok(details)) => details.iter().for_each(|(name, value)| add_label(draft, name, value)),
        (Some(Value::Array(details)), _) => add_label(draft, name, &Value::from(details.clone()).to_string()),
        _ => add_label(draft, name, &plain(fields, name)),
    }
}

/// The objects in an array; what is none is passed over.
fn objects<'a>(fields: &'a Map<String, Value>, name: &str) -> impl Iterator<Item = &'a Map<String, Value>> {
    fields.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

/// A picture. Those without `alt` are told apart by their place.
fn image(draft: &mut Draft, fields: &Map<String, Value>) {
    let alt = match plain(fields, "alt") {
        alt if alt.is_empty() => format!("image {}", draft.images.len() + 1),
        alt => alt,
    };
    draft.images.push(Image { src: plain(fields, "src"), alt, href: plain(fields, "href") });
}

/// A link, as a label: `link`, `link_2` and so on.
fn link(draft: &mut Draft, nth: usize, fields: &Map<String, Value>) {
    let (href, text) = (plain(fields, "href"), plain(fields, "text"));
    let name = if nth == 0 { "link".to_owned() } else { format!("link_{}", nth + 1) };
    match (href.is_empty(), text.is_empty() || text == href) {
        (true, _) => {}
        (false, true) => add_label(draft, &name, &href),
        (false, false) => add_label(draft, &name, &format!("{text}: {href}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::door::arbitrary;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn the_version_follows_from_what_is_said_and_not_from_what_is_empty() {
        assert_eq!(Version::of(&json!({"event_action": "trigger"})), Version::V2);
        assert_eq!(Version::of(&json!({"event_type": "trigger", "event_action": "", "payload": null})), Version::V1);
        assert_eq!(Version::of(&json!({"service_key": "k"})), Version::V1);
        assert_eq!(Version::of(&json!({"event_type": "x", "event_action": "trigger"})), Version::V2);
        assert_eq!(Version::of(&json!([])), Version::V2);
    }

    #[test]
    fn the_key_stands_in_the_field_of_either_version() {
        assert_eq!(key(&json!({"routing_key": "r", "service_key": "s"})), Some("r"));
        assert_eq!(key(&json!({"routing_key": "", "service_key": " s "})), Some("s"));
        assert_eq!(key(&json!({"routing_key": 7})), None);
        assert_eq!(key(&json!("r")), None);
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let errors = |body: Value| read(&body).expect_err("refused");
        assert_eq!(errors(json!([])), ["Event object must be a JSON object"]);
        assert_eq!(errors(json!({})), ["'event_action' is missing or blank"]);
        assert_eq!(
            errors(json!({"event_action": "close"})),
            ["'event_action' must be one of trigger, acknowledge, resolve"]
        );
        assert_eq!(errors(json!({"event_action": "resolve"})), ["'dedup_key' is missing or blank"]);
        assert_eq!(
            errors(json!({"event_action": "trigger", "dedup_key": "k".repeat(256)})),
            [
                "'dedup_key' must have at most 255 characters",
                "'payload.summary' is missing or blank",
                "'payload.source' is missing or blank",
                "'payload.severity' is missing or blank"
            ]
        );
    }

    #[test]
    fn no_word_makes_a_trigger_a_recovery() {
        for (word, status) in [
            ("critical", Status::Critical),
            ("Error", Status::Warning),
            ("WARNING", Status::Warning),
            ("info", Status::Info),
            ("ok", Status::Info),
            ("purple", Status::Warning),
        ] {
            assert_eq!(firing(word), status, "{word}");
        }
    }

    const NAMES: [&str; 22] = [
        "event_action",
        "event_type",
        "service_key",
        "dedup_key",
        "incident_key",
        "payload",
        "summary",
        "description",
        "source",
        "severity",
        "timestamp",
        "custom_details",
        "details",
        "images",
        "links",
        "contexts",
        "src",
        "href",
        "alt",
        "text",
        "type",
        "client_url",
    ];
    const TEXTS: [&str; 7] = ["", "trigger", "resolve", "critical", "2026-11-20T07:12:56Z", "image", "https://a.net/1"];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_is_taken_can_be_sealed(body in arbitrary::body_of(&NAMES, &TEXTS), text in "\\PC{1,9}") {
            let full = json!({"event_action": "trigger", "links": body.clone(), "images": body.clone(),
                "payload": {"summary": text.clone(), "source": text.clone(), "severity": text.clone(),
                "timestamp": body.clone(), "custom_details": body.clone()}});
            let first = json!({"event_type": "resolve", "incident_key": text, "contexts": body.clone(),
                "details": body.clone()});
            for body in [body, full, first] {
                if let Ok(push) = read(&body) {
                    arbitrary::all_seal(Ok(vec![Ok(push.draft)]))?;
                }
            }
        }
    }
}
