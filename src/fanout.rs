//! The fanout component's handler: folds the journal into boards and has delivered what follows.
//!
//! `/wake` comes from the other components by service chaining and is a hint; `/tick` comes from any scheduler and
//! finds what a lost hint left behind, has retried what is due, and deletes what nobody needs. Both only fold; for
//! delivery they call the courier, which is a component of its own: a store call blocks its whole instance, and no
//! attempt shall wait for a fold.

use std::cell::{Cell, RefCell};

use futures_util::future::join_all;
use serde::Serialize;

use crate::board::Turn;
use crate::config::Config;
use crate::delivery::{DeliveryReport, SEND_MS};
use crate::error::{ApiError, Code};
use crate::fold::{Deliver, FoldError, Folded, Folder, Ledger, PAUSE_FOLDS, PAUSE_MS, PageCache, ToDeliver, Turns};
use crate::http::{Answer, Request, answer};
use crate::ingest::{configured, request_id};
use crate::keys;
use crate::ports::{Clock, Log, Pace, Random, Relay, Seen, Store};
use crate::sorted::SortedMap;
use crate::time::Timestamp;

/// How long a wake waits for more at most, microseconds.
const PAUSE_US: u64 = PAUSE_MS * 1000;
/// What a fold is taken to cost before the first one was measured, microseconds.
const FIRST_FOLD_US: u64 = 20_000;
/// The most parts of a long journal that a wake folds.
const PARTS: usize = 16;
/// How often a wake that waits for the fold before it looks again, microseconds.
const LOOK_US: u64 = 2_000;
/// How long it may take to note what was delivered, milliseconds.
const NOTE_MS: u64 = 9_000;
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
    /// What the folds of this instance saw last of each integration: for wakes that do not fold.
    paces: RefCell<SortedMap<i64, Pace>>,
    /// How many streams had new records in the last fold of this instance, or of the one whose turn it was.
    streams: Cell<usize>,
    turns: Turns,
    /// Whether [`Fanout::go_on`] is under way or about to be, and whether a wake came since it last began to read.
    going_on: Cell<bool>,
    woken: Cell<bool>,
}

/// What is to be done after the answer.
#[derive(Default)]
pub struct After {
    /// To be given to [`relay`].
    pub to_deliver: ToDeliver,
    /// Where there is one, [`Fanout::go_on`] is to be called with it.
    pub go_on: Option<GoOn>,
}

/// Why a wake is not all that is to be done.
#[derive(Clone, Copy, Debug)]
pub enum GoOn {
    /// This instance has the turn to fold, and more is coming.
    Leads,
    /// It is the turn of another; this instance sees to it that what woke it gets folded.
    Waits(Turn),
}

/// What a wake did.
#[derive(Serialize)]
struct Woken {
    /// What the fold saw; absent if it did not fold, because somebody else is about to.
    seen: Option<Seen>,
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
    /// Whether the configuration is needed to answer a request. A wake of an instance that folds anyhow reads nothing: it
    /// would have the host start one instance after the other.
    pub fn needs_config(&self, request: &Request) -> bool {
        request.path != "/wake" || !self.going_on.get()
    }

    /// Answers a request, and says what is to be done after the answer.
    pub async fn handle<S, P>(
        &self,
        store: &S,
        ports: &P,
        config: Option<&Config>,
        request: &Request,
    ) -> (Answer, After)
    where
        S: Store,
        P: Clock + Random + Log + Relay,
    {
        let request_id = request_id(ports);
        let call = Call { fanout: self, store, ports, request, request_id: &request_id };
        match request.path.as_str() {
            "/wake" => match call.wake(config).await {
                Ok((woken, after)) => (answer(&request_id, Ok(woken)), after),
                Err(error) => (answer::<()>(&request_id, Err(error)), After::default()),
            },
            "/tick" => (answer(&request_id, call.tick(config).await), After::default()),
            _ => {
                let error = ApiError::new(Code::RouteNotFound, "there is no such path");
                (answer::<()>(&request_id, Err(error)), After::default())
            }
        }
    }

