//! Changes: what change events said.

use serde_json::{Value, json};

use crate::api::cursor::Cursor;
use crate::api::parameters::{Paging, ids, window};
use crate::api::{Call, List, TOTAL_MAX};
use crate::board::{Board, Change, NO_CHANNEL};
use crate::call::Failure;
use crate::id::object_id_secs;
use crate::ports::{Clock, Random, Store};

/// The list and its order, in cursors.
const LIST: &str = "changes";

impl<S: Store, P: Clock + Random> Call<'_, S, P> {
    /// `/change/list`: the changes whose first event came within a time window, newest first.
    pub(super) async fn change_list(&self) -> Result<Value, Failure> {
        let (start_time, end_time) = window(&self.parameters)?;
        let (paging, after) = Paging::read_after(&self.parameters, LIST)?;
        let integration_ids = ids(&self.parameters, "integration_ids")?;
        let mut changes: Vec<Change> = Vec::new();
        for board in &mut self.folder.view(Some(&[NO_CHANNEL])).await? {
            let find =
                |board: &mut Board| Ok(board.changes(start_time, end_time)?.into_iter().cloned().collect::<Vec<_>>());
            changes.extend(self.pages.loading(self.folder.store, board, find).await?);
        }
        changes.retain(|change| {
            let wanted = integration_ids.is_empty() || integration_ids.contains(&change.integration_id);
            wanted && object_id_secs(&change.change_id).is_some_and(|secs| (start_time..=end_time).contains(&secs))
        });
        // One board gives them in the order of their ids.
        changes.reverse();
        let before = after.map_or(0, |after| changes.partition_point(|change| change.change_id >= after.id));
        let (skip, limit) = (before + paging.skip(), paging.limit);
        let (total, has_next_page) = (changes.len().min(TOTAL_MAX), changes.len() > skip + limit);
        let shown: Vec<&Change> = changes.iter().skip(skip).take(limit).collect();
        let last = shown.last().filter(|_| has_next_page).map(|change| Cursor::of(&change.change_id).write(LIST));
        let items = shown.into_iter().map(|change| self.show_change(change)).collect();
        Ok(crate::api::json(List { items, total, has_next_page, search_after_ctx: last.unwrap_or_default() }))
    }

    fn show_change(&self, change: &Change) -> Value {
        let integration = self.config.integration(change.integration_id);
        let channel = integration.and_then(|i| i.channel_id).and_then(|id| self.config.channel(id));
        json!({
            "change_id": change.change_id,
            "change_key": change.event.change_key,
            "change_status": change.event.change_status,
            "title": change.event.title,
            "description": change.event.description,
            "link": change.event.link,
            "labels": change.event.labels,
            "channel_id": channel.map_or(0, |channel| channel.id),
            "channel_name": channel.map_or("", |channel| &channel.name),
            "integration_id": change.integration_id,
            "integration_name": integration.map_or("", |integration| &integration.name),
            "start_time": change.start_time,
            "last_time": change.last_time,
            "end_time": change.end_time,
            "event_cnt": change.event_cnt,
        })
    }
}
