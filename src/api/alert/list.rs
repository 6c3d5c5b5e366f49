//! Lists of alerts, newest or oldest first: pages of all boards are read in the order of time, and no further than needed
//! for what is shown and for the total. Those that have left are found by their references; the documents of what is shown
//! are read in one call.

use serde_json::Value;

use super::query::AlertQuery;
use crate::api::cursor::Cursor;
use crate::api::parameters::object_ids;
use crate::api::walk::{Found, Walk};
use crate::api::{Call, List, TOTAL_MAX};
use crate::board::{Board, Shelf};
use crate::call::Failure;
use crate::error::ApiError;
use crate::fold::FoundAlert;
use crate::id::object_id_secs;
use crate::ports::{Clock, Random, Store};
use crate::sorted::add;

impl<S: Store, P: Clock + Random> Call<'_, S, P> {
    /// `/alert/list`.
    pub(super) async fn alert_list(&self) -> Result<Value, Failure> {
        let query = &AlertQuery::read(&self.parameters)?;
        let boards = &mut self.folder.view(query.channels()).await?;
        let (skip, limit) = (query.paging.skip(), query.paging.limit);
        let enough = if query.after.is_some() { limit + 1 } else { TOTAL_MAX.max(skip + limit + 1) };
        let found = match query.alert_ids.as_slice() {
            [] => self.alerts_found(query, boards, enough).await?,
            ids => self.alerts_named(query, boards, ids).await?,
        };
        let counted = found.len().min(TOTAL_MAX);
        let total = query.after.as_ref().map_or(counted, |after| after.nth as usize);
        let has_next_page = found.len() > skip + limit;
        let shown: Vec<Found> = found.into_iter().skip(skip).take(limit).collect();
        let last = shown.last().filter(|_| has_next_page);
        let next = last.map(|last| Cursor { at: last.at, id: last.id.clone(), nth: total as u64 }.write(query.list()));
        let ids: Vec<_> = shown.into_iter().map(|found| (found.id, Some(found.board))).collect();
        let mut items = Vec::new();
        for FoundAlert { channel_id, alert, incident } in self.folder.find_alerts(boards, &ids).await? {
            // Two keys may have the same hash, and of one that left in an earlier version nothing else was known.
            if query.matches(&alert) {
                items.push(self.show_alert(&alert, channel_id, incident.as_ref()));
            }
        }
        Ok(crate::api::json(List { items, total, has_next_page, search_after_ctx: next.unwrap_or_default() }))
    }

    /// `/alert/list-by-ids`: those of `alert_ids` that there are, in their order.
    pub(super) async fn alerts_by_id(&self) -> Result<Value, Failure> {
        let ids = object_ids(&self.parameters, "alert_ids")?;
        if ids.is_empty() {
            return Err(ApiError::invalid("alert_ids", "is required").into());
        }
        let boards = &mut self.folder.view(None).await?;
        let ids: Vec<_> = ids.into_iter().map(|id| (id, None)).collect();
        let mut items = Vec::new();
        for FoundAlert { channel_id, alert, incident } in self.folder.find_alerts(boards, &ids).await? {
            items.push(self.show_alert(&alert, channel_id, incident.as_ref()));
        }
        let total = items.len();
        Ok(crate::api::json(List { items, total, has_next_page: false, search_after_ctx: String::new() }))
    }

    /// The alerts that a query wants, in its order: at least so many, if there are.
    async fn alerts_found(
        &self,
        query: &AlertQuery,
        boards: &mut [Board],
        enough: usize,
    ) -> Result<Vec<Found>, Failure> {
        let mut walk = Walk {
            from: query.start_time,
            to: query.end_time,
            backwards: !query.asc,
            closed: query.wants_left(),
            // In the order of updates, whatever began in the window may be next.
            enough: if query.by_update { usize::MAX } else { enough },
        };
        if let Some(began) = query.after.as_ref().filter(|_| !query.by_update).and_then(|a| object_id_secs(&a.id)) {
            (walk.from, walk.to) = if query.asc { (began, walk.to) } else { (walk.from, began) };
        }
        let mut read = |board: &Board, shelf: Shelf, slot: u64| {
            board.listed_alerts((shelf, slot, walk.backwards), query.heard_since(), &mut |id, listed| {
                query.place(id, listed)
            })
        };
        self.walk(boards, walk, &mut read).await
    }

    /// The same of those with these ids.
    async fn alerts_named(
        &self,
        query: &AlertQuery,
        boards: &mut [Board],
        ids: &[String],
    ) -> Result<Vec<Found>, Failure> {
        let mut found = Vec::new();
        for id in ids.iter().filter(|id| object_id_secs(id).is_some()) {
            for (nth, board) in boards.iter_mut().enumerate() {
                let read = |board: &mut Board| board.listed_alert(id, &mut |id, listed| query.place(id, listed));
                if let Some(at) = self.pages.loading(self.folder.store, board, read).await? {
                    add(&mut found, Found { at, id: id.clone(), board: nth, closed: false });
                }
            }
        }
        if !query.asc {
            found.reverse();
        }
        Ok(found)
    }
}
