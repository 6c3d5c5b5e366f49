//! When an alert key changed lately between open and recovered: what flapping is told by.

use serde::{Deserialize, Serialize};

use crate::journal::Flapping;

/// No policy looks back further than this, seconds.
const LONGEST_S: u64 = 24 * 3600;

/// The changes of an alert key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Flaps {
    /// When it changed, Unix seconds, rising.
    #[serde(rename = "c", skip_serializing_if = "Vec::is_empty")]
    changes: Vec<u64>,
    /// Until when alerts with this key make no incident, Unix seconds.
    #[serde(rename = "m", skip_serializing_if = "is_zero")]
    pub muted_until: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Flaps {
    /// Takes in that the key changed. Returns whether it is found flapping by that; the count then begins anew.
    pub fn change(&mut self, policy: Flapping, secs: u64) -> bool {
        self.changes.retain(|at| secs.saturating_sub(*at) < policy.in_s);
        self.changes.push(secs);
        let flaps = self.changes.len() >= policy.max_changes as usize;
        if flaps {
            self.changes.clear();
            if policy.mute_s > 0 {
                self.muted_until = secs.saturating_add(policy.mute_s);
            }
        }
        flaps
    }

    /// Whether nothing of it can matter any more at this Unix second.
    pub fn is_over(&self, secs: u64) -> bool {
        let old = self.changes.iter().all(|at| secs.saturating_sub(*at) >= LONGEST_S);
        old && self.muted_until <= secs
    }
}
