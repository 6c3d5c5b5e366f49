//! The ingest component's handler: takes alert pushes.
//!
//! Read, admit, append to the journal, answer. Nothing is read from the store before the answer (but once by each
//! instance the configuration) and one value is written, however many alerts a push has and wherever they go. Folding is somebody else's work; after the answer they
//! get a hint that there is some.

mod advice;
mod credentials;
mod door;
mod preview;
mod push;
mod rate;
mod reading;
mod refusals;
mod reply;

use crate::sorted::SortedMap;
use std::cell::{Cell, RefCell};

pub use self::advice::{EXPLAIN, PREVIEW};
pub use self::door::{Door, OverLimit, STANDARD};
use self::push::Push;
use self::rate::Rates;
pub use self::reading::{Reading, read};
pub use self::refusals::ALERTS;
use self::refusals::Refusals;
use self::reply::Reply;
use crate::config::Config;
use crate::error::{ApiError, Code};
use crate::http::{Answer, Request, answer};
use crate::id::hex;
use crate::journal::Journal;
use crate::keys;
use crate::ports::{Admission, Clock, Log, Outbound, Random, Store, Wake};
use crate::settings::Cache;

/// How long a wake waits for others when several requests came together, microseconds.
const COMPANY_PAUSE_US: u64 = 50_000;

/// What an instance of the component keeps between its requests.
#[derive(Default)]
pub struct Ingest {
    journal: Journal,
    /// Whether a wake is under way, and whether another is needed after it.
    waking: Cell<bool>,
    again: Cell<bool>,
    /// Whether the instance declines further requests; it ends when it has nothing left to do.
    declined: Cell<bool>,
    rates: RefCell<Rates>,
    /// Whether it has read what others took before it began.
    knows_paces: Cell<bool>,
    /// When it was last noted that an integration was reached, Unix seconds.
    noted: RefCell<SortedMap<i64, u64>>,
    refusals: RefCell<Refusals>,
}

/// What is to be done after the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hint {
    /// Whether several requests came together.
    pub company: bool,
    /// Whether the instance is near the host's limit of requests.
    pub last: bool,
    /// Whether there is something to fold; else what was refused is to be counted, and no more.
    pub wake: bool,
}

impl Ingest {
    /// Answers a request by the configuration at hand: nothing is read for it where the instance has looked lately. What
    /// would be refused is looked at again by the newest one, if that is another.
    pub async fn take<S: Store, P: Clock + Random + Log + Outbound>(
        &self,
        store: &S,
        ports: &P,
        cache: &Cache,
        request: &Request,
    ) -> (Answer, Option<Hint>) {
        self.journal.begin(ports).await;
        loop {
            let begun = ports.now();
            let config = match Door::at(&request.path) {
                Some(_) => cache.at_hand(store, ports).await,
                None => cache.current(store, ports).await,
            };
            self.journal.waited(begun, ports.now());
            let taken = self.handle(store, ports, config.as_deref(), request).await;
            if !matches!(taken.0.status, 400 | 403) || !cache.refresh(store, ports).await {
                return taken;
            }
        }
    }

    /// Answers a request. With a [`Hint`], [`Ingest::after`] is to be called after the answer.
    pub async fn handle<S: Store, P: Clock + Random + Log + Outbound>(
        &self,
        store: &S,
        ports: &P,
        config: Option<&Config>,
        request: &Request,
    ) -> (Answer, Option<Hint>) {
        let request_id = &request_id(ports);
        let Some(door) = Door::at(&request.path) else {
            let advice = config.and_then(|config| advice::advise(config, request, ports.now()));
            if let Some(advice) = advice {
                return (answer(request_id, advice), None);
            }
            let error = ApiError::new(Code::RouteNotFound, "there is no such path");
            self.refusals.borrow_mut().note(error.code.name(), 1);
            return (answer::<()>(request_id, Err(error)), self.to_count(ports));
        };
        let pushed = match request.expect_method("POST").and_then(|()| configured(config)) {
            Ok(config) => Push { ingest: self, store, ports, config, door, request, request_id }.run().await,
            Err(error) => Err(error),
        };
        let (reply, hint) = match pushed {
            Ok((reply, hint)) => (Ok(reply), hint),
            // By the configuration that could not be read it may be taken.
            Err(error)
                if matches!(error.code.status(), 400 | 403) && config.is_some_and(|config| config.is_provisional) =>
            {
                let message = "the configuration cannot be read now; try again";
                (Err(ApiError::new(Code::ServiceUnavailable, message)), None)
            }
            Err(error) => (Err(error), None),
        };
        let (name, count) = match &reply {
            Err(error) => (error.code.name(), 1),
            Ok(Reply::PagerDutyErrors(_)) => (Code::InvalidParameter.name(), 1),
            Ok(Reply::Alerts(results, _)) => (ALERTS, results.iter().filter(|result| result.is_err()).count()),
            Ok(_) => (ALERTS, 0),
        };
        self.refusals.borrow_mut().note(name, count);
        (reply::render(door, request, request_id, reply), hint.or_else(|| self.to_count(ports)))
    }

