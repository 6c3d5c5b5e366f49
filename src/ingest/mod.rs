//! The ingest component's handler: takes alert pushes.
//!
//! Read, admit, append to the journal, answer. Nothing is read from the store before the answer and one value is
//! written, however many alerts a push has and wherever they go. Folding is somebody else's work; after the answer they
//! get a hint that there is some.

mod credentials;
mod door;
mod rate;
mod reading;
mod reply;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

pub use self::door::{Door, OverLimit};
use self::rate::Rates;
use self::reading::Reading;
pub use self::reading::read_alerts;
use self::reply::Reply;
use crate::board::NO_CHANNEL;
use crate::config::{Config, Integration, IntegrationKind};
use crate::door::{Drafts, pagerduty};
use crate::error::{ApiError, Code};
use crate::http::{Answer, Request, answer};
use crate::id::hex;
use crate::intake::{Admitting, Overrides, Severity};
use crate::journal::{Accepted, Journal, What};
use crate::ports::{Admission, Clock, Log, Outbound, Random, Store, Wake};
use crate::time::Timestamp;

/// How long a wake waits for others when several requests came together, microseconds.
const COMPANY_PAUSE_US: u64 = 50_000;

/// A push of which nothing is kept is noted at most once in this time, so that the integration shows when it was
/// reached, seconds.
const NOTE_SECS: u64 = 10;

/// How long confirming a subscription may take, milliseconds. The service waits fifteen seconds for the answer.
const CONFIRM_MS: u64 = 5_000;

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
    /// When it was last noted that an integration was reached, Unix seconds.
    noted: RefCell<BTreeMap<i64, u64>>,
}

/// What is to be done after the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hint {
    /// Whether several requests came together.
    pub company: bool,
    /// Whether the instance is near the host's limit of requests.
    pub last: bool,
}

/// A push on its way.
struct Push<'a, S, P> {
    ingest: &'a Ingest,
    store: &'a S,
    ports: &'a P,
    config: &'a Config,
    door: Door,
    request: &'a Request,
    request_id: &'a str,
}

