//! When an alert key changed lately between open and recovered: what flapping is told by.

use serde::{Deserialize, Serialize};

use crate::journal::Flapping;
use crate::json::is_default;

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
    #[serde(rename = "m", skip_serializing_if = "is_default")]
    pub muted_until: u64,
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

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Flapping = Flapping { max_changes: 3, in_s: 100, mute_s: 50 };

    #[test]
    fn it_is_found_by_so_many_changes_within_the_time() {
        let mut flaps = Flaps::default();
        assert!(!flaps.change(POLICY, 1000) && !flaps.change(POLICY, 1099));
        // The first is too old by now.
        assert!(!flaps.change(POLICY, 1100));
        assert!(flaps.change(POLICY, 1101));
        assert_eq!(flaps, Flaps { changes: vec![], muted_until: 1151 });
    }

    #[test]
    fn without_a_time_to_mute_it_is_only_found() {
        let mut flaps = Flaps::default();
        assert!(flaps.change(Flapping { max_changes: 1, mute_s: 0, ..POLICY }, 1000));
        assert_eq!(flaps, Flaps::default());
    }

    #[test]
    fn it_is_over_a_day_after_the_last_change_and_when_the_mute_is() {
        let flaps = Flaps { changes: vec![1000, 2000], muted_until: 0 };
        assert!(!flaps.is_over(2000 + LONGEST_S - 1) && flaps.is_over(2000 + LONGEST_S));
        let muted = Flaps { changes: vec![], muted_until: 5000 };
        assert!(!muted.is_over(4999) && muted.is_over(5000));
        assert!(Flaps::default().is_over(0));
    }

    #[test]
    fn what_has_not_happened_is_not_stored_and_what_has_reads_back() {
        assert_eq!(serde_json::to_string(&Flaps::default()).expect("plain data"), "{}");
        let flaps = Flaps { changes: vec![1, 2], muted_until: 3 };
        let text = serde_json::to_string(&flaps).expect("plain data");
        assert_eq!(serde_json::from_str::<Flaps>(&text).expect("as written"), flaps);
    }
}
