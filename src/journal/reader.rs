//! Reading the journal beyond what is known of it.

use serde::{Deserialize, Serialize};

use super::record::Record;
use crate::keys;
use crate::ports::{Store, StoreError};
use crate::sorted::SortedMap;
use crate::time::Timestamp;
use crate::value;

/// A place in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "[u64; 2]", into = "[u64; 2]")]
pub struct Place {
    /// The stream.
    pub stream: u64,
    /// The record's number in it, from 1.
    pub n: u64,
}

impl From<[u64; 2]> for Place {
    fn from([stream, n]: [u64; 2]) -> Self {
        Self { stream, n }
    }
}

impl From<Place> for [u64; 2] {
    fn from(Place { stream, n }: Place) -> Self {
        [stream, n]
    }
}

/// A record that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// Where it stands.
    pub place: Place,
    /// The record.
    pub record: Record,
    /// In how many parts it is stored beside its key; needed to delete it.
    pub parts: usize,
}

/// What was read of one stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamRead {
    /// Its records, in their order.
    pub records: Vec<Read>,
    /// Whether it ends after them: no further record is stored, whenever it was sealed.
    pub ended: bool,
    /// Whether there may be more that was left for the next time.
    pub cut: bool,
}

/// How many records of each stream are asked for at first, and at most, in one call.
const LOOK_FIRST: u64 = 4;
const LOOK_MOST: u64 = 32;
/// The most keys in one call, and the fewest where records are large.
const KEYS: usize = 512;
const KEYS_FEWEST: usize = 16;
/// When so many bytes were read, the rest is left for the next time: a reader has little memory, and while it decodes,
/// the host's thread serves nobody else.
const BYTES: usize = 4 * 1024 * 1024;

/// Reads the records of several streams beyond a head each, that were sealed before `before`, at most `limit` of a
/// stream. Where there is much to read, only a first part is read, of every stream at least one record.
///
/// # Errors
/// A store error; also a record that this version cannot read. It is never skipped: what was accepted must be
/// applied, so an older version stops here until the newer one is back.
pub async fn read_beyond(
    store: &impl Store,
    heads: &SortedMap<u64, u64>,
    before: Timestamp,
    limit: usize,
) -> Result<SortedMap<u64, StreamRead>, StoreError> {
    let mut read: SortedMap<u64, StreamRead> = SortedMap::new();
    read.extend(heads.keys().map(|stream| (*stream, StreamRead::default())));
    // Streams that were not read to their end yet, and the record of each that comes next.
    let mut going: Vec<Place> = heads.iter().map(|(&stream, &head)| Place { stream, n: head + 1 }).collect();
    let mut look = LOOK_FIRST;
    let (mut bytes, mut records) = (0, 0);
    while !going.is_empty() {
        let per_call = match (bytes, records) {
            (0, _) | (_, 0) => KEYS,
            (bytes, records) => (BYTES / (bytes / records).max(1)).clamp(KEYS_FEWEST, KEYS),
        };
        let mut still_going = Vec::new();
        for some in going.chunks((per_call / look as usize).max(1)) {
            // Every stream is looked at once; only then is it known what comes before what.
            if bytes > BYTES && look > LOOK_FIRST {
                some.iter().for_each(|place| read.entry(place.stream).or_default().cut = true);
                continue;
            }
            let keys: Vec<String> =
                some.iter().flat_map(|p| (p.n..p.n + look).map(|n| keys::record(p.stream, n))).collect();
            let mut values = store.get_many(&keys).await?.into_iter();
            for place in some {
                let values: Vec<_> = values.by_ref().take(look as usize).collect();
                bytes += values.iter().flatten().map(Vec::len).sum::<usize>();
                records += values.iter().flatten().count();
                let stream = read.entry(place.stream).or_default();
                if take(store, stream, *place, values, before, limit).await? {
                    still_going.push(Place { n: place.n + look, ..*place });
                }
            }
        }
        going = still_going;
        look = (look * 2).min(LOOK_MOST);
    }
    Ok(read)
}

/// Takes in the stored values of the records from `first` on. Returns whether to go on with what follows them.
async fn take(
    store: &impl Store,
    stream: &mut StreamRead,
    first: Place,
    values: Vec<Option<Vec<u8>>>,
    before: Timestamp,
    limit: usize,
) -> Result<bool, StoreError> {
    for (n, stored) in (first.n..).zip(values) {
        if stream.records.len() == limit {
            stream.cut = true;
            return Ok(false);
        }
        let Some(stored) = stored else {
            stream.ended = true;
            return Ok(false);
        };
        let place = Place { n, ..first };
        let key = keys::record(place.stream, n);
        let (bytes, parts) = value::assemble(store, &key, stored).await?;
        let record = Record::decode(&bytes).map_err(|e| StoreError(format!("record {key}: {e}")))?;
        if record.received >= before {
            return Ok(false);
        }
        stream.records.push(Read { place, record, parts });
    }
    Ok(true)
}
