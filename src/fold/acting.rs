//! Acting: what people do to a board, in the very swap that brings it up to what the journal says. So they act on what
//! they could have seen, and have their result or their refusal from it.

use super::error::FoldError;
use super::folder::{Folder, TRIES, concerning, prune_heads};
use super::gather::gather;
use super::root::ensure;
use super::stored::check_ledger;
use crate::board::{Board, Missing};
use crate::engine::action::{Act, Action, Done, Halt, Refused, act};
use crate::keys;
use crate::ports::{Clock, Random, Store, Swap};

/// What became of an act that was not refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acted {
    /// What it made.
    pub done: Done,
    /// The right to deliver the board's outbox, where that was free.
    pub token: Option<u64>,
}

/// Why an act was not done. Nothing has changed by it, except where the store does not say whether it failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActError {
    /// It is not allowed, or there is no such thing.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It could not be stored.
    #[error(transparent)]
    Fold(#[from] FoldError),
}

impl<S: Store, C: Clock, R: Random> Folder<'_, S, C, R> {
    /// Does what somebody does on the board of a channel. Incidents that it names and that have left the board are
    /// called back.
    ///
    /// # Errors
    /// [`ActError`].
    pub async fn act(&self, channel: i64, what: &Act) -> Result<Acted, ActError> {
        for _ in 0..TRIES {
            match self.act_once(channel, what).await {
                Err(ActError::Fold(FoldError::Stale)) => self.delete_orphans().await.map_err(FoldError::from)?,
                done => return done,
            }
        }
        Err(FoldError::Contention(format!("the board of channel {channel}")).into())
    }

    async fn act_once(&self, channel: i64, what: &Act) -> Result<Acted, ActError> {
        let mut gathered = gather(self.store, self.clock).await?;
        let empty = Board::new(channel).head.encode();
        ensure(self.store, self.clock, &mut gathered.ledger, &keys::board_name(channel), &empty).await?;
        loop {
            let (mut board, handle) = self.read_board(channel, &gathered.ledger).await?;
            check_ledger(&board, &gathered.ledger)?;
            self.apply(&mut board, &concerning(channel, &gathered), gathered.upto()).await?;
            if gathered.more {
                // The act comes after all of a long journal, which is stored part after part.
                prune_heads(&mut board, &gathered.ledger);
                if self.store_board(&mut board, handle).await? == Swap::Conflict {
                    return Err(FoldError::Stale.into());
                }
                gathered = gathered.next(self.store).await?;
                continue;
            }
            let recalled = self.recall(&mut board, &what.action).await?;
            let done = self.try_act(&mut board, what).await?;
            // One to which nothing was done stays where it is: only what is delivered lets it leave again. That can be
            // so where the fields of one are changed to what they are; what is done to several is told of each.
            if let [(id, event_id)] = recalled.as_slice()
                && board.incident(id).is_ok_and(|incident| incident.is_none_or(|i| i.last_event_id == *event_id))
            {
                return Ok(Acted { done, token: None });
            }
            let token = self.take_lease(&mut board);
            prune_heads(&mut board, &gathered.ledger);
            return match self.store_board(&mut board, handle).await? {
                Swap::Stored => Ok(Acted { done, token }),
                Swap::Conflict => Err(FoldError::Stale.into()),
            };
        }
    }

    async fn try_act(&self, board: &mut Board, what: &Act) -> Result<Done, ActError> {
        let attempt = |board: &mut Board| -> Result<Result<Done, Refused>, Missing> {
            match act(board, what) {
                Ok((changes, done)) => {
                    board.commit(changes);
                    Ok(Ok(done))
                }
                Err(Halt::Refused(refused)) => Ok(Err(refused)),
                Err(Halt::Missing(missing)) => Err(missing),
            }
        };
        Ok(self.pages.loading(self.store, board, attempt).await??)
    }

    /// Calls the incidents that an action names, and that have left this board, back to it. Returns their ids and
    /// those of their latest events.
    pub async fn recall(&self, board: &mut Board, action: &Action) -> Result<Vec<(String, String)>, FoldError> {
        let mut recalled = Vec::new();
        for incident_id in action.incident_ids() {
            // One that is too old may still be stored: it is not to be found any more.
            let left = |board: &mut Board| {
                Ok(board.incident(incident_id)?.is_none() && board.closed_ref(incident_id)?.is_some())
            };
            if !self.pages.loading(self.store, board, left).await? {
                continue;
            }
            if let Some(document) = self.closed_incident(incident_id).await? {
                recalled.push((incident_id.to_owned(), document.incident.last_event_id.clone()));
                let recall = |board: &mut Board| {
                    let mut step = board.step();
                    step.recall(document.clone())?;
                    let changes = step.changes();
                    board.commit(changes);
                    Ok(())
                };
                self.pages.loading(self.store, board, recall).await?;
            }
        }
        Ok(recalled)
    }
}
