//! What PagerDuty answers, in its own shape: its clients read the status, and the key of what they triggered.

use serde::Serialize;

use super::Version;
use crate::http::Answer;

#[derive(Serialize)]
struct Body<'a> {
    status: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dedup_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    incident_key: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    errors: &'a [String],
}

impl<'a> Body<'a> {
    fn new(status: &'a str, message: &'a str) -> Self {
        Self { status, message, dedup_key: None, incident_key: None, errors: &[] }
    }

    fn answer(&self, status: u16) -> Answer {
        let headers = vec![("content-type", "application/json".to_owned())];
        // Serialising plain data into memory cannot fail; if it ever did, an empty 500 is the honest answer.
        match serde_json::to_vec(self) {
            Ok(body) => Answer { status, headers, body },
            Err(_) => Answer { status: 500, headers, body: Vec::new() },
        }
    }
}

/// The event was taken, under this key: 202, in version 1 200.
pub fn accepted(version: Version, key: &str) -> Answer {
    let done = Body::new("success", "Event processed");
    match version {
        Version::V1 => Body { incident_key: Some(key), ..done }.answer(200),
        Version::V2 => Body { dedup_key: Some(key), ..done }.answer(202),
    }
}

/// The event can never be taken, for these reasons: 400.
pub fn invalid(errors: &[String]) -> Answer {
    Body { errors, ..Body::new("invalid event", "Event object is invalid") }.answer(400)
}

/// Too many events, to be sent again after so many seconds where that is known: 429, in version 1 403.
pub fn busy(version: Version, retry_after_s: Option<u64>) -> Answer {
    let status = match version {
        Version::V1 => 403,
        Version::V2 => 429,
    };
    let mut answer = Body::new("throttle exceeded", "Too many events. Please try again later.").answer(status);
    answer.headers.extend(retry_after_s.map(|secs| ("retry-after", secs.to_string())));
    answer
}

/// The event could not be taken now, for no fault of the sender's: 500, which clients answer by sending it again.
pub fn failed(message: &str) -> Answer {
    Body::new("error", message).answer(500)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(answer: &Answer) -> (u16, &str) {
        (answer.status, std::str::from_utf8(&answer.body).expect("text"))
    }

    #[test]
    fn each_version_gets_its_own_status_and_name_of_the_key() {
        assert_eq!(
            shown(&accepted(Version::V2, "k")),
            (202, r#"{"status":"success","message":"Event processed","dedup_key":"k"}"#)
        );
        assert_eq!(
            shown(&accepted(Version::V1, "k")),
            (200, r#"{"status":"success","message":"Event processed","incident_key":"k"}"#)
        );
    }

    #[test]
    fn a_refusal_lists_what_is_wrong() {
        assert_eq!(
            shown(&invalid(&["'payload.source' is missing or blank".to_owned()])),
            (
                400,
                r#"{"status":"invalid event","message":"Event object is invalid","errors":["'payload.source' is missing or blank"]}"#
            )
        );
    }

    #[test]
    fn whoever_sends_too_much_is_told_in_the_status_that_its_version_knows() {
        assert_eq!(busy(Version::V1, None).status, 403);
        let answer = busy(Version::V2, Some(3));
        assert_eq!(answer.status, 429);
        assert!(answer.headers.contains(&("retry-after", "3".to_owned())));
        assert_eq!(shown(&failed("Try again.")), (500, r#"{"status":"error","message":"Try again."}"#));
    }
}
