//! Boards in the store: read, and replaced as a whole.

use super::error::FoldError;
use super::folder::Folder;
use super::ledger::Ledger;
use super::root::key_of;
use crate::board::totals::total;
use crate::board::{Board, Encoded, Event, Unread, decode_events};
use crate::keys;
use crate::ports::{Clock, Random, STORE_CALLS, Store, StoreCalls, StoreError, Swap};
use crate::time::Timestamp;
use crate::value;

impl<S: Store, C: Clock, R: Random> Folder<'_, S, C, R> {
    /// Reads a board to change it.
    pub(crate) async fn read_board(&self, channel: i64, ledger: &Ledger) -> Result<(Board, S::Handle), FoldError> {
        let (key, bytes, handle) = self.read_bytes(channel, ledger).await?;
        Ok((unless(Board::decode(&bytes), &key)?, handle))
    }

    /// Reads a board to change nothing but its head.
    pub(crate) async fn read_head(
        &self,
        channel: i64,
        ledger: &Ledger,
    ) -> Result<(Board<Unread>, S::Handle), FoldError> {
        let (key, bytes, handle) = self.read_bytes(channel, ledger).await?;
        Ok((unless(Board::decode_head(&bytes), &key)?, handle))
    }

    async fn read_bytes(&self, channel: i64, ledger: &Ledger) -> Result<(String, Vec<u8>, S::Handle), FoldError> {
        let key = key_of(ledger, &keys::board_name(channel)).ok_or(FoldError::Stale)?;
        let (bytes, handle) = self.store.read_to_swap(&key).await?;
        let bytes = bytes.ok_or_else(|| StoreError(format!("{key} is gone")))?;
        Ok((key, bytes, handle))
    }

    /// Stores a board: lets incidents leave where it is time, then deletes, documents and new pieces, and the head.
    /// After a conflict, [`Folder::delete_orphans`] is to be called in the end.
    pub(crate) async fn store_board(&self, board: &mut Board, handle: S::Handle) -> Result<Swap, FoldError> {
        let (token, now) = (self.random.next_u64(), self.clock.now());
        let documents = if board.is_leaving_due(now) { self.let_leave(board, now).await? } else { Vec::new() };
        let counted = self.count_work(board);
        let encoded = self.pages.loading(self.store, board, |board| board.encode(token, now)).await?;
        self.store_encoded(handle, encoded, documents, counted).await
    }

    /// Stores a board of which nothing but the head was changed: deletes, `before`, then the head.
    pub(crate) async fn store_head(
        &self,
        board: &mut Board<Unread>,
        handle: S::Handle,
        before: Vec<(String, Vec<u8>)>,
    ) -> Result<Swap, FoldError> {
        let counted = self.count_work(board);
        let encoded = board.encode_head(self.clock.now());
        self.store_encoded(handle, encoded, before, counted).await
    }

    /// Has a board count the swaps that the instance has lost, and its calls of the store, as far as no board does yet.
    /// Returns how many it lost, and the calls that were counted before.
    fn count_work<T>(&self, board: &mut Board<T>) -> (i64, StoreCalls) {
        let (lost, calls) = (self.pages.lost.take(), self.store.calls());
        board.head.counts.add(total::LOST, lost);
        let before = self.pages.counted.replace(calls);
        for (name, (now, before)) in STORE_CALLS.iter().zip(calls.iter().zip(before)) {
            let more = i64::try_from(now.saturating_sub(before)).unwrap_or(i64::MAX);
            board.head.counts.add(&format!("{}{name}", total::CALLS), more);
        }
        (lost, before)
    }

    /// Lets closed incidents leave a board. Returns their documents, keys and values, to be stored before it.
    pub(super) async fn let_leave(
        &self,
        board: &mut Board,
        now: Timestamp,
    ) -> Result<Vec<(String, Vec<u8>)>, FoldError> {
        let told = self.events(&board.leaving_segments()).await?.concat();
        self.pages.loading(self.store, board, |board| board.let_leave(&told, now)).await
    }

    /// The events of some segments of an outbox, in one call.
    pub(crate) async fn events(&self, keys: &[String]) -> Result<Vec<Vec<Event>>, FoldError> {
        let mut events = Vec::new();
        for (key, stored) in keys.iter().zip(self.store.get_many(keys).await?) {
            let (bytes, _) = value::assemble(self.store, key, stored.ok_or(FoldError::Stale)?).await?;
            events.push(unless(decode_events(&bytes), key)?);
        }
        Ok(events)
    }

    async fn store_encoded(
        &self,
        handle: S::Handle,
        encoded: Encoded,
        before: Vec<(String, Vec<u8>)>,
        (lost, calls): (i64, StoreCalls),
    ) -> Result<Swap, FoldError> {
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
        // Where it fails it may have taken effect: nothing is counted twice.
        let swap = self.store.swap(handle, &head).await?;
        if swap == Swap::Conflict {
            self.pages.counted.set(calls);
            self.pages.lost.set(self.pages.lost.get().saturating_add(lost).saturating_add(1));
            self.pages.orphans.borrow_mut().extend(names);
        }
        Ok(swap)
    }

    /// Deletes the pages of swaps that were lost. Whoever stores boards does it in the end, when nobody waits for it. If
    /// it fails they are left behind, which costs room and nothing else.
    pub(super) async fn delete_orphans(&self) -> Result<(), StoreError> {
        let orphans = self.pages.orphans.take();
        if orphans.is_empty() { Ok(()) } else { self.store.delete_many(&orphans).await }
    }

    /// The board of a channel as it is stored; an empty one where nothing has happened yet.
    pub(super) async fn stored_board(&self, channel: i64, ledger: &Ledger) -> Result<Board, FoldError> {
        let Some(key) = key_of(ledger, &keys::board_name(channel)) else {
            return Ok(Board::new(channel));
        };
        let bytes = self.store.get(&key).await?.ok_or_else(|| StoreError(format!("{key} is gone")))?;
        let board = unless(Board::decode(&bytes), &key)?;
        check_ledger(&board, ledger)?;
        Ok(board)
    }

    /// The heads of all boards as they are stored, in one call.
    pub(crate) async fn stored_boards(&self, ledger: &Ledger) -> Result<Vec<Board<Unread>>, FoldError> {
        let mut keys = Vec::new();
        for (name, number) in &ledger.roots {
            if keys::board_channel(name).is_some() {
                keys.push(keys::root(name, *number));
            }
        }
        let mut boards = Vec::new();
        for (key, bytes) in keys.iter().zip(self.store.get_many(&keys).await?) {
            let bytes = bytes.ok_or_else(|| StoreError(format!("{key} is gone")))?;
            boards.push(unless(Board::decode_head(&bytes), key)?);
        }
        Ok(boards)
    }
}

/// What was read under a key, unless it was not readable.
fn unless<T>(read: Result<T, String>, key: &str) -> Result<T, FoldError> {
    read.map_err(|problem| FoldError::Unreadable { key: key.to_owned(), problem })
}

/// A board drops its own heads where the ledger covers them. Whoever comes with an older ledger would then read
/// records as new that the board has long applied.
pub(super) fn check_ledger(board: &Board, ledger: &Ledger) -> Result<(), FoldError> {
    if board.head.ledger > ledger.version { Err(FoldError::Stale) } else { Ok(()) }
}
