//! Storing a board: what moves from its head to pages and segments, and what is deleted.

use serde::Serialize;

use super::head::{Board, Garbage, Head, Missing, Unused};
use super::outbox::{Batch, INLINE_EVENTS, SEGMENT_EVENTS, Segment};
use super::tree::Tree;
use crate::keys;
use crate::time::Timestamp;
use crate::value;

/// Changes larger than this are moved to pages, bytes.
const CHANGES_BYTES: usize = 48 * 1024;
/// The same for the index of open alerts and the references to closed incidents.
const INDEX_CHANGES_BYTES: usize = 24 * 1024;
/// Events larger than this together are moved to a segment, bytes.
const OUTBOX_BYTES: usize = 32 * 1024;
/// What is no longer referred to is deleted after this time: a reader may still be at it. Milliseconds.
const GARBAGE_MS: u64 = 15_000;
/// A delete is a commit, so it waits until it is worth one: for so many keys, or this long, milliseconds.
const GARBAGE_FEW: usize = 24;
const GARBAGE_LATE_MS: u64 = 120_000;
/// Where nothing else has the board stored for so long, tick does, milliseconds.
const GARBAGE_TICK_MS: u64 = 180_000;

/// What storing a board takes: first the deletes (nothing stored refers to them any more), then the writes, then the
/// head by a swap.
#[derive(Debug)]
pub struct Encoded {
    /// Keys to delete.
    pub deletes: Vec<String>,
    /// Pages and segments, under names that nobody else uses.
    pub writes: Vec<(String, Vec<u8>)>,
    /// The head.
    pub head: Vec<u8>,
}

/// The trees of a head, each with how many bytes of changes it may have there.
fn trees(head: &mut Head) -> [(&mut Tree, usize); 5] {
    [
        (&mut head.open, CHANGES_BYTES),
        (&mut head.index, INDEX_CHANGES_BYTES),
        (&mut head.closed, INDEX_CHANGES_BYTES),
        (&mut head.due, INDEX_CHANGES_BYTES),
        (&mut head.alike, INDEX_CHANGES_BYTES),
    ]
}

impl Board {
    /// Prepares the board for storing. `token` makes the names of its new pieces unlike anybody else's.
    pub fn encode(&mut self, token: u64, now: Timestamp) -> Result<Encoded, Missing> {
        let channel_id = self.head.channel_id;
        let mut full: Vec<&mut Tree> = Vec::new();
        for (tree, limit) in trees(&mut self.head) {
            if tree.changes_bytes() > limit {
                full.push(tree);
            }
        }
        // All of them before any is changed: this is called again when a page is missing.
        full.iter().try_for_each(|tree| tree.flush_needs(&self.loaded))?;
        let mut nth = 0;
        let mut name = || {
            nth += 1;
            keys::piece(channel_id, token, nth)
        };
        let mut writes = Vec::new();
        let mut dropped = Vec::new();
        for tree in &mut full {
            let flushed = tree.flush(&mut self.loaded, now.secs(), &mut name)?;
            writes.extend(flushed.writes);
            dropped.extend(flushed.dropped);
        }
        self.spill_outbox(&mut name, &mut writes);
        self.drop_keys(dropped, now);
        Ok(Encoded { writes, ..self.encode_head(now) })
    }

    fn spill_outbox(&mut self, mut name: impl FnMut() -> String, writes: &mut Vec<(String, Vec<u8>)>) {
        let outbox = &mut self.head.outbox;
        let few = outbox.inline.len() <= INLINE_EVENTS;
        if few && serde_json::to_vec(&outbox.inline).is_ok_and(|bytes| bytes.len() <= OUTBOX_BYTES) {
            return;
        }
        for events in std::mem::take(&mut outbox.inline).chunks(SEGMENT_EVENTS) {
            let key = name();
            // Plain data with text keys: serialising it into memory has no way to fail.
            let (entries, parts) = value::split(&key, &serde_json::to_vec(events).unwrap_or_default());
            writes.extend(entries);
            outbox.segments.push(Segment { key, parts });
        }
    }

    /// Whether storing the board writes pages.
    pub(super) fn has_full_trees(&mut self) -> bool {
        trees(&mut self.head).into_iter().any(|(tree, limit)| tree.changes_bytes() > limit)
    }

    /// How many keys wait to be deleted.
    pub(super) fn garbage(&self) -> usize {
        self.head.garbage.iter().map(|garbage| garbage.keys.len()).sum()
    }

    /// Whether what is no longer referred to has waited for too long for the board to be stored.
    pub(super) fn has_late_garbage(&self, now: Timestamp) -> bool {
        self.head.garbage.first().is_some_and(|garbage| now.millis_since(garbage.since) > GARBAGE_TICK_MS)
    }
}

impl<T> Board<T> {
    /// What is to be delivered, the oldest first.
    pub fn batches(&self) -> Vec<Batch> {
        self.head.outbox.batches()
    }

    /// Has what is stored under some keys deleted when nobody can be reading it any more.
    pub(super) fn drop_keys(&mut self, keys: Vec<String>, now: Timestamp) {
        if !keys.is_empty() {
            self.head.garbage.push(Garbage { since: now, keys });
        }
    }

    /// Whether it is time to delete what is no longer referred to.
    pub(super) fn has_garbage_due(&self, now: Timestamp) -> bool {
        let old = |garbage: &&Garbage| now.millis_since(garbage.since) > GARBAGE_MS;
        let late = |garbage: &Garbage| now.millis_since(garbage.since) > GARBAGE_LATE_MS;
        let garbage = &self.head.garbage;
        let keys: usize = garbage.iter().filter(old).map(|garbage| garbage.keys.len()).sum();
        keys >= GARBAGE_FEW || garbage.first().is_some_and(late)
    }

    fn take_garbage(&mut self, now: Timestamp) -> Vec<String> {
        if !self.has_garbage_due(now) {
            return Vec::new();
        }
        let (old, young): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.head.garbage).into_iter().partition(|g| now.millis_since(g.since) > GARBAGE_MS);
        self.head.garbage = young;
        old.into_iter().flat_map(|g| g.keys).collect()
    }
}

impl<T: Serialize + PartialEq<Unused>> Board<T> {
    /// Prepares the head alone for storing, where nothing came to the trees and the outbox that would have to move.
    pub fn encode_head(&mut self, now: Timestamp) -> Encoded {
        let deletes = self.take_garbage(now);
        self.head.version += 1;
        Encoded { deletes, writes: Vec::new(), head: self.head.encode() }
    }
}
