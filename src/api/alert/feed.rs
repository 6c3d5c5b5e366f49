//! What happened to an alert (Flashduty Open API, `/alert/feed`): put together from its events and from the timeline of
//! its incident, as far as these tell.

use serde_json::{Value, json};

use super::info::unknown;
use crate::api::Call;
use crate::api::incident::FeedPage;
use crate::api::parameters::text;
use crate::board::{Alert, ClosedIncident, EventType, Incident, MutedBy};
use crate::call::Failure;
use crate::error::ApiError;
use crate::fold::FoundAlert;
use crate::ports::{Clock, Random, Store};

/// Something that happened: when (Unix milliseconds), what, who did it, and what else there is to say.
type Entry = (u64, &'static str, i64, Value);

impl<S: Store, P: Clock + Random> Call<'_, S, P> {
    /// `/alert/feed`: what happened to an alert, newest first unless `asc`.
    pub(super) async fn alert_feed(&self) -> Result<Value, Failure> {
        let page = FeedPage::read(&self.parameters)?;
        let id = text(&self.parameters, "alert_id")?.ok_or(ApiError::invalid("alert_id", "is required"))?;
        let FoundAlert { alert, .. } = self.find_alert(&id).await?.ok_or_else(unknown)?;
        let document = match alert.incident_id.as_str() {
            "" => None,
            incident_id => Some(self.incident_with(incident_id).await?),
        };
        let mut entries = said(&alert);
        let done = document.iter().flat_map(|document| done(&alert, document));
        for entry in muted(&alert).into_iter().chain(done) {
            let place = entries.partition_point(|(at_ms, ..)| *at_ms <= entry.0);
            entries.insert(place, entry);
        }
        let show = |(at_ms, kind, person_id, detail): Entry| {
            json!({"ref_id": alert.alert_id, "type": kind, "detail": detail, "account_id": self.config.account.id,
                "creator_id": person_id, "created_at": at_ms, "updated_at": at_ms})
        };
        Ok(page.of(entries.into_iter().map(show).collect()))
    }
}

/// What its events did, the oldest first. The first one is always known: it made the alert, with its severity.
fn said(alert: &Alert) -> Vec<Entry> {
    let first = json!({"severity": alert.alert_severity, "status": alert.alert_severity});
    let mut entries = vec![(alert.start_time.saturating_mul(1000), EventType::AlertNew.name(), 0, first)];
    for kept in alert.events().into_iter().rev().filter(|kept| kept.nth > 1) {
        let detail = json!({"severity": alert.alert_severity, "status": kept.event["status"]});
        entries.push((kept.at().saturating_mul(1000), EventType::AlertUpdate.name(), 0, detail));
    }
    entries
}

/// What mutes it now, where something does. That something did before is not told.
fn muted(alert: &Alert) -> Option<Entry> {
    let muted = alert.muted.as_ref()?;
    let kind = match muted.by {
        MutedBy::Silence => "a_m_silence",
        MutedBy::Inhibit => "a_m_inhibit",
        MutedBy::Flapping => return None,
    };
    Some((alert.last_time.saturating_mul(1000), kind, 0, json!({"rule_id": muted.rule_id, "until": muted.until})))
}

/// What the timeline of its incident says of it: that people closed it or moved it there, and what its sender remarked,
/// where the incident has no other alert.
fn done(alert: &Alert, document: &ClosedIncident) -> Vec<Entry> {
    let mut entries = Vec::new();
    for item in &document.feed {
        let detail = &item.detail;
        let moved = |ids: &Value| ids.as_array().is_some_and(|ids| ids.iter().any(|id| *id == alert.alert_id));
        let of_sender = || document.incident.alert_cnt() == 1 && detail["integration_id"] == alert.integration_id;
        let told = match item.kind.as_str() {
            "a_close" if detail["alert_id"] == alert.alert_id => (EventType::AlertClose.name(), json!({})),
            "i_merge" if moved(&detail["alert_ids"]) => {
                let Incident { incident_id, title, progress, .. } = &document.incident;
                let target = json!({"incident_id": incident_id, "title": title, "progress": progress});
                let comment = &detail["comment"];
                (EventType::AlertMerge.name(), json!({"comment": comment, "target_incident": target}))
            }
            "i_comm" if of_sender() => ("a_comm", json!({"comment": detail["comment"]})),
            _ => continue,
        };
        entries.push((item.at_ms, told.0, item.person_id, told.1));
    }
    entries
}
