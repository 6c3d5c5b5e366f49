//! Incidents: the list, one, and what happened to it.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::parameters::{Paging, ids, text, window, words};
use super::{Call, Failure, List, TOTAL_MAX};
use crate::board::{Board, ClosedIncident, FeedItem, Incident, Progress};
use crate::delivery::IncidentInfo;
use crate::error::{ApiError, Code};
use crate::id::object_id_secs;
use crate::intake::Severity;
use crate::ports::{Clock, Random, Store};

impl<S: Store, P: Clock + Random> Call<'_, S, P> {
    /// `/incident/list`.
    pub(super) async fn incident_list(&self) -> Result<Value, Failure> {
        let query = &Query::read(self.parameters)?;
        let channels = (!query.channel_ids.is_empty()).then_some(query.channel_ids.as_slice());
        let mut boards = self.folder.view(channels).await?;
        // Newest first; the id breaks ties, so that pages never overlap.
        let mut found: Vec<(u64, String, Option<Incident>)> = Vec::new();
        for board in &mut boards {
            let open = self.pages.loading(self.folder.store, board, |board| query.open(board)).await?;
            found.extend(open.into_iter().map(|i| (i.start_time, i.incident_id.clone(), Some(i))));
            if query.wants_progress(Progress::Closed) {
                let closed = self.pages.loading(self.folder.store, board, |board| query.closed(board)).await?;
                found.extend(closed.into_iter().map(|(start, id)| (start, id, None)));
            }
        }
        found.sort_by(|a, b| (b.0, &b.1).cmp(&(a.0, &a.1)));
        found.dedup_by(|a, b| a.1 == b.1);
        let (skip, limit) = (query.paging.skip(), query.paging.limit);
        let (total, has_next_page) = (found.len().min(TOTAL_MAX), found.len() > skip + limit);
        let mut items = Vec::new();
        for (_, id, incident) in found.into_iter().skip(skip).take(limit) {
            let incident = match incident {
                Some(incident) => Some(incident),
                None => self.folder.closed_incident(&id).await?.map(|document| document.incident),
            };
            // A closed one whose document is gone was deleted after the list was made.
            items.extend(incident.map(|i| self.show(&i)));
        }
        Ok(super::json(List { items, total, has_next_page, search_after_ctx: "" }))
    }

    /// `/incident/info`.
    pub(super) async fn incident_info(&self) -> Result<Value, Failure> {
        let document = self.find_incident().await?;
        Ok(self.show(&document.incident))
    }

    /// `/incident/feed`: what happened to an incident, as far as it is kept.
    pub(super) async fn incident_feed(&self) -> Result<Value, Failure> {
        let paging = Paging::read(self.parameters)?;
        let types = match self.parameters.get("types") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).collect(),
            Some(_) => return Err(ApiError::invalid("types", "must be an array").into()),
        };
        let mut items = feed(&self.find_incident().await?, self.config.account.id);
        items.retain(|item| types.is_empty() || types.iter().any(|wanted| item["type"] == *wanted));
        if self.parameters.get("asc") != Some(&Value::Bool(true)) {
            items.reverse();
        }
        let has_next_page = items.len() > paging.skip() + paging.limit;
        let items: Vec<_> = items.into_iter().skip(paging.skip()).take(paging.limit).collect();
        Ok(json!({"items": items, "has_next_page": has_next_page}))
    }

    /// The incident that the call names, with its alerts; open ones from the boards, closed ones from their documents.
    pub(super) async fn find_incident(&self) -> Result<ClosedIncident, Failure> {
        let id = text(self.parameters, "incident_id")?.ok_or(ApiError::invalid("incident_id", "is required"))?;
        self.incident_with(&id).await
    }

    /// The incident with an id, with its alerts and timeline, wherever it is.
    pub(super) async fn incident_with(&self, id: &str) -> Result<ClosedIncident, Failure> {
        let unknown = || ApiError::new(Code::ResourceNotFound, "incident_id: there is no such incident");
        // Also keeps texts that are no ids out of the store's keys.
        object_id_secs(id).ok_or_else(unknown)?;
        // Boards first: a closed incident's document is written before its board drops it.
        for board in &mut self.folder.view(None).await? {
            let find = |board: &mut Board| board.with_alerts(id);
            if let Some(document) = self.pages.loading(self.folder.store, board, find).await? {
                return Ok(document);
            }
        }
        Ok(self.folder.closed_incident(id).await?.ok_or_else(unknown)?)
    }

    fn show(&self, incident: &Incident) -> Value {
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

/// What `/incident/list` is asked for.
struct Query {
    start_time: u64,
    end_time: u64,
    progress: BTreeSet<String>,
    severity: BTreeSet<String>,
    channel_ids: Vec<i64>,
    paging: Paging,
}

impl Query {
    fn read(parameters: &Map<String, Value>) -> Result<Self, ApiError> {
        let (start_time, end_time) = window(parameters)?;
        let paging = Paging::read(parameters)?;
        let channel_ids = ids(parameters, "channel_ids")?;
        let progress = words(parameters, "progress", &["Triggered", "Processing", "Closed"])?;
        let severity = words(parameters, "incident_severity", &["Critical", "Warning", "Info"])?;
        Ok(Self { start_time, end_time, progress, severity, channel_ids, paging })
    }

    fn wants_progress(&self, progress: Progress) -> bool {
        self.progress.is_empty() || self.progress.contains(progress.name())
    }

    fn wants(&self, start_time: u64, severity: Severity) -> bool {
        let time = (self.start_time..=self.end_time).contains(&start_time);
        time && (self.severity.is_empty() || self.severity.contains(severity.name()))
    }

    fn open(&self, board: &Board) -> Result<Vec<Incident>, crate::board::Missing> {
        let wanted = |i: &&Incident| self.wants_progress(i.progress) && self.wants(i.start_time, i.incident_severity);
        Ok(board.incidents()?.into_iter().filter(wanted).cloned().collect())
    }

    fn closed(&self, board: &Board) -> Result<Vec<(u64, String)>, crate::board::Missing> {
        let closed = board.closed_between(self.start_time, self.end_time)?.into_iter();
        Ok(closed
            .filter(|c| self.wants(c.start_time, c.incident_severity))
            .map(|c| (c.start_time, c.incident_id.clone()))
            .collect())
    }
}
