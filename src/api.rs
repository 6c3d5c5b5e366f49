//! The api component's handler: the Open API.
//!
//! Who asks sees every push that was answered before: what the journal has beyond the boards is applied in memory.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::board::{Board, ClosedIncident, Incident, Progress};
use crate::config::Config;
use crate::delivery::IncidentView;
use crate::error::{ApiError, Code};
use crate::fold::{FoldError, Folder, PageCache};
use crate::http::{Answer, Request, answer};
use crate::id::object_id_secs;
use crate::ingest::{configured, request_id};
use crate::keys;
use crate::ports::{Clock, Log, Random, Store};
use crate::value;

/// A list covers at most this many seconds.
const LIST_SECS: u64 = 31 * 24 * 3600;
/// Items on a page: by default, and at most.
const LIMIT: u64 = 20;
const LIMIT_MAX: u64 = 100;
/// How deep a list can be paged into.
const DEPTH_MAX: u64 = 10_000;
/// Totals are counted up to this.
const TOTAL_MAX: usize = 1000;

/// What an instance of the component keeps between its requests.
#[derive(Default)]
pub struct Api {
    pages: PageCache,
}

/// A page of a list.
#[derive(Serialize)]
struct List {
    items: Vec<Value>,
    total: usize,
    has_next_page: bool,
    search_after_ctx: &'static str,
}

impl Api {
    /// Answers a request.
    pub async fn handle<S: Store, P: Clock + Random + Log>(
        &self,
        store: &S,
        ports: &P,
        config: Option<&Config>,
        request: &Request,
    ) -> Answer {
        let request_id = request_id(ports);
        let result = self.call(store, ports, config, request).await;
        let result = result.map_err(|failure| match failure {
            Failure::Refused(error) => error,
            Failure::Inside(error) => {
                ports.line(&format!("{} not answered request={request_id} {error}", request.path));
                ApiError::internal()
            }
        });
        answer(&request_id, result)
    }

    async fn call<S: Store, P: Clock + Random>(
        &self,
        store: &S,
        ports: &P,
        config: Option<&Config>,
        request: &Request,
    ) -> Result<Value, Failure> {
        let list = match request.path.as_str() {
            "/incident/list" => true,
            "/incident/info" => false,
            _ => return Err(ApiError::new(Code::RouteNotFound, "there is no such path").into()),
        };
        request.expect_method("POST")?;
        let config = configured(config)?;
        if !config.knows_app_key(&request.query_value("app_key").unwrap_or_default()) {
            return Err(ApiError::new(Code::Unauthorized, "app_key is missing or not a valid one").into());
        }
        let parameters = parameters(request)?;
        let folder = Folder { store, clock: ports, random: ports, pages: &self.pages, lease_ms: 0 };
        let shown = if list {
            let list = self.incident_list(&folder, config, &Query::read(&parameters)?).await?;
            serde_json::to_value(list)
        } else {
            let id = text(&parameters, "incident_id")?.ok_or(ApiError::invalid("incident_id", "is required"))?;
            return self.incident_info(&folder, config, &id).await;
        };
        Ok(shown.unwrap_or_default())
    }

    async fn incident_list<S: Store, C: Clock, R: Random>(
        &self,
        folder: &Folder<'_, S, C, R>,
        config: &Config,
        query: &Query,
    ) -> Result<List, Failure> {
        let channels = (!query.channel_ids.is_empty()).then_some(query.channel_ids.as_slice());
        let mut boards = folder.view(channels).await?;
        // Newest first; the id breaks ties, so that pages never overlap.
        let mut found: Vec<(u64, String, Option<Incident>)> = Vec::new();
        for board in &mut boards {
            let open = self.pages.loading(folder.store, board, |board| query.open(board)).await?;
            found.extend(open.into_iter().map(|i| (i.start_time, i.incident_id.clone(), Some(i))));
            if query.wants_progress(Progress::Closed) {
                let closed = self.pages.loading(folder.store, board, |board| query.closed(board)).await?;
                found.extend(closed.into_iter().map(|(start, id)| (start, id, None)));
            }
        }
        found.sort_by(|a, b| (b.0, &b.1).cmp(&(a.0, &a.1)));
        found.dedup_by(|a, b| a.1 == b.1);
        let (skip, limit) = (((query.page - 1) * query.limit) as usize, query.limit as usize);
        let (total, has_next_page) = (found.len().min(TOTAL_MAX), found.len() > skip + limit);
        let mut items = Vec::new();
        for (_, id, incident) in found.into_iter().skip(skip).take(limit) {
            let incident = match incident {
                Some(incident) => Some(incident),
                None => closed(folder.store, &id).await?,
            };
            // A closed one whose document is gone was deleted after the list was made.
            items.extend(incident.map(|i| show(&i, config)));
        }
        Ok(List { items, total, has_next_page, search_after_ctx: "" })
    }

