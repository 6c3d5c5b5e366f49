//! What was refused, counted. Nothing is written for it before the answer, and little after it: an instance counts what it
//! refuses and now and then adds that to counters in the store.

use crate::sorted::SortedMap;
use crate::time::Timestamp;

/// So many are worth a write …
const MANY: u64 = 32;
/// … and fewer after this time, milliseconds.
const LATE_MS: u64 = 10_000;

/// Stands for an alert that was refused in a push that was taken.
pub const ALERTS: &str = "alerts";

/// What an instance refused and has not stored yet.
#[derive(Debug, Default)]
pub struct Refusals {
    /// By the name of the error's code.
    counts: SortedMap<&'static str, u64>,
    /// When some were stored last.
    stored: Option<Timestamp>,
}

impl Refusals {
    /// Counts some.
    pub fn note(&mut self, name: &'static str, count: usize) {
        if count > 0 {
            let sum = self.counts.entry(name).or_insert(0);
            *sum = sum.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        }
    }

    /// Whether they are to be stored. The first of an instance are at once: it may not live long enough for more.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let late = self.stored.is_none_or(|at| now.millis_since(at) >= LATE_MS);
        let count = self.counts.values().fold(0_u64, |sum, count| sum.saturating_add(*count));
        count >= if late { 1 } else { MANY }
    }

    /// Takes out what is to be stored, if it is time.
    pub fn take(&mut self, now: Timestamp) -> SortedMap<&'static str, u64> {
        if !self.is_due(now) {
            return SortedMap::new();
        }
        self.stored = Some(now);
        std::mem::take(&mut self.counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_are_stored_at_once_and_later_ones_by_the_dozen_or_after_some_seconds() {
        let mut refusals = Refusals::default();
        let at = |secs: u64| Timestamp::from_secs(1000 + secs);
        assert!(!refusals.is_due(at(0)));
        refusals.note("a", 1);
        assert_eq!(refusals.take(at(0)).get("a"), Some(&1));
        for _ in 0..31 {
            refusals.note("a", 1);
            assert!(refusals.take(at(9)).is_empty());
        }
        refusals.note("b", 1);
        let taken = refusals.take(at(9));
        assert_eq!((taken.get("a"), taken.get("b")), (Some(&31), Some(&1)));
        refusals.note("a", 2);
        assert!(refusals.take(at(18)).is_empty());
        assert_eq!(refusals.take(at(19)).get("a"), Some(&2));
        refusals.note("a", 0);
        assert!(!refusals.is_due(at(100)));
    }
}
