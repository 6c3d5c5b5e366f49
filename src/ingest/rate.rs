//! Rate limits: how many requests an integration may still send.
//!
//! Nothing is written for them. An instance knows exactly what it took itself, and that is little: the host ends an
//! instance after some hundred requests. So it reads once, before its first answer, what the ledger counted, which is
//! written anyhow, and listens to what folders say when it wakes them: they read what all instances have accepted. What
//! they say is younger than a fold under load, so a limit is enforced about a fold late.

use std::collections::VecDeque;

use crate::sorted::SortedMap;

use crate::config::RateLimit;
use crate::ports::Pace;
use crate::time::Timestamp;

const SECOND_US: u64 = 1_000_000;
const MINUTE_US: u64 = 60 * SECOND_US;

/// What an instance knows of the requests of each integration.
#[derive(Debug, Default)]
pub struct Rates {
    by_integration: SortedMap<i64, Rate>,
}

#[derive(Debug, Default)]
struct Rate {
    /// When this instance took requests, within the last minute; the oldest first.
    own: VecDeque<u64>,
    /// What a folder said last.
    said: Option<Said>,
}

/// What a folder said, and how many of its own requests the instance took since.
#[derive(Clone, Copy, Debug)]
struct Said {
    pace: Pace,
    since: u64,
}

impl Rates {
    /// Counts a request, if the limit allows it.
    ///
    /// # Errors
    /// Over the limit: after how many seconds to try again.
    pub fn take(&mut self, integration_id: i64, limit: RateLimit, now: Timestamp) -> Result<(), u64> {
        let rate = self.by_integration.entry(integration_id).or_default();
        while rate.own.front().is_some_and(|at| at.saturating_add(MINUTE_US) <= now.0) {
            rate.own.pop_front();
        }
        let minute = rate.waits(limit.per_minute, MINUTE_US, now);
        let second = rate.waits(limit.per_second, SECOND_US, now);
        match minute.max(second) {
            0 => {
                rate.own.push_back(now.0);
                if let Some(said) = &mut rate.said {
                    said.since += 1;
                }
                Ok(())
            }
            us => Err(us.div_ceil(SECOND_US)),
        }
    }

    /// Takes in what a folder said.
    pub fn heard(&mut self, pace: Pace) {
        let rate = self.by_integration.entry(pace.integration_id).or_default();
        if rate.said.is_none_or(|said| said.pace.second <= pace.second) {
            rate.said = Some(Said { pace, since: 0 });
        }
    }
}

impl Rate {
    /// How long to wait until there is room for one more within `window`, microseconds; 0: there is.
    fn waits(&self, limit: u32, window: u64, now: Timestamp) -> u64 {
        let limit = u64::from(limit);
        if limit == 0 {
            return 0;
        }
        let own = self.own.iter().rev().take_while(|at| at.saturating_add(window) > now.0).count() as u64;
        if own >= limit {
            // The oldest of the last `limit` has to leave the window.
            let nth = self.own.len().saturating_sub(limit as usize);
            let oldest = self.own.get(nth).copied().unwrap_or(now.0);
            return (oldest.saturating_add(window)).saturating_sub(now.0).max(1);
        }
        let Some(said) = self.said else {
            return 0;
        };
        let counts = if window == SECOND_US { said.pace.in_second } else { said.pace.in_minute };
        let began = said.pace.second * SECOND_US / window * window;
        let (all, wait) = within(counts, began, window, now.0);
        if all + said.since >= limit { wait } else { 0 }
    }
}

/// How many requests came within `window` before `now`, by the counts of the window before and of the window that
/// began at `began`, taking those of the former as evenly spread; and how long until one of them has left.
fn within([before, current]: [u64; 2], began: u64, window: u64, now: u64) -> (u64, u64) {
    let age = now.saturating_sub(began);
    let (leaving, rest, age) = match age / window {
        0 => (before, current, age),
        1 => (current, 0, age - window),
        _ => return (0, 0),
    };
    let left = (leaving as u128 * u128::from(window - age) / u128::from(window)) as u64;
    (left + rest, (window / leaving.max(1)).clamp(1, window))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: RateLimit = RateLimit { per_second: 3, per_minute: 5 };

    fn at_ms(ms: u64) -> Timestamp {
        Timestamp::from_millis(1_795_165_980_000 + ms)
    }

    fn pace(second_ms: u64, in_second: [u64; 2], in_minute: [u64; 2]) -> Pace {
        Pace { integration_id: 1, second: at_ms(second_ms).secs(), in_second, in_minute }
    }

    #[test]
    fn one_more_than_the_limit_of_a_second_is_refused_until_the_first_has_left() {
        let mut rates = Rates::default();
        for ms in [0, 100, 900] {
            assert_eq!(rates.take(1, LIMIT, at_ms(ms)), Ok(()));
        }
        assert_eq!(rates.take(1, LIMIT, at_ms(999)), Err(1));
        assert_eq!(rates.take(1, LIMIT, at_ms(1000)), Ok(()));
        assert_eq!(rates.take(1, LIMIT, at_ms(1001)), Err(1));
        assert_eq!(rates.take(2, LIMIT, at_ms(1001)), Ok(()), "another integration");
    }

    #[test]
    fn a_refusal_by_the_minute_says_when_the_oldest_leaves_and_refused_requests_do_not_count() {
        let mut rates = Rates::default();
        for ms in [0, 2000, 4000, 6000, 8000] {
            assert_eq!(rates.take(1, LIMIT, at_ms(ms)), Ok(()));
        }
        for _ in 0..10 {
            assert_eq!(rates.take(1, LIMIT, at_ms(10_000)), Err(50));
        }
        assert_eq!(rates.take(1, LIMIT, at_ms(60_000)), Ok(()));
    }

    #[test]
    fn a_limit_of_zero_is_none() {
        let mut rates = Rates::default();
        let none = RateLimit { per_second: 0, per_minute: 0 };
        assert!((0..10_000).all(|_| rates.take(1, none, at_ms(0)).is_ok()));
    }

    #[test]
    fn what_other_instances_took_counts_as_soon_as_a_folder_says_so() {
        let mut rates = Rates::default();
        assert_eq!(rates.take(1, LIMIT, at_ms(0)), Ok(()));
        rates.heard(pace(0, [0, 2], [0, 4]));
        assert_eq!(rates.take(1, LIMIT, at_ms(10)), Ok(()));
        assert!(rates.take(1, LIMIT, at_ms(20)).is_err(), "4 of others, 1 since");
        assert!(rates.take(1, LIMIT, at_ms(59_000)).is_err());
        assert_eq!(rates.take(1, LIMIT, at_ms(125_000)), Ok(()), "all of that is over");
    }

    #[test]
    fn what_came_in_the_window_before_leaves_little_by_little() {
        assert_eq!(within([60, 10], 0, MINUTE_US, 0).0, 70);
        assert_eq!(within([60, 10], 0, MINUTE_US, MINUTE_US / 2).0, 40);
        assert_eq!(within([60, 10], 0, MINUTE_US, MINUTE_US + MINUTE_US / 2).0, 5);
        assert_eq!(within([60, 10], 0, MINUTE_US, 2 * MINUTE_US).0, 0);
    }

    #[test]
    fn an_older_word_of_a_folder_does_not_undo_a_newer_one() {
        let mut rates = Rates::default();
        rates.heard(pace(2000, [0, 3], [0, 3]));
        rates.heard(pace(1000, [0, 0], [0, 0]));
        assert!(rates.take(1, LIMIT, at_ms(2000)).is_err());
    }
}