    /// What follows a wake where many are woken. Who has the turn folds again and again, until nothing more came. Who
    /// waits looks again when the turn of the other is over; it has nothing to do if that one has stored a
    /// fold that began after it first looked. `deliver` is called with what is to be relayed.
    pub async fn go_on<S, P>(
        &self,
        store: &S,
        ports: &P,
        config: Option<&Config>,
        mut go_on: GoOn,
        deliver: impl Fn(ToDeliver),
    ) where
        S: Store,
        P: Clock + Random + Log + Relay,
    {
        let Ok(config) = configured(config) else {
            self.going_on.set(false);
            return;
        };
        let (mut since, mut reached): (Option<Turn>, _) = (None, None);
        loop {
            ports.sleep_us(self.pause_us(go_on, ports.now())).await;
            if let GoOn::Waits(_) = go_on {
                self.turns.claim();
            }
            let woken = self.woken.replace(false);
            let folded = match self.fold_once(store, ports, config, Some(&deliver)).await {
                Ok(folded) => folded,
                Err(error) => {
                    let error = error.to_string();
                    ports.line(&format!("level=warn msg=\"folding is left to others\" error={error:?}"));
                    break;
                }
            };
            deliver(folded.to_deliver);
            go_on = match folded.held {
                None => {
                    let nothing = folded.records == 0 || reached.replace(folded.reached) == Some(folded.reached);
                    if nothing && !self.woken.get() {
                        break;
                    }
                    GoOn::Leads
                }
                Some(turn) => {
                    // What the head of a board said is not to be compared with what the ledger says.
                    let from_ledger = folded.records == 0;
                    let first = since.filter(|_| from_ledger && !woken);
                    if first.is_some_and(|first| turn.covers(&first)) && !self.woken.get() {
                        break;
                    }
                    since = first.or(from_ledger.then_some(turn));
                    GoOn::Waits(turn)
                }
            };
        }
        self.going_on.set(false);
    }

    /// How long to wait before the next fold, microseconds: until the turn of another is over; or so long that folds
    /// do not follow each other faster than they need to.
    fn pause_us(&self, go_on: GoOn, now: Timestamp) -> u64 {
        match go_on {
            GoOn::Waits(turn) => turn.until.0.saturating_sub(now.0),
            GoOn::Leads => {
                let fold_us = self.fold_us.get().unwrap_or(FIRST_FOLD_US);
                // Never no pause at all: it is when the instance gets to relay what the last fold left to deliver.
                (fold_us * PAUSE_FOLDS).min(PAUSE_US).saturating_sub(fold_us).max(LOOK_US)
            }
        }
    }

    /// Folds a part of what waits, if it is this instance's turn.
    async fn fold_once<S, P>(
        &self,
        store: &S,
        ports: &P,
        config: &Config,
        deliver: Option<Deliver<'_>>,
    ) -> Result<Folded, FoldError>
    where
        S: Store,
        P: Clock + Random,
    {
        while self.folding.replace(true) {
            ports.sleep_us(LOOK_US).await;
        }
        let begun = ports.now();
        let folded = self.folder(store, ports, config).fold_in_turn(&self.turns, deliver).await;
        if folded.as_ref().is_ok_and(|folded| folded.held.is_none()) {
            self.fold_us.set(Some(ports.now().0.saturating_sub(begun.0)));
        }
        self.folding.set(false);
        let folded = folded?;
        self.streams.set(folded.seen.streams);
        let mut paces = self.paces.borrow_mut();
        paces.extend(folded.seen.paces.iter().map(|pace| (pace.integration_id, *pace)));
        drop(paces);
        Ok(folded)
    }

    fn folder<'a, S, P>(&'a self, store: &'a S, ports: &'a P, config: &Config) -> Folder<'a, S, P, P> {
        Folder { store, clock: ports, random: ports, pages: &self.pages, lease_ms: lease_ms(config) }
    }
}

/// How long the right to deliver an outbox, or what waits in a queue, is taken for, milliseconds: as long as attempts are
/// begun by one right, then the longest that an attempt can take, and time to note what came of them.
pub fn lease_ms(config: &Config) -> u64 {
    let told = config.subscriptions.iter().filter(|subscription| subscription.enabled && !subscription.is_action());
    let attempt_ms = told.map(|subscription| subscription.timeout_ms(config)).max();
    SEND_MS + attempt_ms.unwrap_or(config.delivery.timeout_ms) + NOTE_MS
}

/// Has outboxes delivered. What fails is found by tick when the right to deliver has run out.
pub async fn relay(relay: &impl Relay, to_deliver: ToDeliver) -> DeliveryReport {
    let calls = to_deliver.into_iter().map(async |(channel, token)| relay.deliver(channel, token).await);
    let mut sum = DeliveryReport::default();
    join_all(calls).await.into_iter().flatten().for_each(|report| sum.add(report));
    sum
}

/// A request and what it is answered with.
struct Call<'a, S, P> {
    fanout: &'a Fanout,
    store: &'a S,
    ports: &'a P,
    request: &'a Request,
    request_id: &'a str,
}

