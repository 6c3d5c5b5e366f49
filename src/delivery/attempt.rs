//! One attempt: check the target, sign, send, judge.

use super::retry::{Outcome, judge};
use super::{sign, target};
use crate::config::{Config, Subscription};
use crate::ports::{Clock, Outbound, Post, PostError};

/// Sends an event's body to a subscription once.
pub async fn attempt(
    outbound: &impl Outbound,
    clock: &impl Clock,
    config: &Config,
    subscription: &Subscription,
    event_id: &str,
    body: &[u8],
) -> Outcome {
    if let Err(error) = target::check(&subscription.url, &config.delivery) {
        return Outcome::Refused { reason: format!("url: {error}") };
    }
    let signed = sign::sign(&[&subscription.secret], event_id, clock.now().secs(), body);
    let mut headers = match signed {
        Ok(headers) => headers,
        Err(error) => return Outcome::Refused { reason: format!("secret: {error}") },
    };
    headers.push(("content-type".to_owned(), "application/json".to_owned()));
    headers.push(("user-agent".to_owned(), concat!("alarum/", env!("CARGO_PKG_VERSION")).to_owned()));
    let timeout_ms = config.delivery.timeout_ms;
    let post = Post { url: &subscription.url, headers: &headers, body, timeout_ms };
    // The adapter has the time limit as well, down to the last byte; this one holds whatever it does.
    let limit = std::pin::pin!(clock.sleep_us(timeout_ms * 1000 + 50_000));
    let sending = std::pin::pin!(outbound.post(post));
    match futures_util::future::select(sending, limit).await {
        futures_util::future::Either::Left((result, _)) => judge(&result),
        futures_util::future::Either::Right(_) => judge(&Err(PostError::TimedOut)),
    }
}
