//! Sweeping: letting go of what is too old, a slice of each board at a time.

use super::error::FoldError;
use super::folder::Folder;
use super::ledger::Ledger;
use crate::ports::{Clock, Random, Store, Swap};

/// How often a board is tried when others are faster; the next tick tries again.
const TRIES: usize = 4;

impl<S: Store, C: Clock, R: Random> Folder<'_, S, C, R> {
    /// Lets go of a slice of what is over for `retention_s` seconds on each of some boards; `oldest` names them, and
    /// from when the oldest is that each could let go.
    pub async fn sweep(&self, oldest: &[(i64, u64)], retention_s: u64) -> Result<(), FoldError> {
        let cutoff = self.clock.now().secs().saturating_sub(retention_s);
        let mut ledger = None;
        for (channel, _) in oldest.iter().filter(|(_, oldest)| *oldest <= cutoff) {
            let ledger = match &mut ledger {
                Some(ledger) => ledger,
                none => none.insert(Ledger::read(self.store).await?),
            };
            for _ in 0..TRIES {
                match self.sweep_board(*channel, ledger, retention_s).await {
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
