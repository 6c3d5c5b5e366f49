//! The configuration: one document, validated as a whole, read from `alarum.toml`.
//!
//! Everything that people decide stands here: who may push (integrations and their keys), where alerts go (channels
//! and routes), who is told (subscriptions), who may read (app keys). Keys are secrets: no `Debug` here prints one.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::route::Route;
use crate::secret::Secret;

/// The configuration document.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The document's format; 1.
    pub version: u32,
    /// Where people reach this deployment; `detail_url` of incidents begins with it.
    #[serde(default)]
    pub base_url: String,
    /// Whose deployment it is.
    pub account: Account,
    /// Who may use the Open API.
    #[serde(default)]
    pub app_keys: Vec<AppKey>,
    /// Where incidents live.
    #[serde(default)]
    pub channels: Vec<Channel>,
    /// Where alerts come in.
    #[serde(default)]
    pub integrations: Vec<Integration>,
    /// Who is told what happens to incidents.
    #[serde(default)]
    pub subscriptions: Vec<Subscription>,
    /// How webhooks are delivered.
    #[serde(default)]
    pub delivery: Delivery,
    /// Who may call tick.
    #[serde(default)]
    pub tick: Tick,
}

/// The account that payloads name.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// `account_id`.
    pub id: i64,
    /// `account_name`.
    pub name: String,
}

/// A key to the Open API.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppKey {
    /// Whose key it is.
    pub name: String,
    /// The key.
    pub key: Secret,
}

/// A channel: the place where alerts become incidents.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// `channel_id`, positive.
    pub id: i64,
    /// `channel_name`, 1 to 59 characters.
    pub name: String,
}

/// An integration: a door for alerts, with a key of its own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Integration {
    /// `integration_id`, positive.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The key that senders put in the push URL.
    pub key: Secret,
    /// Whether it belongs to one channel or is routed.
    pub kind: IntegrationKind,
    /// The channel of a private one.
    pub channel_id: Option<i64>,
    /// The rules of a shared one; without them every push is refused.
    #[serde(default)]
    pub route: Route,
}

/// The two kinds of integrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IntegrationKind {
    /// Every alert goes to its one channel.
    Private,
    /// Alerts go wherever the routing rules say.
    Shared,
}

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

/// Who may call tick.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tick {
    /// The key that a scheduler gives as `?key=`; without one, anybody may call it (it does bounded work that would
    /// be done anyway).
    pub key: Option<Secret>,
}

/// Why a configuration is not valid: the field and the problem, never a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

