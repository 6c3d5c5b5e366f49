//! Points in time. The domain never asks a clock: every function that needs the time is given it.

use serde::{Deserialize, Serialize};

/// A point in time: microseconds since the Unix epoch, UTC.
///
/// Microseconds, because the order of two pushes is decided by it: what a sender pushes after it had an answer must
/// carry a later stamp than what it pushed before, and two answers may lie within one millisecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The point `secs` seconds after the Unix epoch.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }

    /// The point `ms` milliseconds after the Unix epoch.
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms.saturating_mul(1_000))
    }

    /// Whole seconds since the Unix epoch.
    pub const fn secs(self) -> u64 {
        self.0 / 1_000_000
    }

    /// Whole milliseconds since the Unix epoch.
    pub const fn millis(self) -> u64 {
        self.0 / 1_000
    }

    /// The point `ms` milliseconds later.
    pub const fn plus_millis(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms.saturating_mul(1_000)))
    }

    /// Milliseconds from `earlier` to this point; 0 if `earlier` lies after it.
    pub const fn millis_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0) / 1_000
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn units_convert_downwards() {
        let t = Timestamp(1_795_165_976_412_999);
        assert_eq!(t.secs(), 1_795_165_976);
        assert_eq!(t.millis(), 1_795_165_976_412);
    }

    #[test]
    fn a_difference_never_goes_below_zero() {
        assert_eq!(Timestamp::from_secs(1).millis_since(Timestamp::from_secs(2)), 0);
        assert_eq!(Timestamp::from_secs(2).millis_since(Timestamp::from_secs(1)), 1000);
    }
}
