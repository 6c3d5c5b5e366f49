//! Who is told what happens to incidents, and how.

use serde::Deserialize;

use crate::secret::Secret;

/// A subscriber and what it wants to hear of.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// Its id, positive.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Where events are POSTed to.
    pub url: String,
    /// The secret that signs them: `whsec_` and base64 (Standard Webhooks).
    pub secret: Secret,
    /// The channels whose events it gets; empty for all.
    #[serde(default)]
    pub channel_ids: Vec<i64>,
    /// The event types it gets; empty for all.
    #[serde(default)]
    pub event_types: Vec<String>,
}

/// How webhooks are delivered.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// The limit for one attempt, from connecting to the last byte of the answer: 100 to 30 000 ms.
    #[serde(default = "default_timeout_ms")]
    pub timeout_ms: u64,
    /// Allows `http:` targets.
    #[serde(default)]
    pub allow_http: bool,
    /// Allows targets on this machine and in private networks. For development.
    #[serde(default)]
    pub allow_private_targets: bool,
}

const fn default_timeout_ms() -> u64 {
    1000
}

impl Default for Delivery {
    fn default() -> Self {
        Self { timeout_ms: default_timeout_ms(), allow_http: false, allow_private_targets: false }
    }
}
