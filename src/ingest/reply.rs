//! What a sender is answered, in the shape of its door.

use serde::Serialize;

use super::door::Door;
use crate::error::ApiError;
use crate::http::{Answer, answer};

/// What is to be said of a push that was taken.
#[derive(Debug)]
pub enum Reply {
    /// Of alerts: the key of each, or why it was refused; at least one was taken. Whether the sender gave a list.
    Alerts(Vec<Result<String, ApiError>>, bool),
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
pub fn render(door: Door, request_id: &str, result: Result<Reply, ApiError>) -> Answer {
    match result {
        Ok(Reply::Alerts(results, list)) => answer(request_id, Ok(pushed(&results, list))),
        Ok(Reply::Done) => answer(request_id, Ok(())),
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