impl Config {
    /// Reads and validates a document.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|e| ConfigError(located(text, &e)))?;
        config.validate()?;
        Ok(config)
    }

    /// The integration whose key this is. All keys are compared, each in constant time.
    pub fn integration_by_key(&self, key: &str) -> Option<&Integration> {
        self.integrations.iter().fold(None, |found, i| if i.key.matches(key) { Some(i) } else { found })
    }

    /// Whether this is an app key. All keys are compared, each in constant time.
    pub fn knows_app_key(&self, key: &str) -> bool {
        self.app_keys.iter().fold(false, |known, k| k.key.matches(key) | known)
    }

    /// The channel with this id.
    pub fn channel(&self, id: i64) -> Option<&Channel> {
        self.channels.iter().find(|c| c.id == id)
    }

    /// The subscription with this id.
    pub fn subscription(&self, id: i64) -> Option<&Subscription> {
        self.subscriptions.iter().find(|s| s.id == id)
    }

    fn validate(&self) -> Result<(), ConfigError> {
        check(self.version == 1, || format!("version: must be 1, is {}", self.version))?;
        let mut seen = BTreeSet::new();
        for channel in &self.channels {
            let at = format!("channels: id {}", channel.id);
            check(channel.id > 0 && seen.insert(channel.id), || format!("{at}: must be positive and unique"))?;
            let length = channel.name.chars().count();
            check((1..=59).contains(&length), || format!("{at}: name: must have 1 to 59 characters, has {length}"))?;
        }
        self.validate_integrations()?;
        self.validate_subscriptions()?;
        for key in &self.app_keys {
            let problem = || format!("app_keys: {}: key: must have at least 16 characters", key.name);
            check(key.key.len() >= 16, problem)?;
        }
        let limit = self.delivery.timeout_ms;
        let problem = || format!("delivery.timeout_ms: must be 100 to 30000, is {limit}");
        check((100..=30_000).contains(&limit), problem)
    }

    fn validate_integrations(&self) -> Result<(), ConfigError> {
        let mut ids = BTreeSet::new();
        for (index, integration) in self.integrations.iter().enumerate() {
            let at = format!("integrations: id {}", integration.id);
            check(integration.id > 0 && ids.insert(integration.id), || format!("{at}: must be positive and unique"))?;
            let problem = || format!("{at}: key: must have at least 16 characters");
            check(integration.key.len() >= 16, problem)?;
            let twin = self.integrations[..index].iter().any(|other| other.key == integration.key);
            check(!twin, || format!("{at}: key: another integration has the same"))?;
            let private = integration.kind == IntegrationKind::Private;
            let problem =
                || format!("{at}: a private integration has a channel_id and no route, a shared one no channel_id");
            check(private == integration.channel_id.is_some() && (!private || integration.route.is_empty()), problem)?;
            integration.route.check().map_err(|e| ConfigError(format!("{at}: route: {e}")))?;
            let targets = integration.channel_id.into_iter().chain(integration.route.channel_ids());
            for id in targets {
                check(self.channel(id).is_some(), || format!("{at}: there is no channel {id}"))?;
            }
        }
        Ok(())
    }

    fn validate_subscriptions(&self) -> Result<(), ConfigError> {
        let mut ids = BTreeSet::new();
        for subscription in &self.subscriptions {
            let at = format!("subscriptions: id {}", subscription.id);
            check(subscription.id > 0 && ids.insert(subscription.id), || format!("{at}: must be positive and unique"))?;
            crate::delivery::sign::check_secret(&subscription.secret)
                .map_err(|e| ConfigError(format!("{at}: secret: {e}")))?;
            crate::delivery::target::check(&subscription.url, &self.delivery)
                .map_err(|e| ConfigError(format!("{at}: url: {e}")))?;
            for id in &subscription.channel_ids {
                check(self.channel(*id).is_some(), || format!("{at}: channel_ids: there is no channel {id}"))?;
            }
        }
        Ok(())
    }
}

fn check(holds: bool, problem: impl FnOnce() -> String) -> Result<(), ConfigError> {
    if holds { Ok(()) } else { Err(ConfigError(problem())) }
}

/// The parser's complaint with line and column. Its own rendering would quote the line, which may hold a key.
fn located(text: &str, error: &toml::de::Error) -> String {
    let Some(span) = error.span() else {
        return error.message().to_owned();
    };
    let before = text.get(..span.start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("line {line}, column {column}: {}", error.message())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEMO: &str = include_str!("../tests/support/demo.toml");

    fn problem(text: &str) -> String {
        Config::parse(text).expect_err("must be refused").0
    }

    #[test]
    fn the_demo_configuration_is_valid_and_finds_integrations_by_key() {
        let config = Config::parse(DEMO).expect("valid");
        assert_eq!(config.integration_by_key("private-key-0123456789").map(|i| i.id), Some(9001));
        assert!(config.integration_by_key("").is_none());
        assert!(config.knows_app_key("app-key-0123456789abcdef"));
        assert!(!config.knows_app_key("app-key-0123456789abcdeg"));
    }

    #[test]
    fn a_problem_names_the_field() {
        assert_eq!(problem(&DEMO.replace("version = 1", "version = 2")), "version: must be 1, is 2");
        assert_eq!(
            problem(&DEMO.replace("channel_id = 101", "channel_id = 7")),
            "integrations: id 9001: there is no channel 7"
        );
        assert!(problem(&DEMO.replace("timeout_ms = 1000", "timeout_ms = 1")).starts_with("delivery.timeout_ms"));
        assert!(problem(&DEMO.replace("[account]", "[acount]")).contains("acount"));
    }

    #[test]
    fn neither_a_problem_nor_debug_shows_a_secret() {
        let text = problem(&DEMO.replace("key = \"private-key-0123456789\"", "key = [\"private-key-0123456789\"]"));
        assert!(!text.contains("0123456789"), "{text}");
        let shown = format!("{:?}", Config::parse(DEMO).expect("valid"));
        assert!(!shown.contains("0123456789") && !shown.contains("whsec_"), "{shown}");
    }
}
