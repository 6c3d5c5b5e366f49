//! One attempt: check the target, sign, send, judge.

use super::retry::Verdict;
use super::{sign, target};
use crate::config::{Config, Subscription};
use crate::ports::{Clock, Outbound, Post, PostAnswer, PostError};
use crate::time::Timestamp;

/// How long after its own limit an attempt is given up, should the adapter not keep it, microseconds.
const GRACE_US: u64 = 50_000;

/// What came of an attempt.
#[derive(Clone, Debug)]
pub struct Attempted {
    /// When it began.
    pub at: Timestamp,
    /// How long it took, milliseconds.
    pub duration_ms: u64,
    /// What it means.
    pub verdict: Verdict,
    /// What the subscriber answered, if it did.
    pub answer: Option<PostAnswer>,
}

/// Sends a body to a subscription once. `event_id` is the same on every attempt, the signature is made anew.
pub async fn attempt(
    outbound: &impl Outbound,
    clock: &impl Clock,
    config: &Config,
    subscription: &Subscription,
    event_id: &str,
    body: &[u8],
) -> Attempted {
    let at = clock.now();
    let ended = |verdict, answer| Attempted { at, duration_ms: clock.now().millis_since(at), verdict, answer };
    let refused = |reason| ended(Verdict::Refused { reason }, None);
    if let Err(error) = target::check(&subscription.url, &config.delivery) {
        return refused(format!("url: {error}"));
    }
    let signed = sign::sign(&subscription.secrets(), event_id, at.secs(), body);
    let mut headers = match signed {
        Ok(headers) => headers,
        Err(error) => return refused(format!("secret: {error}")),
    };
    headers.push(("content-type".to_owned(), "application/json".to_owned()));
    headers.push(("user-agent".to_owned(), concat!("alarum/", env!("CARGO_PKG_VERSION")).to_owned()));
    for (name, value) in &subscription.details.headers {
        headers.push((name.clone(), value.expose().to_owned()));
    }
    let timeout_ms = subscription.timeout_ms(config);
    let post = Post { url: &subscription.url, headers: &headers, body, timeout_ms };
    // The adapter has the time limit as well, down to the last byte; this one holds whatever it does.
    let limit = std::pin::pin!(clock.sleep_us(timeout_ms * 1000 + GRACE_US));
    let sending = std::pin::pin!(outbound.post(post));
    let result = match futures_util::future::select(sending, limit).await {
        futures_util::future::Either::Left((result, _)) => result,
        futures_util::future::Either::Right(_) => Err(PostError::TimedOut),
    };
    let verdict = Verdict::of(&result, subscription.details.success, clock.now());
    ended(verdict, result.ok())
}
