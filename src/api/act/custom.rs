//! Running a custom action: it is called first, and what was called stands in the timeline.

use serde_json::{Value, json};

use super::{read, unknown_incident};
use crate::api::Call;
use crate::api::parameters::required_id;
use crate::board::{Batch, Board, Event};
use crate::call::Failure;
use crate::config::Subscription;
use crate::delivery::ActionRun;
use crate::engine::action::{Act, Action};
use crate::error::{ApiError, Code};
use crate::fold::ToDeliver;
use crate::ports::{Clock, Random, Relay, Store};

impl<S: Store, P: Clock + Random + Relay> Call<'_, S, P> {
    /// Runs a custom action on an incident. Where the action failed, the answer says so and nothing else changes; where
    /// it did not, that it was run is told like everything that people do.
    pub(super) async fn custom_action(&self) -> Result<(Value, ToDeliver), Failure> {
        let incident_id = read::incident(&self.parameters)?;
        let action = self.action()?;
        let mut boards = self.folder.view(None).await?;
        let channel = self.channel_of_incident(&mut boards, "incident_id", &incident_id).await?;
        if !action.covers(channel) {
            let problem = "is a custom action of other channels than the incident's";
            return Err(ApiError::invalid("integration_id", problem).into());
        }
        let (at, token) = (self.ports.now(), self.ports.next_u64());
        let what = Action::Custom(incident_id.clone(), action.id, action.name.clone());
        let what = Act { person_id: self.person_id, at, token, action: what };
        let board = boards.into_iter().find(|board| board.head.channel_id == channel);
        let run = self.run(&mut board.unwrap_or_else(|| Board::new(channel)), &what, &incident_id).await?;
        // Plain data with text keys: serialising it into memory has no way to fail.
        let run = serde_json::to_vec(&run).unwrap_or_default();
        let silent = || "it is not known whether the action was called: see the log".to_owned();
        let message = self.ports.run_action(action.id, run).await.unwrap_or_else(silent);
        let mut to_deliver = ToDeliver::new();
        if message.is_empty() {
            (_, to_deliver) = self.carry_out(vec![(channel, what)]).await?;
        }
        Ok((json!({"message": message}), to_deliver))
    }

    /// The custom action that a call names.
    fn action(&self) -> Result<&Subscription, ApiError> {
        let id = required_id(&self.parameters, "integration_id")?;
        let action = self.config.subscription(id).filter(|subscription| subscription.is_action());
        let unknown =
            || ApiError::new(Code::ResourceNotFound, format!("integration_id: there is no custom action {id}"));
        let action = action.ok_or_else(unknown)?;
        if !action.enabled {
            return Err(ApiError::invalid("integration_id", "is a custom action that is not enabled"));
        }
        Ok(action)
    }

    /// What an action is posted: in memory it has been run already.
    async fn run(&self, board: &mut Board, what: &Act, incident_id: &str) -> Result<ActionRun, Failure> {
        self.rehearse_on(board, what).await?;
        let alerts = |board: &mut Board| match board.incident(incident_id)? {
            Some(incident) => board.step().members(incident),
            None => Ok(Vec::new()),
        };
        let alerts = self.pages.loading(self.folder.store, board, alerts).await?;
        let event = newest(board).ok_or_else(|| unknown_incident("incident_id", incident_id))?;
        Ok(ActionRun::new(event, alerts))
    }
}

/// The newest event in the outbox of a board.
fn newest(board: &Board) -> Option<Event> {
    match board.batches().pop()? {
        Batch::Inline(mut events) => events.pop(),
        Batch::Segment(_) => None,
    }
}
