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
/// Of so many alerts the events are looked at, at most.
const LOOKED_AT: usize = 2000;
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
        let (mut wanted, mut looked_at): (Vec<Wanted>, usize) = (Vec::new(), 0);
        for batch in alerts.chunks(BATCH) {
            // What is left can have none that comes before this second.
            let next = batch.first().map_or(0, |alert| alert.at);
            let certain = wanted.iter().filter(|(place, _)| if query.asc { place.at < next } else { place.at > next });
            if certain.count() > skip + limit {
                break;
            }
            if looked_at >= LOOKED_AT {
                let problem = "must be closer to start_time, or search_after_ctx be given instead of p: too many alerts \
                               had events in this window";
                return Err(ApiError::invalid("end_time", problem).into());
            }
            self.add_wanted(query, boards, batch, &mut wanted).await?;
            looked_at += batch.len();
        }
        // Each of the others has one at least, unless severities are asked for.
        let others = if query.by_severity() { 0 } else { alerts.len() - looked_at };
        let total = wanted.len().saturating_add(others).min(TOTAL_MAX);
        wanted.sort_unstable_by(|(a, _), (b, _)| if query.asc { a.cmp(b) } else { b.cmp(a) });
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

    /// Adds the events of some alerts that are wanted.
    async fn add_wanted(
        &self,
        query: &EventQuery,
        boards: &mut [Board],
        alerts: &[Found],
        to: &mut Vec<Wanted>,
    ) -> Result<(), Failure> {
        let ids: Vec<_> = alerts.iter().map(|found| (found.id.clone(), Some(found.board))).collect();
        for FoundAlert { channel_id, alert, .. } in self.folder.find_alerts(boards, &ids).await? {
            for kept in alert.events() {
                if let Some(place) = query.place_of(&alert, &kept) {
                    to.push((place, self.show_event(&alert, channel_id, &kept)));
                }
            }
        }
        Ok(())
    }
}
