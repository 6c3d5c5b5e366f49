//! What a custom action posts: the incident with its alerts (Flashduty, "Custom Actions").

use serde::Serialize;

use super::Webhook;
use crate::board::{Alert, Event};
use crate::config::Config;
use crate::intake::{Severity, Status};
use crate::sorted::SortedMap;

/// An alert of the incident. Times are Unix seconds.
#[derive(Clone, Debug, Serialize)]
pub(super) struct AlertOfIncident<'a> {
    account_id: i64,
    alert_id: &'a str,
    alert_key: &'a str,
    data_source_id: i64,
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
}

impl<'a> AlertOfIncident<'a> {
    fn new(alert: &'a Alert, config: &Config) -> Self {
        Self {
            account_id: config.account.id,
            alert_id: &alert.alert_id,
            alert_key: &alert.alert_key,
            data_source_id: alert.integration_id,
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
        }
    }
}

/// The default body of a custom action's call. `event` is of type `i_custom` and tells the incident as it is now;
/// `alerts` are those of the incident, shown in their order.
pub fn custom_action(event: &Event, alerts: &[Alert], config: &Config) -> Vec<u8> {
    let mut webhook = Webhook::new(event, config);
    if let Some(incident) = &mut webhook.incident {
        incident.alerts = Some(alerts.iter().map(|alert| AlertOfIncident::new(alert, config)).collect());
    }
    webhook.encode()
}
