//! The incident webhook's body (Flashduty, "Incident Webhook"), and the incident as payloads and the Open API show it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::board::{Event, Incident};
use crate::config::Config;
use crate::intake::{Severity, Status};

/// An incident as it is shown outside.
#[derive(Clone, Debug, Serialize)]
pub struct IncidentView<'a> {
    /// 24 hex digits.
    pub incident_id: &'a str,
    /// The short name.
    pub num: String,
    account_id: i64,
    account_name: &'a str,
    title: &'a str,
    description: &'a str,
    impact: &'a str,
    root_cause: &'a str,
    resolution: &'a str,
    incident_severity: Severity,
    incident_status: Status,
    progress: &'a str,
    created_at: u64,
    updated_at: u64,
    /// When it was triggered, Unix seconds.
    pub start_time: u64,
    last_time: u64,
    end_time: u64,
    ack_time: u64,
    close_time: u64,
    snoozed_before: u64,
    labels: &'a BTreeMap<String, String>,
    fields: BTreeMap<String, String>,
    responders: [(); 0],
    responder_ids: [i64; 0],
    creator_id: i64,
    data_source_id: i64,
    dedup_key: &'a str,
    equals_md5: &'a str,
    alert_cnt: u32,
    active_alert_cnt: u32,
    alert_event_cnt: u64,
    channel_id: i64,
    channel_name: &'a str,
    group_method: &'a str,
    detail_url: String,
}

impl<'a> IncidentView<'a> {
    /// Shows an incident. What people add to incidents (acknowledgement, responders, custom fields …) does not exist
    /// yet and has the protocol's empty values.
    pub fn new(incident: &'a Incident, config: &'a Config) -> Self {
        let base_url = config.base_url.trim_end_matches('/');
        Self {
            incident_id: &incident.incident_id,
            num: incident.num(),
            account_id: config.account.id,
            account_name: &config.account.name,
            title: &incident.title,
            description: &incident.description,
            impact: "",
            root_cause: "",
            resolution: "",
            incident_severity: incident.incident_severity,
            incident_status: incident.incident_status,
            progress: incident.progress.name(),
            created_at: incident.created_at,
            updated_at: incident.updated_at,
            start_time: incident.start_time,
            last_time: incident.last_time,
            end_time: incident.end_time,
            ack_time: 0,
            close_time: incident.close_time,
            snoozed_before: 0,
            labels: &incident.labels,
            fields: BTreeMap::new(),
            responders: [],
            responder_ids: [],
            creator_id: 0,
            data_source_id: incident.integration_id,
            dedup_key: &incident.dedup_key,
            equals_md5: "",
            alert_cnt: incident.alert_cnt(),
            active_alert_cnt: incident.active_alert_cnt(),
            alert_event_cnt: incident.alert_event_cnt,
            channel_id: incident.channel_id,
            channel_name: config.channel(incident.channel_id).map_or("", |c| &c.name),
            group_method: "n",
            detail_url: format!("{base_url}/incident/detail/{}", incident.incident_id),
        }
    }
}

#[derive(Serialize)]
struct Webhook<'a> {
    event_id: &'a str,
    event_time: u64,
    event_type: &'a str,
    incident: IncidentView<'a>,
}

/// The body of an event's webhook.
pub fn incident_webhook(event: &Event, config: &Config) -> Vec<u8> {
    let webhook = Webhook {
        event_id: &event.event_id,
        event_time: event.event_time,
        event_type: event.event_type.name(),
        incident: IncidentView::new(&event.incident, config),
    };
    // Plain data with text keys: serialising it into memory has no way to fail.
    serde_json::to_vec(&webhook).unwrap_or_default()
}
