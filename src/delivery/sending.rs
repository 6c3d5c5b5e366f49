//! Sending events to one subscription: what it wants of them, several at a time, those of one incident or alert in
//! order.

use std::cell::Cell;

use futures_util::StreamExt;

use super::attempt::{Attempted, attempt};
use super::breaker::SUSPECT;
use super::line::{Line, Sent};
use super::retry::Verdict;
use super::segment::Told;
use super::wants::wants;
use crate::config::{Config, Subscription};
use crate::ports::{Clock, Outbound};

/// The most attempts of one subscription at the same time.
pub(super) const PARALLEL: usize = 8;

/// How many attempts failed in a row of what is sent together. `u32::MAX`: nobody answers.
struct Row(Cell<u32>);

impl Row {
    fn note(&self, tried: &Attempted) {
        let nobody = self.0.get() == u32::MAX || tried.answer.is_none();
        self.0.set(match tried.verdict {
            _ if nobody => u32::MAX,
            Verdict::Delivered => 0,
            _ => self.0.get() + 1,
        });
    }

    /// Whether what was not begun is better left.
    fn is_over(&self) -> bool {
        self.0.get() >= SUSPECT
    }
}

/// What is needed to send.
pub(super) struct Sending<'a, C, O> {
    pub clock: &'a C,
    pub outbound: &'a O,
    pub config: &'a Config,
}

impl<C: Clock, O: Outbound> Sending<'_, C, O> {
    /// Sends what a subscription wants of some events. What is not taken keeps what comes after it of the same incident
    /// from being sent; where nobody answers, so much fails in a row that the subscriber is suspect, or the line's time
    /// is over, everything that was not begun.
    pub async fn send<'e>(&self, line: &Line<'_>, events: impl Iterator<Item = &'e Told>) -> Vec<Sent<'e>> {
        let mut by_ref: Vec<(&str, Vec<&'e Told>)> = Vec::new();
        for told in events.filter(|told| wants(line.subscription, told)) {
            match by_ref.iter_mut().find(|(ref_id, _)| *ref_id == told.ref_id) {
                Some((_, events)) => events.push(told),
                None => by_ref.push((&told.ref_id, vec![told])),
            }
        }
        let row = Row(Cell::new(if line.probing { 0 } else { line.queue.breaker.failures() }));
        let sending = by_ref.into_iter().map(|(_, events)| self.send_in_order(line, events, &row));
        let sent: Vec<Vec<Sent<'e>>> = futures_util::stream::iter(sending).buffered(PARALLEL).collect().await;
        sent.into_iter().flatten().collect()
    }

    /// Sends the events of one incident, one after the other.
    async fn send_in_order<'e>(&self, line: &Line<'_>, events: Vec<&'e Told>, row: &Row) -> Vec<Sent<'e>> {
        let mut behind = events.first().is_some_and(|told| line.queue.holds(&told.ref_id));
        let mut all = Vec::new();
        for told in events {
            if behind || row.is_over() || self.clock.now() >= line.until {
                all.push(Sent { told, waited: None, tried: None, body: None });
                continue;
            }
            let (tried, body) = self.try_once(line.subscription, told).await;
            row.note(&tried);
            behind = !matches!(tried.verdict, Verdict::Delivered | Verdict::Refused { .. });
            all.push(Sent { told, waited: None, tried: Some(tried), body });
        }
        all
    }

    /// One attempt; and what was sent, where it was not the event's own body.
    pub async fn try_once(&self, subscription: &Subscription, told: &Told) -> (Attempted, Option<Vec<u8>>) {
        let details = &subscription.details;
        let template = details.template.as_ref();
        let body = template.map(|template| template.body(told.body.as_bytes(), &details.value_mapping));
        let bytes = body.as_deref().unwrap_or(told.body.as_bytes());
        (attempt(self.outbound, self.clock, self.config, subscription, &told.event_id, bytes).await, body)
    }
}
