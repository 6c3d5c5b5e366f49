//! Events of all alerts in the order of time (Flashduty Open API, `/alert-event/list`).
//!
//! Events stand beside their alerts. So the alerts that may have events within the window are gone over, pages on which
//! nothing changed since its beginning are not read, and only of alerts that come first in the order the events are looked
//! at, until no other alert can have one that comes before what is shown.

use serde_json::Value;

use super::event_query::EventQuery;
use crate::api::cursor::Cursor;
use crate::api::walk::{Found, Walk};
use crate::api::{Call, List, TOTAL_MAX};
use crate::board::{Board, Shelf};
use crate::call::Failure;
use crate::error::ApiError;
use crate::fold::FoundAlert;
use crate::ports::{Clock, Random, Store};

/// Alerts are looked for that began so much before the window, seconds.
const BEFORE_S: u64 = 31 * 24 * 3600;
/// What looking at events may cost: an alert that has left costs what five on a board do, for the sake of its document.
const COST: usize = 10_000;
const COST_LEFT: usize = 5;
/// So many at a time: their documents are read in one call.
const BATCH: usize = 64;

/// An event that is wanted: its place, and how it is shown.
type Wanted = (Cursor, Value);

impl<S: Store, P: Clock + Random> Call<'_, S, P> {
    /// `/alert-event/list`: the events of all alerts that were received within a time window, as far as they are kept.
    pub(super) async fn event_list(&self) -> Result<Value, Failure> {
        let query = &EventQuery::read(&self.parameters)?;
        let boards = &mut self.folder.view(query.channels()).await?;
        let alerts = self.alerts_with_events(query, boards).await?;
        let (skip, limit) = (query.paging.skip(), query.paging.limit);
        let mut wanted: Vec<Wanted> = Vec::new();
        let (mut looked_at, mut counted, mut cost) = (0, 0, 0);
        for batch in alerts.chunks(BATCH) {
            // What is left can have none that comes before this second.
            let next = batch.first().map_or(0, |alert| alert.at);
            let certain = wanted.iter().filter(|(place, _)| if query.asc { place.at < next } else { place.at > next });
            if certain.count() > skip + limit {
                break;
            }
            if cost >= COST {
                let problem = "must be closer to start_time, or search_after_ctx be given instead of p: too many alerts \
                               had events in this window";
                return Err(ApiError::invalid("end_time", problem).into());
            }
            counted += self.add_wanted(query, boards, batch, (&mut wanted, skip + limit + 1)).await?;
            looked_at += batch.len();
            cost += batch.iter().map(|found| if found.closed { COST_LEFT } else { 1 }).sum::<usize>();
        }
        // Each of the others has one at least, unless severities are asked for.
        let others = if query.by_severity() { 0 } else { alerts.len() - looked_at };
        let total = (counted + others).min(TOTAL_MAX);
        let has_next_page = wanted.len() > skip + limit;
        let shown: Vec<Wanted> = wanted.into_iter().skip(skip).take(limit).collect();
        let last = shown.last().filter(|_| has_next_page).map(|(place, _)| place.write(query.list()));
        let items = shown.into_iter().map(|(_, shown)| shown).collect();
        Ok(crate::api::json(List { items, total, has_next_page, search_after_ctx: last.unwrap_or_default() }))
    }

    /// The alerts that may have events that are wanted, in the order of the first of these.
    async fn alerts_with_events(&self, query: &EventQuery, boards: &mut [Board]) -> Result<Vec<Found>, Failure> {
        let walk = Walk {
            from: query.start_time.saturating_sub(BEFORE_S),
            to: query.end_time,
            backwards: !query.asc,
            closed: true,
            enough: usize::MAX,
        };
        let mut read = |board: &Board, shelf: Shelf, slot: u64| {
            let wanted = &mut |id: &str, listed: crate::board::ListedAlert<'_>| query.place(id, listed);
            board.listed_alerts((shelf, slot, walk.backwards), query.start_time, wanted)
        };
        self.walk(boards, walk, &mut read).await
    }

    /// Adds the events of some alerts that are wanted, in order, of which the first so many are kept. Returns how many
    /// there were.
    async fn add_wanted(
        &self,
        query: &EventQuery,
        boards: &mut [Board],
        alerts: &[Found],
        (to, most): (&mut Vec<Wanted>, usize),
    ) -> Result<usize, Failure> {
        let mut counted = 0;
        let ids: Vec<_> = alerts.iter().map(|found| (found.id.clone(), Some(found.board))).collect();
        for FoundAlert { channel_id, alert, .. } in self.folder.find_alerts(boards, &ids).await? {
            for kept in alert.events() {
                if let Some(place) = query.place_of(&alert, &kept) {
                    counted += 1;
                    let nth = to.partition_point(|(other, _)| if query.asc { *other < place } else { *other > place });
                    if nth < most {
                        to.insert(nth, (place, self.show_event(&alert, channel_id, &kept)));
                        to.truncate(most);
                    }
                }
            }
        }
        Ok(counted)
    }
}
