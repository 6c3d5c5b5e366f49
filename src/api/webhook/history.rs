//! The history of deliveries: every attempt, newest event first, from the logs of channels and queues.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::parameters::{flag, number, text, texts};
use super::Call;
use crate::call::Failure;
use crate::delivery::Queue;
use crate::delivery::log::{Loaded, Log, Missing, Ref, Span};
use crate::delivery::segment::{Attempt, Filter, Status, Told};
use crate::door::rfc3339;
use crate::error::ApiError;
use crate::fold::{FoldError, Ledger, load_index};
use crate::keys;
use crate::ports::{Clock, Log as Lines, Outbound, Random, Store};

/// The most attempts of a page.
const LIMIT_MAX: u64 = 100;
/// The most segments that a call reads; a list goes on after them with the next page.
const SEGMENTS: usize = 512;

/// A log on its way from the newest segment to older ones.
pub(super) struct Source {
    pub owner: String,
    log: Log,
    pub loaded: Loaded,
    /// Which segments are left: those before this one.
    pub before: u64,
    /// The next segment to be read.
    next: Option<Ref>,
}

/// An attempt as it is shown, and where it comes in the list.
pub(super) struct Shown {
    place: Place,
    pub attempt: Attempt,
    pub told: Told,
}

/// Where an attempt comes in a list: by the time of its event, its own time, the subscription, the event.
type Place = (u64, u64, i64, String);

impl Source {
    /// The one with the newest segment of those that are not read yet, and that segment.
    pub fn newest(sources: &mut [Self]) -> Option<(&mut Self, Ref)> {
        let newest = sources.iter_mut().filter_map(|source| source.next.map(|next| (source, next)));
        newest.max_by_key(|(_, next)| next.span.until_ms)
    }
}

impl Shown {
    /// An attempt to tell of an event.
    pub fn of(attempt: &Attempt, told: &Told) -> Self {
        Self { place: place(attempt, told), attempt: attempt.clone(), told: told.clone() }
    }
}

fn place(attempt: &Attempt, told: &Told) -> Place {
    (told.event_time, attempt.at_ms, attempt.subscription_id, told.event_id.clone())
}

