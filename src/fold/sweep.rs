//! Sweeping: letting go of what is too old, a slice of each board at a time.

use super::error::FoldError;
use super::folder::Folder;
use super::ledger::Ledger;
use crate::board::{Board, Oldest};
use crate::delivery::log::{Loaded, Missing};
use crate::keys;
use crate::ports::{Clock, Random, Store, Swap};
use crate::value;

/// How often a board is tried when others are faster; the next tick tries again.
const TRIES: usize = 4;

impl<S: Store, C: Clock, R: Random> Folder<'_, S, C, R> {
    /// Lets go of a slice of what is over for `retention_s` seconds, and of what was told `told_ms` milliseconds ago, on
    /// each of some boards; `oldest` names them, and from when the oldest is that each could let go. Closed incidents
    /// of which all was told leave first. Returns whether more of them wait.
    pub async fn sweep(&self, oldest: &[(i64, Oldest)], retention_s: u64, told_ms: u64) -> Result<bool, FoldError> {
        let now = self.clock.now();
        let (cutoff, told) = (now.secs().saturating_sub(retention_s), now.millis().saturating_sub(told_ms));
        let (mut ledger, mut more) = (None, false);
        for (channel, _) in oldest.iter().filter(|(_, oldest)| oldest.over <= cutoff || oldest.told_ms < told) {
            let ledger = match &mut ledger {
                Some(ledger) => ledger,
                none => none.insert(Ledger::read(self.store).await?),
            };
            for _ in 0..TRIES {
                match self.sweep_board(*channel, ledger, (retention_s, told), &mut more).await {
                    Ok(Swap::Stored) => break,
                    Ok(Swap::Conflict) | Err(FoldError::Stale) => self.delete_orphans().await?,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(more)
    }

    async fn sweep_board(
        &self,
        channel: i64,
        ledger: &Ledger,
        (retention_s, told): (u64, u64),
        more: &mut bool,
    ) -> Result<Swap, FoldError> {
        let (mut board, handle) = self.read_board(channel, ledger).await?;
        let now = self.clock.now();
        if board.has_leaving() {
            let documents = self.let_leave(&mut board, now).await?;
            if !documents.is_empty() {
                self.store.set_many(&documents).await?;
            }
            *more |= board.has_leaving();
        }
        let swept = self.pages.loading(self.store, &mut board, |board| board.sweep(now, retention_s)).await?;
        if self.expire_told(&mut board, told).await? || swept {
            return self.store_board(&mut board, handle).await;
        }
        Ok(Swap::Stored)
    }

    /// Lets go of a slice of what was told before a time. Returns whether there was any.
    pub(crate) async fn expire_told<T>(&self, board: &mut Board<T>, before_ms: u64) -> Result<bool, FoldError> {
        let mut loaded = Loaded::default();
        loop {
            match board.expire_told(before_ms, &loaded, self.clock.now()) {
                Ok(any) => return Ok(any),
                Err(Missing(id)) => {
                    let owner = keys::board_name(board.head.channel_id);
                    load_index(self.store, &owner, id, &mut loaded).await?;
                }
            }
        }
    }
}

/// Loads an index page of a log; one that has expired is noted as lost.
pub(crate) async fn load_index(store: &impl Store, owner: &str, id: u64, loaded: &mut Loaded) -> Result<(), FoldError> {
    let key = keys::delivered(owner, id);
    match value::get(store, &key).await? {
        Some((bytes, _)) => loaded.add(id, &bytes).map_err(|problem| FoldError::Unreadable { key, problem }),
        None => {
            loaded.add_lost(id);
            Ok(())
        }
    }
}