    /// What is to be done after a refusal.
    fn to_count(&self, clock: &impl Clock) -> Option<Hint> {
        let due = self.refusals.borrow().is_due(clock.now());
        due.then_some(Hint { company: false, last: false, wake: false })
    }

    /// Adds what was refused to the counters, if it is time. What fails may have taken effect: it is not counted twice.
    async fn count_refusals(&self, store: &impl Store, ports: &(impl Clock + Log)) {
        let refused = self.refusals.borrow_mut().take(ports.now());
        for (name, count) in refused {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            if let Err(error) = store.increment(&keys::refused(name), count).await {
                let error = error.to_string();
                ports.line(&format!(
                    "level=warn msg=\"refusals not counted\" code={name} count={count} error={error:?}"
                ));
            }
        }
    }

    /// What follows an answer: declines further requests where this instance is one too many, and passes the hint on.
    pub async fn after<P: Wake + Admission + Clock + Random + Log>(&self, store: &impl Store, ports: &P, hint: Hint) {
        if hint.wake {
            self.after_push(ports, hint).await;
        }
        self.count_refusals(store, ports).await;
    }

    /// Looks whether there is another configuration, after what else follows an answer. Not where many write: a read that
    /// waits for them blocks the instance, and the host starts another one for each push that comes meanwhile. Who has not
    /// looked for long does it before an answer ([`Cache::at_hand`]).
    pub async fn look<P: Clock + Log>(&self, store: &impl Store, ports: &P, cache: &Cache) {
        if !self.journal.is_crowded(ports.now()) {
            cache.refresh(store, ports).await;
        }
    }

    async fn after_push<P: Wake + Admission + Clock + Random>(&self, ports: &P, hint: Hint) {
        let mut company = hint.company;
        if !self.declined.get() {
            let redundant = self.journal.is_redundant(ports.now(), ports.next_u64());
            company |= redundant;
            if (redundant || hint.last) && !self.declined.replace(true) {
                ports.decline().await;
            }
        }
        self.wake(ports, company).await;
    }

    /// Passes the hint on. One wake at a time: those that come meanwhile are one more wake after it.
    async fn wake(&self, ports: &(impl Wake + Clock), mut company: bool) {
        if self.waking.replace(true) {
            self.again.set(true);
            return;
        }
        loop {
            if company {
                ports.sleep_us(COMPANY_PAUSE_US).await;
            }
            self.again.set(false);
            if let Some(seen) = ports.wake(company).await {
                self.journal.hear(seen.streams, ports.now());
                seen.paces.into_iter().for_each(|pace| self.rates.borrow_mut().heard(pace));
            }
            if !self.again.get() {
                break;
            }
            company = true;
        }
        self.waking.set(false);
    }
}

/// A new request id: 32 hex digits.
pub fn request_id(random: &impl Random) -> String {
    let (high, low) = (random.next_u64(), random.next_u64());
    hex(&[high.to_be_bytes(), low.to_be_bytes()].concat())
}

/// The configuration, or the answer that there is none.
pub fn configured(config: Option<&Config>) -> Result<&Config, ApiError> {
    config.ok_or_else(|| ApiError::new(Code::ServiceUnavailable, "there is no valid configuration; the log says why"))
}
