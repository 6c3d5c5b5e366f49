//! The alerts of an incident, and how an alert is shown.

use serde_json::{Value, json};

use crate::api::Call;
use crate::api::parameters::{flag, number};
use crate::board::{Alert, Incident};
use crate::call::Failure;
use crate::error::ApiError;
use crate::ingest::STANDARD;
use crate::ports::{Clock, Random, Store};

/// The most alerts on a page of an incident's.
const ALERTS: u64 = 1000;

impl<S: Store, P: Clock + Random> Call<'_, S, P> {
    /// `/incident/alert/list`: the alerts of an incident, the newest first.
    pub(in crate::api) async fn incident_alert_list(&self) -> Result<Value, Failure> {
        let limit = number(&self.parameters, "limit")?.filter(|limit| *limit > 0).unwrap_or(ALERTS);
        let page = number(&self.parameters, "p")?.unwrap_or(1).max(1);
        if limit > ALERTS {
            return Err(ApiError::invalid("limit", "must be at most 1000").into());
        }
        let active = flag(&self.parameters, "is_active")?;
        let events = flag(&self.parameters, "include_events")? == Some(true);
        let document = self.incident_and_events(&self.incident_id().await?, events).await?;
        let mut alerts = document.alerts;
        let incident = &document.incident;
        alerts.retain(|alert| active.is_none_or(|active| alert.is_open(Some(incident)) == active));
        // They come in the order of their ids.
        alerts.reverse();
        let total = alerts.len();
        let skip = usize::try_from((page - 1).saturating_mul(limit)).unwrap_or(usize::MAX);
        let page = alerts.iter().skip(skip).take(limit as usize);
        let mut items = Vec::new();
        for alert in page {
            let mut shown = self.show_alert(alert, incident.channel_id, Some(incident));
            if events {
                shown["events"] = self.show_events(alert, incident.channel_id).into();
            }
            items.push(shown);
        }
        Ok(json!({"has_next_page": total > skip.saturating_add(items.len()), "items": items, "total": total}))
    }

    /// An alert as calls answer it, with the incident that it is a part of.
    pub(super) fn show_alert(&self, alert: &Alert, channel_id: i64, incident: Option<&Incident>) -> Value {
        let integration = self.config.integration(alert.integration_id);
        let kind = kind_of(alert);
        let name = integration.map_or("", |integration| &integration.name);
        let channel = self.config.channel(channel_id);
        let mut shown = json!({
            "alert_id": alert.alert_id,
            "integration_id": alert.integration_id,
            "integration_name": name,
            "integration_type": kind,
            "integration_ref_id": "",
            "data_source_id": alert.integration_id,
            "data_source_name": name,
            "data_source_type": kind,
            "data_source_ref_id": "",
            "channel_id": channel_id,
            "channel_name": channel.map_or("", |channel| &channel.name),
            "channel_status": channel.map_or("deleted", |channel| channel.status()),
            "account_id": self.config.account.id,
            "title": alert.title,
            "title_rule": alert.title_rule,
            "description": alert.description,
            "alert_severity": alert.alert_severity,
            "alert_status": alert.alert_status,
            "alert_key": alert.alert_key,
            "start_time": alert.start_time,
            "last_time": alert.last_time,
            "end_time": alert.end_time,
            "labels": alert.labels,
            "images": alert.images,
            "ever_muted": alert.ever_muted,
            "created_at": alert.start_time,
            "updated_at": alert.last_time,
            "event_cnt": alert.event_cnt,
            "responder_name": "",
            "responder_email": "",
            "events": [],
        });
        if let Some(incident) = incident {
            shown["incident"] = json!({"incident_id": incident.incident_id, "title": incident.title,
                "progress": incident.progress});
        }
        shown
    }
}

/// The type of the door through which the latest event of an alert came.
pub(super) fn kind_of(alert: &Alert) -> &str {
    door(&alert.door)
}

/// A door by its type, as alerts have it.
pub(super) fn door(kind: &str) -> &str {
    if kind.is_empty() { STANDARD } else { kind }
}
