//! The Standard Alert push (Flashduty, "Standard Alert Integration"): a JSON object is an alert, an array several.
//!
//! Senders that exist win over the letter: `null` counts as absent, numbers and booleans in labels as their text,
//! unknown keys are ignored, over-long texts are cut. Refused is only what can never be right.

use crate::sorted::SortedMap;

use serde_json::{Map, Value};

use super::Drafts;
use crate::error::ApiError;
use crate::intake::fields::{LABEL_NAME_CHARS, cut, plain_text, text};
use crate::intake::{Draft, Image, Status};

/// The most alerts in one push.
const ALERTS: usize = 100;

/// Reads the body of a push.
///
/// # Errors
/// `InvalidParameter` where the body is neither an object nor an array of 1 to 100.
pub fn read(body: &Value) -> Result<Drafts, ApiError> {
    read_each(body, read_alert)
}

/// Reads each alert of a body, which is one object or an array of 1 to 100.
///
/// # Errors
/// `InvalidParameter` where the body is neither.
pub(crate) fn read_each(
    body: &Value,
    read: impl Fn(&Map<String, Value>) -> Result<Draft, ApiError>,
) -> Result<Drafts, ApiError> {
    match body {
        Value::Array(alerts) if !(1..=ALERTS).contains(&alerts.len()) => {
            Err(ApiError::invalid("body", "must hold 1 to 100 alerts"))
        }
        _ => super::each(body, read),
    }
}

/// Reads one alert.
///
/// # Errors
/// `InvalidParameter`, naming the field, for what is missing or of the wrong type.
pub(crate) fn read_alert(fields: &Map<String, Value>) -> Result<Draft, ApiError> {
    // Numbers and booleans as their text: what is meant is clear.
    let owned = |name| match fields.get(name) {
        None => Ok(String::new()),
        Some(value) => plain_text(value).ok_or(ApiError::invalid(name, "must be a text")),
    };
    Ok(Draft {
        status: read_status(fields)?,
        title: owned("title")?,
        title_rule: owned("title_rule")?,
        description: owned("description")?,
        labels: read_labels(fields)?,
        alert_key: owned("alert_key")?,
        images: read_images(fields)?,
        event_time: read_event_time(fields)?,
    })
}

fn read_status(fields: &Map<String, Value>) -> Result<Status, ApiError> {
    let problem = "must be one of Critical, Warning, Info, Ok";
    text(fields, "event_status")?.and_then(Status::parse).ok_or(ApiError::invalid("event_status", problem))
}

/// `labels`: texts, numbers and booleans by name; `null` counts as absent.
///
/// # Errors
/// `InvalidParameter` where it is no object, or a value has parts.
pub(super) fn read_labels(fields: &Map<String, Value>) -> Result<SortedMap<String, String>, ApiError> {
    let labels = match fields.get("labels") {
        None | Some(Value::Null) => return Ok(SortedMap::new()),
        Some(Value::Object(labels)) => labels,
        Some(_) => return Err(ApiError::invalid("labels", "must be an object")),
    };
    let mut read = SortedMap::new();
    for (name, value) in labels.iter().filter(|(_, value)| !value.is_null()) {
        let value = plain_text(value).ok_or_else(|| {
            let field = format!("labels.{}", cut(name, LABEL_NAME_CHARS));
            ApiError::invalid(&field, "must be a text, a number or a boolean")
        })?;
        read.insert(name.clone(), value);
    }
    Ok(read)
}

fn read_images(fields: &Map<String, Value>) -> Result<Vec<Image>, ApiError> {
    let images = match fields.get("images") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(images)) => images,
        Some(_) => return Err(ApiError::invalid("images", "must be an array")),
    };
    let read = |image: &Value| {
        let Value::Object(image) = image else {
            return Err(ApiError::invalid("images", "every entry must be an object"));
        };
        let owned = |name| text(image, name).map(|text| text.unwrap_or_default().to_owned());
        Ok(Image { src: owned("src")?, alt: owned("alt")?, href: owned("href")? })
    };
    images.iter().map(read).collect()
}

/// Times from this one on are taken as milliseconds: as seconds it would be the year 5138.
const MILLISECONDS_FROM: u64 = 100_000_000_000;

/// `event_time`: Unix seconds. Milliseconds, which programs send by mistake, are told by their size.
///
/// # Errors
/// `InvalidParameter` for anything but a number that is not negative.
pub(super) fn read_event_time(fields: &Map<String, Value>) -> Result<Option<u64>, ApiError> {
    let given = match fields.get("event_time") {
        None | Some(Value::Null) => return Ok(None),
        Some(value) => value,
    };
    let whole = || given.as_f64().filter(|number| (0.0..1e18).contains(number)).map(|number| number as u64);
    match given.as_u64().or_else(whole) {
        // 0 is what senders in typed languages send for "not set".
        Some(0) => Ok(None),
        Some(ms) if ms >= MILLISECONDS_FROM => Ok(Some(ms / 1000)),
        Some(secs) => Ok(Some(secs)),
        None => Err(ApiError::invalid("event_time", "must be Unix seconds")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Origin;
    use crate::intake::AlertEvent;
    use serde_json::json;

    fn read(body: Value) -> Result<AlertEvent, ApiError> {
        let origin = Origin { id: 9001, name: "i", kind: "standard" };
        super::read(&body)?.remove(0)?.seal(origin)
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
        assert_eq!(refusal(json!([])), "body: must hold 1 to 100 alerts");
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

    #[test]
    fn scalars_are_taken_as_their_text_where_a_text_is_meant() {
        let event = read(json!({"event_status": "Info", "title_rule": 5, "alert_key": 4711, "description": true}));
        let event = event.expect("taken");
        assert_eq!([&event.title, &event.alert_key, &event.description], ["5", "4711", "true"]);
        assert!(read(json!({"event_status": "Info", "title_rule": ["t"]})).is_err());
    }

    #[test]
    fn a_time_may_have_a_fraction_or_be_in_milliseconds() {
        let time = |time: Value| {
            let event = read(json!({"event_status": "Info", "title_rule": "t", "event_time": time}));
            event.map(|event| event.event_time)
        };
        assert_eq!(time(json!(1_795_165_976.9)), Ok(Some(1_795_165_976)));
        assert_eq!(time(json!(1_795_165_976_412_u64)), Ok(Some(1_795_165_976)));
        assert_eq!(time(json!(0)), Ok(None));
        assert!([json!(-1), json!("now"), json!(1e300), json!([1])].into_iter().all(|value| time(value).is_err()));
    }
}
