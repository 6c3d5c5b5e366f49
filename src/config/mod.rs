//! The configuration: one document, validated as a whole, of the mounted file or of what calls made of it.
//!
//! Everything that people decide stands here: who may push (integrations and their keys), where alerts go (channels
//! and routes), who is told (subscriptions), who may read (app keys). Keys are secrets: no `Debug` here prints one.

mod app_key;
mod delivery;
mod document;
mod integration;
mod people;
mod reading;
mod subscription;
mod toml;
mod validate;

use serde::Deserialize;
use sha2::{Digest, Sha256};

pub use self::app_key::{AppKey, Role};
pub use self::delivery::Delivery;
pub use self::document::Document;
pub use self::integration::{Integration, IntegrationKind, RateLimit, Rules};
pub use self::people::{Field, FieldKind, Person};
pub use self::subscription::{Details, Subscription, SubscriptionKind, shown};
use crate::channel::{Calendar, ChannelRules, TimeZone};
use crate::intake::MappingTable;
use crate::journal::AutoResolve;
use crate::secret::{Candidate, Key};

/// How long what is over is kept where the document does not say, days.
const RETENTION_DAYS: u64 = 180;

/// The configuration document.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where people reach this deployment; `detail_url` of incidents begins with it.
    pub base_url: String,
    /// Whose deployment it is.
    pub account: Account,
    /// Who may use the Open API.
    pub app_keys: Vec<AppKey>,
    /// Who handles incidents.
    pub people: Vec<Person>,
    /// The custom fields of incidents.
    pub fields: Vec<Field>,
    /// Where incidents live.
    pub channels: Vec<Channel>,
    /// Where alerts come in.
    pub integrations: Vec<Integration>,
    /// The tables in which enrichment looks labels up.
    pub mapping_tables: Vec<MappingTable>,
    /// What working days are.
    pub calendars: Vec<Calendar>,
    /// Where times of day count.
    pub time_zone: TimeZone,
    /// Who is told what happens to incidents and alerts.
    pub subscriptions: Vec<Subscription>,
    /// How webhooks are delivered.
    pub delivery: Delivery,
    /// Who may call tick.
    pub tick: Access,
    /// Who may see the figures.
    pub metrics: Access,
    /// How long what is over is kept: closed incidents, changes, alerts that were in no incident. Days.
    pub retention_days: u64,
    /// What tells this document from any other: a hash of its text, or of what is stored.
    pub revision: u64,
    /// Whether there may be another one that could not be read: nothing is to be refused for good by this one.
    pub is_provisional: bool,
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

/// A channel: the place where alerts become incidents.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// `channel_id`, positive.
    pub id: i64,
    /// `channel_name`, 1 to 59 characters.
    pub name: String,
    /// A disabled channel takes no alerts; recoveries of those it has still reach it.
    #[serde(default = "default_true")]
    pub enabled: bool,
    /// What it is for, at most 500 characters.
    #[serde(default)]
    pub description: String,
    /// After how many seconds its incidents close by themselves, at most 30 days; 0: never.
    #[serde(default)]
    pub auto_resolve_timeout: u64,
    /// From when they count.
    #[serde(default)]
    pub auto_resolve_mode: AutoResolveMode,
    /// Whether its incidents stay open when all of their alerts have recovered.
    #[serde(default)]
    pub disable_auto_close: bool,
    /// Its rules; read apart, because only intake needs them.
    #[serde(skip)]
    pub rules: ChannelRules,
}

/// From when the seconds count after which an incident closes by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AutoResolveMode {
    /// From its trigger.
    #[default]
    Trigger,
    /// From its latest event.
    Update,
}

impl Channel {
    /// What clients call its state.
    pub const fn status(&self) -> &'static str {
        if self.enabled { "enabled" } else { "disabled" }
    }

    /// When incidents close by themselves.
    pub fn auto_resolve(&self) -> AutoResolve {
        AutoResolve {
            after_s: self.auto_resolve_timeout,
            from_update: self.auto_resolve_mode == AutoResolveMode::Update,
        }
    }
}

/// Who may call tick, or see the figures.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// The key that is given as `?key=`; without one, anybody may (tick does bounded work that would be done anyway, the
    /// figures hold ids and counts and nothing else). It or its hash.
    #[serde(alias = "hash")]
    pub key: Option<Key>,
}

