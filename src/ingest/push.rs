//! A push on its way: whose it is, whether it is within the limit, what it says, and storing it.

use super::credentials;
use super::door::{Door, OverLimit};
use super::reading::{self, Reading};
use super::reply::Reply;
use super::{Hint, Ingest};
use crate::board::NO_CHANNEL;
use crate::config::{Config, Integration, IntegrationKind, RateLimit};
use crate::door::{Drafts, pagerduty};
use crate::error::{ApiError, Code};
use crate::fold::Ledger;
use crate::http::Request;
use crate::intake::{Admitting, Overrides, Severity};
use crate::journal::{Accepted, What};
use crate::ports::{Clock, Log, Outbound, Random, Store};
use crate::time::Timestamp;

/// A push of which nothing is kept is noted at most once in this time, so that the integration shows when it was
/// reached, seconds.
const NOTE_SECS: u64 = 10;

/// How long confirming a subscription may take, milliseconds. The service waits fifteen seconds for the answer.
const CONFIRM_MS: u64 = 5_000;

/// A push on its way.
pub struct Push<'a, S, P> {
    /// What the instance keeps.
    pub ingest: &'a Ingest,
    /// The store.
    pub store: &'a S,
    /// The platform.
    pub ports: &'a P,
    /// The configuration.
    pub config: &'a Config,
    /// Through which door it came.
    pub door: Door,
    /// What was sent.
    pub request: &'a Request,
    /// Its id.
    pub request_id: &'a str,
}

impl<S: Store, P: Clock + Random + Log + Outbound> Push<'_, S, P> {
    /// Takes it: what to answer, and what is to be done after that.
    ///
    /// # Errors
    /// What the sender did wrong, or that the store failed.
    pub async fn run(self) -> Result<(Reply, Option<Hint>), ApiError> {
        let named = credentials::named(self.config, self.door, self.request)?;
        let body = reading::body(self.door, self.request);
        let integration = match (named, &body) {
            (Some(integration), _) => integration,
            (None, Ok(body)) if self.door == Door::PagerDuty => {
                credentials::find(self.config, self.door, pagerduty::key(body).unwrap_or_default())?
            }
            (None, _) => return Err(credentials::unknown()),
        };
        if !integration.enabled {
            return Err(ApiError::new(Code::AccessDenied, "the integration is disabled"));
        }
        let now = self.ports.now();
        if integration.rate_limit != RateLimit::NONE {
            self.learn_paces().await;
            self.within_limit(integration, now)?;
        }
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
        let admitting = Admitting { config: self.config, integration, door, overrides, now };
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

    /// An event of PagerDuty's is one alert. An acknowledgement goes to the channel of the integration or, where that is
    /// shared, to wherever the alert is open, as a recovery does; no rule is asked.
    async fn pagerduty(
        &self,
        integration: &Integration,
        push: pagerduty::Push,
        now: Timestamp,
    ) -> Result<(Reply, Option<Hint>), ApiError> {
        if push.action == pagerduty::Action::Acknowledge {
            let channel_ids = Vec::from_iter(integration.channel_id);
            let (everywhere, what) = (channel_ids.is_empty(), What::Acknowledge(push.dedup_key.clone()));
            let accepted = Accepted { integration_id: integration.id, channel_ids, everywhere, continues: false, what };
            let hint = self.store(vec![accepted]).await?;
            return Ok((Reply::PagerDuty(push.version, push.dedup_key), Some(hint)));
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
        self.ports.line(&format!(
            "level=warn msg=\"subscription not confirmed\" request={request_id} integration={id} status=503 reason={problem:?}"
        ));
        Err(ApiError::new(Code::ServiceUnavailable, "the subscription could not be confirmed; the log says why"))
    }

    async fn store(&self, accepted: Vec<Accepted>) -> Result<Hint, ApiError> {
        let integration_id = accepted.first().map_or(0, |accepted| accepted.integration_id);
        match self.ingest.journal.append(self.store, self.ports, accepted).await {
            Ok(appended) => Ok(Hint { company: appended.company, last: appended.last, wake: true }),
            Err(error) => {
                let (request_id, path, error) = (self.request_id, &self.request.path, error.to_string());
                self.ports.line(&format!(
                    "level=error msg=\"push not stored\" path={path} request={request_id} integration={integration_id} \
                     status=500 error={error:?}"
                ));
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

    /// What others took lately, read once by each instance, before its first answer. It is no reason to refuse a push
    /// that it cannot be read.
    async fn learn_paces(&self) {
        if self.ingest.knows_paces.replace(true) {
            return;
        }
        match Ledger::read(self.store).await {
            Ok(ledger) => ledger.paces().for_each(|pace| self.ingest.rates.borrow_mut().heard(pace)),
            Err(error) => {
                let error = error.to_string();
                self.ports.line(&format!("level=warn msg=\"rate limits start from nothing\" error={error:?}"));
            }
        }
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
