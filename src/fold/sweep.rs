//! Sweeping: letting go of what is too old, on all boards, a slice of each at a time.

use super::error::FoldError;
use super::folder::Folder;
use super::ledger::Ledger;
use crate::keys;
use crate::ports::{Clock, Random, Store, Swap};

/// How often a board is tried when others are faster; the next tick tries again.
const TRIES: usize = 4;

impl<S: Store, C: Clock, R: Random> Folder<'_, S, C, R> {
    /// Lets go of a slice of what is over for `retention_s` seconds on each board.
    pub async fn sweep(&self, retention_s: u64) -> Result<(), FoldError> {
        let ledger = Ledger::read(self.store).await?;
        for channel in ledger.roots.keys().filter_map(|name| keys::board_channel(name)) {
            for _ in 0..TRIES {
                match self.sweep_board(channel, &ledger, retention_s).await {
                    Ok(Swap::Stored) => break,
                    Ok(Swap::Conflict) | Err(FoldError::Stale) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    async fn sweep_board(&self, channel: i64, ledger: &Ledger, retention_s: u64) -> Result<Swap, FoldError> {
        let (mut board, handle) = self.read_board(channel, ledger).await?;
        let now = self.clock.now();
        if self.pages.loading(self.store, &mut board, |board| board.sweep(now, retention_s)).await? {
            return self.store_board(&mut board, handle, Vec::new()).await;
        }
        Ok(Swap::Stored)
    }
}