impl<S: Store, P: Clock + Random + Log + Relay> Call<'_, S, P> {
    async fn wake(&self, config: Option<&Config>) -> Result<(Woken, After), ApiError> {
        self.request.expect_method("POST")?;
        let fanout = self.fanout;
        fanout.woken.set(true);
        let heard = |streams| {
            let paces = fanout.paces.borrow().values().copied().collect();
            Ok((Woken { seen: Some(Seen { streams, paces, ..Seen::default() }) }, After::default()))
        };
        if fanout.going_on.get() {
            return heard(fanout.streams.get());
        }
        let config = configured(config)?;
        if fanout.waiting.replace(true) {
            return heard(0);
        }
        if self.request.query_value("company").is_some() {
            let fold_us = fanout.fold_us.get().unwrap_or(FIRST_FOLD_US);
            self.ports.sleep_us((fold_us * PAUSE_FOLDS).min(PAUSE_US)).await;
        }
        while fanout.folding.get() {
            self.ports.sleep_us(LOOK_US).await;
        }
        fanout.waiting.set(false);
        fanout.woken.set(false);
        let folded = self.fold_all(config).await.map_err(|error| self.failed(&error))?;
        let go_on = folded.held.map(GoOn::Waits).or(folded.leads.then_some(GoOn::Leads));
        let go_on = go_on.filter(|_| !fanout.going_on.replace(true));
        Ok((Woken { seen: Some(folded.seen) }, After { to_deliver: folded.to_deliver, go_on }))
    }

    /// Folds part after part until nothing waits, or it is to go on after the answer, or enough was done: the next
    /// wake or tick goes on.
    async fn fold_all(&self, config: &Config) -> Result<Folded, FoldError> {
        let mut all = Folded::default();
        for _ in 0..PARTS {
            let part = self.fanout.fold_once(self.store, self.ports, config, None).await?;
            all.add(part);
            if !all.more || all.leads || all.held.is_some() {
                break;
            }
        }
        Ok(all)
    }

    async fn tick(&self, config: Option<&Config>) -> Result<Ticked, ApiError> {
        // Schedulers of hosted platforms can only GET.
        if !["GET", "POST"].contains(&self.request.method.as_str()) {
            return Err(ApiError { allow: Some("GET, POST"), ..ApiError::method("POST") });
        }
        let config = configured(config)?;
        let given = self.request.query_value("key").unwrap_or_default();
        if config.tick.key.as_ref().is_some_and(|key| !key.matches(&given)) {
            return Err(ApiError::new(Code::Unauthorized, "key is not a valid one"));
        }
        let folded = self.folder(config).fold(true).await.map_err(|error| self.failed(&error))?;
        let mut report = relay(self.ports, folded.to_deliver).await;
        let ledger = Ledger::read(self.store).await.map_err(|error| self.failed(&error))?;
        // Without a queue there is nothing to retry.
        if ledger.roots.keys().any(|name| keys::queue_subscription(name).is_some()) {
            report.add(self.ports.retry().await.unwrap_or_default());
        }
        let retention_s = config.retention_days.saturating_mul(24 * 3600);
        let told_ms = config.history_ms();
        let swept = self.folder(config).sweep(&folded.oldest, retention_s, told_ms).await;
        let more = swept.map_err(|error| self.failed(&error))? || folded.more;
        let retry_ms = report.next_at.map(|at| at.millis_since(self.ports.now()).max(TICK_SOON_MS));
        // Auto-resolve, the end of a snooze …: on the second, as far as whoever calls listens to us.
        let due = folded.oldest.iter().map(|(_, oldest)| oldest.due).min().unwrap_or(u64::MAX);
        let due_ms = due.saturating_mul(1000).saturating_sub(self.ports.now().millis()).max(TICK_SOON_MS);
        let next_ms = if more { TICK_SOON_MS } else { retry_ms.unwrap_or(TICK_MS).min(due_ms).min(TICK_MS) };
        let DeliveryReport { delivered, put_off, given_up, .. } = report;
        Ok(Ticked { records: folded.records, delivered, put_off, given_up, next_ms })
    }

    fn folder<'a>(&'a self, config: &Config) -> Folder<'a, S, P, P> {
        self.fanout.folder(self.store, self.ports, config)
    }

    fn failed(&self, error: &FoldError) -> ApiError {
        let (path, request_id, error) = (&self.request.path, self.request_id, error.to_string());
        self.ports.line(&format!(
            "level=error msg=\"not answered\" path={path} request={request_id} status=500 error={error:?}"
        ));
        ApiError::internal()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_to_deliver_outlasts_the_longest_attempt_of_any_subscription_that_is_told() {
        let demo = include_str!("../tests/support/demo.toml");
        let lease = |lines: &str| {
            let text = demo.replacen("[[subscriptions]]\n", &format!("[[subscriptions]]\n{lines}\n"), 1);
            lease_ms(&Config::parse(&text).expect("a valid configuration"))
        };
        assert_eq!(lease(""), 15_000);
        assert_eq!(lease("timeout_ms = 30000"), 44_000);
        assert_eq!(lease("timeout_ms = 30000\nenabled = false"), 15_000);
        assert_eq!(lease("timeout_ms = 30000\nkind = \"action\""), 15_000, "an action needs no right");
    }
}
