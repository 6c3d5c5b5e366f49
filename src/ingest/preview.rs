//! Route preview: where alerts go by the present rules of a shared integration, and where by changed ones.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::advice::{integration, read_alerts};
use crate::config::{Config, IntegrationKind};
use crate::error::{ApiError, Code};
use crate::filter::{Facts, Origin};
use crate::intake::{Admitting, AlertEvent, Overrides, Status, Steps};
use crate::json;
use crate::route::{Route, RouteSteps};
use crate::time::Timestamp;

/// The most alerts of one preview.
const ALERTS: usize = 20;

/// Where one alert goes.
#[derive(Serialize)]
struct Previewed {
    alert: AlertEvent,
    #[serde(skip_serializing_if = "Option::is_none")]
    present: Option<RouteSteps>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<RouteSteps>,
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<Difference>,
    /// What is to be said besides.
    #[serde(skip_serializing_if = "str::is_empty")]
    remark: &'static str,
}

/// What changed rules change for an alert.
#[derive(Serialize)]
struct Difference {
    added: Vec<i64>,
    removed: Vec<i64>,
}

/// `/route/preview`: for each of `alerts` (bodies as they are pushed to the door `type`, the standard one by default), the
/// cases that it meets and the channels that it goes to; with `route`, also by those rules, and the difference. Nothing
/// is stored.
///
/// # Errors
/// `InvalidParameter`, naming the parameter; `ResourceNotFound` for an unknown integration.
pub fn preview(config: &Config, parameters: &Map<String, Value>, now: Timestamp) -> Result<Value, ApiError> {
    let integration = integration(config, parameters)?;
    if integration.kind == IntegrationKind::Private {
        let message = "integration_id: a private integration has no routing rules";
        return Err(ApiError::new(Code::InvalidParameter, message));
    }
    let changed = changed_route(config, parameters)?;
    let alerts = match parameters.get("alerts") {
        Some(Value::Array(alerts)) if (1..=ALERTS).contains(&alerts.len()) => alerts,
        _ => return Err(ApiError::invalid("alerts", "must be an array of 1 to 20 alerts")),
    };
    let overrides = &Overrides::default();
    let mut items = Vec::new();
    for body in alerts {
        let (kind, drafts) = read_alerts(integration, parameters, body, now)?;
        let admitting = Admitting { config, integration, door: &kind, overrides, now };
        for draft in drafts {
            let mut steps = Steps::default();
            items.push(match draft.and_then(|draft| admitting.admit(draft, Some(&mut steps))) {
                Ok(_) => shown(previewed(config, integration.origin(&kind), changed.as_ref(), steps)),
                Err(error) => json!({"error": {"code": error.code.name(), "message": error.message}}),
            });
        }
    }
    Ok(json!({"items": items}))
}

/// Plain data with text keys as JSON, which has no way to fail.
fn shown(data: impl Serialize) -> Value {
    serde_json::to_value(data).unwrap_or_default()
}

/// What is not routed (a recovery, what the pipeline drops) has a remark instead of cases.
fn previewed(config: &Config, origin: Origin<'_>, changed: Option<&Route>, steps: Steps) -> Previewed {
    let remark = match (steps.dropped, steps.admitted.status) {
        (true, _) => "the pipeline drops this alert before it is routed",
        (_, Status::Ok) => "a recovery goes to every channel that has the alert open, whatever the rules say",
        _ => "",
    };
    let (present, changed) = (steps.route, changed.filter(|_| remark.is_empty()));
    let changed = changed.map(|route| {
        let mut told = RouteSteps::default();
        route.walk(&Facts::of(&steps.admitted, origin), &config.channels, Some(&mut told));
        told
    });
    let difference = present.as_ref().zip(changed.as_ref()).map(|(present, changed)| {
        let without = |ids: &[i64], others: &[i64]| ids.iter().copied().filter(|id| !others.contains(id)).collect();
        Difference {
            added: without(&changed.channel_ids, &present.channel_ids),
            removed: without(&present.channel_ids, &changed.channel_ids),
        }
    });
    Previewed { alert: steps.admitted, present, changed, difference, remark }
}

/// The rules of `route`, in the shape in which clients store them.
fn changed_route(config: &Config, parameters: &Map<String, Value>) -> Result<Option<Route>, ApiError> {
    let fields = match parameters.get("route") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(fields)) => fields,
        Some(_) => return Err(ApiError::invalid("route", "must be an object")),
    };
    // Clients send what they read, with version, sections and times; only the rules matter here.
    let mut rules = Map::new();
    for name in ["cases", "default"] {
        if let Some(part) = fields.get(name).filter(|part| !part.is_null()) {
            rules.insert(name.to_owned(), part.clone());
        }
    }
    let rules = Value::Object(rules);
    let route: Route = json::from_value(rules).map_err(|e| ApiError::invalid("route", &e.to_string()))?;
    if route.is_empty() {
        return Err(ApiError::invalid("route", "must have cases or a default"));
    }
    route.check().map_err(|problem| ApiError::invalid("route", &problem))?;
    let unknown = route.channel_ids().find(|id| config.channel(*id).is_none());
    match unknown {
        Some(id) => Err(ApiError::invalid("route", &format!("there is no channel {id}"))),
        None => Ok(Some(route)),
    }
}
