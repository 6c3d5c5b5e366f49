//! Lists of incidents, newest or oldest first: pages of all boards are read in the order of time, and no further than
//! needed for what is shown and for the total.

use serde_json::{Map, Value};

use super::cursor::Cursor;
use super::query::Query;
use super::walk::{Found, Walk};
use super::{Call, TOTAL_MAX};
use crate::board::{Board, Incident, Listed, Progress, Shelf, label_hash};
use crate::call::Failure;
use crate::error::ApiError;
use crate::id::object_id_secs;
use crate::ports::{Clock, Random, Store};

/// Labels that all must be there, and the hashes of them.
#[derive(Debug, Default)]
pub(super) struct LabelFilter {
    labels: Vec<(String, String)>,
    hashes: Vec<u32>,
}

/// Incidents in their order.
pub(super) struct Page {
    /// Those on the page.
    pub incidents: Vec<Incident>,
    /// How many there are, up to [`TOTAL_MAX`].
    pub total: usize,
    /// Whether more follow.
    pub has_next_page: bool,
    /// Where the next page goes on; empty: nowhere.
    pub next: String,
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
        let enough = if query.after.is_some() { limit + 1 } else { TOTAL_MAX.max(skip + limit + 1) };
        let found = self.found(query, boards, enough).await?;
        // Who goes on behind a place is told what was counted at the beginning.
        let counted = found.len().min(TOTAL_MAX);
        let total = query.after.as_ref().map_or(counted, |after| after.nth as usize);
        let has_next_page = found.len() > skip + limit;
        let shown: Vec<Found> = found.into_iter().skip(skip).take(limit).collect();
        let last = shown.last().filter(|_| has_next_page);
        let next = last.map(|last| Cursor { nth: total as u64, ..Cursor::of(&last.id) }.write(query.list()));
        let mut closed_ids = Vec::new();
        for found in shown.iter().filter(|found| found.closed) {
            closed_ids.push(found.id.clone());
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
                let get = |board: &mut Board| board.incident(&found.id).map(Option::<&Incident>::cloned);
                incidents.extend(self.pages.loading(self.folder.store, board, get).await?);
            }
        }
        Ok(Page { incidents, total, has_next_page, next: next.unwrap_or_default() })
    }

    /// What a query wants, in its order: at least so many, if there are.
    async fn found(&self, query: &Query, boards: &mut [Board], enough: usize) -> Result<Vec<Found>, Failure> {
        let mut walk = Walk {
            from: query.start_time,
            to: query.end_time,
            backwards: !query.asc,
            closed: query.wants_progress(Progress::Closed),
            enough,
        };
        if let Some(began) = query.after.as_ref().and_then(|after| object_id_secs(&after.id)) {
            (walk.from, walk.to) = if query.asc { (began, walk.to) } else { (walk.from, began) };
        }
        let mut read = |board: &Board, shelf: Shelf, at: u64| {
            let (ids, next) = board.listed(shelf, at, walk.backwards, &mut |id, listed| query.wants(id, listed))?;
            Ok((ids.into_iter().map(|id| (0, id)).collect(), next))
        };
        self.walk(boards, walk, &mut read).await
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
