//! Reading a push by the protocol of its door.

use serde_json::Value;

use super::door::Door;
use crate::config::Integration;
use crate::door::{self, Drafts, cloudwatch, pagerduty};
use crate::error::ApiError;
use crate::http::Request;
use crate::intake::{ChangeEvent, Comment};
use crate::time::Timestamp;

/// What a push was read as.
#[derive(Debug)]
pub enum Reading {
    /// Alerts; whether the sender gave a list of them.
    Alerts(Drafts, bool),
    /// An event of PagerDuty's.
    PagerDuty(pagerduty::Push),
    /// What is wrong with an event of PagerDuty's.
    PagerDutyErrors(Vec<String>),
    /// A subscription that is confirmed by fetching this URL, which is the service's own.
    Confirm(String),
    /// A comment.
    Comment(Comment),
    /// A change event.
    Change(ChangeEvent),
    /// Nothing that is to be kept.
    Nothing,
}

/// The body of a push as JSON.
///
/// # Errors
/// `InvalidContentType` where the door wants one and it is another; else as [`Request::json`].
pub fn body(door: Door, request: &Request) -> Result<Value, ApiError> {
    request.json(door.wants_content_type())
}

/// Reads a push.
///
/// # Errors
/// `InvalidParameter`, naming the field, where the body as a whole is not what the door takes.
pub fn read(door: Door, integration: &Integration, body: &Value, now: Timestamp) -> Result<Reading, ApiError> {
    let alerts = |drafts: Drafts| Reading::Alerts(drafts, body.is_array());
    Ok(match door {
        Door::Standard => alerts(match &integration.rules.mapping {
            Some(mapping) => mapping.read(body)?,
            None => door::read_standard(body)?,
        }),
        Door::Prometheus => alerts(door::read_prometheus(body)?),
        Door::AlertmanagerApi => alerts(door::read_alertmanager_api(body, now.secs())?),
        Door::Grafana => alerts(door::read_grafana(body)?),
        Door::PagerDuty => match pagerduty::read(body) {
            Ok(push) => Reading::PagerDuty(push),
            Err(errors) => Reading::PagerDutyErrors(errors),
        },
        Door::Nightingale => alerts(door::read_nightingale(body)?),
        Door::Zabbix => alerts(door::read_zabbix(body)?),
        Door::CloudWatch => match cloudwatch::read(body)? {
            cloudwatch::Message::Alerts(drafts) => alerts(drafts),
            cloudwatch::Message::Confirm { url } => Reading::Confirm(url),
            cloudwatch::Message::Nothing => Reading::Nothing,
        },
        Door::Change => Reading::Change(door::read_change(body)?),
        Door::Comment => Reading::Comment(Comment::read(body)?),
    })
}
