//! Doors: what each kind of sender pushes, read into drafts. One file for each sender's protocol; which path leads to
//! which door stands in `ingest/`.

mod alertmanager;
mod alertmanager_api;
#[cfg(test)]
mod arbitrary;
mod change;
mod grafana;
mod grafana_legacy;
pub mod pagerduty;
mod prometheus;
mod rfc3339;
mod severity;
mod standard;

use crate::error::ApiError;
use crate::intake::Draft;

/// What the alerts of a push were read as, in their order: a draft, or why this one cannot be taken.
pub type Drafts = Vec<Result<Draft, ApiError>>;

pub use alertmanager_api::read as read_alertmanager_api;
pub use change::read as read_change;
pub use grafana::read as read_grafana;
pub use prometheus::read as read_prometheus;
pub use standard::read as read_standard;
