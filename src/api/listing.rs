//! Lists of incidents, newest or oldest first: pages of all boards are read in the order of time, and no further than
//! needed for what is shown and for the total.

use serde_json::{Map, Value};

use super::query::Query;
use super::{Call, TOTAL_MAX};
use crate::board::{Board, Incident, Listed, Progress, Shelf, first_slot, label_hash, last_slot, slot_of};
use crate::call::Failure;
use crate::error::ApiError;
use crate::ports::{Clock, Random, Store};

/// Labels that all must be there, and the hashes of them.
#[derive(Debug, Default)]
pub(super) struct LabelFilter {
    labels: Vec<(String, String)>,
    hashes: Vec<u32>,
}

/// An incident that was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    /// Its id; ids are in the order of time.
    incident_id: String,
    /// On which of the boards.
    board: usize,
    closed: bool,
}

/// Incidents in their order.
pub(super) struct Page {
    /// Those on the page.
    pub incidents: Vec<Incident>,
    /// How many there are, up to [`TOTAL_MAX`].
    pub total: usize,
    /// Whether more follow.
    pub has_next_page: bool,
}

/// One tree of one board, and where reading it goes on.
struct Source {
    board: usize,
    shelf: Shelf,
    next: u64,
}

impl LabelFilter {
    /// Reads `labels`, an object of names and values.
    pub fn read(parameters: &Map<String, Value>) -> Result<Self, ApiError> {
        let mut filter = Self::default();
        match parameters.get("labels") {
            None | Some(Value::Null) => {}
            Some(Value::Object(labels)) => {
                for (name, value) in labels {
                    let value = value.as_str().ok_or(ApiError::invalid("labels", "must have texts as values"))?;
                    filter.hashes.push(label_hash(name, value));
                    filter.labels.push((name.clone(), value.to_owned()));
                }
            }
            Some(_) => return Err(ApiError::invalid("labels", "must be an object")),
        }
        Ok(filter)
    }

    /// Whether an incident has all of them.
    pub fn matches(&self, incident: &Incident) -> bool {
        self.labels.iter().all(|(name, value)| incident.labels.get(name) == Some(value))
    }

    /// Whether one whose labels have these hashes may have all of them.
    pub fn may_match(&self, hashes: &[u32]) -> bool {
        self.hashes.iter().all(|hash| hashes.contains(hash))
    }
}

impl<S: Store, P: Clock + Random> Call<'_, S, P> {
    /// The incidents of some boards that a query wants, as far as they are on its page.
    pub(super) async fn page_of(&self, query: &Query, boards: &mut [Board]) -> Result<Page, Failure> {
        let (skip, limit) = (query.paging.skip(), query.paging.limit);
        let found = self.found(query, boards, TOTAL_MAX.max(skip + limit + 1)).await?;
        let (total, has_next_page) = (found.len().min(TOTAL_MAX), found.len() > skip + limit);
        let shown: Vec<Found> = found.into_iter().skip(skip).take(limit).collect();
        let mut closed_ids = Vec::new();
        for found in shown.iter().filter(|found| found.closed) {
            closed_ids.push(found.incident_id.clone());
        }
        let mut closed = self.folder.closed_incidents(&closed_ids).await?.into_iter();
        let mut incidents = Vec::with_capacity(shown.len());
        for found in shown {
            if found.closed {
                // One whose document is gone was deleted after it was found. Two labels may have the same hash, and a long
                // title was not looked at to its end.
                let document = closed.next().flatten().map(|document| document.incident);
                incidents.extend(document.filter(|incident| query.matches_texts(incident)));
            } else if let Some(board) = boards.get_mut(found.board) {
                let get = |board: &mut Board| board.incident(&found.incident_id).map(Option::<&Incident>::cloned);
                incidents.extend(self.pages.loading(self.folder.store, board, get).await?);
            }
        }
        Ok(Page { incidents, total, has_next_page })
    }

    /// What a query wants, in its order: at least so many, if there are.
    async fn found(&self, query: &Query, boards: &mut [Board], enough: usize) -> Result<Vec<Found>, Failure> {
        let (from, to) = (first_slot(query.start_time), last_slot(query.end_time));
        let next = if query.asc { from } else { to };
        let mut sources = Vec::new();
        for board in 0..boards.len() {
            sources.push(Source { board, shelf: Shelf::Open, next });
            if query.wants_progress(Progress::Closed) {
                sources.push(Source { board, shelf: Shelf::Closed, next });
            }
        }
        let mut found: Vec<Found> = Vec::new();
        loop {
            // Whichever has what comes next.
            let nth = (0..sources.len()).max_by_key(|nth| {
                let next = sources.get(*nth).map_or(0, |source| source.next);
                if query.asc { u64::MAX - next } else { next }
            });
            let Some(source) = nth.and_then(|nth| sources.get_mut(nth)) else {
                break;
            };
            let before = |found: &&Found| match query.asc {
                true => slot_of(&found.incident_id) < source.next,
                false => slot_of(&found.incident_id) > source.next,
            };
            if found.iter().filter(before).count() >= enough {
                break;
            }
            let Some(board) = boards.get_mut(source.board) else {
                break;
            };
            let (shelf, at) = (source.shelf, source.next);
            let read =
                |board: &mut Board| board.listed(shelf, at, !query.asc, &mut |id, listed| query.wants(id, listed));
            let (ids, next) = self.pages.loading(self.folder.store, board, read).await?;
            board.unload();
            for incident_id in ids {
                found.push(Found { incident_id, board: source.board, closed: shelf == Shelf::Closed });
            }
            match next.filter(|next| (from..=to).contains(next)) {
                Some(next) => source.next = next,
                None => {
                    let done = (source.board, source.shelf);
                    sources.retain(|source| (source.board, source.shelf) != done);
                }
            }
        }
        found.sort_unstable();
        if !query.asc {
            found.reverse();
        }
        Ok(found)
    }
}

impl Query {
    fn wants(&self, incident_id: &str, listed: Listed<'_>) -> bool {
        self.wants_id(incident_id)
            && match listed {
                Listed::Open(incident) => self.wants_open(incident),
                Listed::Closed(reference) => self.wants_closed(incident_id, reference),
            }
    }
}
