//! Webhook subscriptions by call: how they fare, what they were sent, and what is to be done with them. Answered by the
//! courier component, which alone may call subscribers.
//!
//! Flashduty's Open API has the delivery history (`/webhook/history/list`, `/detail`); the rest is in its style.

mod control;
mod detail;
mod history;
mod trial;

use serde_json::{Value, json};

use super::Call;
use super::parameters::required_id;
use crate::call::Failure;
use crate::config::Subscription;
use crate::delivery::breaker::Gate;
use crate::delivery::{Delivering, Queue};
use crate::error::{ApiError, Code};
use crate::fold::Ledger;
use crate::ports::{Clock, Log, Outbound, Random, Store};

/// The paths of the calls; the manifest leads them to the courier component.
pub const WEBHOOKS: [&str; 7] = [
    "/webhook/list",
    "/webhook/history/list",
    "/webhook/history/detail",
    "/webhook/test",
    "/webhook/pause",
    "/webhook/resume",
    "/webhook/replay",
];

impl<'a, S: Store, P: Clock + Random + Log + Outbound> Call<'a, S, P> {
    /// Answers a call about webhooks.
    pub(crate) async fn webhook(&self, path: &str) -> Result<Value, Failure> {
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
