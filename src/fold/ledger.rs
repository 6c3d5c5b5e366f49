//! The ledger: how far every board has read each live stream, and which root documents there are.
//!
//! One value. It saves boards from being touched by records that do not concern them, lets read records be deleted,
//! and is where a root document's true key is decided. It may lag behind: a board's own heads count beyond it.

use serde::{Deserialize, Serialize};

use super::error::FoldError;
use super::first::create;
use super::gather::Gathered;
use crate::board::Turn;
use crate::count::{Counts, count};
use crate::journal::{Read, STREAM_IDLE_MS, STREAM_STALL_MS, What};
use crate::json;
use crate::keys;
use crate::ports::{Clock, Pace, Store, Swap};
use crate::sorted::SortedMap;
use crate::time::Timestamp;

/// A stream that has not moved for this long is retired: its writer has let go of it. The writer's own limits, and as
/// much again for clocks that differ, milliseconds.
pub const RETIRE_MS: u64 = STREAM_IDLE_MS + STREAM_STALL_MS + 7_000;
/// Records are deleted this long after every board has read them, milliseconds.
const KEEP_MS: u64 = 30_000;
/// The most records deleted at a time.
const DELETE_RECORDS: u64 = 512;
/// Fewer than this many are left until they have waited for some minutes, milliseconds: a delete is a commit as well.
const DELETE_MIN: u64 = 128;
const DELETE_LATE_MS: u64 = 300_000;
/// What was passed in one such span of time stands in one entry for a stream, milliseconds; so many records at most.
const SPAN_MS: u64 = 15_000;
const SPAN_RECORDS: u64 = 128;
/// The ledger is brought forward when it is this many records behind, or one of them is this old, milliseconds.
const LAG_RECORDS: usize = 32;
const LAG_MS: u64 = 10_000;
/// The same for who has the turn, records, and alerts in them: they are all in its memory.
const LEAD_RECORDS: usize = 96;
const LEAD_ALERTS: usize = 1000;
/// A pace that was not moved for this long says nothing about the last minute, seconds.
const PACE_SECS: u64 = 120;
/// How often a swap is tried.
const TRIES: usize = 64;

/// The ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// The format; [`Ledger::FORMAT`].
    pub v: u32,
    /// Grows by one with every swap.
    pub version: u64,
    /// Streams up to this number are in `streams` or retired.
    pub known: u64,
    /// The live streams.
    pub streams: SortedMap<u64, Live>,
    /// The true key number of each root document.
    pub roots: SortedMap<String, i64>,
    /// Records that every board has read and that still stand.
    passed: Vec<Passed>,
    /// How many requests of each integration were in the records that it has passed, as far as they came lately.
    #[serde(default, skip_serializing_if = "SortedMap::is_empty")]
    paces: SortedMap<i64, Pace>,
    /// Whose turn it is to fold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<Turn>,
    /// What was in the records that it has passed, and what else was counted: [`Ledger::RECORDS`] and those below.
    #[serde(default, skip_serializing_if = "Counts::is_empty")]
    pub counts: Counts,
}

/// A live stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    /// Every board concerned has read it up to this record.
    pub head: u64,
    /// When it was first seen or last seen to have moved, by the clock of who saw it.
    pub seen: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Passed {
    /// When the last of them was.
    at: Timestamp,
    stream: u64,
    from: u64,
    to: u64,
    /// Records that are stored in parts, and in how many.
    #[serde(default, skip_serializing_if = "SortedMap::is_empty")]
    parts: SortedMap<u64, usize>,
}

impl Passed {
    /// Whether `next` goes on where this ends, about as long ago: who folds each record as it comes would fill the
    /// ledger otherwise.
    const fn is_continued_by(&self, next: &Self) -> bool {
        self.to + 1 == next.from
            && self.at.millis() / SPAN_MS == next.at.millis() / SPAN_MS
            && next.to - self.from < SPAN_RECORDS
    }

