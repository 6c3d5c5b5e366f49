//! Looking incidents up: several by their ids, one by its short name.

use serde_json::Value;

use super::listing::Page;
use super::parameters::object_ids;
use super::query::Query;
use super::{Call, List};
use crate::board::{Board, Incident};
use crate::call::Failure;
use crate::error::{ApiError, Code};
use crate::id::object_id_secs;
use crate::ports::{Clock, Random, Store};

impl<S: Store, P: Clock + Random> Call<'_, S, P> {
    /// `/incident/list-by-ids`: those of `incident_ids` that there are, in their order.
    pub(super) async fn incidents_by_id(&self) -> Result<Value, Failure> {
        let ids = object_ids(&self.parameters, "incident_ids")?;
        if ids.is_empty() {
            return Err(ApiError::invalid("incident_ids", "is required").into());
        }
        self.listed_by_id(&ids).await
    }

    /// A list of the incidents with these ids.
    pub(super) async fn listed_by_id(&self, ids: &[String]) -> Result<Value, Failure> {
        let mut items = Vec::new();
        for incident in self.incidents_with(ids).await? {
            items.push(self.show(&incident));
        }
        let total = items.len();
        Ok(super::json(List { items, total, has_next_page: false, search_after_ctx: String::new() }))
    }

    /// The incidents with these ids, in their order, as far as there are any.
    pub(super) async fn incidents_with(&self, ids: &[String]) -> Result<Vec<Incident>, Failure> {
        let boards = &mut self.folder.view(None).await?;
        let (mut found, mut left): (Vec<Option<Incident>>, _) = (Vec::new(), Vec::new());
        for id in ids {
            let mut here = None;
            // Also keeps texts that are no ids out of the store's keys.
            let known = object_id_secs(id).is_some();
            for board in boards.iter_mut().filter(|_| known) {
                let find = |board: &mut Board| {
                    let here = board.incident(id)?.cloned();
                    Ok((here.is_none() && board.closed_ref(id)?.is_some(), here))
                };
                let (has_left, incident) = self.pages.loading(self.folder.store, board, find).await?;
                if has_left {
                    left.push((found.len(), id.clone()));
                }
                here = here.or(incident);
            }
            found.push(here.filter(|incident| !incident.is_removed()));
        }
        let ids: Vec<String> = left.iter().map(|(_, id)| id.clone()).collect();
        let documents = self.folder.closed_incidents(&ids).await?;
        for ((nth, _), document) in left.iter().zip(documents) {
            if let Some(slot) = found.get_mut(*nth) {
                *slot = document.map(|document| document.incident);
            }
        }
        Ok(found.into_iter().flatten().collect())
    }

    /// The id of the latest incident with a short name, of the last 30 days.
    pub(super) async fn id_of(&self, num: &str) -> Result<String, Failure> {
        let query = Query::of_num(num, self.ports.now().secs())?;
        let mut boards = self.folder.view(None).await?;
        let Page { incidents, .. } = self.page_of(&query, &mut boards).await?;
        let unknown = || ApiError::new(Code::ResourceNotFound, "num: there is no such incident");
        Ok(incidents.into_iter().next().ok_or_else(unknown)?.incident_id)
    }
}
