//! Keys to the Open API: whose they are, and what may be done with them.

use serde::Deserialize;

use crate::secret::Key;

/// A key to the Open API.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppKey {
    /// Whose key it is.
    pub name: String,
    /// The key or its hash.
    #[serde(alias = "hash")]
    pub key: Key,
    /// Whose actions are done with it; 0: its own, under its name.
    #[serde(default)]
    pub person_id: i64,
    /// What it may do.
    #[serde(default)]
    pub role: Role,
}

/// What may be done with an app key. Each role may do what those before it may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// To ask.
    Read,
    /// To act on incidents, alerts and webhooks.
    #[default]
    Operate,
    /// To change the configuration.
    Administer,
}

impl Role {
    /// Its name in the document.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Operate => "operate",
            Self::Administer => "administer",
        }
    }
}
