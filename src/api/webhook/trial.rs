//! Test delivery: one webhook, at once, to see whether it is taken.

use serde_json::{Value, json};

use super::Call;
use crate::call::Failure;
use crate::delivery::retry::Verdict;
use crate::delivery::sample;
use crate::ingest::request_id;
use crate::ports::{Clock, Log, Outbound, Random, Store};

impl<S: Store, P: Clock + Random + Log + Outbound> Call<'_, S, P> {
    /// Sends a sample to a subscription once, signed and formed like any other, whether it is paused or not. It is not
    /// retried and does not stand in the history; the answer says what came of it.
    pub(super) async fn webhook_test(&self) -> Result<Value, Failure> {
        let subscription = self.subscription()?;
        let told = sample(subscription, self.config, self.ports.now(), request_id(self.ports));
        let (tried, body) = self.delivering().send_once(subscription, &told).await;
        let sent = body.as_deref().unwrap_or(told.body.as_bytes());
        let (status, error_message) = match &tried.verdict {
            Verdict::Delivered => ("success", ""),
            Verdict::Retry { reason, .. } | Verdict::Refused { reason } | Verdict::Gone { reason } => {
                ("failed", reason.as_str())
            }
        };
        let answer = tried.answer.unwrap_or_default();
        Ok(json!({
            "event_id": told.event_id,
            "status": status,
            "status_code": answer.status,
            "duration": tried.duration_ms,
            "error_message": error_message,
            "request_body": String::from_utf8_lossy(sent),
            "response_body": String::from_utf8_lossy(&answer.body),
        }))
    }
}