    async fn incident_info<S: Store, C: Clock, R: Random>(
        &self,
        folder: &Folder<'_, S, C, R>,
        config: &Config,
        incident_id: &str,
    ) -> Result<Value, Failure> {
        let unknown = || ApiError::new(Code::ResourceNotFound, "incident_id: there is no such incident");
        // Also keeps texts that are no ids out of the store's keys.
        object_id_secs(incident_id).ok_or_else(unknown)?;
        // Boards first: a closed incident's document is written before its board drops it.
        for board in &mut folder.view(None).await? {
            let find = |board: &mut Board| board.incident(incident_id).map(Option::<&Incident>::cloned);
            if let Some(incident) = self.pages.loading(folder.store, board, find).await? {
                return Ok(show(&incident, config));
            }
        }
        let incident = closed(folder.store, incident_id).await?.ok_or_else(unknown)?;
        Ok(show(&incident, config))
    }
}

/// Why a call was not answered.
enum Failure {
    Refused(ApiError),
    Inside(FoldError),
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::Refused(error)
    }
}

impl<E: Into<FoldError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Inside(error.into())
    }
}

/// What `/incident/list` is asked for.
struct Query {
    start_time: u64,
    end_time: u64,
    progress: BTreeSet<String>,
    severity: BTreeSet<String>,
    channel_ids: Vec<i64>,
    page: u64,
    limit: u64,
}

impl Query {
    fn read(parameters: &Map<String, Value>) -> Result<Self, ApiError> {
        let required = |name| number(parameters, name)?.ok_or(ApiError::invalid(name, "is required (Unix seconds)"));
        let (start_time, end_time) = (required("start_time")?, required("end_time")?);
        if end_time < start_time || end_time - start_time > LIST_SECS {
            return Err(ApiError::invalid("end_time", "must lie after start_time, by at most 31 days"));
        }
        let page = number(parameters, "p")?.unwrap_or(1).max(1);
        let limit = number(parameters, "limit")?.filter(|limit| *limit > 0).unwrap_or(LIMIT);
        if limit > LIMIT_MAX {
            return Err(ApiError::invalid("limit", "must be at most 100"));
        }
        if page.saturating_mul(limit) > DEPTH_MAX {
            return Err(ApiError::invalid("p", "p times limit must be at most 10000"));
        }
        let channel_ids = match parameters.get("channel_ids") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(ids)) => {
                let id = |value: &Value| value.as_i64().ok_or(ApiError::invalid("channel_ids", "must be integers"));
                ids.iter().map(id).collect::<Result<_, _>>()?
            }
            Some(_) => return Err(ApiError::invalid("channel_ids", "must be an array")),
        };
        let progress = words(parameters, "progress", &["Triggered", "Processing", "Closed"])?;
        let severity = words(parameters, "incident_severity", &["Critical", "Warning", "Info"])?;
        Ok(Self { start_time, end_time, progress, severity, channel_ids, page, limit })
    }

    fn wants_progress(&self, progress: Progress) -> bool {
        self.progress.is_empty() || self.progress.contains(progress.name())
    }

    fn wants(&self, start_time: u64, severity: crate::intake::Severity) -> bool {
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

/// The body's parameters; clients send no body where there are none.
fn parameters(request: &Request) -> Result<Map<String, Value>, ApiError> {
    if request.bytes()?.is_empty() {
        return Ok(Map::new());
    }
    match request.json(false)? {
        Value::Object(parameters) => Ok(parameters),
        _ => Err(ApiError::invalid("body", "must be a JSON object")),
    }
}

fn text(parameters: &Map<String, Value>, name: &str) -> Result<Option<String>, ApiError> {
    match parameters.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(ApiError::invalid(name, "must be a text")),
    }
}

fn number(parameters: &Map<String, Value>, name: &str) -> Result<Option<u64>, ApiError> {
    match parameters.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_u64().map(Some).ok_or(ApiError::invalid(name, "must be a whole number, not negative")),
    }
}

/// A list of words with commas between them, each one of `known`.
fn words(parameters: &Map<String, Value>, name: &str, known: &[&str]) -> Result<BTreeSet<String>, ApiError> {
    let words = text(parameters, name)?.unwrap_or_default();
    let words: BTreeSet<String> =
        words.split(',').map(str::trim).filter(|w| !w.is_empty()).map(str::to_owned).collect();
    match words.iter().all(|word| known.contains(&word.as_str())) {
        true => Ok(words),
        false => Err(ApiError::invalid(name, &format!("must be of {}", known.join(", ")))),
    }
}

async fn closed(store: &impl Store, incident_id: &str) -> Result<Option<Incident>, FoldError> {
    let key = keys::incident(incident_id);
    let Some((bytes, _)) = value::get(store, &key).await? else {
        return Ok(None);
    };
    let document = ClosedIncident::decode(&bytes).map_err(|problem| FoldError::Unreadable { key, problem })?;
    Ok(Some(document.incident))
}

fn show(incident: &Incident, config: &Config) -> Value {
    // Plain data with text keys: turning it into JSON has no way to fail.
    serde_json::to_value(IncidentView::new(incident, config)).unwrap_or_default()
}
