//! Gathering: everything that the journal has beyond the ledger.

use futures_util::future::try_join;

use super::error::FoldError;
use super::ledger::Ledger;
use crate::journal::{Place, Read, StreamRead, read_beyond};
use crate::keys;
use crate::ports::{Clock, Store};
use crate::sorted::SortedMap;
use crate::time::Timestamp;

/// The most records read of one stream at a time.
const STREAM_RECORDS: usize = 256;

/// From where the journal is read.
#[derive(Clone, Debug)]
pub struct Base {
    /// The ledger as it is stored.
    pub ledger: Ledger,
    /// The highest stream that was looked for.
    known: u64,
    /// How far each stream was read.
    heads: SortedMap<u64, u64>,
    /// What was read beyond the ledger.
    ahead: Vec<Read>,
}

impl From<Ledger> for Base {
    fn from(ledger: Ledger) -> Self {
        let (mut heads, known) = (SortedMap::new(), ledger.known);
        heads.extend(ledger.streams.iter().map(|(stream, live)| (*stream, live.head)));
        Self { ledger, known, heads, ahead: Vec::new() }
    }
}

/// What was read of the journal.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// When the reading began. Only records sealed before it are taken: whatever a sender pushed before one of them
    /// was answered and so stored before the reading began, and is here as well.
    pub at: Timestamp,
    /// Only records sealed before this time are taken.
    before: Timestamp,
    /// The ledger at that time.
    pub ledger: Ledger,
    /// The highest stream there is.
    pub known: u64,
    /// The records, in the order in which they are applied: by time of receipt, stream, number.
    pub records: Vec<Read>,
    /// Records beyond the ledger that who reads has applied before.
    ahead: Vec<Read>,
    /// How far each stream was read, the ledger's heads included.
    pub heads: SortedMap<u64, u64>,
    /// The streams that end at the ledger's head: not even a record from the future follows.
    pub ended: SortedMap<u64, u64>,
    /// Whether there is more than was taken.
    pub more: bool,
}

impl Gathered {
    /// Up to when everything there is was gathered: boards are not to be brought further.
    pub fn upto(&self) -> Timestamp {
        match self.records.last() {
            Some(last) if self.more => last.record.received,
            _ => self.before,
        }
    }

    /// All records beyond the ledger.
    pub fn beyond(&self) -> impl Iterator<Item = &Read> {
        self.ahead.iter().chain(&self.records)
    }

    /// Where who has applied all of it goes on, though the ledger does not say so yet.
    pub fn into_base(mut self) -> Base {
        self.ahead.append(&mut self.records);
        Base { ledger: self.ledger, known: self.known, heads: self.heads, ahead: self.ahead }
    }
}

/// Reads everything that the journal has beyond the ledger, or a first part of it.
pub async fn gather(store: &impl Store, clock: &impl Clock) -> Result<Gathered, FoldError> {
    let at = clock.now();
    gather_from(store, at, at, Ledger::read(store).await?.into()).await
}

/// Reads what the journal has beyond what was read that was sealed before `before`, which is not later than `at`, now.
pub(super) async fn gather_from(
    store: &impl Store,
    at: Timestamp,
    before: Timestamp,
    base: Base,
) -> Result<Gathered, FoldError> {
    let Base { ledger, known, mut heads, ahead } = base;
    // Both begin now, so together they see what had been answered. New streams are few.
    let live = read_beyond(store, &heads, before, STREAM_RECORDS);
    let (drawn, mut read) = try_join(store.counter(keys::STREAMS), live).await?;
    let (before_this, known) = (known, u64::try_from(drawn).unwrap_or(0).max(known));
    let mut new = SortedMap::new();
    new.extend((before_this + 1..=known).map(|stream| (stream, 0)));
    read.extend(read_beyond(store, &new, before, STREAM_RECORDS).await?);
    heads.extend(new);
    Ok(take_in(read, (at, before), Base { ledger, known, heads, ahead }))
}

impl Gathered {
    /// What comes after this part, read from where it ended and as of the same time.
    pub async fn next(self, store: &impl Store) -> Result<Self, FoldError> {
        let read = read_beyond(store, &self.heads, self.before, STREAM_RECORDS).await?;
        let Self { at, before, ledger, known, heads, ahead, .. } = self;
        Ok(take_in(read, (at, before), Base { ledger, known, heads, ahead }))
    }
}

fn take_in(read: SortedMap<u64, StreamRead>, (at, before): (Timestamp, Timestamp), base: Base) -> Gathered {
    let Base { ledger, known, mut heads, ahead } = base;
    let mut records = Vec::new();
    let mut ended = SortedMap::new();
    // Where a stream was not read to its end, what is left of it comes before anything sealed later.
    let mut cut = Timestamp(u64::MAX);
    for (stream, read) in read {
        if let Some(last) = read.records.last() {
            if read.cut {
                cut = cut.min(last.record.received);
            }
        } else if read.ended {
            ended.insert(stream, heads.get(&stream).copied().unwrap_or(0));
        }
        records.extend(read.records);
    }
    let more = cut < Timestamp(u64::MAX);
    records.retain(|read| read.record.received <= cut);
    records.sort_unstable_by_key(|read| (read.record.received, read.place));
    for read in &records {
        heads.insert(read.place.stream, read.place.n);
    }
    for read in &mut records {
        // Written a second time though the first did it: that stands before it, in what was read now or earlier.
        let is_there = |place: &Place| heads.get(&place.stream).is_some_and(|head| *head >= place.n);
        if read.record.again.as_ref().is_some_and(is_there) {
            read.record.accepted.clear();
        }
    }
    Gathered { at, before, ledger, known, records, ahead, heads, ended, more }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What tick reads while another has the turn: what has waited for long.
    fn gathered(records: Vec<Read>, more: bool) -> Gathered {
        let (at, before) = (Timestamp::from_secs(100), Timestamp::from_secs(90));
        let (heads, ended) = (SortedMap::new(), SortedMap::new());
        Gathered { at, before, ledger: Ledger::new(), known: 0, records, ahead: Vec::new(), heads, ended, more }
    }

    #[test]
    fn what_was_not_read_up_to_now_brings_no_board_up_to_now() {
        // A record from between the two would otherwise come after what is due at that time.
        assert_eq!(gathered(Vec::new(), false).upto(), Timestamp::from_secs(90));
    }
}
