//! Reading logs: segments one after the other, and the index pages on the way to them.

use super::delivering::Delivering;
use super::log::{Loaded, Log, Missing, Ref, Span};
use super::segment::Segment;
use crate::fold::{FoldError, load_index};
use crate::keys;
use crate::ports::{Clock, Log as Lines, Outbound, Random, Store};
use crate::value;

impl<S: Store, C: Clock, R: Random, O: Outbound, L: Lines> Delivering<'_, S, C, R, O, L> {
    /// The next segment of a log from a number on that may have something in a time range, with its place; `None` where
    /// there is none. One that expired meanwhile is passed over.
    pub(super) async fn next_segment(
        &self,
        owner: &str,
        log: &Log,
        loaded: &mut Loaded,
        mut from: u64,
        span: Span,
    ) -> Result<Option<(Ref, Segment)>, FoldError> {
        loop {
            match log.find(loaded, from, span) {
                Ok(None) => return Ok(None),
                Ok(Some(found)) => match self.segment(&keys::delivered(owner, found.id)).await? {
                    Some(segment) => return Ok(Some((found, segment))),
                    None => from = found.end(),
                },
                Err(Missing(id)) => load_index(self.folder.store, owner, id, loaded).await?,
            }
        }
    }

    /// A segment, by its key; `None`: it has expired.
    pub(crate) async fn segment(&self, key: &str) -> Result<Option<Segment>, FoldError> {
        self.segment_with(key, "").await
    }

    /// A segment in which an event may stand, by its key; `None`: it has expired, or the event is not in it.
    pub(crate) async fn segment_with(&self, key: &str, event_id: &str) -> Result<Option<Segment>, FoldError> {
        let found = value::get(self.folder.store, key).await?;
        // Reading a segment takes longer than looking whether it is worth it.
        let holds = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok_and(|text| text.contains(event_id));
        let Some((bytes, _)) = found.filter(|(bytes, _)| event_id.is_empty() || holds(bytes)) else {
            return Ok(None);
        };
        let unreadable = |problem| FoldError::Unreadable { key: key.to_owned(), problem };
        Segment::decode(&bytes).map(Some).map_err(unreadable)
    }
}
