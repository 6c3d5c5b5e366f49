//! Incidents: the list, one, and what happened to it.

use serde_json::{Map, Value, json};

use super::listing::Page;
use super::parameters::{Paging, flag, object_ids, text, texts};
use super::query::Query;
use super::{Call, List};
use crate::board::{Board, ClosedIncident, FeedItem, Incident};
use crate::call::Failure;
use crate::delivery::IncidentInfo;
use crate::error::{ApiError, Code};
use crate::id::object_id_secs;
use crate::ports::{Clock, Random, Store};

/// Which entries of a timeline are asked for.
pub(super) struct FeedPage {
    paging: Paging,
    types: Vec<String>,
    asc: bool,
}

impl FeedPage {
    /// Reads it.
    pub fn read(parameters: &Map<String, Value>) -> Result<Self, ApiError> {
        let types = texts(parameters, "types")?;
        let asc = flag(parameters, "asc")? == Some(true);
        Ok(Self { paging: Paging::read(parameters)?, types, asc })
    }

    /// The answer, of all entries, the oldest first.
    pub fn of(&self, mut items: Vec<Value>) -> Value {
        items.retain(|item| self.types.is_empty() || self.types.iter().any(|wanted| item["type"] == *wanted));
        if !self.asc {
            items.reverse();
        }
        let skip = self.paging.skip();
        let has_next_page = items.len() > skip + self.paging.limit;
        let items: Vec<_> = items.into_iter().skip(skip).take(self.paging.limit).collect();
        json!({"items": items, "has_next_page": has_next_page})
    }
}

impl<S: Store, P: Clock + Random> Call<'_, S, P> {
    /// `/incident/list`.
    pub(super) async fn incident_list(&self) -> Result<Value, Failure> {
        let ids = object_ids(&self.parameters, "incident_ids")?;
        if !ids.is_empty() {
            return self.listed_by_id(&ids).await;
        }
        let query = &Query::read(&self.parameters, self.ports.now().secs())?;
        let channels = query.channels();
        let mut boards = self.folder.view(channels).await?;
        let Page { incidents, total, has_next_page, next } = self.page_of(query, &mut boards).await?;
        let items = incidents.iter().map(|incident| self.show(incident)).collect();
        Ok(super::json(List { items, total, has_next_page, search_after_ctx: next }))
    }

    /// `/incident/info`.
    pub(super) async fn incident_info(&self) -> Result<Value, Failure> {
        let document = self.find_incident().await?;
        Ok(self.show(&document.incident))
    }

    /// `/incident/feed`: what happened to an incident, as far as it is kept.
    pub(super) async fn incident_feed(&self) -> Result<Value, Failure> {
        let page = FeedPage::read(&self.parameters)?;
        Ok(page.of(feed(&self.find_incident().await?, self.config.account.id)))
    }

    /// The incident that the call names, with its alerts; open ones from the boards, closed ones from their documents.
    pub(super) async fn find_incident(&self) -> Result<ClosedIncident, Failure> {
        self.incident_with(&self.incident_id().await?).await
    }

    /// The id of the incident that the call names.
    pub(super) async fn incident_id(&self) -> Result<String, Failure> {
        Ok(match (text(&self.parameters, "incident_id")?, text(&self.parameters, "num")?) {
            (id, Some(num)) if id.as_ref().is_none_or(String::is_empty) => self.id_of(&num).await?,
            (Some(id), _) => id,
            (None, _) => return Err(ApiError::invalid("incident_id", "is required").into()),
        })
    }

    /// The incident with an id, with its alerts and timeline, wherever it is.
    pub(super) async fn incident_with(&self, id: &str) -> Result<ClosedIncident, Failure> {
        self.incident_and_events(id, false).await
    }

    /// The same; `events`: its alerts hold their earlier events.
    pub(super) async fn incident_and_events(&self, id: &str, events: bool) -> Result<ClosedIncident, Failure> {
        let unknown = || ApiError::new(Code::ResourceNotFound, "incident_id: there is no such incident");
        // Also keeps texts that are no ids out of the store's keys.
        object_id_secs(id).ok_or_else(unknown)?;
        // Boards first: a closed incident's document is written before its board drops it.
        let boards = &mut self.folder.view(None).await?;
        for board in boards.iter_mut() {
            let find = |board: &mut Board| {
                let mut document = board.with_alerts(id)?;
                if let Some(document) = document.as_mut().filter(|_| events) {
                    board.add_events(&mut document.alerts)?;
                }
                Ok(document)
            };
            if let Some(document) = self.pages.loading(self.folder.store, board, find).await? {
                // One that was removed is only still there because subscribers are to be told, or because it has not left.
                return if document.incident.is_removed() { Err(unknown().into()) } else { Ok(document) };
            }
        }
        let document = self.folder.closed_incident(id).await?.ok_or_else(unknown)?;
        // One that was let go may still be stored.
        for board in boards.iter_mut().filter(|board| board.head.channel_id == document.incident.channel_id) {
            let find = |board: &mut Board| board.closed_ref(id).map(|reference| reference.is_some());
            if self.pages.loading(self.folder.store, board, find).await? {
                return Ok(document);
            }
        }
        Err(unknown().into())
    }

    pub(super) fn show(&self, incident: &Incident) -> Value {
        super::json(IncidentInfo::new(incident, self.config))
    }
}

/// The timeline of an incident, oldest first.
fn feed(document: &ClosedIncident, account_id: i64) -> Vec<Value> {
    let ClosedIncident { incident, feed, .. } = document;
    let show = |item: &FeedItem| {
        json!({"ref_id": incident.incident_id, "type": item.kind, "detail": item.detail, "account_id": account_id,
            "creator_id": item.person_id, "created_at": item.at_ms, "updated_at": item.at_ms})
    };
    let mut items = vec![show(&FeedItem::first(incident, feed))];
    items.extend(feed.iter().map(show));
    items
}
