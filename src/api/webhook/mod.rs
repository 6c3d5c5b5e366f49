//! Webhook subscriptions by call: how they fare, what they were sent, and what is to be done with them. Answered by the
//! webhooks component.
//!
//! Flashduty's Open API has the delivery history (`/webhook/history/list`, `/detail`); the rest is in its style.

mod control;
mod detail;
mod history;
mod trial;

use serde_json::{Value, json};

use super::Call;
use super::parameters::required_id;
use crate::call::{Failure, answered};
use crate::config::{Config, Role, Subscription};
use crate::delivery::breaker::Gate;
use crate::delivery::{ActionRun, Delivering, Queue};
use crate::error::{ApiError, Code};
use crate::fanout::lease_ms;
use crate::fold::{Folder, Ledger, PageCache};
use crate::http::{Answer, Request};
use crate::ingest::configured;
use crate::json;
use crate::ports::{Clock, Log, Outbound, Random, Store};

/// The paths of the calls; the manifest leads them to the webhooks component.
pub const WEBHOOKS: [&str; 7] = [
    "/webhook/list",
    "/webhook/history/list",
    "/webhook/history/detail",
    "/webhook/test",
    "/webhook/pause",
    "/webhook/resume",
    "/webhook/replay",
];

/// Answers calls about webhooks: what an instance of the webhooks component keeps between its requests.
#[derive(Default)]
pub struct Webhooks {
    pages: PageCache,
}

impl Webhooks {
    /// Answers a request. Also returns whether a subscription may now be told what it was not told before: the courier is
    /// then to be asked to retry, after the answer. Where that gets lost, tick asks.
    pub async fn handle<S, P>(&self, store: &S, ports: &P, config: Option<&Config>, request: &Request) -> (Answer, bool)
    where
        S: Store,
        P: Clock + Random + Log + Outbound,
    {
        let result = self.call(store, ports, config, request).await;
        let retry = result.is_ok() && matches!(request.path.as_str(), "/webhook/resume" | "/webhook/replay");
        (answered(ports, request, result), retry)
    }

    async fn call<S, P>(
        &self,
        store: &S,
        ports: &P,
        config: Option<&Config>,
        request: &Request,
    ) -> Result<Value, Failure>
    where
        S: Store,
        P: Clock + Random + Log + Outbound,
    {
        match request.path.as_str() {
            // From the actions component; no route leads here.
            "/action" => {
                request.expect_method("POST")?;
                let (config, pages) = (configured(config)?, &self.pages);
                let folder = Folder { store, clock: ports, random: ports, pages, lease_ms: lease_ms(config) };
                let delivering = Delivering { folder: &folder, outbound: ports, log: ports, config };
                let (action, run) = action(config, request)?;
                Ok(json!({"message": delivering.run_action(action, &run).await}))
            }
            path if WEBHOOKS.contains(&path) => {
                let asks = ["/webhook/list", "/webhook/history/list", "/webhook/history/detail"].contains(&path);
                let role = if asks { Role::Read } else { Role::Operate };
                Call::begin(store, ports, &self.pages, config, request, role)?.webhook(path).await
            }
            _ => Err(Failure::no_path()),
        }
    }
}

/// Which custom action is to be run, and on what.
fn action<'a>(config: &'a Config, request: &Request) -> Result<(&'a Subscription, ActionRun), ApiError> {
    let id = request.query_value("id").and_then(|text| text.parse::<i64>().ok());
    let action = id.and_then(|id| config.subscription(id)).filter(|subscription| subscription.is_action());
    let action = action.ok_or(ApiError::invalid("id", "must be that of a custom action"))?;
    let run = json::from_slice(request.bytes()?).map_err(|_| ApiError::invalid("body", "must be a run"))?;
    Ok((action, run))
}

impl<'a, S: Store, P: Clock + Random + Log + Outbound> Call<'a, S, P> {
    async fn webhook(&self, path: &str) -> Result<Value, Failure> {
        match path {
            "/webhook/list" => self.webhook_list().await,
            "/webhook/history/list" => self.history_list().await,
            "/webhook/history/detail" => self.history_detail().await,
            "/webhook/test" => self.webhook_test().await,
            "/webhook/pause" => self.webhook_pause(true).await,
            "/webhook/resume" => self.webhook_pause(false).await,
            _ => self.webhook_replay().await,
        }
    }

    fn delivering(&self) -> Delivering<'_, S, P, P, P, P> {
        Delivering { folder: &self.folder, outbound: self.ports, log: self.ports, config: self.config }
    }

    /// The subscription that a call names.
    fn subscription(&self) -> Result<&'a Subscription, ApiError> {
        let id = required_id(&self.parameters, "integration_id")?;
        let unknown =
            || ApiError::new(Code::ResourceNotFound, format!("integration_id: there is no subscription {id}"));
        self.config.subscriptions.iter().find(|subscription| subscription.id == id).ok_or_else(unknown)
    }

    /// All subscriptions, and how each fares.
    async fn webhook_list(&self) -> Result<Value, Failure> {
        let ledger = Ledger::read(self.folder.store).await?;
        let subscriptions: Vec<&Subscription> = self.config.subscriptions.iter().collect();
        let queues = self.delivering().read_queues(&ledger, &subscriptions).await?;
        let boards = self.folder.stored_boards(&ledger).await?;
        let mut items = Vec::new();
        for (subscription, queue) in subscriptions.into_iter().zip(queues) {
            let id = subscription.id;
            let behind: Vec<i64> = boards.iter().filter(|b| b.is_behind(id)).map(|b| b.head.channel_id).collect();
            items.push(json!({
                "integration_id": id,
                "integration_name": subscription.name,
                "webhook_type": subscription.kind.name(),
                "endpoint": subscription.shown_url(),
                "status": self.status(subscription, &queue),
                "channel_ids": subscription.channel_ids,
                "event_types": subscription.event_types,
                "failures": queue.breaker.failures(),
                "waiting": queue.items.len(),
                "behind_channel_ids": behind,
                "replays": queue.replays.len(),
                "next_at": queue.next_at().map_or(0, |at| at.secs()),
                "gone_reason": queue.breaker.why_gone().map_or("", |gone| &gone.reason),
            }));
        }
        Ok(json!({"total": items.len(), "items": items}))
    }

    /// In a word how a subscription fares.
    fn status(&self, subscription: &Subscription, queue: &Queue) -> &'static str {
        let breaker = &queue.breaker;
        match breaker.may_send(self.ports.now()) {
            _ if !subscription.enabled => "disabled",
            _ if breaker.is_paused() => "paused",
            Gate::Stopped => "gone",
            _ if breaker.is_open() => "broken",
            _ if breaker.failures() > 0 => "failing",
            _ => "healthy",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_leads_each_call_to_the_webhooks_component() {
        let lines: Vec<&str> = include_str!("../../../spin.toml").lines().collect();
        let routes = lines.windows(2).filter(|two| two[1] == "component = \"webhooks\"").map(|two| two[0].to_owned());
        let wanted: Vec<String> = WEBHOOKS.iter().map(|path| format!("route = {path:?}")).collect();
        assert_eq!(routes.collect::<Vec<_>>(), wanted);
    }
}
