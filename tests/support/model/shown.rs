//! What both of them show, in one form: everything that the protocol names of an incident and its alerts.

use alarum::board::{self, ClosedIncident, MutedBy};
use serde_json::{Value, json};

use super::{Alert, Incident, Model};

impl Model {
    /// An incident with its alerts and its timeline.
    pub fn document(&self, id: &str) -> Value {
        let incident = &self.incidents[id];
        let mut alerts: Vec<Value> = self.members(id).into_iter().map(shown_alert).collect();
        alerts.sort_by_key(|alert| alert["alert_id"].to_string());
        let feed: Vec<Value> = incident.feed.iter().map(|(at, kind, who, what)| entry(*at, kind, *who, what)).collect();
        json!({"incident": shown_incident(incident, self.active(id)), "alerts": alerts, "feed": feed})
    }

    /// The alerts that are open and in no incident.
    pub fn muted_alerts(&self) -> Vec<Value> {
        self.alerts.values().filter(|alert| alert.incident.is_none() && alert.is_open()).map(shown_alert).collect()
    }
}

impl super::Told {
    pub fn shown(&self) -> Value {
        event(self.kind.name(), self.person, self.time, shown_incident(&self.incident, self.active))
    }
}

pub fn engine_event(event_told: &board::Event) -> Value {
    let incident = engine_incident(event_told.incident.as_ref().expect("it is told of an incident"));
    event(event_told.event_type.name(), event_told.person_id, event_told.event_time, incident)
}

fn event(kind: &str, person: Option<i64>, time: u64, incident: Value) -> Value {
    json!({"event_type": kind, "person": person, "event_time": time, "incident": incident})
}

pub fn engine_document(document: &ClosedIncident) -> Value {
    let mut alerts: Vec<Value> =
        document.alerts.iter().map(|alert| engine_alert(alert, Some(&document.incident))).collect();
    alerts.sort_by_key(|alert| alert["alert_id"].to_string());
    let feed: Vec<Value> =
        document.feed.iter().map(|item| entry(item.at_ms, &item.kind, item.person_id, &item.detail)).collect();
    json!({"incident": engine_incident(&document.incident), "alerts": alerts, "feed": feed})
}

/// The id of an assignment is a name and nothing else.
fn entry(at_ms: u64, kind: &str, person: i64, detail: &Value) -> Value {
    let mut detail = detail.clone();
    if let (Some(fields), "i_assign") = (detail.as_object_mut(), kind) {
        fields.remove("id");
    }
    json!({"at": at_ms, "type": kind, "person": person, "detail": detail})
}

fn shown_incident(incident: &Incident, active: usize) -> Value {
    let responders: Vec<_> = incident.responders.clone();
    json!({
        "incident_id": incident.id, "channel_id": incident.channel, "integrations": incident.integrations,
        "title": incident.title, "description": incident.description, "impact": incident.impact,
        "root_cause": incident.root_cause, "resolution": incident.resolution,
        "incident_severity": incident.severity, "incident_status": incident.status,
        "progress": incident.progress, "created_at": incident.created_at, "updated_at": incident.updated_at,
        "start_time": incident.start, "last_time": incident.last, "end_time": incident.end,
        "ack_time": incident.ack_time, "close_time": incident.close_time,
        "snoozed_before": incident.snoozed_before, "labels": incident.labels, "fields": incident.fields,
        "dedup_key": incident.dedup_key, "creator_id": incident.creator, "closer_id": incident.closer,
        "owner_id": incident.owner, "responders": responders, "assigned_to": incident.assigned,
        "manual_overrides": incident.overrides, "alert_cnt": incident.alerts.len(), "active_alert_cnt": active,
        "alert_event_cnt": incident.event_cnt, "group_method": incident.method,
        "ever_muted": incident.ever_muted, "flapping": incident.flapping, "storm": incident.storm,
    })
}

pub fn engine_incident(incident: &board::Incident) -> Value {
    let handling = incident.handling.as_deref().cloned().unwrap_or_default();
    let mut integrations = vec![incident.integration_id];
    integrations.extend(&incident.more_integration_ids);
    let responders: Vec<_> =
        handling.responders.iter().map(|r| (r.person_id, r.assigned_at, r.acknowledged_at)).collect();
    let assigned = handling.assigned_to.map(|to| (to.kind, to.person_ids, to.assigned_at));
    let mut overrides = handling.overrides;
    overrides.sort();
    json!({
        "incident_id": incident.incident_id, "channel_id": incident.channel_id, "integrations": integrations,
        "title": incident.title, "description": incident.description, "impact": handling.impact,
        "root_cause": handling.root_cause, "resolution": handling.resolution,
        "incident_severity": incident.incident_severity, "incident_status": incident.incident_status,
        "progress": incident.progress, "created_at": incident.created_at, "updated_at": incident.updated_at,
        "start_time": incident.start_time, "last_time": incident.last_time, "end_time": incident.end_time,
        "ack_time": handling.ack_time, "close_time": incident.close_time,
        "snoozed_before": handling.snoozed_before, "labels": incident.labels, "fields": handling.fields,
        "dedup_key": incident.dedup_key, "creator_id": handling.creator_id, "closer_id": handling.closer_id,
        "owner_id": handling.owner_id, "responders": responders, "assigned_to": assigned,
        "manual_overrides": overrides, "alert_cnt": incident.alert_cnt(),
        "active_alert_cnt": incident.active_alert_cnt(), "alert_event_cnt": incident.alert_event_cnt,
        "group_method": incident.group_method(), "ever_muted": incident.ever_muted,
        "flapping": incident.flapping, "storm": incident.storm,
    })
}

fn shown_alert(alert: &Alert) -> Value {
    let muted = alert.muted.as_ref().map(|muted| (muted.until, muted.by, &muted.rule_id));
    json!({
        "alert_id": alert.id, "incident_id": alert.incident, "integration_id": alert.key.0,
        "alert_key": alert.key.1, "title": alert.title, "description": alert.description,
        "alert_severity": alert.severity, "alert_status": alert.status, "start_time": alert.start,
        "last_time": alert.last, "end_time": alert.end, "labels": alert.labels, "event_cnt": alert.event_cnt,
        "ever_muted": alert.ever_muted, "is_open": alert.is_open(), "muted": muted,
    })
}

pub fn engine_alert(alert: &board::Alert, incident: Option<&board::Incident>) -> Value {
    let by = |by| match by {
        MutedBy::Silence => "silence",
        MutedBy::Inhibit => "inhibit",
        MutedBy::Flapping => "flapping",
    };
    let muted = alert.muted.as_ref().map(|muted| (muted.until, by(muted.by), &muted.rule_id));
    let incident_id = Some(&alert.incident_id).filter(|id| !id.is_empty());
    json!({
        "alert_id": alert.alert_id, "incident_id": incident_id, "integration_id": alert.integration_id,
        "alert_key": alert.alert_key, "title": alert.title, "description": alert.description,
        "alert_severity": alert.alert_severity, "alert_status": alert.alert_status, "start_time": alert.start_time,
        "last_time": alert.last_time, "end_time": alert.end_time, "labels": alert.labels,
        "event_cnt": alert.event_cnt, "ever_muted": alert.ever_muted, "is_open": alert.is_open(incident),
        "muted": muted,
    })
}
