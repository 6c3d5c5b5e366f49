//! Boards in the store: read, and replaced as a whole.

use super::error::FoldError;
use super::folder::Folder;
use super::ledger::Ledger;
use super::root::key_of;
use crate::board::{Board, Encoded};
use crate::keys;
use crate::ports::{Clock, Random, Store, StoreError, Swap};

impl<S: Store, C: Clock, R: Random> Folder<'_, S, C, R> {
    /// Reads a board to change it.
    pub(crate) async fn read_board(&self, channel: i64, ledger: &Ledger) -> Result<(Board, S::Handle), FoldError> {
        let key = key_of(ledger, &keys::board_name(channel)).ok_or(FoldError::Stale)?;
        let (bytes, handle) = self.store.read_to_swap(&key).await?;
        let bytes = bytes.ok_or_else(|| StoreError(format!("{key} is gone")))?;
        let board = decode(&key, &bytes)?;
        Ok((board, handle))
    }

    /// Stores a board: deletes, new pieces (and `before`), then the head.
    pub(crate) async fn store_board(
        &self,
        board: &mut Board,
        handle: S::Handle,
        before: Vec<(String, Vec<u8>)>,
    ) -> Result<Swap, FoldError> {
        let (token, now) = (self.random.next_u64(), self.clock.now());
        let encoded = self.pages.loading(self.store, board, |board| board.encode(token, now)).await?;
        let Encoded { deletes, writes: pieces, head } = encoded;
        if !deletes.is_empty() {
            self.store.delete_many(&deletes).await?;
        }
        let mut writes = before;
        let names: Vec<String> = pieces.iter().map(|(key, _)| key.clone()).collect();
        writes.extend(pieces);
        if !writes.is_empty() {
            self.store.set_many(&writes).await?;
        }
        let swap = self.store.swap(handle, &head).await?;
        if swap == Swap::Conflict && !names.is_empty() {
            // Nothing refers to them. If this fails they are left behind, which costs room and nothing else.
            self.store.delete_many(&names).await?;
        }
        Ok(swap)
    }

    /// The board of a channel as it is stored; an empty one where nothing has happened yet.
    pub(super) async fn stored_board(&self, channel: i64, ledger: &Ledger) -> Result<Board, FoldError> {
        let Some(key) = key_of(ledger, &keys::board_name(channel)) else {
            return Ok(Board::new(channel));
        };
        let bytes = self.store.get(&key).await?.ok_or_else(|| StoreError(format!("{key} is gone")))?;
        let board = decode(&key, &bytes)?;
        check_ledger(&board, ledger)?;
        Ok(board)
    }

    /// All boards as they are stored, in one call.
    pub(crate) async fn stored_boards(&self, ledger: &Ledger) -> Result<Vec<Board>, FoldError> {
        let mut keys = Vec::new();
        for (name, number) in &ledger.roots {
            if keys::board_channel(name).is_some() {
                keys.push(keys::root(name, *number));
            }
        }
        let mut boards = Vec::new();
        for (key, bytes) in keys.iter().zip(self.store.get_many(&keys).await?) {
            let bytes = bytes.ok_or_else(|| StoreError(format!("{key} is gone")))?;
            boards.push(decode(key, &bytes)?);
        }
        Ok(boards)
    }
}

fn decode(key: &str, bytes: &[u8]) -> Result<Board, FoldError> {
    Board::decode(bytes).map_err(|problem| FoldError::Unreadable { key: key.to_owned(), problem })
}

/// A board drops its own heads where the ledger covers them. Whoever comes with an older ledger would then read
/// records as new that the board has long applied.
pub(super) fn check_ledger(board: &Board, ledger: &Ledger) -> Result<(), FoldError> {
    if board.head.ledger > ledger.version { Err(FoldError::Stale) } else { Ok(()) }
}
