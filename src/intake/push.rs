//! The Standard Alert push (Flashduty, "Standard Alert Integration"): one JSON object becomes one alert event.
//!
//! Senders that exist win over the letter: `null` counts as absent, numbers and booleans in labels as their text,
//! `title` stands in for `title_rule`, unknown keys are ignored, over-long texts are cut. Refused is only what can
//! never be right.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::event::{AlertEvent, Image, Status};
use crate::error::ApiError;

const TITLE_CHARS: usize = 512;
const DESCRIPTION_CHARS: usize = 2048;
const ALERT_KEY_CHARS: usize = 255;
const LABELS: usize = 50;
const LABEL_NAME_CHARS: usize = 128;
const LABEL_VALUE_CHARS: usize = 2048;
const IMAGE_URL_CHARS: usize = 256;
const IMAGE_ALT_CHARS: usize = 128;

/// Reads the body of a push.
///
/// # Errors
/// `InvalidParameter`, naming the field, for what is missing or of the wrong type.
pub fn read_push(integration_id: i64, body: &Value) -> Result<AlertEvent, ApiError> {
    let Value::Object(fields) = body else {
        return Err(ApiError::invalid("body", "must be a JSON object"));
    };
    let status = read_status(fields)?;
    let rule = text(fields, "title_rule")?.filter(|t| !t.is_empty());
    let rule = match rule {
        Some(rule) => rule,
        None => text(fields, "title")?.unwrap_or_default(),
    };
    if rule.is_empty() && status != Status::Ok {
        return Err(ApiError::invalid("title_rule", "is required"));
    }
    let title_rule = cut(&rule, TITLE_CHARS);
    let labels = read_labels(fields)?;
    let alert_key = match text(fields, "alert_key")?.filter(|key| !key.is_empty()) {
        Some(key) if key.chars().count() > ALERT_KEY_CHARS => {
            return Err(ApiError::invalid("alert_key", "must have at most 255 characters"));
        }
        Some(key) => key,
        None => AlertEvent::derived_key(integration_id, &title_rule, &labels),
    };
    Ok(AlertEvent {
        alert_key,
        status,
        title: title_rule.clone(),
        title_rule,
        description: cut(&text(fields, "description")?.unwrap_or_default(), DESCRIPTION_CHARS),
        labels,
        images: read_images(fields)?,
        event_time: read_event_time(fields)?,
    })
}

fn read_status(fields: &Map<String, Value>) -> Result<Status, ApiError> {
    let problem = "must be one of Critical, Warning, Info, Ok";
    text(fields, "event_status")?.as_deref().and_then(Status::parse).ok_or(ApiError::invalid("event_status", problem))
}

fn read_labels(fields: &Map<String, Value>) -> Result<BTreeMap<String, String>, ApiError> {
    let labels = match fields.get("labels") {
        None | Some(Value::Null) => return Ok(BTreeMap::new()),
        Some(Value::Object(labels)) => labels,
        Some(_) => return Err(ApiError::invalid("labels", "must be an object")),
    };
    let mut read = BTreeMap::new();
    for (name, value) in labels {
        let value = match value {
            Value::Null => continue,
            Value::String(text) => cut(text, LABEL_VALUE_CHARS),
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::Array(_) | Value::Object(_) => {
                let field = format!("labels.{}", cut(name, LABEL_NAME_CHARS));
                return Err(ApiError::invalid(&field, "must be a text, a number or a boolean"));
            }
        };
        read.insert(cut(name, LABEL_NAME_CHARS), value);
    }
    while read.len() > LABELS {
        read.pop_last();
    }
    Ok(read)
}

/// The images, one for each `alt` (the last one given). One that the protocol would discard is discarded.
fn read_images(fields: &Map<String, Value>) -> Result<Vec<Image>, ApiError> {
    let images = match fields.get("images") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(images)) => images,
        Some(_) => return Err(ApiError::invalid("images", "must be an array")),
    };
    let mut by_alt = BTreeMap::new();
    for image in images {
        let Value::Object(image) = image else {
            return Err(ApiError::invalid("images", "every entry must be an object"));
        };
        let src = text(image, "src")?.unwrap_or_default();
        let usable = src.starts_with("http://") || src.starts_with("https://") || src.starts_with("img_");
        if !usable || src.chars().count() > IMAGE_URL_CHARS {
            continue;
        }
        let alt = cut(&text(image, "alt")?.unwrap_or_default(), IMAGE_ALT_CHARS);
        let href = cut(&text(image, "href")?.unwrap_or_default(), IMAGE_URL_CHARS);
        by_alt.insert(alt.clone(), Image { src, alt, href });
    }
    Ok(by_alt.into_values().collect())
}

