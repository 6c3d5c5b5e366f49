//! What an attempt's result means, and when the next one is due.

use serde::Deserialize;

use crate::door::rfc3339;
use crate::ports::{PostAnswer, PostError};
use crate::time::Timestamp;

/// The waits before the second, third … attempt, seconds: ten attempts within two days.
pub const WAITS_S: [u64; 9] = [5, 30, 120, 600, 1_800, 7_200, 21_600, 43_200, 86_400];
/// The longest wait that can be configured, seconds.
const WAIT_LIMIT_S: u64 = 604_800;
/// The most retries that can be configured.
const RETRIES_LIMIT: usize = 32;
/// How far a `Retry-After` can put off an attempt beyond our own wait, milliseconds.
const RETRY_AFTER_LIMIT_MS: u64 = 3_600_000;

/// When attempts are made again: the waits before the second, third … one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    waits_s: Vec<u64>,
}

impl Default for Schedule {
    fn default() -> Self {
        Self { waits_s: WAITS_S.to_vec() }
    }
}

impl Schedule {
    /// A schedule as it is configured: the waits in seconds, and how many of them count. With more `retries` than waits
    /// the last wait repeats; 0 means that an event is sent once at most.
    ///
    /// # Errors
    /// What cannot be a schedule, beginning with the field's name.
    pub fn new(waits_s: &[u64], retries: Option<usize>) -> Result<Self, String> {
        let retries = retries.unwrap_or(waits_s.len());
        if retries > RETRIES_LIMIT {
            return Err(format!("retries: must be at most {RETRIES_LIMIT}"));
        }
        if waits_s.iter().any(|wait| !(1..=WAIT_LIMIT_S).contains(wait)) {
            return Err(format!("retry_waits_s: must be 1 to {WAIT_LIMIT_S} seconds"));
        }
        match waits_s.last() {
            None if retries > 0 => Err("retry_waits_s: there must be one where there are retries".to_owned()),
            last => {
                let repeated = std::iter::repeat(last.copied().unwrap_or(0));
                Ok(Self { waits_s: waits_s.iter().copied().chain(repeated).take(retries).collect() })
            }
        }
    }

    /// How long to wait after the `attempts`th attempt failed, milliseconds; `None`: give up. `spared` of the attempts do
    /// not count: after such a one it waits as long as it did before.
    ///
    /// It is our own wait, ±20 % by `random`, or what the subscriber asked for (`after_ms`), whichever is later; but a
    /// subscriber can put us off by an hour beyond our own wait at most.
    pub fn wait_ms(&self, attempts: u32, spared: u32, after_ms: Option<u64>, random: u64) -> Option<u64> {
        let counted = attempts.saturating_sub(spared).max(1);
        let nth = usize::try_from(counted.saturating_sub(1)).ok()?;
        let own_ms = jittered(self.waits_s.get(nth)?.saturating_mul(1000), random);
        let asked_ms = after_ms.unwrap_or(0).min(own_ms.saturating_add(RETRY_AFTER_LIMIT_MS));
        Some(own_ms.max(asked_ms))
    }
}

/// A wait ±20 % by `random`, so that what failed together is not tried again together.
pub(super) fn jittered(ms: u64, random: u64) -> u64 {
    let tenth = ms / 10;
    (ms - 2 * tenth).saturating_add(random % (4 * tenth + 1))
}

/// What counts as success.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Success {
    /// Every status from 200 to 299.
    #[default]
    #[serde(rename = "2xx")]
    Any2xx,
    /// 200 and nothing else, as Flashduty has it. Another 2xx is final all the same: the subscriber has it.
    #[serde(rename = "200")]
    Only200,
}

/// What an attempt's result means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The subscriber has it.
    Delivered,
    /// To be tried again.
    Retry {
        /// How long the subscriber asked us to wait (`Retry-After`), milliseconds; bounded by [`Schedule::wait_ms`].
        after_ms: Option<u64>,
        /// For the log.
        reason: String,
    },
    /// Trying again would end the same way.
    Refused {
        /// For the log.
        reason: String,
    },
    /// The subscriber is there no more (410): nothing further is to be sent to it.
    Gone {
        /// For the log, and for whoever resumes the subscription.
        reason: String,
    },
}

