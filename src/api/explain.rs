//! Explain: every step that an alert takes, from what was sent to the incident it is a part of.
//!
//! The steps are made by the very code that takes alerts in, for an alert that is on a board or for one that is given.
//! What is stored of an alert is what was sent and the revision of the configuration then; the steps are those of the
//! configuration now, and the answer says whether that is the same.

use serde::Serialize;
use serde_json::{Value, json};

use super::parameters::text;
use super::{Call, Failure};
use crate::board::{Alert, Board};
use crate::error::{ApiError, Code};
use crate::id::{alert_identity, object_id_secs};
use crate::ingest::read_alerts;
use crate::intake::{Admitting, AlertEvent, Overrides, Status, Steps};
use crate::journal::{Accepted, What};
use crate::ports::{Clock, Random, Store};

/// What happens, or happened, to an alert in one channel.
#[derive(Serialize)]
struct InChannel {
    channel_id: i64,
    channel_name: String,
    /// Whether an active alert of the same integration inhibits it.
    inhibited: bool,
    /// Silence rules are looked at here; there are none.
    silenced: bool,
    grouping: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    alert_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    incident_id: Option<String>,
}

impl<S: Store, P: Clock + Random> Call<'_, S, P> {
    /// `/alert/explain`: for `alert_id` (an alert on a board) or `incident_id` (its first alert), or for `alert` (a body
    /// as it is pushed, to the door `type` of `integration_id`). Nothing is stored.
    pub(super) async fn alert_explain(&self) -> Result<Value, Failure> {
        let given = self.parameters.get("alert").filter(|alert| !alert.is_null());
        match given {
            Some(body) => self.explain_given(body).await,
            None => self.explain_stored().await,
        }
    }

    async fn explain_given(&self, body: &Value) -> Result<Value, Failure> {
        let integration = self.integration()?;
        let kind = text(self.parameters, "type")?.unwrap_or_else(|| "standard".to_owned());
        let overrides = &Overrides::default();
        let admitting = Admitting { config: self.config, integration, door: &kind, overrides };
        admitting.check()?;
        let mut drafts = read_alerts(&kind, integration, body, self.now())?;
        if drafts.len() != 1 {
            return Err(ApiError::invalid("alert", "must be one alert").into());
        }
        let mut steps = Steps::default();
        let admitted = drafts.remove(0).and_then(|draft| admitting.admit(draft, Some(&mut steps)))?;
        self.told(&steps, admitted.accepted, None).await
    }

    async fn explain_stored(&self) -> Result<Value, Failure> {
        let alert = match text(self.parameters, "alert_id")? {
            Some(id) => self.find_alert(&id).await?,
            None if self.parameters.contains_key("incident_id") => {
                let document = self.find_incident().await?;
                let first = &document.incident.first_alert_id;
                document.alerts.into_iter().find(|alert| alert.alert_id == *first)
            }
            None => return Err(ApiError::invalid("alert_id", "is required, or incident_id, or alert").into()),
        };
        let unknown = || ApiError::new(Code::ResourceNotFound, "alert_id: there is no such alert on a board");
        let alert = alert.ok_or_else(unknown)?;
        let gone = || ApiError::new(Code::ResourceNotFound, "the integration of the alert is not configured any more");
        let integration = self.config.integration(alert.integration_id).ok_or_else(gone)?;
        let kind = if alert.door.is_empty() { "standard" } else { alert.door.as_str() };
        let overrides = &Overrides::default();
        let admitting = Admitting { config: self.config, integration, door: kind, overrides };
        let mut steps = Steps::default();
        let accepted = admitting.pass(latest_event(&alert), Some(&mut steps));
        self.told(&steps, accepted, Some(&alert)).await
    }

    async fn find_alert(&self, alert_id: &str) -> Result<Option<Alert>, Failure> {
        if object_id_secs(alert_id).is_none() {
            return Ok(None);
        }
        for board in &mut self.folder.view(None).await? {
            let find = |board: &mut Board| board.alert(alert_id).map(Option::<&Alert>::cloned);
            if let Some(alert) = self.pages.loading(self.folder.store, board, find).await? {
                return Ok(Some(alert));
            }
        }
        Ok(None)
    }

    /// The steps, and what follows in each channel.
    async fn told(&self, steps: &Steps, accepted: Option<Accepted>, stored: Option<&Alert>) -> Result<Value, Failure> {
        let mut channels = Vec::new();
        if let Some(Accepted { integration_id, what: What::Event(arrival), channel_ids, everywhere, .. }) = accepted {
            let identity = alert_identity(integration_id, &arrival.event.alert_key);
            let wanted = (!everywhere).then_some(channel_ids.as_slice());
            let mut boards = self.folder.view(wanted).await?;
            // A channel where nothing has happened yet has no board.
            let missing = channel_ids.iter().filter(|id| boards.iter().all(|board| board.head.channel_id != **id));
            let missing: Vec<Board> = missing.map(|id| Board::new(*id)).collect();
            boards.extend(missing);
            for board in &mut boards {
                let find = |board: &mut Board| board.open_alert(&identity).map(Option::<&Alert>::cloned);
                let open = self.pages.loading(self.folder.store, board, find).await?;
                if everywhere && open.is_none() {
                    continue;
                }
                let inhibited = board.inhibits(&identity, &arrival.targets, self.now().secs());
                channels.push(self.in_channel(board.head.channel_id, &arrival.event, open, inhibited));
            }
        }
        let mut told = super::json(steps);
        told["channels"] = super::json(channels);
        let now = format!("{:016x}", self.config.revision);
        told["configuration"] = match stored {
            None => json!({"now": now}),
            Some(alert) => {
                let then = format!("{:016x}", alert.config);
                json!({"then": then, "now": now, "same": then == now})
            }
        };
        if let Some(alert) = stored {
            let kept = json!({"alert_id": alert.alert_id, "incident_id": alert.incident_id, "alert_status": alert.alert_status});
            told["stored"] = kept;
        }
        Ok(told)
    }

    fn in_channel(&self, channel_id: i64, event: &AlertEvent, open: Option<Alert>, inhibited: bool) -> InChannel {
        let grouping = match (&open, event.status, inhibited) {
            (_, _, true) => "an active alert inhibits it: it neither opens nor changes anything".to_owned(),
            (Some(alert), Status::Ok, _) => {
                format!("closes alert {} of incident {}", alert.alert_id, alert.incident_id)
            }
            (Some(alert), ..) => {
                format!("has the key of open alert {}, so it belongs to incident {}", alert.alert_id, alert.incident_id)
            }
            (None, Status::Ok, _) => "no open alert has its key: nothing to close".to_owned(),
            (None, ..) => "opens an alert with an incident of its own".to_owned(),
        };
        let (alert_id, incident_id) = open.map(|alert| (alert.alert_id, alert.incident_id)).unzip();
        let channel_name = self.config.channel(channel_id).map_or_else(String::new, |channel| channel.name.clone());
        InChannel { channel_id, channel_name, inhibited, silenced: false, grouping, alert_id, incident_id }
    }
}

/// The latest event of an alert, as it was sent.
fn latest_event(alert: &Alert) -> AlertEvent {
    if let Some(original) = &alert.original {
        return AlertEvent::clone(original);
    }
    AlertEvent {
        alert_key: alert.alert_key.clone(),
        status: alert.alert_status,
        title: alert.title.clone(),
        title_rule: alert.title_rule.clone(),
        description: alert.description.clone(),
        labels: alert.labels.clone(),
        images: alert.images.clone(),
        event_time: None,
    }
}
