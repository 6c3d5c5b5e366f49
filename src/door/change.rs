//! The push of a change event (Flashduty, "Custom Change Event"): one JSON object.
//!
//! As with alerts, `null` and empty texts count as absent, unknown keys are ignored and what is too long is cut; only an
//! identity cannot be cut.

use serde_json::{Map, Value};

use super::standard::{read_event_time, read_labels};
use crate::error::ApiError;
use crate::intake::fields::{ALERT_KEY_CHARS, DESCRIPTION_CHARS, TITLE_CHARS, cut, limited, text};
use crate::intake::{ChangeEvent, ChangeStatus};

/// A link; a longer one is left out, because a part of one leads nowhere.
const LINK_CHARS: usize = 2048;

/// Reads the body of a push.
///
/// # Errors
/// `InvalidParameter`, naming the field, for what is missing, of the wrong type, or an identity that is too long.
pub fn read(body: &Value) -> Result<ChangeEvent, ApiError> {
    let Value::Object(fields) = body else {
        return Err(ApiError::invalid("body", "must be a JSON object"));
    };
    let change_key = required(fields, "change_key")?;
    if change_key.chars().nth(ALERT_KEY_CHARS).is_some() {
        return Err(ApiError::invalid("change_key", "must have at most 255 characters"));
    }
    let change_status = read_status(fields)?;
    let title = required(fields, "title")?;
    let description = text(fields, "description")?.unwrap_or_default();
    let link = text(fields, "link")?.filter(|link| link.chars().nth(LINK_CHARS).is_none());
    Ok(ChangeEvent {
        change_key: change_key.to_owned(),
        change_status,
        title: cut(title, TITLE_CHARS).to_owned(),
        description: cut(description, DESCRIPTION_CHARS).to_owned(),
        link: link.unwrap_or_default().to_owned(),
        labels: limited(read_labels(fields)?),
        event_time: read_event_time(fields)?,
    })
}

fn required<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<&'a str, ApiError> {
    text(fields, name)?.filter(|text| !text.trim().is_empty()).ok_or(ApiError::invalid(name, "is required"))
}

fn read_status(fields: &Map<String, Value>) -> Result<ChangeStatus, ApiError> {
    let problem = "must be one of Planned, Ready, Processing, Canceled, Done";
    text(fields, "change_status")?.and_then(ChangeStatus::parse).ok_or(ApiError::invalid("change_status", problem))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::door::arbitrary;
    use proptest::prelude::*;
    use serde_json::json;

    fn full() -> Value {
        json!({
            "change_key": "deploy/4711", "change_status": "Processing", "title": "Deploy of store 2.4",
            "event_time": 1_795_158_776_u64, "description": "Second of three zones.",
            "link": "https://ci.example.net/4711", "labels": {"service": "store", "build": 4711, "none": null}, "x": [1]
        })
    }

    fn refusal(name: &str, value: Value) -> String {
        let mut body = full();
        body[name] = value;
        read(&body).expect_err("must be refused").message
    }

    #[test]
    fn a_full_push_is_taken_as_it_is() {
        let change = read(&full()).expect("taken");
        assert_eq!((change.change_key.as_str(), change.change_status), ("deploy/4711", ChangeStatus::Processing));
        assert_eq!(change.title, "Deploy of store 2.4");
        assert_eq!(change.link, "https://ci.example.net/4711");
        assert_eq!(change.event_time, Some(1_795_158_776));
        assert_eq!(change.labels.len(), 2);
        assert_eq!(change.labels["build"], "4711");
    }

    #[test]
    fn key_status_and_title_are_all_that_is_needed() {
        let change = read(&json!({"change_key": "k", "change_status": "Planned", "title": "t", "link": null}));
        let change = change.expect("taken");
        assert_eq!((change.event_time, change.description.as_str()), (None, ""));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        assert_eq!(refusal("change_key", json!("")), "change_key: is required");
        assert_eq!(refusal("change_key", json!("k".repeat(256))), "change_key: must have at most 255 characters");
        assert_eq!(refusal("change_key", json!(7)), "change_key: must be a text");
        assert_eq!(refusal("title", json!("  ")), "title: is required");
        let problem = "change_status: must be one of Planned, Ready, Processing, Canceled, Done";
        assert_eq!(refusal("change_status", json!("Started")), problem);
        assert_eq!(refusal("change_status", json!(null)), problem);
        assert_eq!(refusal("labels", json!([])), "labels: must be an object");
        assert_eq!(refusal("labels", json!({"a": {}})), "labels.a: must be a text, a number or a boolean");
        assert_eq!(refusal("event_time", json!(-1)), "event_time: must be Unix seconds");
        assert_eq!(refusal("link", json!([])), "link: must be a text");
        assert_eq!(read(&json!([])).expect_err("refused").message, "body: must be a JSON object");
    }

    #[test]
    fn long_texts_are_cut_and_a_long_link_is_left_out() {
        let mut body = full();
        body["title"] = json!("é".repeat(600));
        body["description"] = json!("ü".repeat(3000));
        body["link"] = json!(format!("https://ci.example.net/{}", "x".repeat(2048)));
        body["labels"] = (0..60).map(|nth| (format!("l{nth:02}"), json!("v"))).collect::<Map<_, _>>().into();
        let change = read(&body).expect("taken");
        assert_eq!((change.title.chars().count(), change.description.chars().count()), (512, 2048));
        assert_eq!((change.link.as_str(), change.labels.len()), ("", 50));
    }

    const NAMES: [&str; 7] = ["change_key", "change_status", "title", "description", "link", "labels", "event_time"];
    const TEXTS: [&str; 5] = ["", "Planned", "Done", "k", "https://ci.example.net/1"];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_is_taken_is_within_the_limits(body in arbitrary::body_of(&NAMES, &TEXTS), text in "\\PC{1,9}") {
            let full = json!({"change_key": text, "change_status": "Done", "title": text, "description": body.clone(),
                "labels": body.clone(), "event_time": null});
            for body in [body, full] {
                if let Ok(change) = read(&body) {
                    prop_assert!(!change.change_key.is_empty() && !change.title.is_empty());
                    prop_assert!(change.title.chars().count() <= 512 && change.labels.len() <= 50);
                }
            }
        }
    }
}