impl Ingest {
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
            let error = ApiError::new(Code::RouteNotFound, "there is no such path");
            return (answer::<()>(request_id, Err(error)), None);
        };
        let pushed = match request.expect_method("POST").and_then(|()| configured(config)) {
            Ok(config) => Push { ingest: self, store, ports, config, door, request, request_id }.run().await,
            Err(error) => Err(error),
        };
        let (reply, hint) = match pushed {
            Ok((reply, hint)) => (Ok(reply), hint),
            Err(error) => (Err(error), None),
        };
        (reply::render(door, request, request_id, reply), hint)
    }

    /// What follows an answer: declines further requests where this instance is one too many, and passes the hint on.
    pub async fn after<P: Wake + Admission + Clock + Random + Log>(&self, store: &impl Store, ports: &P, hint: Hint) {
        let mut company = hint.company;
        if !self.declined.get() {
            let redundant = self.journal.is_redundant(store, ports, ports.next_u64()).await;
            let redundant = redundant.unwrap_or_else(|error| {
                ports.line(&format!("the store cannot be read: {error}"));
                false
            });
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
                if seen.streams > 1 {
                    self.journal.expect_company(ports.now());
                }
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

impl<S: Store, P: Clock + Random + Log + Outbound> Push<'_, S, P> {
    async fn run(self) -> Result<(Reply, Option<Hint>), ApiError> {
        let named = credentials::named(self.config, self.door, self.request)?;
        let body = reading::body(self.door, self.request);
        let integration = match (named, &body) {
            (Some(integration), _) => integration,
            (None, Ok(body)) if self.door == Door::PagerDuty => {
                credentials::find(self.config, self.door, pagerduty::key(body).unwrap_or_default())?
            }
            (None, _) => return Err(credentials::unknown()),
        };
        let now = self.ports.now();
        self.within_limit(integration, now)?;
        match reading::read(self.door, integration, &body?, now)? {
            Reading::Alerts(drafts, list) => self.alerts(integration, drafts, list, now).await,
            Reading::PagerDuty(push) => self.pagerduty(integration, push, now).await,
            Reading::PagerDutyErrors(errors) => Ok((Reply::PagerDutyErrors(errors), None)),
            Reading::Confirm(url) => self.confirm(integration, &url).await,
            Reading::Nothing => Ok((Reply::Done, None)),
            Reading::Comment(comment) => {
                let channel_ids = integration.channel_id.into_iter().collect();
                let everywhere = integration.kind == IntegrationKind::Shared;
                let what = What::Comment(comment);
                let accepted =
                    Accepted { integration_id: integration.id, channel_ids, everywhere, continues: false, what };
                Ok((Reply::Done, Some(self.store(vec![accepted]).await?)))
            }
            Reading::Change(change) => {
                let (channel_ids, what) = (vec![NO_CHANNEL], What::Change(change));
                let accepted = Accepted { integration_id: integration.id, channel_ids, what, ..Accepted::default() };
                Ok((Reply::Done, Some(self.store(vec![accepted]).await?)))
            }
        }
    }

    /// Admits alerts and stores those that go anywhere, all in one record. One that is refused does not keep the others
    /// out; only where all are, the push is.
    async fn alerts(
        &self,
        integration: &Integration,
        drafts: Drafts,
        list: bool,
        now: Timestamp,
    ) -> Result<(Reply, Option<Hint>), ApiError> {
        let overrides = &self.overrides()?;
        let door = self.door.kind().unwrap_or_default();
        let admitting = Admitting { config: self.config, integration, door, overrides };
        admitting.check()?;
        let mut results = Vec::with_capacity(drafts.len());
        let mut accepted: Vec<Accepted> = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let admitted = draft.and_then(|draft| admitting.admit(draft, None));
            results.push(admitted.map(|admitted| {
                accepted.extend(admitted.accepted);
                admitted.alert_key
            }));
        }
        if let Some(Err(first)) = results.first()
            && results.iter().all(Result::is_err)
        {
            return Err(first.clone());
        }
        if accepted.is_empty() {
            if !self.is_to_note(integration.id, now) {
                return Ok((Reply::Alerts(results, list), None));
            }
            let channel_ids = vec![NO_CHANNEL];
            accepted.push(Accepted {
                integration_id: integration.id,
                channel_ids,
                what: What::Seen,
                ..Accepted::default()
            });
        }
        accepted.iter_mut().skip(1).for_each(|accepted| accepted.continues = true);
        Ok((Reply::Alerts(results, list), Some(self.store(accepted).await?)))
    }

    /// An event of PagerDuty's is one alert. An acknowledgement changes nothing: it is a word to people, and who answers
    /// for an incident is decided here.
    async fn pagerduty(
        &self,
        integration: &Integration,
        push: pagerduty::Push,
        now: Timestamp,
    ) -> Result<(Reply, Option<Hint>), ApiError> {
        if push.action == pagerduty::Action::Acknowledge {
            return Ok((Reply::PagerDuty(push.version, push.dedup_key), None));
        }
        let (reply, hint) = self.alerts(integration, vec![Ok(push.draft)], false, now).await?;
        let key = match reply {
            Reply::Alerts(results, _) => results.into_iter().flatten().next(),
            _ => None,
        };
        Ok((Reply::PagerDuty(push.version, key.unwrap_or(push.dedup_key)), hint))
    }

    /// Confirms a subscription by fetching its URL, which was checked to be the service's own.
    async fn confirm(&self, integration: &Integration, url: &str) -> Result<(Reply, Option<Hint>), ApiError> {
        let problem = match self.ports.get(url, CONFIRM_MS).await {
            Ok(answer) if (200..300).contains(&answer.status) => return Ok((Reply::Done, None)),
            Ok(answer) => format!("status {}", answer.status),
            Err(error) => error.to_string(),
        };
        let (request_id, id) = (self.request_id, integration.id);
        self.ports.line(&format!("subscription not confirmed request={request_id} integration={id} {problem}"));
        Err(ApiError::new(Code::ServiceUnavailable, "the subscription could not be confirmed; the log says why"))
    }

    async fn store(&self, accepted: Vec<Accepted>) -> Result<Hint, ApiError> {
        let integration_id = accepted.first().map_or(0, |accepted| accepted.integration_id);
        match self.ingest.journal.append(self.store, self.ports, accepted).await {
            Ok(appended) => Ok(Hint { company: appended.company, last: appended.last }),
            Err(error) => {
                let request_id = self.request_id;
                self.ports.line(&format!("push not stored request={request_id} integration={integration_id} {error}"));
                Err(ApiError::internal())
            }
        }
    }

    /// What the query says besides; what cannot be understood there is refused rather than not followed.
    fn overrides(&self) -> Result<Overrides, ApiError> {
        let given = |name| self.request.query_value(name).filter(|value| !value.is_empty());
        let severity = given("severity").map(|word| {
            Severity::parse(&word).ok_or(ApiError::invalid("severity", "must be one of Critical, Warning, Info"))
        });
        let channel_id = given("channel_id")
            .map(|text| text.parse::<i64>().map_err(|_| ApiError::invalid("channel_id", "must be a number")));
        Ok(Overrides {
            severity: severity.transpose()?,
            title_rule: given("title_rule"),
            channel_id: channel_id.transpose()?,
        })
    }

    fn within_limit(&self, integration: &Integration, now: Timestamp) -> Result<(), ApiError> {
        let policy = self.door.over_limit(self.request.user_agent.as_deref().unwrap_or_default());
        let taken = self.ingest.rates.borrow_mut().take(integration.id, integration.rate_limit, now);
        match (taken, policy) {
            (Ok(()), _) | (Err(_), OverLimit::Take) => Ok(()),
            (Err(secs), OverLimit::Refuse) => Err(ApiError::too_frequent(Code::RequestTooFrequently, secs)),
            (Err(secs), OverLimit::Unavailable) => Err(ApiError::too_frequent(Code::RequestDelayed, secs)),
        }
    }

    /// Whether it is to be stored that the integration was reached, though nothing else of the push is.
    fn is_to_note(&self, integration_id: i64, now: Timestamp) -> bool {
        let mut noted = self.ingest.noted.borrow_mut();
        let last = noted.entry(integration_id).or_default();
        let due = *last + NOTE_SECS <= now.secs();
        if due {
            *last = now.secs();
        }
        due
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
