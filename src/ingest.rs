//! The ingest component's handler: takes alert pushes.
//!
//! Validate, route, append to the journal, answer. Nothing is read from the store before the answer and one value is
//! written. Folding is somebody else's work; after the answer they get a hint that there is some.

use std::cell::Cell;

use serde::Serialize;

use crate::config::{Config, Integration, IntegrationKind};
use crate::door::read_standard;
use crate::error::{ApiError, Code};
use crate::filter::{Facts, Origin};
use crate::http::{Answer, Request, answer};
use crate::id::hex;
use crate::journal::{Accepted, Journal};
use crate::ports::{Admission, Clock, Log, Random, Store, Wake};

/// The path of the Standard Alert push.
const STANDARD: &str = "/event/push/alert/standard";

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
}

/// What is to be done after the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hint {
    /// Whether several requests came together.
    pub company: bool,
    /// Whether the instance is near the host's limit of requests.
    pub last: bool,
}

#[derive(Serialize)]
struct Pushed {
    alert_key: String,
}

impl Ingest {
    /// Answers a request. With a [`Hint`], [`Ingest::after`] is to be called after the answer.
    pub async fn handle(
        &self,
        store: &impl Store,
        ports: &(impl Clock + Random + Log),
        config: Option<&Config>,
        request: &Request,
    ) -> (Answer, Option<Hint>) {
        let request_id = request_id(ports);
        match self.push(store, ports, config, request, &request_id).await {
            Ok((alert_key, hint)) => (answer(&request_id, Ok(Pushed { alert_key })), hint),
            Err(error) => (answer::<()>(&request_id, Err(error)), None),
        }
    }

    async fn push(
        &self,
        store: &impl Store,
        ports: &(impl Clock + Random + Log),
        config: Option<&Config>,
        request: &Request,
        request_id: &str,
    ) -> Result<(String, Option<Hint>), ApiError> {
        if request.path != STANDARD {
            return Err(ApiError::new(Code::RouteNotFound, "there is no such path"));
        }
        request.expect_method("POST")?;
        let config = configured(config)?;
        let integration = integration(config, request)?;
        let origin = Origin { id: integration.id, name: &integration.name, kind: "standard" };
        let event = read_standard(&request.json(true)?)?.remove(0)?.seal(origin)?;
        let alert_key = event.alert_key.clone();
        let channel_ids = route(integration, &Facts::of(&event, origin))?;
        if channel_ids.is_empty() {
            return Ok((alert_key, None));
        }
        let accepted = vec![Accepted { integration_id: integration.id, channel_ids, event }];
        match self.journal.append(store, ports, accepted).await {
            Ok(appended) => Ok((alert_key, Some(Hint { company: appended.company, last: appended.last }))),
            Err(error) => {
                ports.line(&format!("push not stored request={request_id} integration={} {error}", integration.id));
                Err(ApiError::internal())
            }
        }
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
            if ports.wake(company).await.is_some_and(|seen| seen.streams > 1) {
                self.journal.expect_company(ports.now());
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

fn integration<'a>(config: &'a Config, request: &Request) -> Result<&'a Integration, ApiError> {
    let key = request.query_value("integration_key").unwrap_or_default();
    let found = config.integration_by_key(&key);
    found.ok_or_else(|| ApiError::new(Code::InvalidParameter, "integration_key is not a valid one"))
}

fn route(integration: &Integration, event: &Facts<'_>) -> Result<Vec<i64>, ApiError> {
    match integration.kind {
        IntegrationKind::Private => Ok(integration.channel_id.into_iter().collect()),
        IntegrationKind::Shared if integration.route.is_empty() => {
            let message = "the integration has no routing rules, so no channel can take the alert";
            Err(ApiError::new(Code::InvalidParameter, message))
        }
        IntegrationKind::Shared => Ok(integration.route.channels(event)),
    }
}