    fn extend(&mut self, next: Self) {
        (self.to, self.at) = (next.to, self.at.max(next.at));
        self.parts.extend(next.parts);
    }
}

impl Ledger {
    /// The format that this version writes.
    pub const FORMAT: u32 = 1;
    /// In `counts`: the records that it has passed.
    pub const RECORDS: &str = "records";
    /// In `counts`: the swaps of it that were lost, by those who won one later.
    pub const LOST: &str = "lost";
    /// In `counts`: the requests of an integration, whose id follows.
    pub const REQUESTS: &str = "requests:";
    /// In `counts`: the events of alerts of an integration, whose id follows.
    pub const ALERTS: &str = "alerts:";

    pub(super) fn new() -> Self {
        let (streams, roots) = (SortedMap::new(), SortedMap::new());
        let (passed, paces) = (Vec::new(), SortedMap::new());
        let (v, turn, counts) = (Self::FORMAT, None, Counts::default());
        Self { v, version: 0, known: 0, streams, roots, passed, paces, turn, counts }
    }

    fn decode(bytes: &[u8]) -> Result<Self, FoldError> {
        let unreadable = |problem| FoldError::Unreadable { key: keys::LEDGER.to_owned(), problem };
        let ledger: Self = json::from_slice(bytes).map_err(|e| unreadable(e.to_string()))?;
        if ledger.v == Self::FORMAT { Ok(ledger) } else { Err(unreadable(format!("format {}", ledger.v))) }
    }

