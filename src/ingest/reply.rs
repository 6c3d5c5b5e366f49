//! What a sender is answered, in the shape of its door.

use serde::Serialize;

use super::door::Door;
use crate::door::pagerduty::{self, Version};
use crate::error::{ApiError, Code};
use crate::http::{Answer, REQUEST_ID_HEADER, Request, answer};

/// What is to be said of a push that was taken.
#[derive(Debug)]
pub enum Reply {
    /// Of alerts: the key of each, or why it was refused; at least one was taken. Whether the sender gave a list.
    Alerts(Vec<Result<String, ApiError>>, bool),
    /// Of an event of PagerDuty's: its version and its key.
    PagerDuty(Version, String),
    /// What was wrong with an event of PagerDuty's.
    PagerDutyErrors(Vec<String>),
    /// Nothing in particular.
    Done,
}

#[derive(Serialize)]
struct Pushed<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    alert_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Vec<Item<'a>>>,
}

/// What became of one alert of several.
#[derive(Serialize)]
#[serde(untagged)]
enum Item<'a> {
    Taken { alert_key: &'a str },
    Refused { error: Refusal<'a> },
}

#[derive(Serialize)]
struct Refusal<'a> {
    code: &'a str,
    message: &'a str,
}

/// The answer to a push.
pub fn render(door: Door, request: &Request, request_id: &str, result: Result<Reply, ApiError>) -> Answer {
    match result {
        Ok(Reply::Alerts(results, list)) => answer(request_id, Ok(pushed(&results, list))),
        Ok(Reply::PagerDuty(version, key)) => identified(pagerduty::accepted(version, &key), request_id),
        Ok(Reply::PagerDutyErrors(errors)) => identified(pagerduty::invalid(&errors), request_id),
        // An empty object: clients read `data` as one.
        Ok(Reply::Done) => answer(request_id, Ok(Pushed { alert_key: None, items: None })),
        Err(error) if door == Door::PagerDuty => identified(pagerduty_refusal(request, &error), request_id),
        Err(error) => {
            let message = (door == Door::AlertmanagerApi).then(|| serde_json::to_vec(&error.message));
            let mut refusal = answer::<()>(request_id, Err(error));
            if let Some(Ok(message)) = message {
                // Clients of Alertmanager's API read an error as a JSON text.
                refusal.body = message;
            }
            refusal
        }
    }
}

/// A refusal as PagerDuty's clients know it.
fn pagerduty_refusal(request: &Request, error: &ApiError) -> Answer {
    match error.code {
        Code::RequestTooFrequently => {
            let version = request.json(false).map_or(Version::V2, |body| Version::of(&body));
            pagerduty::busy(version, error.retry_after_s)
        }
        Code::InternalError | Code::ServiceUnavailable => pagerduty::failed(&error.message),
        code => {
            let mut refusal = pagerduty::invalid(std::slice::from_ref(&error.message));
            refusal.status = code.status();
            refusal.headers.extend(error.allow.map(|method| ("allow", method.to_owned())));
            refusal
        }
    }
}

/// An answer that is not in the envelope names the request in its header all the same.
fn identified(mut answer: Answer, request_id: &str) -> Answer {
    answer.headers.push((REQUEST_ID_HEADER, request_id.to_owned()));
    answer
}

/// One alert: its key. A list, or several: the first key, and what became of each.
fn pushed(results: &[Result<String, ApiError>], list: bool) -> Pushed<'_> {
    let alert_key = results.iter().find_map(|result| result.as_deref().ok());
    let items = (list || results.len() > 1).then(|| {
        let shown = results.iter().map(|result| match result {
            Ok(alert_key) => Item::Taken { alert_key },
            Err(error) => Item::Refused { error: Refusal { code: error.code.name(), message: &error.message } },
        });
        shown.collect()
    });
    Pushed { alert_key, items }
}