impl<S: Store, P: Clock + Random + Lines + Outbound> Call<'_, S, P> {
    /// A page of attempts (`/webhook/history/list`).
    pub(super) async fn history_list(&self) -> Result<Value, Failure> {
        let given = &self.parameters;
        let required = |name, problem| number(given, name)?.ok_or(ApiError::invalid(name, problem));
        let limit = required("limit", "is required (1 to 100)")?;
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(ApiError::invalid("limit", "must be 1 to 100").into());
        }
        let from_ms = required("start_time", "is required (Unix milliseconds)")?;
        let until_ms = required("end_time", "is required (Unix milliseconds)")?;
        if until_ms < from_ms {
            return Err(ApiError::invalid("end_time", "must not lie before start_time").into());
        }
        let integration_id = match given.get("integration_id") {
            None | Some(Value::Null) => None,
            Some(id) => Some(id.as_i64().ok_or(ApiError::invalid("integration_id", "must be an integer"))?),
        };
        let status = match text(given, "status")?.as_deref() {
            None | Some("") => None,
            Some("success") => Some(Status::Success),
            Some("failed") => Some(Status::Failed),
            Some(_) => return Err(ApiError::invalid("status", "must be success or failed").into()),
        };
        if text(given, "orderby")?.is_some_and(|order| !matches!(order.as_str(), "" | "event_time")) {
            return Err(ApiError::invalid("orderby", "must be event_time").into());
        }
        if flag(given, "asc")? == Some(true) {
            return Err(ApiError::invalid("asc", "must be false: the newest come first").into());
        }
        let after = text(given, "search_after_ctx")?.filter(|context| !context.is_empty());
        let after = after.map(|context| parse_place(&context)).transpose()?;
        let event_types = texts(given, "event_types")?;
        let ref_id = text(given, "ref_id")?.filter(|id| !id.is_empty());
        let filter = Filter {
            subscription_id: integration_id,
            event_id: None,
            event_types: &event_types,
            ref_id: ref_id.as_deref(),
            status,
            span: Span { from_ms, until_ms: after.as_ref().map_or(until_ms, |(time, ..)| until_ms.min(*time)) },
        };
        let limit = usize::try_from(limit).unwrap_or_default();
        let (found, more) = self.newest(&filter, after.as_ref(), limit).await?;
        let last = found.last().map(|last| last.place.clone());
        let context = more.and_then(|reached| last.or(reached)).map_or_else(String::new, |place| shown_place(&place));
        let mut items = Vec::new();
        for shown in &found {
            items.push(self.item(shown).await?);
        }
        Ok(json!({"total": items.len(), "items": items, "search_after_ctx": context}))
    }

    /// The newest attempts that a filter takes, after a place; and whether there may be more, then with the place up to
    /// which all was looked through, if that is not where the last one is.
    async fn newest(
        &self,
        filter: &Filter<'_>,
        after: Option<&Place>,
        limit: usize,
    ) -> Result<(Vec<Shown>, Option<Option<Place>>), Failure> {
        let (mut sources, _) = self.sources(filter).await?;
        let mut found: BTreeMap<std::cmp::Reverse<Place>, Shown> = BTreeMap::new();
        let mut read = 0;
        while let Some((source, next)) = Source::newest(&mut sources) {
            // Of what is not read yet, nothing is of an event later than this.
            let sure = found.keys().filter(|place| place.0.0 > next.span.until_ms).count();
            if sure > limit || read >= SEGMENTS {
                break;
            }
            read += 1;
            let key = keys::delivered(&source.owner, next.id);
            if let Some(segment) = self.delivering().segment(&key).await? {
                for (_, attempt, told) in segment.matching(filter) {
                    let place = place(attempt, told);
                    if after.is_none_or(|after| place < *after) {
                        found.insert(std::cmp::Reverse(place), Shown::of(attempt, told));
                        if found.len() > limit + 1 {
                            found.pop_last();
                        }
                    }
                }
            }
            source.before = next.first;
            self.step(source, filter.span).await?;
        }
        let unread = sources.iter().filter_map(|source| source.next.map(|next| next.span.until_ms)).max();
        let more = found.len() > limit || unread.is_some();
        // What is of a later event than anything unread is where it belongs in the list; the rest may have to wait.
        let sure = |shown: &Shown| unread.is_none_or(|unread| shown.place.0 > unread);
        let found: Vec<Shown> = found.into_values().take(limit).take_while(sure).collect();
        let reached = unread.map(|unread| (unread.saturating_add(1), 0, 0, String::new()));
        Ok((found, more.then_some(reached)))
    }

    /// The logs in which there may be something, and the queues that some of them are of.
    pub(super) async fn sources(&self, filter: &Filter<'_>) -> Result<(Vec<Source>, Vec<Queue>), Failure> {
        let ledger = Ledger::read(self.folder.store).await?;
        let mut logs = Vec::new();
        for board in self.folder.stored_boards(&ledger).await? {
            logs.push((keys::board_name(board.head.channel_id), board.told().clone()));
        }
        let mut subscriptions = Vec::new();
        for subscription in &self.config.subscriptions {
            if filter.subscription_id.is_none_or(|id| id == subscription.id) {
                subscriptions.push(subscription);
            }
        }
        let queues = self.delivering().read_queues(&ledger, &subscriptions).await?;
        for (subscription, queue) in subscriptions.into_iter().zip(&queues) {
            logs.push((keys::queue_name(subscription.id), queue.log.clone()));
        }
        let mut sources = Vec::new();
        for (owner, log) in logs {
            let before = log.next_seq();
            let mut source = Source { owner, log, loaded: Loaded::default(), before, next: None };
            self.step(&mut source, filter.span).await?;
            sources.push(source);
        }
        Ok((sources, queues))
    }

    pub(super) async fn step(&self, source: &mut Source, span: Span) -> Result<(), FoldError> {
        loop {
            match source.log.find_before(&source.loaded, source.before, span) {
                Ok(next) => {
                    source.next = next;
                    return Ok(());
                }
                Err(Missing(id)) => load_index(self.folder.store, &source.owner, id, &mut source.loaded).await?,
            }
        }
    }

    /// An attempt as the protocol shows it.
    pub(super) async fn item(&self, shown: &Shown) -> Result<Value, Failure> {
        let Shown { attempt, told, .. } = shown;
        let body = match &attempt.request_body {
            Some(body) => body.clone(),
            None => self.own_body(told).await?,
        };
        Ok(json!({
            "integration_id": attempt.subscription_id,
            "event_id": told.event_id,
            "webhook_type": told.kind.name(),
            "event_type": told.event_type,
            "channel_id": told.channel_id,
            "ref_id": told.ref_id,
            "endpoint": attempt.endpoint,
            "attempt": attempt.attempt,
            "duration": attempt.duration_ms,
            "status": attempt.status.name(),
            "status_code": attempt.status_code,
            "error_message": attempt.error,
            "request_headers": self.request_headers(attempt, told),
            "request_body": body,
            "response_headers": attempt.response_headers,
            "response_body": attempt.response_body,
            "event_time": rfc3339::shown(told.event_time),
        }))
    }

    /// The default payload of an event; empty where it has expired.
    pub(super) async fn own_body(&self, told: &Told) -> Result<String, Failure> {
        if told.stands_in.is_empty() {
            return Ok(told.body.clone());
        }
        let segment = self.delivering().segment(&told.stands_in).await?;
        Ok(segment.and_then(|segment| Some(segment.event(&told.event_id)?.body.clone())).unwrap_or_default())
    }

    /// What was sent beside the body. They follow from the event and the time; secrets are hidden.
    fn request_headers(&self, attempt: &Attempt, told: &Told) -> String {
        let mut shown = format!(
            "content-type: application/json\nwebhook-id: {}\nwebhook-timestamp: {}\nwebhook-signature: ***\n",
            told.event_id,
            attempt.at_ms / 1000
        );
        let subscription = self.config.subscriptions.iter().find(|s| s.id == attempt.subscription_id);
        for (name, _) in subscription.iter().flat_map(|subscription| &subscription.details.headers) {
            shown.extend([name, ": ***\n"]);
        }
        shown
    }
}

fn shown_place((event_time, at_ms, subscription, event_id): &Place) -> String {
    format!("{event_time}.{at_ms}.{subscription}.{event_id}")
}

fn parse_place(context: &str) -> Result<Place, ApiError> {
    let wrong = || ApiError::invalid("search_after_ctx", "is none that a list returned");
    let mut parts = context.splitn(4, '.');
    let mut next = || parts.next().ok_or_else(wrong);
    let (event_time, at_ms, subscription, event_id) = (next()?, next()?, next()?, next()?);
    let number = |text: &str| text.parse::<u64>().map_err(|_| wrong());
    let subscription = subscription.parse::<i64>().map_err(|_| wrong())?;
    Ok((number(event_time)?, number(at_ms)?, subscription, event_id.to_owned()))
}
