//! The events of an alert: what was said of it, as far as it is kept (Flashduty Open API, `AlertEventItem`).

use serde_json::{Value, json};

use super::info::unknown;
use super::of_incident::kind_of;
use crate::api::cursor::Cursor;
use crate::api::parameters::{Paging, flag, text};
use crate::api::{Call, List};
use crate::board::{Alert, KeptEvent};
use crate::call::Failure;
use crate::error::ApiError;
use crate::fold::FoundAlert;
use crate::id::alert_event_id;
use crate::ports::{Clock, Random, Store};

impl<S: Store, P: Clock + Random> Call<'_, S, P> {
    /// `/alert/event/list`: the events of an alert that changed something, newest first unless `asc`.
    pub(super) async fn alert_event_list(&self) -> Result<Value, Failure> {
        let id = text(&self.parameters, "alert_id")?.ok_or(ApiError::invalid("alert_id", "is required"))?;
        let asc = flag(&self.parameters, "asc")? == Some(true);
        let list = format!("events-of-{id}-{}", if asc { "asc" } else { "desc" });
        let (paging, after) = Paging::read_after(&self.parameters, &list)?;
        let FoundAlert { channel_id, alert, .. } = self.find_alert(&id).await?.ok_or_else(unknown)?;
        let mut events = alert.events();
        let total = events.len();
        if asc {
            events.reverse();
        }
        if let Some(after) = after {
            events.retain(|event| if asc { event.nth > after.nth } else { event.nth < after.nth });
        }
        let has_next_page = events.len() > paging.skip() + paging.limit;
        let shown: Vec<&KeptEvent> = events.iter().skip(paging.skip()).take(paging.limit).collect();
        let last = shown.last().filter(|_| has_next_page);
        let last = last.map(|event| Cursor { at: 0, id: id.clone(), nth: event.nth }.write(&list));
        let items = shown.into_iter().map(|event| self.show_event(&alert, channel_id, event)).collect();
        Ok(crate::api::json(List { items, total, has_next_page, search_after_ctx: last.unwrap_or_default() }))
    }

    /// The events of an alert as calls answer them, newest first.
    pub(super) fn show_events(&self, alert: &Alert, channel_id: i64) -> Vec<Value> {
        alert.events().iter().map(|event| self.show_event(alert, channel_id, event)).collect()
    }

    /// One of them.
    pub(super) fn show_event(&self, alert: &Alert, channel_id: i64, kept: &KeptEvent) -> Value {
        let event = &kept.event;
        json!({
            "event_id": alert_event_id(&alert.alert_id, kept.nth, kept.at()),
            "alert_id": alert.alert_id,
            "account_id": self.config.account.id,
            "channel_id": channel_id,
            "integration_id": alert.integration_id,
            "integration_type": kind_of(alert),
            "title": event["title"],
            "title_rule": event["rule"],
            "description": event["description"],
            "alert_key": alert.alert_key,
            // A recovery has none of its own.
            "event_severity": kept.severity().unwrap_or(alert.alert_severity),
            "event_status": event["status"],
            "event_time": event.get("said").unwrap_or(&event["at"]),
            "labels": event["labels"],
            "images": event["images"],
            "created_at": kept.at(),
            "updated_at": kept.at(),
        })
    }
}
