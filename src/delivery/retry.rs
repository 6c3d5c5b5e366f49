//! What an attempt's result means, and when the next one is due.

use crate::ports::{PostAnswer, PostError};

/// The waits before the second, third … attempt, milliseconds; after the last one the event is given up.
const SCHEDULE_MS: [u64; 9] =
    [5_000, 30_000, 120_000, 600_000, 1_800_000, 7_200_000, 21_600_000, 43_200_000, 86_400_000];
/// A `Retry-After` is honoured up to this, milliseconds.
const RETRY_AFTER_LIMIT_MS: u64 = 3_600_000;

/// What an attempt's result means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The subscriber has it.
    Delivered,
    /// To be tried again, not before this many milliseconds where the subscriber said so.
    Retry {
        /// From `Retry-After`.
        after_ms: Option<u64>,
        /// For the log.
        reason: String,
    },
    /// Trying again would end the same way.
    Refused {
        /// For the log.
        reason: String,
    },
}

/// Any 2xx is success. Timeouts, broken connections, 408, 425, 429 and 5xx are tried again; other answers, redirects
/// among them, are final, and so is an address that is not allowed.
pub fn judge(result: &Result<PostAnswer, PostError>) -> Outcome {
    match result {
        Ok(PostAnswer { status: 200..=299, .. }) => Outcome::Delivered,
        Ok(PostAnswer { status, retry_after }) => {
            let reason = format!("status {status}");
            if matches!(status, 408 | 425 | 429 | 500..=599) {
                let secs = retry_after.as_ref().and_then(|value| value.trim().parse::<u64>().ok());
                let after_ms = secs.map(|secs| secs.saturating_mul(1000).min(RETRY_AFTER_LIMIT_MS));
                Outcome::Retry { after_ms, reason }
            } else {
                Outcome::Refused { reason }
            }
        }
        Err(error @ PostError::Denied(_)) => Outcome::Refused { reason: error.to_string() },
        Err(error) => Outcome::Retry { after_ms: None, reason: error.to_string() },
    }
}

/// How long to wait after the `attempts`th attempt failed, milliseconds, ±20 % by `random`; `None`: give up.
pub fn wait_ms(attempts: u32, after_ms: Option<u64>, random: u64) -> Option<u64> {
    let nth = usize::try_from(attempts.saturating_sub(1)).ok()?;
    let base = SCHEDULE_MS.get(nth).copied()?;
    let jittered = base / 10 * 8 + random % (base / 10 * 4);
    Some(jittered.max(after_ms.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, retry_after: Option<&str>) -> Outcome {
        judge(&Ok(PostAnswer { status, retry_after: retry_after.map(str::to_owned) }))
    }

    #[test]
    fn each_result_is_judged_by_the_table() {
        for status in [200, 202, 204] {
            assert_eq!(answered(status, None), Outcome::Delivered);
        }
        for status in [408, 425, 429, 500, 503, 599] {
            assert!(matches!(answered(status, None), Outcome::Retry { after_ms: None, .. }), "{status}");
        }
        for status in [100, 301, 307, 400, 401, 404, 410, 422] {
            assert!(matches!(answered(status, None), Outcome::Refused { .. }), "{status}");
        }
        assert!(matches!(judge(&Err(PostError::TimedOut)), Outcome::Retry { .. }));
        assert!(matches!(judge(&Err(PostError::Connection(String::new()))), Outcome::Retry { .. }));
        assert!(matches!(judge(&Err(PostError::Denied(String::new()))), Outcome::Refused { .. }));
    }

    #[test]
    fn retry_after_is_honoured_within_bounds() {
        assert!(matches!(answered(429, Some("7")), Outcome::Retry { after_ms: Some(7000), .. }));
        assert!(matches!(answered(503, Some("999999999999")), Outcome::Retry { after_ms: Some(3_600_000), .. }));
        assert!(matches!(answered(503, Some("soon")), Outcome::Retry { after_ms: None, .. }));
        assert_eq!(wait_ms(1, Some(60_000), 0), Some(60_000));
    }

    #[test]
    fn waits_grow_with_jitter_and_end() {
        for random in [0, 1, u64::MAX] {
            let wait = wait_ms(1, None, random).expect("a second attempt");
            assert!((4_000..=6_000).contains(&wait), "{wait}");
        }
        assert!(wait_ms(9, None, 0) > wait_ms(8, None, u64::MAX));
        assert_eq!(wait_ms(10, None, 0), None);
    }
}