    fn encode(&self) -> Vec<u8> {
        // Plain data with text keys: serialising it into memory has no way to fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The ledger as it stands; one where nothing has happened if there is none yet.
    pub async fn read(store: &impl Store) -> Result<Self, FoldError> {
        match store.get(keys::LEDGER).await? {
            Some(bytes) => Self::decode(&bytes),
            None => Ok(Self::new()),
        }
    }

    /// Changes the ledger; `change` may be called several times and says whether there is anything to store. (Not
    /// generic in it: each copy of this would be kilobytes.)
    pub async fn change(
        store: &impl Store,
        clock: &impl Clock,
        change: &mut dyn FnMut(&mut Self) -> bool,
    ) -> Result<Self, FoldError> {
        let mut lost = 0;
        for _ in 0..TRIES {
            let (bytes, handle) = store.read_to_swap(keys::LEDGER).await?;
            let Some(bytes) = bytes else {
                let empty = Self::new().encode();
                create(store, clock, keys::LEDGER, keys::LEDGER_ARBITER, &empty).await?;
                continue;
            };
            let mut ledger = Self::decode(&bytes)?;
            if !change(&mut ledger) {
                return Ok(ledger);
            }
            ledger.version += 1;
            ledger.counts.add(Self::LOST, lost);
            if store.swap(handle, &ledger.encode()).await? == Swap::Stored {
                return Ok(ledger);
            }
            lost += 1;
        }
        Err(FoldError::Contention("the ledger".to_owned()))
    }

    /// Takes in that the boards have read what was gathered, and retires streams that have not moved. Returns whether
    /// anything changed.
    pub(super) fn pass(&mut self, gathered: &Gathered) -> bool {
        let before = self.clone();
        let live = |read: &&Read| self.streams.get(&read.place.stream).map_or(0, |live| live.head);
        let retired = |read: &&Read| read.place.stream <= self.known && !self.streams.contains_key(&read.place.stream);
        let new: Vec<&Read> = gathered.beyond().filter(|r| r.place.n > live(r) && !retired(r)).collect();
        self.paces = self.paces_with(&new);
        self.count(&new);
        for (&stream, &head) in gathered.heads.iter() {
            if stream > self.known {
                self.streams.entry(stream).or_insert(Live { head: 0, seen: gathered.at });
            }
            // A stream that is known and not live was retired by another, who had read it to its end.
            let Some(live) = self.streams.get_mut(&stream) else {
                continue;
            };
            if head > live.head {
                let mut parts = SortedMap::new();
                for read in gathered.beyond().filter(|r| r.place.stream == stream && r.parts > 0) {
                    if read.place.n > live.head && read.place.n <= head {
                        parts.insert(read.place.n, read.parts);
                    }
                }
                let passed = Passed { at: gathered.at, stream, from: live.head + 1, to: head, parts };
                match self.passed.iter_mut().rfind(|before| before.stream == stream) {
                    Some(before) if before.is_continued_by(&passed) => before.extend(passed),
                    _ => self.passed.push(passed),
                }
                *live = Live { head, seen: live.seen.max(gathered.at) };
            }
        }
        self.known = self.known.max(gathered.known);
        self.streams.retain(|stream, live| {
            let at_its_end = gathered.ended.get(stream) == Some(&live.head);
            !(at_its_end && gathered.at.millis_since(live.seen) > RETIRE_MS)
        });
        *self != before
    }

    /// Counts what is in records that it has not passed yet.
    pub fn count(&mut self, records: &[&Read]) {
        self.counts.add(Self::RECORDS, count(records.len()));
        for accepted in records.iter().flat_map(|read| &read.record.accepted) {
            let id = accepted.integration_id;
            if !accepted.continues {
                self.counts.add(&format!("{}{id}", Self::REQUESTS), 1);
            }
            if let What::Event(_) = accepted.what {
                self.counts.add(&format!("{}{id}", Self::ALERTS), 1);
            }
        }
    }

    /// How many requests of each integration came lately, as far as the ledger has passed their records.
    pub fn paces(&self) -> impl Iterator<Item = Pace> {
        self.paces.values().copied()
    }

    /// How many requests of each integration came lately, with these records beyond the ledger counted.
    pub(super) fn paces_with(&self, records: &[&Read]) -> SortedMap<i64, Pace> {
        let mut paces = self.paces.clone();
        for read in records {
            let second = read.record.received.secs();
            for request in read.record.accepted.iter().filter(|accepted| !accepted.continues) {
                let integration_id = request.integration_id;
                paces.entry(integration_id).or_insert(Pace { integration_id, second, ..Pace::default() }).count(second);
            }
        }
        let latest = paces.values().map(|pace| pace.second).max().unwrap_or(0);
        paces.retain(|_, pace| pace.second + PACE_SECS >= latest);
        paces
    }

    /// Whether it is worth a write to bring the ledger forward to what was gathered, or to retire streams. `leads`: who
    /// gathered remembers what it has applied, and need not read it again.
    pub(super) fn lags(&self, gathered: &Gathered, leads: bool) -> bool {
        let most = if leads { LEAD_RECORDS } else { LAG_RECORDS };
        let alerts = || gathered.beyond().map(|read| read.record.accepted.len()).sum::<usize>();
        let old = |read: &Read| gathered.at.millis_since(read.record.received) > LAG_MS;
        let idle = |(stream, head): (&u64, &u64)| {
            let over = |live: &Live| gathered.at.millis_since(live.seen) > RETIRE_MS + LAG_MS && live.head == *head;
            self.streams.get(stream).is_some_and(over)
        };
        // What was left is read from where the ledger stands.
        gathered.more
            || gathered.beyond().count() >= most
            || (leads && alerts() >= LEAD_ALERTS)
            || gathered.beyond().any(old)
            || gathered.ended.iter().any(idle)
    }

    /// The keys of records that may be deleted now, a bounded number; none while they are few and young. Who does not
    /// tidy deletes them where they are many: more come than tick deletes, or there is no tick, and the ledger must not grow.
    pub fn deletable(&self, now: Timestamp, tidy: bool) -> Vec<String> {
        let count: u64 = self.due(now).map(|p| p.to - p.from + 1).sum();
        let late = self.passed.first().is_some_and(|p| now.millis_since(p.at) > DELETE_LATE_MS);
        let worth = if tidy { count >= DELETE_MIN || late } else { count >= DELETE_RECORDS };
        if !worth {
            return Vec::new();
        }
        let mut keys = Vec::new();
        for passed in self.due(now) {
            for n in passed.from..=passed.to {
                let key = keys::record(passed.stream, n);
                let parts = passed.parts.get(&n).copied().unwrap_or(0);
                keys.extend((0..parts).map(|part| keys::part(&key, part)));
                keys.push(key);
            }
        }
        keys
    }

    /// Forgets the records that `other` called deletable at `now`, and that were deleted since. Returns whether there
    /// were any.
    pub fn deleted(&mut self, other: &Self, now: Timestamp) -> bool {
        let gone: Vec<&Passed> = other.due(now).collect();
        let before = self.passed.len();
        self.passed.retain(|passed| !gone.contains(&passed));
        self.passed.len() < before
    }

    fn due(&self, now: Timestamp) -> impl Iterator<Item = &Passed> {
        let mut left = DELETE_RECORDS;
        self.passed.iter().filter(move |p| now.millis_since(p.at) > KEEP_MS).take_while(move |p| {
            let fits = left > 0;
            left = left.saturating_sub(p.to - p.from + 1);
            fits
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(at_s: u64, stream: u64, from: u64, to: u64) -> Passed {
        Passed { at: Timestamp::from_secs(at_s), stream, from, to, parts: SortedMap::new() }
    }

    #[test]
    fn what_is_passed_soon_after_extends_an_entry_of_its_stream() {
        let entry = passed(30, 1, 5, 10);
        assert!(entry.is_continued_by(&passed(44, 1, 11, 12)));
        assert!(!entry.is_continued_by(&passed(45, 1, 11, 12)), "the next span");
        assert!(!entry.is_continued_by(&passed(44, 1, 12, 12)), "a gap");
        assert!(entry.is_continued_by(&passed(44, 1, 11, 132)));
        assert!(!entry.is_continued_by(&passed(44, 1, 11, 133)), "too many to be deleted together");
        let mut entry = entry;
        entry.extend(Passed { parts: SortedMap::from([(11, 2)]), ..passed(44, 1, 11, 12) });
        let parts = SortedMap::from([(11, 2)]);
        assert_eq!(entry, Passed { parts, ..passed(44, 1, 5, 12) });
    }

    #[test]
    fn records_are_deleted_by_any_fold_where_they_are_many() {
        let now = |after: u64| Timestamp::from_secs(1000 + after);
        let with = |to| Ledger { passed: vec![passed(1000, 1, 1, to)], ..Ledger::new() };
        let deleted = |to, after, tidy| with(to).deletable(now(after), tidy).len();
        assert_eq!(
            (deleted(DELETE_MIN, 30, true), deleted(DELETE_RECORDS, 30, false)),
            (0, 0),
            "somebody may read them"
        );
        assert_eq!((deleted(DELETE_MIN - 1, 31, true), deleted(DELETE_MIN - 1, 301, true)), (0, 127));
        assert_eq!((deleted(DELETE_MIN, 31, true), deleted(DELETE_RECORDS - 1, 301, false)), (128, 0));
        assert_eq!(deleted(DELETE_RECORDS, 31, false), 512);
    }

    #[test]
    fn only_what_was_called_deletable_is_forgotten() {
        let now = Timestamp::from_secs(2000);
        let before = Ledger { passed: vec![passed(1000, 1, 1, 200), passed(1990, 1, 201, 300)], ..Ledger::new() };
        assert_eq!(before.deletable(now, true).len(), 200);
        let mut after = before.clone();
        after.passed.push(passed(1000, 2, 1, 9));
        assert!(after.deleted(&before, now));
        assert_eq!(after.passed, [passed(1990, 1, 201, 300), passed(1000, 2, 1, 9)]);
        assert!(!after.deleted(&before, now));
    }
}
