//! Reading the journal beyond what is known of it.

use super::record::Record;
use crate::keys;
use crate::ports::{Store, StoreError};
use crate::time::Timestamp;
use crate::value;

/// A place in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The stream.
    pub stream: u64,
    /// The record's number in it, from 1.
    pub n: u64,
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

/// Reads the records of one stream after number `head` that were sealed before `before`, at most `limit`. Also says
/// whether the stream ends after them: that no further record is stored, whenever it was sealed.
///
/// # Errors
/// A store error; also a record that this version cannot read. It is never skipped: what was accepted must be
/// applied, so an older version stops here until the newer one is back.
pub async fn read_from(
    store: &impl Store,
    stream: u64,
    head: u64,
    before: Timestamp,
    limit: usize,
) -> Result<(Vec<Read>, bool), StoreError> {
    let mut records = Vec::new();
    while records.len() < limit {
        let place = Place { stream, n: head + 1 + records.len() as u64 };
        let key = keys::record(place.stream, place.n);
        let Some((bytes, parts)) = value::get(store, &key).await? else {
            return Ok((records, true));
        };
        let record = Record::decode(&bytes).map_err(|e| StoreError(format!("record {key}: {e}")))?;
        if record.received >= before {
            break;
        }
        records.push(Read { place, record, parts });
    }
    Ok((records, false))
}
