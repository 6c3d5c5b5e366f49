//! One entry of the history of deliveries: the latest attempt to tell a subscription of an event (Flashduty, Open API).
//!
//! Nothing says where an event stands in the logs, so they are searched from the newest segment on, and no further than
//! the latest attempt is certain.

use serde_json::Value;

use super::super::parameters::text;
use super::Call;
use super::history::{Shown, Source};
use crate::call::Failure;
use crate::delivery::log::Loaded;
use crate::delivery::segment::{Filter, Segment};
use crate::door::rfc3339;
use crate::error::{ApiError, Code};
use crate::keys;
use crate::ports::{Clock, Log, Outbound, Random, Store};

/// How long a call searches, milliseconds.
const SEARCH_MS: u64 = 10_000;
/// After so many segments the index pages that were loaded are let go: logs may be longer than memory.
const SEGMENTS: usize = 256;

impl<S: Store, P: Clock + Random + Log + Outbound> Call<'_, S, P> {
    /// The latest attempt to tell a subscription of an event (`/webhook/history/detail`).
    pub(super) async fn history_detail(&self) -> Result<Value, Failure> {
        let event_id = text(&self.parameters, "event_id")?.ok_or(ApiError::invalid("event_id", "is required"))?;
        let shown = self.latest(self.subscription()?.id, &event_id).await?;
        let mut item = self.item(&shown).await?;
        // What was sent may be a template of the subscription: only the event's own body has its title for certain.
        let body = self.own_body(&shown.told).await?;
        let body: Value = crate::json::from_slice(body.as_bytes()).unwrap_or_default();
        item["ref_title"] = body[shown.told.kind.name()]["title"].clone();
        Ok(item)
    }

    /// The latest attempt to tell a subscription of an event.
    async fn latest(&self, subscription: i64, event_id: &str) -> Result<Shown, Failure> {
        let until = self.ports.now().plus_millis(SEARCH_MS);
        let filter = Filter { subscription_id: Some(subscription), event_id: Some(event_id), ..Filter::default() };
        let (mut sources, queues) = self.sources(&filter).await?;
        let (mut span, mut latest) = (filter.span, None);
        let item = queues.iter().flat_map(|queue| &queue.items).find(|item| item.event_id == event_id);
        if let Some(item) = item
            && !item.segment.is_empty()
            && let Some(told) = self.delivering().segment(&item.segment).await?
        {
            span.from_ms = told.event(event_id).map_or(0, |told| told.event_time);
        }
        for read in 1.. {
            let Some((source, next)) = Source::newest(&mut sources) else { break };
            // Nothing that is not read yet is of an attempt later than this.
            if next.span.until_ms < span.from_ms {
                break;
            }
            if self.ports.now() > until && latest.is_none() {
                let reached = rfc3339::shown(next.span.until_ms);
                let problem = format!(
                    "was not told since {reached}; earlier attempts are found by /webhook/history/list with their time"
                );
                return Err(ApiError::invalid("event_id", &problem).into());
            }
            let key = keys::delivered(&source.owner, next.id);
            let segment = self.delivering().segment_with(&key, event_id).await?.unwrap_or_default();
            if let Some(found) = last(&segment, &filter) {
                span.from_ms = found.attempt.at_ms;
                let later = |known: &Shown| known.attempt.at_ms >= found.attempt.at_ms;
                latest = latest.filter(later).or(Some(found));
            } else if let Some(told) = segment.event(event_id) {
                // An attempt is never earlier than what it tells of.
                span.from_ms = span.from_ms.max(told.event_time);
            }
            source.before = next.first;
            self.step(source, span).await?;
            if read % SEGMENTS == 0 {
                sources.iter_mut().for_each(|source| source.loaded = Loaded::default());
            }
        }
        let unknown = || ApiError::new(Code::ResourceNotFound, "event_id: no attempt to deliver it is known");
        Ok(latest.ok_or_else(unknown)?)
    }
}

/// The last attempt of a segment that a filter takes.
fn last(segment: &Segment, filter: &Filter<'_>) -> Option<Shown> {
    let found = segment.matching(filter).max_by_key(|(_, attempt, _)| attempt.at_ms);
    found.map(|(_, attempt, told)| Shown::of(attempt, told))
}
