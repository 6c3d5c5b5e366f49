//! Integrations: where alerts come in.

use serde::Deserialize;

use super::default_true;
use crate::filter::Origin;
use crate::intake::{Enrichment, Mapping, Pipeline};
use crate::route::Route;
use crate::secret::Key;

/// An integration: a door for alerts, with a key of its own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Integration {
    /// `integration_id`, positive.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The key that senders put in the push URL, or its hash.
    #[serde(alias = "hash")]
    pub key: Key,
    /// Whether it belongs to one channel or is routed.
    pub kind: IntegrationKind,
    /// The channel of a private one.
    pub channel_id: Option<i64>,
    /// The one door that the key opens, by its type (`standard`, `prometheus` …); absent: every door.
    #[serde(rename = "type")]
    pub door: Option<String>,
    /// A disabled integration refuses every push.
    #[serde(default = "default_true")]
    pub enabled: bool,
    /// How many requests it takes.
    #[serde(default)]
    pub rate_limit: RateLimit,
    /// What is done to its alerts; read apart, because most components need none of it.
    #[serde(skip)]
    pub rules: Rules,
}

/// What an integration does to its alerts, and where they go.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// The routing rules of a shared one; without them every push is refused.
    #[serde(default)]
    pub route: Route,
    /// How a free-form body at the standard door is read.
    pub mapping: Option<Mapping>,
    /// What is done to the labels of every alert.
    #[serde(default)]
    pub enrichment: Enrichment,
    /// What is done to every alert that does not recover.
    #[serde(default)]
    pub pipeline: Pipeline,
}

impl Rules {
    /// The fields of an integration that belong here.
    pub(super) const FIELDS: [&str; 4] = ["route", "mapping", "enrichment", "pipeline"];
    /// The field that says how often calls changed them, which decides nothing.
    pub(super) const REVISIONS: [&str; 1] = ["revisions"];
}

/// How many requests an integration takes; 0: any number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// In any second.
    #[serde(default = "default_per_second")]
    pub per_second: u32,
    /// In any minute.
    #[serde(default = "default_per_minute")]
    pub per_minute: u32,
}

const fn default_per_second() -> u32 {
    100
}

const fn default_per_minute() -> u32 {
    1000
}

impl RateLimit {
    /// No limit.
    pub const NONE: Self = Self { per_second: 0, per_minute: 0 };
}

impl Default for RateLimit {
    fn default() -> Self {
        Self { per_second: default_per_second(), per_minute: default_per_minute() }
    }
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

impl Integration {
    /// The integration as conditions and templates know it, for what came through a door of type `kind`.
    pub fn origin<'a>(&'a self, kind: &'a str) -> Origin<'a> {
        Origin { id: self.id, name: &self.name, kind }
    }
}
