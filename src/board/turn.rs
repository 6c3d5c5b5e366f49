//! Whose turn it is to fold: a hint with an end, that stands in what a fold stores anyhow.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// The turn to fold, for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<u64>", into = "[u64; 4]")]
pub struct Turn {
    /// Who has it.
    pub token: u64,
    /// Until when.
    pub until: Timestamp,
    /// How many folds its holder has begun and stored since it has it.
    pub folds: u64,
    /// Of how many streams there were new records in the last of them.
    pub streams: u64,
}

impl TryFrom<Vec<u64>> for Turn {
    type Error = String;

    fn try_from(stored: Vec<u64>) -> Result<Self, String> {
        match *stored.as_slice() {
            // As it was before it said how many streams there were.
            [token, until, folds] => Ok(Self { token, until: Timestamp(until), folds, streams: 0 }),
            [token, until, folds, streams] => Ok(Self { token, until: Timestamp(until), folds, streams }),
            _ => Err(format!("a turn of {} numbers", stored.len())),
        }
    }
}

impl From<Turn> for [u64; 4] {
    fn from(Turn { token, until, folds, streams }: Turn) -> Self {
        [token, until.0, folds, streams]
    }
}

impl Turn {
    /// The longest turn, milliseconds: for folds that take seconds, where much waits. One that claims to last longer was written by a clock that is wrong.
    pub const LONGEST_MS: u64 = 15_000;

    /// Whether it has not ended.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.until > now && self.until <= now.plus_millis(Self::LONGEST_MS)
    }

    /// Whether a fold was stored that began after `first` was read, as far as this later reading tells.
    pub const fn covers(&self, first: &Self) -> bool {
        // One fold may have been under way then; where another has the turn, it took it since.
        let since = if self.token == first.token { first.folds.saturating_add(2) } else { 1 };
        self.folds >= since
    }
}
