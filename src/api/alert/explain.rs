//! Explain: every step that an alert takes, from what was sent to the incident it is a part of.
//!
//! The steps are made by the component that takes alerts in, by the very code that does it; the boards add what they know,
//! by the code that changes them. What is stored of an alert is what was sent and the revision of the configuration then;
//! the steps are those of the configuration now, and the answer says whether that is the same.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::of_incident::kind_of;
use super::outlook::{InChannel, Joins, stored};
use crate::api::Call;
use crate::api::parameters::text;
use crate::board::{Alert, Board};
use crate::call::Failure;
use crate::engine::foresee;
use crate::error::{ApiError, Code};
use crate::fold::FoldError;
use crate::id::Cause;
use crate::ingest::EXPLAIN;
use crate::intake::AlertEvent;
use crate::journal::{Accepted, Arrival, What};
use crate::ports::{Advice, Clock, Random, Store};

/// What the answer to the question for the steps says of what goes to the boards.
#[derive(Deserialize)]
struct ToBoards {
    accepted: Accepted,
    /// Which rule is meant by a mark.
    inhibiting: Vec<(u64, String)>,
}

impl<S: Store, P: Clock + Random + Advice> Call<'_, S, P> {
    /// `/alert/explain`: for `alert_id` (also of a closed incident) or `incident_id` (its first alert), or for `alert` (a body
    /// as it is pushed, to the door `type` of `integration_id`). Nothing is stored.
    ///
    /// `channels` tells what would become of it, or of the latest event of the alert, if it came now; `stored` what became
    /// of an alert that is there.
    pub(super) async fn alert_explain(&self) -> Result<Value, Failure> {
        if self.parameters.get("alert").is_some_and(|alert| !alert.is_null()) {
            let mut question = self.parameters.clone();
            question.remove("event");
            let steps = self.advised(EXPLAIN, &question).await?;
            return self.told(steps, None).await;
        }
        let alert = match text(&self.parameters, "alert_id")? {
            Some(id) => self.find_alert(&id).await?.map(|found| found.alert),
            None if self.parameters.contains_key("incident_id") => {
                let document = self.find_incident().await?;
                let first = &document.incident.first_alert_id;
                document.alerts.into_iter().find(|alert| alert.alert_id == *first)
            }
            None => return Err(ApiError::invalid("alert_id", "is required, or incident_id, or alert").into()),
        };
        let unknown = || ApiError::new(Code::ResourceNotFound, "alert_id: there is no such alert");
        let alert = alert.ok_or_else(unknown)?;
        let question =
            json!({"integration_id": alert.integration_id, "type": kind_of(&alert), "event": latest_event(&alert)});
        let steps = self.advised(EXPLAIN, question.as_object().unwrap_or(&Map::new())).await?;
        self.told(steps, Some(&alert)).await
    }

    /// The steps, and what follows in each channel.
    async fn told(&self, mut told: Value, alert: Option<&Alert>) -> Result<Value, Failure> {
        let to_boards: Option<ToBoards> = match told.as_object_mut().and_then(|fields| fields.remove("board")) {
            // By way of bytes: the code that reads records from them is here anyhow.
            Some(board) => Some(
                crate::json::from_slice(&serde_json::to_vec(&board).unwrap_or_default())
                    .map_err(|error| FoldError::Unreadable { key: EXPLAIN.to_owned(), problem: error.to_string() })?,
            ),
            None => None,
        };
        let mut channels: Vec<InChannel> = Vec::new();
        for step in told["channel_rules"].as_array().into_iter().flatten() {
            channels.extend(InChannel::kept_out(self.config, step));
        }
        let arrival = match &to_boards {
            Some(ToBoards { accepted: Accepted { what: What::Event(arrival), .. }, .. }) => Some(arrival),
            _ => None,
        };
        if let (Some(arrival), Some(to_boards)) = (arrival, &to_boards) {
            self.look(to_boards, arrival, &told, &mut channels).await?;
        }
        told["channels"] = crate::api::json(channels);
        let now = format!("{:016x}", self.config.revision);
        told["configuration"] = match alert {
            None => json!({"now": now}),
            Some(alert) => {
                let then = format!("{:016x}", alert.config);
                json!({"then": then, "now": now, "same": then == now})
            }
        };
        if let Some(alert) = alert {
            let document = match alert.incident_id.as_str() {
                "" => None,
                id => Some(self.incident_with(id).await?),
            };
            let channel = document.as_ref().map_or(0, |document| document.incident.channel_id);
            told["stored"] = stored(alert, document.as_ref(), &Joins::of(arrival, channel, &told));
        }
        Ok(told)
    }

    /// Looks what would happen on each board.
    async fn look(
        &self,
        to_boards: &ToBoards,
        arrival: &Arrival,
        told: &Value,
        channels: &mut Vec<InChannel>,
    ) -> Result<(), Failure> {
        let Accepted { integration_id, channel_ids, everywhere, .. } = &to_boards.accepted;
        let mut boards = self.folder.view((!everywhere).then_some(channel_ids.as_slice())).await?;
        // A channel where nothing has happened yet has no board.
        let missing = channel_ids.iter().filter(|id| boards.iter().all(|board| board.head.channel_id != **id));
        let missing: Vec<Board> = missing.map(|id| Board::new(*id)).collect();
        boards.extend(missing);
        // As if it stood in the journal behind everything that is there.
        let received = self.folder.clock.now();
        for board in &mut boards {
            let channel = board.head.channel_id;
            let cause = Cause { stream: u64::MAX, n: 1, index: 0, received, channel };
            let look = |board: &mut Board| foresee(board, cause, *integration_id, arrival);
            let outlook = self.pages.loading(self.folder.store, board, look).await?;
            if *everywhere && outlook.before.is_none() {
                continue;
            }
            let joins = Joins::of(Some(arrival), channel, told);
            let status = arrival.event.status;
            channels.push(InChannel::of(self.config, channel, status, &outlook, &to_boards.inhibiting, &joins));
        }
        Ok(())
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
