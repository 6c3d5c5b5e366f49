//! When an alert key counts as flapping, as a channel says it.

use serde::Deserialize;

use crate::journal::Flapping;

/// The setting `flapping` of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FlappingRule {
    /// Whether it is off.
    pub is_disabled: bool,
    /// How many changes between open and recovered, 2 to 100.
    pub max_changes: u32,
    /// Within how many minutes, 1 to 1440.
    pub in_mins: u64,
    /// For how many minutes the key then makes no incident, at most 1440; 0: it is only marked.
    pub mute_mins: u64,
}

impl Default for FlappingRule {
    fn default() -> Self {
        Self { is_disabled: false, max_changes: 4, in_mins: 60, mute_mins: 0 }
    }
}

impl FlappingRule {
    /// Refuses what is out of bounds.
    pub fn check(&self) -> Result<(), String> {
        let within = (2..=100).contains(&self.max_changes) && (1..=1440).contains(&self.in_mins);
        match within && self.mute_mins <= 1440 {
            true => Ok(()),
            false => Err("max_changes must be 2 to 100, in_mins 1 to 1440, mute_mins 0 to 1440".to_owned()),
        }
    }

    /// As the board follows it; `None` where it is as in a new channel.
    pub fn policy(&self) -> Option<Flapping> {
        let max_changes = if self.is_disabled { 0 } else { self.max_changes };
        let policy = Flapping { max_changes, in_s: self.in_mins * 60, mute_s: self.mute_mins * 60 };
        Some(policy).filter(|policy| *policy != Flapping::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_channel_says_nothing_and_one_that_is_off_never_finds_any() {
        assert_eq!(FlappingRule::default().policy(), None);
        let off = FlappingRule { is_disabled: true, ..FlappingRule::default() };
        assert_eq!(off.policy(), Some(Flapping { max_changes: 0, in_s: 3600, mute_s: 0 }));
        let muting = FlappingRule { mute_mins: 120, ..FlappingRule::default() };
        assert_eq!(muting.policy(), Some(Flapping { max_changes: 4, in_s: 3600, mute_s: 7200 }));
    }

    #[test]
    fn what_is_out_of_bounds_is_refused() {
        let rule = FlappingRule::default();
        assert!(rule.check().is_ok());
        assert!(FlappingRule { max_changes: 100, in_mins: 1440, mute_mins: 1440, ..rule }.check().is_ok());
        for wrong in [
            FlappingRule { max_changes: 1, ..rule },
            FlappingRule { max_changes: 101, ..rule },
            FlappingRule { in_mins: 0, ..rule },
            FlappingRule { in_mins: 1441, ..rule },
            FlappingRule { mute_mins: 1441, ..rule },
        ] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
    }
}
