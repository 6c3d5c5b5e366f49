//! Explain: every step that an alert takes, from what was sent to the incident it is a part of.
//!
//! The steps are made by the component that takes alerts in, by the very code that does it; the boards add what they know.
//! What is stored of an alert is what was sent and the revision of the configuration then; the steps are those of the
//! configuration now, and the answer says whether that is the same.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Call;
use super::parameters::text;
use crate::board::{Alert, Board};
use crate::call::Failure;
use crate::error::{ApiError, Code};
use crate::fold::FoldError;
use crate::id::alert_identity;
use crate::ingest::{EXPLAIN, STANDARD};
use crate::intake::{AlertEvent, Status};
use crate::ports::{Advice, Clock, Random, Store};

/// What the answer to the question for the steps says of what the boards are asked for.
#[derive(Deserialize)]
struct Explained {
    admitted: AlertEvent,
    channel_ids: Vec<i64>,
    board: Option<Wanted>,
}

/// What the boards are asked for; absent where the alert reaches none.
#[derive(Deserialize)]
struct Wanted {
    everywhere: bool,
    targets: Vec<u64>,
}

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

impl<S: Store, P: Clock + Random + Advice> Call<'_, S, P> {
    /// `/alert/explain`: for `alert_id` (also of a closed incident) or `incident_id` (its first alert), or for `alert` (a body
    /// as it is pushed, to the door `type` of `integration_id`). Nothing is stored.
    pub(super) async fn alert_explain(&self) -> Result<Value, Failure> {
        if self.parameters.get("alert").is_some_and(|alert| !alert.is_null()) {
            let mut question = self.parameters.clone();
            question.remove("event");
            let steps = self.advised(EXPLAIN, &question).await?;
            let integration_id = super::parameters::required_id(&self.parameters, "integration_id")?;
            return self.told(steps, integration_id, None).await;
        }
        let alert = match text(&self.parameters, "alert_id")? {
            Some(id) => self.find_alert(&id).await?,
            None if self.parameters.contains_key("incident_id") => {
                let document = self.find_incident().await?;
                let first = &document.incident.first_alert_id;
                document.alerts.into_iter().find(|alert| alert.alert_id == *first)
            }
            None => return Err(ApiError::invalid("alert_id", "is required, or incident_id, or alert").into()),
        };
        let unknown = || ApiError::new(Code::ResourceNotFound, "alert_id: there is no such alert");
        let alert = alert.ok_or_else(unknown)?;
        let kind = if alert.door.is_empty() { STANDARD } else { alert.door.as_str() };
        let question = json!({"integration_id": alert.integration_id, "type": kind, "event": latest_event(&alert)});
        let steps = self.advised(EXPLAIN, question.as_object().unwrap_or(&Map::new())).await?;
        self.told(steps, alert.integration_id, Some(&alert)).await
    }

    /// The steps, and what follows in each channel.
    async fn told(&self, mut told: Value, integration_id: i64, stored: Option<&Alert>) -> Result<Value, Failure> {
        let Explained { admitted, channel_ids, board } = crate::json::from_value(told.clone())
            .map_err(|error| FoldError::Unreadable { key: EXPLAIN.to_owned(), problem: error.to_string() })?;
        let mut channels = Vec::new();
        if let Some(Wanted { everywhere, targets }) = board {
            let identity = alert_identity(integration_id, &admitted.alert_key);
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
                let inhibited = board.inhibits(&identity, &targets, self.folder.clock.now().secs());
                channels.push(self.in_channel(board.head.channel_id, &admitted, open, inhibited));
            }
        }
        told.as_object_mut().map(|fields| fields.remove("board"));
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
            let Alert { alert_id, incident_id, alert_status, .. } = alert;
            told["stored"] = json!({"alert_id": alert_id, "incident_id": incident_id, "alert_status": alert_status});
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