impl Verdict {
    /// What the result of an attempt that ended `now` means. Timeouts, broken connections, 408, 425, 429 and 5xx are
    /// tried again; other answers, redirects among them, are final, and so is an address that is not allowed.
    pub fn of(result: &Result<PostAnswer, PostError>, success: Success, now: Timestamp) -> Self {
        let (status, retry_after) = match result {
            Ok(PostAnswer { status, retry_after, .. }) => (*status, retry_after.as_deref()),
            Err(error @ PostError::Denied(_)) => return Self::Refused { reason: error.to_string() },
            Err(error) => return Self::Retry { after_ms: None, reason: error.to_string() },
        };
        let reason = format!("status {status}");
        match (status, success) {
            (200, _) | (201..=299, Success::Any2xx) => Self::Delivered,
            (408 | 425 | 429 | 500..=599, _) => {
                Self::Retry { after_ms: retry_after.and_then(|value| after_ms(value, now)), reason }
            }
            (410, _) => Self::Gone { reason },
            _ => Self::Refused { reason },
        }
    }
}

/// What `Retry-After` asks for, milliseconds from `now`: it holds seconds or a date. A date that has passed is 0.
fn after_ms(value: &str, now: Timestamp) -> Option<u64> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than a number can have is a very long time.
        return Some(value.parse::<u64>().unwrap_or(u64::MAX).saturating_mul(1000));
    }
    let until = Timestamp::from_secs(u64::try_from(http_date_secs(value)?).unwrap_or(0));
    Some(until.millis_since(now))
}

