//! Pausing and resuming a subscription, and telling it again what it was told.

use serde_json::{Value, json};

use super::super::parameters::{ids, number, text};
use super::Call;
use crate::call::Failure;
use crate::delivery::{Queue, REPLAYS, Replay};
use crate::error::{ApiError, Code};
use crate::fold::{Ledger, ensure};
use crate::keys;
use crate::ports::{Clock, Log, Outbound, Random, Store};

/// The longest time range of a replay, milliseconds: as long as anything is kept.
const REPLAY_MS: u64 = 90 * 24 * 3600 * 1000;

impl<S: Store, P: Clock + Random + Log + Outbound> Call<'_, S, P> {
    /// Pauses a subscription, or resumes it: paused by hand, stopped by a 410, or left alone because it failed. What
    /// happens while it is paused is kept, and told when it is resumed.
    pub(super) async fn webhook_pause(&self, pause: bool) -> Result<Value, Failure> {
        let change = &mut |queue: &mut Queue| {
            let before = queue.breaker.clone();
            match pause {
                true => queue.breaker.pause(),
                false => {
                    queue.breaker.resume();
                    queue.hurry(self.ports.now());
                }
            }
            !pause || queue.breaker != before
        };
        self.change(change).await?;
        Ok(Value::Null)
    }

    /// Tells a subscription again of one event, of all of one incident or alert, or of all in a time range.
    pub(super) async fn webhook_replay(&self) -> Result<Value, Failure> {
        let given = &self.parameters;
        let event_id = text(given, "event_id")?.unwrap_or_default();
        let ref_id = text(given, "ref_id")?.unwrap_or_default();
        let from_ms = number(given, "start_time")?;
        let until_ms = number(given, "end_time")?;
        let ranged = from_ms.is_some() && until_ms.is_some();
        if event_id.is_empty() && ref_id.is_empty() && !ranged {
            let problem = "is required, or ref_id, or start_time and end_time (Unix milliseconds)";
            return Err(ApiError::invalid("event_id", problem).into());
        }
        let (from_ms, until_ms) = (from_ms.unwrap_or(0), until_ms.unwrap_or(u64::MAX));
        if ranged && (until_ms < from_ms || until_ms - from_ms > REPLAY_MS) {
            return Err(ApiError::invalid("end_time", "must lie after start_time, by at most 90 days").into());
        }
        let channel_ids = ids(given, "channel_ids")?;
        let ledger = Ledger::read(self.folder.store).await?;
        let mut replays = Vec::new();
        for board in self.folder.stored_boards(&ledger).await? {
            let (channel_id, log) = (board.head.channel_id, board.told());
            if log.is_unused() || !(channel_ids.is_empty() || channel_ids.contains(&channel_id)) {
                continue;
            }
            let (event_id, ref_id) = (event_id.clone(), ref_id.clone());
            let (next, end) = (log.first_seq(), log.next_seq());
            replays.push(Replay { channel_id, next, end, event_id, ref_id, from_ms, until_ms });
        }
        let room = REPLAYS.saturating_sub(replays.len());
        let mut full = false;
        let added = replays.len();
        let change = &mut |queue: &mut Queue| {
            full = queue.replays.len() > room;
            if !full {
                queue.replays.extend(replays.iter().cloned());
            }
            !full
        };
        self.change(change).await?;
        if full {
            return Err(ApiError::new(Code::RequestTooFrequently, "other replays are still under way").into());
        }
        Ok(json!({"channels": added}))
    }

    /// Changes the queue of the subscription that the call names.
    async fn change(&self, change: &mut dyn FnMut(&mut Queue) -> bool) -> Result<(), Failure> {
        let subscription = self.subscription()?;
        let mut ledger = Ledger::read(self.folder.store).await?;
        let name = keys::queue_name(subscription.id);
        ensure(self.folder.store, self.ports, &mut ledger, &name, &Queue::default().encode()).await?;
        self.delivering().change_queue(&ledger, subscription, change).await?;
        Ok(())
    }
}
