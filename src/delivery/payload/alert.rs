//! An alert as webhooks show it (Flashduty, "Alert Webhook").

use serde::Serialize;

use crate::board::{Alert, ToldAlert};
use crate::config::Config;
use crate::ingest::STANDARD;
use crate::intake::{Severity, Status};
use crate::sorted::SortedMap;

/// An alert. Times are Unix seconds.
#[derive(Clone, Debug, Serialize)]
pub(super) struct AlertView<'a> {
    alert_id: &'a str,
    alert_key: &'a str,
    data_source_id: i64,
    data_source_name: &'a str,
    data_source_type: &'a str,
    data_source_ref_id: &'static str,
    channel_id: i64,
    channel_name: &'a str,
    title: &'a str,
    title_rule: &'a str,
    description: &'a str,
    alert_severity: Severity,
    alert_status: Status,
    created_at: u64,
    updated_at: u64,
    start_time: u64,
    last_time: u64,
    end_time: u64,
    event_cnt: u64,
    labels: &'a SortedMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    incident: Option<IncidentOfAlert<'a>>,
}

/// The incident that an alert belongs to.
#[derive(Clone, Debug, Serialize)]
struct IncidentOfAlert<'a> {
    incident_id: &'a str,
    title: &'a str,
}

impl<'a> AlertView<'a> {
    pub fn new(told: &'a ToldAlert, config: &'a Config) -> Self {
        let ToldAlert { alert, channel_id, incident_title } = told;
        let incident = || IncidentOfAlert { incident_id: &alert.incident_id, title: incident_title };
        Self {
            alert_id: &alert.alert_id,
            alert_key: &alert.alert_key,
            data_source_id: alert.integration_id,
            data_source_name: config.integration(alert.integration_id).map_or("", |integration| &integration.name),
            data_source_type: data_source_type(alert, config),
            data_source_ref_id: "",
            channel_id: *channel_id,
            channel_name: config.channel(*channel_id).map_or("", |channel| &channel.name),
            title: &alert.title,
            title_rule: &alert.title_rule,
            description: &alert.description,
            alert_severity: alert.alert_severity,
            alert_status: alert.alert_status,
            created_at: alert.start_time,
            updated_at: alert.last_time,
            start_time: alert.start_time,
            last_time: alert.last_time,
            end_time: alert.end_time,
            event_cnt: alert.event_cnt,
            labels: &alert.labels,
            incident: (!alert.incident_id.is_empty()).then(incident),
        }
    }
}

/// The type of its integration; of one that opens every door, that of the door through which its latest event came.
fn data_source_type<'a>(alert: &'a Alert, config: &'a Config) -> &'a str {
    let by_door = if alert.door.is_empty() { STANDARD } else { &alert.door };
    config.integration(alert.integration_id).and_then(|integration| integration.door.as_deref()).unwrap_or(by_door)
}