/// Seconds since the Unix epoch of a date as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`. The day of the week says
/// nothing new and is not looked at.
fn http_date_secs(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.split_once(", ")?.1.split(' ');
    let (day, month, year) = (words.next()?, words.next()?, words.next()?);
    let (clock, zone) = (words.next()?, words.next()?);
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let whole = zone == "GMT" && words.next().is_none() && clock.len() == 8;
    rfc3339::unix_secs(&format!("{year}-{month:02}-{day}T{clock}Z")).filter(|_| whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Sun, 06 Nov 1994 08:49:37 GMT.
    const THEN: u64 = 784_111_777;

    fn verdict(status: u16, success: Success, retry_after: Option<&str>) -> Verdict {
        let answer = PostAnswer { status, retry_after: retry_after.map(str::to_owned), ..PostAnswer::default() };
        Verdict::of(&Ok(answer), success, Timestamp::from_secs(THEN))
    }

    fn asked(retry_after: &str) -> Option<u64> {
        match verdict(503, Success::Any2xx, Some(retry_after)) {
            Verdict::Retry { after_ms, .. } => after_ms,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_result_is_judged_by_the_table() {
        for status in [200, 202, 204, 299] {
            assert_eq!(verdict(status, Success::Any2xx, None), Verdict::Delivered, "{status}");
        }
        for status in [408, 425, 429, 500, 503, 599] {
            let judged = verdict(status, Success::Any2xx, None);
            assert!(matches!(judged, Verdict::Retry { after_ms: None, .. }), "{status}");
        }
        for status in [0, 100, 199, 300, 301, 302, 307, 308, 400, 401, 404, 409, 411, 422, 600] {
            assert!(matches!(verdict(status, Success::Any2xx, None), Verdict::Refused { .. }), "{status}");
        }
        assert_eq!(verdict(410, Success::Any2xx, Some("7")), Verdict::Gone { reason: "status 410".into() });
        let of = |error| Verdict::of(&Err(error), Success::Any2xx, Timestamp::default());
        assert!(matches!(of(PostError::TimedOut), Verdict::Retry { .. }));
        assert!(matches!(of(PostError::Connection(String::new())), Verdict::Retry { .. }));
        assert!(matches!(of(PostError::Denied(String::new())), Verdict::Refused { .. }));
    }

    #[test]
    fn where_only_200_is_success_another_2xx_is_final() {
        assert_eq!(verdict(200, Success::Only200, None), Verdict::Delivered);
        for status in [201, 204, 299] {
            assert!(matches!(verdict(status, Success::Only200, None), Verdict::Refused { .. }), "{status}");
        }
        assert!(matches!(verdict(500, Success::Only200, None), Verdict::Retry { .. }));
    }

    #[test]
    fn retry_after_holds_seconds_or_a_date() {
        assert_eq!(asked(" 7 "), Some(7000));
        assert_eq!(asked("0"), Some(0));
        assert_eq!(asked(&"9".repeat(40)), Some(u64::MAX));
        assert_eq!(asked("Sun, 06 Nov 1994 08:49:37 GMT"), Some(0));
        assert_eq!(asked("Sun, 06 Nov 1994 08:50:37 GMT"), Some(60_000));
        assert_eq!(asked("Mon, 07 Nov 1994 08:49:37 GMT"), Some(86_400_000));
        assert_eq!(asked("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(asked("Mon, 01 Jan 0001 00:00:00 GMT"), Some(0));
        for no_time in [
            "",
            "soon",
            "-7",
            "1.5",
            "+7",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 GMT again",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun, 31 Nov 1994 08:49:37 GMT",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37.5 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "1994-11-06T08:49:37Z",
        ] {
            assert_eq!(asked(no_time), None, "{no_time}");
        }
    }

    #[test]
    fn the_later_of_both_waits_counts_within_an_hour() {
        let schedule = Schedule::default();
        // The least of the jitter: four fifths.
        assert_eq!(schedule.wait_ms(1, 0, Some(3_999), 0), Some(4_000));
        assert_eq!(schedule.wait_ms(1, 0, Some(60_000), 0), Some(60_000));
        assert_eq!(schedule.wait_ms(1, 0, Some(u64::MAX), 0), Some(3_604_000));
        assert_eq!(schedule.wait_ms(9, 0, Some(u64::MAX), 0), Some(72_720_000));
    }

    #[test]
    fn waits_grow_with_jitter_and_end() {
        for random in [0, 1, u64::MAX] {
            let wait = Schedule::default().wait_ms(1, 0, None, random).expect("a second attempt");
            assert!((4_000..=6_000).contains(&wait), "{wait}");
        }
        let schedule = Schedule::default();
        assert!(schedule.wait_ms(9, 0, None, 0) > schedule.wait_ms(8, 0, None, u64::MAX));
        assert_eq!(schedule.wait_ms(10, 0, None, 0), None);
        assert_eq!(schedule.wait_ms(u32::MAX, 0, None, 0), None);
    }

    #[test]
    fn attempts_that_are_spared_neither_end_it_nor_lengthen_its_waits() {
        let schedule = Schedule::default();
        assert_eq!(schedule.wait_ms(4, 4, None, 0), schedule.wait_ms(1, 0, None, 0));
        assert_eq!(schedule.wait_ms(4, 1, None, 0), schedule.wait_ms(3, 0, None, 0));
        assert_eq!(schedule.wait_ms(100, 91, None, 0), schedule.wait_ms(9, 0, None, 0));
        assert_eq!(schedule.wait_ms(100, 90, None, 0), None, "the tenth that counts");
        let never = Schedule::new(&[], None).expect("a schedule");
        assert_eq!(never.wait_ms(1, 1, None, 0), None);
    }

    #[test]
    fn a_schedule_is_as_long_as_its_retries() {
        let waits = |schedule: Result<Schedule, String>| schedule.map(|schedule| schedule.waits_s);
        assert_eq!(waits(Schedule::new(&[1, 2], None)), Ok(vec![1, 2]));
        assert_eq!(waits(Schedule::new(&[1, 2], Some(4))), Ok(vec![1, 2, 2, 2]));
        assert_eq!(waits(Schedule::new(&[1, 2], Some(1))), Ok(vec![1]));
        assert_eq!(Schedule::new(&WAITS_S, None), Ok(Schedule::default()));
        for never in [Schedule::new(&WAITS_S, Some(0)), Schedule::new(&[], None)] {
            assert_eq!(never.expect("a schedule").wait_ms(1, 0, None, 0), None);
        }
        for wrong in
            [(vec![0], None), (vec![604_801], None), (vec![], Some(1)), (vec![1], Some(33)), (vec![1; 33], None)]
        {
            assert!(Schedule::new(&wrong.0, wrong.1).is_err(), "{wrong:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_header_and_no_number_makes_it_panic(
            text in "\\PC{0,40}",
            date in "[A-Z][a-z]{2}, [0-9]{2} (Jan|Feb|Nov) [0-9é-]{2,5} [0-9:]{5,9} GMT",
            ms in any::<u64>(),
            random in any::<u64>(),
        ) {
            asked(&text);
            asked(&date);
            let jittered = jittered(ms, random);
            prop_assert!(jittered >= ms / 10 * 8 && jittered.abs_diff(ms) <= ms / 10 * 2);
        }
    }
}
