//! An incident as webhooks show it (Flashduty, "Incident Webhook"), and as the Open API does.

use std::sync::LazyLock;

use serde::Serialize;
use serde_json::{Map, Value};

use super::PersonView;
use super::custom_action::AlertOfIncident;
use crate::board::{Assignment, Handling, Incident, Responder};
use crate::config::Config;
use crate::ingest::STANDARD;
use crate::intake::{Image, Severity, Status};
use crate::sorted::SortedMap;

/// An incident as webhooks show it.
#[derive(Clone, Debug, Serialize)]
pub struct IncidentView<'a> {
    incident_id: &'a str,
    num: String,
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
    start_time: u64,
    last_time: u64,
    end_time: u64,
    ack_time: u64,
    close_time: u64,
    snoozed_before: u64,
    labels: &'a SortedMap<String, String>,
    fields: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    creator: Option<PersonView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closer: Option<PersonView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assigned_to: Option<&'a Assignment>,
    responders: Vec<ResponderView>,
    responder_ids: Vec<i64>,
    creator_id: i64,
    data_source_id: i64,
    dedup_key: &'a str,
    equals_md5: String,
    alert_cnt: u32,
    active_alert_cnt: u32,
    alert_event_cnt: u64,
    channel_id: i64,
    channel_name: &'a str,
    group_method: char,
    detail_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) alerts: Option<Vec<AlertOfIncident<'a>>>,
}

/// Somebody who was asked to handle an incident or does.
#[derive(Clone, Debug, Serialize)]
struct ResponderView {
    #[serde(flatten)]
    person: PersonView,
    assigned_at: u64,
    acknowledged_at: u64,
}

impl<'a> IncidentView<'a> {
    /// Shows an incident.
    pub fn new(incident: &'a Incident, config: &'a Config) -> Self {
        static UNTOUCHED: LazyLock<Handling> = LazyLock::new(Handling::default);
        let base_url = config.base_url.trim_end_matches('/');
        let handling = incident.handling.as_deref().unwrap_or(&UNTOUCHED);
        let person = |id: i64| Some(id).filter(|id| *id != 0).map(|id| PersonView::new(id, config));
        let responder = |responder: &Responder| ResponderView {
            person: PersonView::new(responder.person_id, config),
            assigned_at: responder.assigned_at,
            acknowledged_at: responder.acknowledged_at,
        };
        Self {
            incident_id: &incident.incident_id,
            num: incident.num(),
            account_id: config.account.id,
            account_name: &config.account.name,
            title: &incident.title,
            description: &incident.description,
            impact: &handling.impact,
            root_cause: &handling.root_cause,
            resolution: &handling.resolution,
            incident_severity: incident.incident_severity,
            incident_status: incident.incident_status,
            progress: incident.progress.name(),
            created_at: incident.created_at,
            updated_at: incident.updated_at,
            start_time: incident.start_time,
            last_time: incident.last_time,
            end_time: incident.end_time,
            ack_time: handling.ack_time,
            close_time: incident.close_time,
            snoozed_before: handling.snoozed_before,
            labels: &incident.labels,
            fields: &handling.fields,
            creator: person(handling.creator_id),
            closer: person(handling.closer_id),
            assigned_to: handling.assigned_to.as_ref(),
            responders: handling.responders.iter().map(responder).collect(),
            responder_ids: handling.responders.iter().map(|responder| responder.person_id).collect(),
            creator_id: handling.creator_id,
            data_source_id: incident.integration_id,
            dedup_key: &incident.dedup_key,
            equals_md5: incident.equals_md5(),
            alert_cnt: incident.alert_cnt(),
            active_alert_cnt: incident.active_alert_cnt(),
            alert_event_cnt: incident.alert_event_cnt,
            channel_id: incident.channel_id,
            channel_name: config.channel(incident.channel_id).map_or("", |c| &c.name),
            group_method: incident.group_method(),
            detail_url: format!("{base_url}/incident/detail/{}", incident.incident_id),
            alerts: None,
        }
    }
}

/// An incident as the Open API shows it (`IncidentInfo`).
#[derive(Clone, Debug, Serialize)]
pub struct IncidentInfo<'a> {
    #[serde(flatten)]
    view: IncidentView<'a>,
    integration_id: i64,
    integration_ids: Vec<i64>,
    closer_id: i64,
    owner_id: i64,
    ever_muted: bool,
    is_flapping: bool,
    images: &'a [Image],
    manual_overrides: &'a [String],
    integration_types: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<PersonView>,
    channel_status: &'static str,
    #[serde(flatten)]
    empty: Empty,
}

/// What the protocol has and there is nothing to say about.
#[derive(Clone, Debug, Default, Serialize)]
struct Empty {
    account_locale: &'static str,
    account_time_zone: &'static str,
    ai_summary: &'static str,
    silence_url: &'static str,
    post_mortem_id: &'static str,
    links: [u8; 0],
}

impl<'a> IncidentInfo<'a> {
    /// Shows an incident.
    pub fn new(incident: &'a Incident, config: &'a Config) -> Self {
        let handling = incident.handling.as_deref();
        let mut integration_ids = Vec::from_iter(Some(incident.integration_id).filter(|id| *id != 0));
        integration_ids.extend(&incident.more_integration_ids);
        let kind =
            |id: &i64| config.integration(*id).map(|integration| integration.door.as_deref().unwrap_or(STANDARD));
        let owner_id = handling.map_or(0, |handling| handling.owner_id);
        let channel = config.channel(incident.channel_id);
        Self {
            view: IncidentView::new(incident, config),
            integration_types: integration_ids.iter().filter_map(kind).collect(),
            owner: Some(owner_id).filter(|id| *id != 0).map(|id| PersonView::new(id, config)),
            channel_status: channel.map_or("", |channel| channel.status()),
            empty: Empty::default(),
            integration_id: incident.integration_id,
            integration_ids,
            closer_id: handling.map_or(0, |handling| handling.closer_id),
            owner_id,
            ever_muted: incident.ever_muted,
            is_flapping: incident.flapping,
            images: &incident.images,
            manual_overrides: handling.map_or(&[], |handling| &handling.overrides),
        }
    }
}
