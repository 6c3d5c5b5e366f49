//! Doors: what each kind of sender pushes, read into drafts. One file for each sender's protocol; which path leads to
//! which door stands in `ingest/`.

mod alertmanager;
mod alertmanager_api;
#[cfg(test)]
mod arbitrary;
mod change;
pub mod cloudwatch;
mod grafana;
mod grafana_legacy;
mod nightingale;
pub mod pagerduty;
mod prometheus;
pub(crate) mod rfc3339;
mod severity;
mod standard;
mod zabbix;

use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::intake::Draft;

/// What the alerts of a push were read as, in their order: a draft, or why this one cannot be taken.
pub type Drafts = Vec<Result<Draft, ApiError>>;

pub use alertmanager_api::read as read_alertmanager_api;
pub use change::read as read_change;
pub use grafana::read as read_grafana;
pub use nightingale::read as read_nightingale;
pub use prometheus::read as read_prometheus;
pub use standard::read as read_standard;
pub(crate) use standard::{read_alert, read_each};
pub use zabbix::read as read_zabbix;

/// Reads an object as one alert and an array as as many as it holds, none too.
fn each(body: &Value, read: impl Fn(&Map<String, Value>) -> Result<Draft, ApiError>) -> Result<Drafts, ApiError> {
    let read_one = |alert: &Value| match alert {
        Value::Object(fields) => read(fields),
        _ => Err(ApiError::invalid("body", "every alert must be a JSON object")),
    };
    match body {
        Value::Object(fields) => Ok(vec![read(fields)]),
        Value::Array(alerts) => Ok(alerts.iter().map(read_one).collect()),
        _ => Err(ApiError::invalid("body", "must be a JSON object or an array of them")),
    }
}
