//! A comment that a sender puts on the incident that holds one of its alerts (Flashduty, "comment by alert").

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fields::{ALERT_KEY_CHARS, text};
use crate::error::ApiError;

/// The most characters of a comment.
const COMMENT_CHARS: usize = 1024;

/// A comment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// The alert whose incident is commented.
    pub alert_key: String,
    /// The text, 1 to 1024 characters, without blanks around it.
    pub comment: String,
}

impl Comment {
    /// Reads the body of a push.
    ///
    /// # Errors
    /// `InvalidParameter`, naming the field, for what is missing, empty, too long or of the wrong type.
    pub fn read(body: &Value) -> Result<Self, ApiError> {
        let Value::Object(fields) = body else {
            return Err(ApiError::invalid("body", "must be a JSON object"));
        };
        let required = |name, limit: usize| match text(fields, name)?.map(str::trim) {
            None | Some("") => Err(ApiError::invalid(name, "is required")),
            Some(text) if text.chars().nth(limit).is_some() => {
                Err(ApiError::invalid(name, &format!("must have at most {limit} characters")))
            }
            Some(text) => Ok(text.to_owned()),
        };
        let alert_key = text(fields, "alert_key")?.unwrap_or_default().to_owned();
        required("alert_key", ALERT_KEY_CHARS)?;
        // The key as it was given: the blanks around it are a part of it.
        Ok(Self { alert_key, comment: required("comment", COMMENT_CHARS)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_comment_is_trimmed_and_its_key_is_not() {
        let comment = Comment::read(&json!({"alert_key": " k", "comment": " restarted \n"})).expect("taken");
        assert_eq!((comment.alert_key.as_str(), comment.comment.as_str()), (" k", "restarted"));
    }

    #[test]
    fn what_is_missing_empty_or_too_long_is_named() {
        let refusal = |body| Comment::read(&body).expect_err("refused").message;
        assert_eq!(refusal(json!({"comment": "c"})), "alert_key: is required");
        assert_eq!(refusal(json!({"alert_key": "k", "comment": "  "})), "comment: is required");
        assert_eq!(refusal(json!({"alert_key": "k", "comment": 5})), "comment: must be a text");
        let long = "c".repeat(1025);
        assert_eq!(refusal(json!({"alert_key": "k", "comment": long})), "comment: must have at most 1024 characters");
        assert_eq!(refusal(json!([])), "body: must be a JSON object");
    }
}
