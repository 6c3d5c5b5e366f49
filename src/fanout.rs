//! The fanout component's handler: folds the journal into boards and delivers what follows.
//!
//! `/wake` comes from the other components by service chaining and is a hint; `/tick` comes from any scheduler and
//! finds what a lost hint left behind, retries what is due, and deletes what nobody needs.

use std::cell::Cell;

use serde::Serialize;

use crate::config::Config;
use crate::delivery::{Courier, DeliveryReport};
use crate::error::{ApiError, Code};
use crate::fold::{FoldError, Folder, Ledger, PageCache};
use crate::http::{Answer, Request, answer};
use crate::ingest::{configured, request_id};
use crate::ports::{Clock, Log, Outbound, Random, Seen, Store};

/// How long a wake waits for more, as a multiple of what the last fold took, and at most, microseconds.
const PAUSE_FOLDS: u64 = 5;
const PAUSE_US: u64 = 250_000;
/// What a fold is taken to cost before the first one was measured, microseconds.
const FIRST_FOLD_US: u64 = 20_000;
/// How often a wake that waits for the fold before it looks again, microseconds.
const LOOK_US: u64 = 2_000;
/// How soon tick wants to be called again when nothing is known to be due, milliseconds.
const TICK_MS: u64 = 60_000;
/// And when it is known that there is more to do.
const TICK_SOON_MS: u64 = 1_000;

/// What an instance of the component keeps between its requests.
#[derive(Default)]
pub struct Fanout {
    pages: PageCache,
    /// Whether a wake waits that has not begun to read: it serves every push that was answered by now.
    waiting: Cell<bool>,
    folding: Cell<bool>,
    fold_us: Cell<Option<u64>>,
}

/// What is to be done after the answer: outboxes to be delivered, channel and token each.
pub type ToDeliver = Vec<(i64, u64)>;

/// What a wake did.
#[derive(Serialize)]
struct Woken {
    /// Whether it folded; if not, somebody else is about to.
    folded: bool,
    /// Streams that had new records.
    streams: usize,
    /// Alerts in them.
    alerts: usize,
}

/// What a tick did.
#[derive(Serialize)]
struct Ticked {
    /// Records that were waiting.
    records: usize,
    /// Webhooks that a subscriber took.
    delivered: usize,
    /// Webhooks that will be tried again.
    put_off: usize,
    /// Webhooks that were given up.
    given_up: usize,
    /// When it wants to be called next, milliseconds from now at the latest.
    next_ms: u64,
}

impl Fanout {
    /// Answers a request. What is returned with the answer is to be given to [`Fanout::deliver`] after it.
    pub async fn handle<S: Store, P: Clock + Random + Log + Outbound>(
        &self,
        store: &S,
        ports: &P,
        config: Option<&Config>,
        request: &Request,
    ) -> (Answer, ToDeliver) {
        let request_id = request_id(ports);
        let result = match request.path.as_str() {
            "/wake" => match self.wake(store, ports, config, request).await {
                Ok((woken, to_deliver)) => return (answer(&request_id, Ok(woken)), to_deliver),
                Err(error) => Err(error),
            },
            "/tick" => self.tick(store, ports, config, request, &request_id).await,
            _ => Err(ApiError::new(Code::RouteNotFound, "there is no such path")),
        };
        (answer(&request_id, result), ToDeliver::new())
    }

    async fn wake<S: Store, P: Clock + Random + Log>(
        &self,
        store: &S,
        ports: &P,
        config: Option<&Config>,
        request: &Request,
    ) -> Result<(Woken, ToDeliver), ApiError> {
        request.expect_method("POST")?;
        let config = configured(config)?;
        if self.waiting.replace(true) {
            return Ok((Woken { folded: false, streams: 0, alerts: 0 }, ToDeliver::new()));
        }
        if request.query_value("company").is_some() {
            let fold_us = self.fold_us.get().unwrap_or(FIRST_FOLD_US);
            ports.sleep_us((fold_us * PAUSE_FOLDS).min(PAUSE_US)).await;
        }
        while self.folding.get() {
            ports.sleep_us(LOOK_US).await;
        }
        self.waiting.set(false);
        self.folding.set(true);
        let begun = ports.now();
        let result = self.folder(store, ports, config).fold(false).await;
        self.fold_us.set(Some(ports.now().0.saturating_sub(begun.0)));
        self.folding.set(false);
        let folded = result.map_err(|error| self.failed(ports, "wake", &error))?;
        let Seen { streams, alerts } = folded.seen;
        Ok((Woken { folded: true, streams, alerts }, folded.to_deliver))
    }

    async fn tick<S: Store, P: Clock + Random + Log + Outbound>(
        &self,
        store: &S,
        ports: &P,
        config: Option<&Config>,
        request: &Request,
        request_id: &str,
    ) -> Result<Ticked, ApiError> {
        // Schedulers of hosted platforms can only GET.
        if request.method != "GET" {
            request.expect_method("POST")?;
        }
        let config = configured(config)?;
        let given = request.query_value("key").unwrap_or_default();
        if config.tick.key.as_ref().is_some_and(|key| !key.matches(&given)) {
            return Err(ApiError::new(Code::Unauthorized, "key is not a valid one"));
        }
        let failed = |error| self.failed(ports, &format!("tick request={request_id}"), &error);
        let folder = self.folder(store, ports, config);
        let folded = folder.fold(true).await.map_err(failed)?;
        let mut report = self.deliver(store, ports, config, folded.to_deliver).await;
        let courier = Courier { folder: &folder, outbound: ports, log: ports, config };
        let ledger = Ledger::read(store).await.map_err(failed)?;
        report.add(courier.retry(&ledger).await.map_err(failed)?);
        let retry_ms = report.next_at.map(|at| at.millis_since(ports.now()).max(TICK_SOON_MS));
        let next_ms = if folded.more { TICK_SOON_MS } else { retry_ms.unwrap_or(TICK_MS).min(TICK_MS) };
        let DeliveryReport { delivered, put_off, given_up, .. } = report;
        Ok(Ticked { records: folded.records, delivered, put_off, given_up, next_ms })
    }

    /// Delivers outboxes. What cannot be done now is left for tick.
    pub async fn deliver<S: Store, P: Clock + Random + Log + Outbound>(
        &self,
        store: &S,
        ports: &P,
        config: &Config,
        to_deliver: ToDeliver,
    ) -> DeliveryReport {
        let folder = self.folder(store, ports, config);
        let courier = Courier { folder: &folder, outbound: ports, log: ports, config };
        let work = to_deliver.into_iter().map(async |(channel, token)| match courier.deliver(channel, token).await {
            Ok(report) => report,
            Err(error) => {
                ports.line(&format!("delivery interrupted channel={channel} {error}"));
                DeliveryReport::default()
            }
        });
        let mut sum = DeliveryReport::default();
        futures_util::future::join_all(work).await.into_iter().for_each(|report| sum.add(report));
        sum
    }

    fn folder<'a, S, P>(&'a self, store: &'a S, ports: &'a P, config: &Config) -> Folder<'a, S, P, P> {
        // Long enough for the largest batch, eight attempts after each other, all timing out.
        let lease_ms = config.delivery.timeout_ms * 10 + 5_000;
        Folder { store, clock: ports, random: ports, pages: &self.pages, lease_ms }
    }

    fn failed(&self, log: &impl Log, what: &str, error: &FoldError) -> ApiError {
        log.line(&format!("{what} not done: {error}"));
        ApiError::internal()
    }
}
