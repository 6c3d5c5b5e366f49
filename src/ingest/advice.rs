//! Advice: what would become of alerts, asked by the api component. Pure: nothing is read from the store or written.
//!
//! The paths are reached by service chaining alone; no public route leads to them.

use serde_json::{Map, Value, json};

use super::door::{Door, STANDARD};
use super::preview::preview;
use super::reading::{self, Reading};
use crate::config::{Config, Integration};
use crate::door::Drafts;
use crate::error::{ApiError, Code};
use crate::http::Request;
use crate::intake::{Admitting, AlertEvent, Overrides, Steps};
use crate::json;
use crate::time::Timestamp;

/// Asks for every step that an alert takes.
pub const EXPLAIN: &str = "/advice/explain";
/// Asks where alerts go by changed routing rules.
pub const PREVIEW: &str = "/advice/preview";

/// Answers a question, or `None` where the path is none.
pub fn advise(config: &Config, request: &Request, now: Timestamp) -> Option<Result<Value, ApiError>> {
    let ask = match request.path.as_str() {
        EXPLAIN => explain,
        PREVIEW => preview,
        _ => return None,
    };
    Some(request.json(false).and_then(|body| match body {
        Value::Object(parameters) => ask(config, &parameters, now),
        _ => Err(ApiError::invalid("body", "must be a JSON object")),
    }))
}

/// The steps of `alert` (a body as it is pushed to the door `type`), or of `event`, which was sealed before. Beside them
/// stands what goes to the boards, and which rule is meant by which mark.
fn explain(config: &Config, parameters: &Map<String, Value>, now: Timestamp) -> Result<Value, ApiError> {
    let integration = integration(config, parameters)?;
    let overrides = &Overrides::default();
    let mut steps = Steps::default();
    let accepted = match parameters.get("event") {
        Some(event) => {
            let event: AlertEvent =
                json::from_value(event.clone()).map_err(|error| ApiError::invalid("event", &error.to_string()))?;
            let kind = kind(parameters)?;
            Admitting { config, integration, door: &kind, overrides, now }.pass(event, Some(&mut steps))
        }
        None => {
            let body = parameters.get("alert").ok_or(ApiError::invalid("alert", "is required"))?;
            let (kind, mut drafts) = read_alerts(integration, parameters, body, now)?;
            let admitting = Admitting { config, integration, door: &kind, overrides, now };
            admitting.check()?;
            if drafts.len() != 1 {
                return Err(ApiError::invalid("alert", "must be one alert"));
            }
            let admitted = drafts.remove(0).and_then(|draft| admitting.admit(draft, Some(&mut steps)))?;
            admitted.accepted
        }
    };
    // Plain data with text keys: turning it into JSON has no way to fail.
    let mut told = serde_json::to_value(&steps).unwrap_or_default();
    if let Some(accepted) = accepted {
        // By way of bytes: the code that writes records as such is here anyhow.
        let bytes = serde_json::to_vec(&accepted).unwrap_or_default();
        let accepted: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        told["board"] = json!({"accepted": accepted, "inhibiting": steps.inhibiting});
    }
    Ok(told)
}

/// The integration that a question is about.
pub(super) fn integration<'a>(
    config: &'a Config,
    parameters: &Map<String, Value>,
) -> Result<&'a Integration, ApiError> {
    let id = match parameters.get("integration_id") {
        None | Some(Value::Null) => return Err(ApiError::invalid("integration_id", "is required")),
        Some(id) => id.as_i64().ok_or(ApiError::invalid("integration_id", "must be an integer"))?,
    };
    let unknown = || ApiError::new(Code::ResourceNotFound, "integration_id: there is no such integration");
    config.integration(id).ok_or_else(unknown)
}

/// Reads a body as alerts, by the door that the question names; with its type.
pub(super) fn read_alerts(
    integration: &Integration,
    parameters: &Map<String, Value>,
    body: &Value,
    now: Timestamp,
) -> Result<(String, Drafts), ApiError> {
    let kind = kind(parameters)?;
    let door = Door::of_kind(&kind).ok_or(ApiError::invalid("type", "is not the type of an integration"))?;
    let drafts = match reading::read(door, integration, body, now)? {
        Reading::Alerts(drafts, _) => drafts,
        Reading::PagerDuty(push) => vec![Ok(push.draft)],
        Reading::PagerDutyErrors(errors) => return Err(ApiError::invalid("alert", &errors.join("; "))),
        _ => return Err(ApiError::invalid("alert", "is no alert")),
    };
    Ok((kind, drafts))
}

fn kind(parameters: &Map<String, Value>) -> Result<String, ApiError> {
    match parameters.get("type") {
        None | Some(Value::Null) => Ok(STANDARD.to_owned()),
        Some(Value::String(kind)) => Ok(kind.clone()),
        Some(_) => Err(ApiError::invalid("type", "must be a text")),
    }
}