fn read_event_time(fields: &Map<String, Value>) -> Result<Option<u64>, ApiError> {
    match fields.get("event_time") {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_u64() {
            // 0 is what senders in typed languages send for "not set".
            Some(0) => Ok(None),
            Some(secs) => Ok(Some(secs)),
            None => Err(ApiError::invalid("event_time", "must be Unix seconds")),
        },
    }
}

/// A text field; `null` counts as absent.
fn text(fields: &Map<String, Value>, name: &str) -> Result<Option<String>, ApiError> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(ApiError::invalid(name, "must be a text")),
    }
}

/// The first `chars` characters (Unicode scalar values, as the protocol counts).
fn cut(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => text[..end].to_owned(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(body: Value) -> Result<AlertEvent, ApiError> {
        read_push(9001, &body)
    }

    fn refusal(body: Value) -> String {
        read(body).expect_err("must be refused").message
    }

    #[test]
    fn a_full_push_is_taken_as_it_is() {
        let event = read(json!({
            "event_status": "Critical", "title_rule": "disk full", "alert_key": "disk/web-07",
            "description": "97 %", "event_time": 1_795_165_976_u64,
            "labels": {"host": "web-07", "used": 97.2, "paged": true, "none": null},
            "images": [{"alt": "usage", "src": "https://img.example.net/7.png", "href": "https://d.example.net"}],
            "whatever": [1]
        }))
        .expect("taken");
        assert_eq!(event.alert_key, "disk/web-07");
        assert_eq!(event.labels["used"], "97.2");
        assert_eq!(event.labels["paged"], "true");
        assert!(!event.labels.contains_key("none"));
        assert_eq!(event.images[0].alt, "usage");
        assert_eq!(event.event_time, Some(1_795_165_976));
    }

    #[test]
    fn long_texts_are_cut_by_characters_not_bytes() {
        let event =
            read(json!({"event_status": "Info", "title_rule": "é".repeat(600), "description": "ü".repeat(3000),
            "labels": {"l": "ß".repeat(3000)}}))
            .expect("taken");
        assert_eq!(event.title.chars().count(), 512);
        assert_eq!(event.description.chars().count(), 2048);
        assert_eq!(event.labels["l"].chars().count(), 2048);
    }

    #[test]
    fn title_stands_in_for_title_rule_and_a_recovery_needs_none() {
        assert_eq!(read(json!({"event_status": "Info", "title": "t"})).expect("taken").title, "t");
        assert!(read(json!({"event_status": "Ok", "alert_key": "k"})).is_ok());
        assert_eq!(refusal(json!({"event_status": "Info"})), "title_rule: is required");
    }

    #[test]
    fn null_and_empty_count_as_absent() {
        let event = read(json!({"event_status": "Info", "title_rule": "t", "alert_key": "", "description": null}));
        let event = event.expect("taken");
        assert_eq!(event.alert_key.len(), 22);
        assert_eq!(event.description, "");
    }

    #[test]
    fn wrong_types_are_refused_by_name() {
        assert_eq!(refusal(json!([])), "body: must be a JSON object");
        assert_eq!(refusal(json!({"title_rule": "t"})), "event_status: must be one of Critical, Warning, Info, Ok");
        assert_eq!(refusal(json!({"event_status": 1})), "event_status: must be a text");
        let with = |name: &str, value: Value| {
            let mut body = json!({"event_status": "Info", "title_rule": "t"});
            body[name] = value;
            refusal(body)
        };
        assert_eq!(with("labels", json!("x")), "labels: must be an object");
        assert_eq!(with("labels", json!({"a": []})), "labels.a: must be a text, a number or a boolean");
        assert_eq!(with("alert_key", json!("k".repeat(256))), "alert_key: must have at most 255 characters");
        assert_eq!(with("event_time", json!("now")), "event_time: must be Unix seconds");
        assert_eq!(with("images", json!({})), "images: must be an array");
    }

    #[test]
    fn images_are_merged_by_alt_and_unusable_ones_discarded() {
        let event = read(json!({"event_status": "Info", "title_rule": "t", "images": [
            {"src": "https://a.example.net/1"}, {"src": "https://a.example.net/2", "alt": ""},
            {"src": "ftp://a.example.net/3", "alt": "x"}, {"alt": "y"}, {"src": "img_abc", "alt": "z"}]}));
        let images = event.expect("taken").images;
        let srcs: Vec<_> = images.iter().map(|i| i.src.as_str()).collect();
        assert_eq!(srcs, ["https://a.example.net/2", "img_abc"]);
    }

    #[test]
    fn the_fifty_first_label_is_left_out() {
        let labels: Map<String, Value> = (0..60).map(|i| (format!("l{i:02}"), json!("v"))).collect();
        let event = read(json!({"event_status": "Info", "title_rule": "t", "labels": labels})).expect("taken");
        assert_eq!(event.labels.len(), 50);
        assert!(event.labels.contains_key("l49") && !event.labels.contains_key("l50"));
    }
}