/// Why a configuration is not valid: the field and the problem, never a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

impl Config {
    /// The integration whose key this is. All keys are compared, each in constant time.
    pub fn integration_by_key(&self, key: &str) -> Option<&Integration> {
        let candidate = Candidate::new(key);
        self.integrations.iter().fold(None, |found, i| if i.key.is(&candidate) { Some(i) } else { found })
    }

    /// The app key that this is. All keys are compared, each in constant time.
    pub fn app_key(&self, key: &str) -> Option<&AppKey> {
        let candidate = Candidate::new(key);
        self.app_keys.iter().fold(None, |found, k| if k.key.is(&candidate) { Some(k) } else { found })
    }

    /// The person with this id. What a key without a person does is done by nobody by name.
    pub fn person(&self, id: i64) -> Person {
        let unnamed =
            || Person { id, name: if id == 0 { "API".to_owned() } else { String::new() }, email: String::new() };
        self.people.iter().find(|person| person.id == id).cloned().unwrap_or_else(unnamed)
    }

    /// The channel with this id.
    pub fn channel(&self, id: i64) -> Option<&Channel> {
        self.channels.iter().find(|c| c.id == id)
    }

    /// Whether there is a channel with this id that takes alerts.
    pub fn is_enabled(&self, channel_id: i64) -> bool {
        self.channel(channel_id).is_some_and(|channel| channel.enabled)
    }

    /// The subscription with this id.
    pub fn subscription(&self, id: i64) -> Option<&Subscription> {
        self.subscriptions.iter().find(|s| s.id == id)
    }

    /// Whether any subscription is told what happens to the alerts of a channel.
    pub fn watches_alerts(&self, channel_id: i64) -> bool {
        self.subscriptions.iter().any(|s| s.is_for_alerts() && s.covers(channel_id))
    }

    /// The integration with this id.
    pub fn integration(&self, id: i64) -> Option<&Integration> {
        self.integrations.iter().find(|i| i.id == id)
    }
}

/// The beginning of a hash: what tells a document from any other.
pub fn hash_of(bytes: &[u8]) -> u64 {
    Sha256::digest(bytes).first_chunk::<8>().map_or(0, |first| u64::from_be_bytes(*first))
}

const fn default_true() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEMO: &str = include_str!("../../tests/support/demo.toml");

    fn without_rules(text: &str) -> Result<Config, ConfigError> {
        Config::read_without_rules(Document::parse(text)?)
    }

    fn problem(text: &str) -> String {
        Config::parse(text).expect_err("must be refused").0
    }

    #[test]
    fn the_demo_configuration_is_valid_and_finds_integrations_by_key() {
        let config = Config::parse(DEMO).expect("valid");
        assert_eq!(config.integration_by_key("private-key-0123456789").map(|i| i.id), Some(9001));
        assert!(config.integration_by_key("").is_none());
        assert!(config.app_key("app-key-0123456789abcdef").is_some());
        assert!(config.app_key("app-key-0123456789abcdeg").is_none());
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
        for days in ["0", "3651", "-1", "\"180\""] {
            let text = format!("retention_days = {days}\n{DEMO}");
            assert!(problem(&text).starts_with("retention_days"), "{days}");
        }
    }

    #[test]
    fn without_rules_the_rest_of_the_document_reads_alike() {
        let (all, some) = (Config::parse(DEMO).expect("valid"), without_rules(DEMO).expect("valid"));
        assert_eq!((all.revision, all.channels.len()), (some.revision, some.channels.len()));
        assert_eq!(all.subscriptions[0].url, some.subscriptions[0].url);
        let names = |config: &Config| config.integrations.iter().map(|i| i.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&all), names(&some));
        assert!(!all.integrations[1].rules.route.is_empty() && some.integrations[1].rules.route.is_empty());
        assert!(without_rules(&DEMO.replace("[account]", "[acount]")).is_err());
    }

    #[test]
    fn neither_a_problem_nor_debug_shows_a_secret() {
        let text = problem(&DEMO.replace("key = \"private-key-0123456789\"", "key = [\"private-key-0123456789\"]"));
        assert!(!text.contains("0123456789"), "{text}");
        let shown = format!("{:?}", Config::parse(DEMO).expect("valid"));
        assert!(!shown.contains("0123456789") && !shown.contains("whsec_"), "{shown}");
    }
}
