//! Dates and times as text (RFC 3339), for senders that say when in words.
//!
//! Beyond the RFC, what Alertmanager's own parser takes is taken here: an offset without its colon, and none at all,
//! which means UTC.

use crate::day::{self, DAY_S, number};

/// Seconds since the Unix epoch, fractions left out; negative before it. `None` for what is not a date and time.
pub fn unix_secs(text: &str) -> Option<i64> {
    let (date, rest) = text.trim().split_at_checked(10)?;
    let (clock, rest) = rest.strip_prefix(['T', 't', ' '])?.split_at_checked(8)?;
    let secs = day::parse(date)? * DAY_S + clock_secs(clock)?;
    Some(secs - offset_secs(after_fraction(rest)?)?)
}

/// A time as text, in UTC with milliseconds; `ms` since the Unix epoch. Later than the year 9999 shows as its end.
pub fn shown(ms: u64) -> String {
    let last_ms = u64::try_from(day::LAST_S).unwrap_or(0).saturating_mul(1000) + 999;
    let (secs, millis) = (ms.min(last_ms) / 1000, ms.min(last_ms) % 1000);
    let (date, clock) = (i64::try_from(secs / 86_400).unwrap_or(0), secs % 86_400);
    let year = day::year(date);
    let month = (1..=12).rev().find(|month| day::month_start(year, *month) <= date).unwrap_or(1);
    let date = date - day::month_start(year, month) + 1;
    let (hours, minutes, secs) = (clock / 3600, clock / 60 % 60, clock % 60);
    format!("{year:04}-{month:02}-{date:02}T{hours:02}:{minutes:02}:{secs:02}.{millis:03}Z")
}

/// Seconds since midnight of `HH:MM:SS`; a leap second counts as the first one of the next minute.
fn clock_secs(clock: &str) -> Option<i64> {
    let [hours, minutes, secs] = day::numbers(clock, ':', [2, 2, 2])?;
    (hours < 24 && minutes < 60 && secs <= 60).then_some(hours * 3600 + minutes * 60 + secs)
}

/// What follows the fraction of a second, if there is one.
fn after_fraction(text: &str) -> Option<&str> {
    let Some(fraction) = text.strip_prefix(['.', ',']) else {
        return Some(text);
    };
    let rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
    (rest.len() < fraction.len()).then_some(rest)
}

/// Seconds east of UTC.
fn offset_secs(text: &str) -> Option<i64> {
    if matches!(text, "" | "Z" | "z") {
        return Some(0);
    }
    let (east, offset) = match text.strip_prefix('+') {
        Some(offset) => (1, offset),
        None => (-1, text.strip_prefix('-')?),
    };
    let (hours, minutes) = offset.split_at_checked(2)?;
    let (hours, minutes) = (number(hours, 2)?, number(minutes.strip_prefix(':').unwrap_or(minutes), 2)?);
    (hours < 24 && minutes < 60).then_some(east * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_is_shown_reads_back() {
        assert_eq!(shown(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(shown(1_795_165_977_412), "2026-11-20T09:12:57.412Z");
        assert_eq!(shown(u64::MAX), "9999-12-31T23:59:59.999Z");
        for day in (0..80_000).step_by(7) {
            let secs = day * 86_400 + 86_399;
            assert_eq!(unix_secs(&shown(secs * 1000 + 999)), i64::try_from(secs).ok());
        }
    }
    use proptest::prelude::*;

    #[test]
    fn the_same_moment_is_the_same_number_however_it_is_written() {
        for text in [
            "2026-11-20T07:12:56Z",
            "2026-11-20t07:12:56z",
            "2026-11-20 07:12:56.412999Z",
            "2026-11-20T07:12:56",
            "2026-11-20T15:12:56.5+08:00",
            "2026-11-20T15:12:56+0800",
            "2026-11-20T01:42:56-05:30",
        ] {
            assert_eq!(unix_secs(text), Some(1_795_158_776), "{text}");
        }
    }

    #[test]
    fn the_zero_time_of_go_lies_far_before_the_epoch() {
        assert_eq!(unix_secs("0001-01-01T00:00:00Z"), Some(-62_135_596_800));
        assert_eq!(unix_secs("0001-01-01T00:00:00.000Z"), Some(-62_135_596_800));
        assert_eq!(unix_secs("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(unix_secs("0000-01-01T00:00:00Z"), Some(-62_167_219_200));
        assert_eq!(unix_secs("9999-12-31T23:59:59Z"), Some(253_402_300_799));
    }

    #[test]
    fn leap_days_and_leap_seconds_are_known() {
        assert_eq!(unix_secs("2000-02-29T00:00:00Z"), Some(951_782_400));
        assert_eq!(unix_secs("1900-02-29T00:00:00Z"), None);
        assert_eq!(unix_secs("2024-02-29T00:00:00Z"), Some(1_709_164_800));
        assert_eq!(unix_secs("2016-12-31T23:59:60Z"), unix_secs("2017-01-01T00:00:00Z"));
    }

    #[test]
    fn what_is_no_date_and_time_is_nothing() {
        for text in [
            "",
            "now",
            "2026-11-20",
            "2026-11-20T",
            "2026-11-20T07:12",
            "2026-13-20T07:12:56Z",
            "2026-00-20T07:12:56Z",
            "2026-11-31T07:12:56Z",
            "2026-11-00T07:12:56Z",
            "2026-11-20T24:12:56Z",
            "2026-11-20T07:12:61Z",
            "2026-11-20T07:12:56.Z",
            "2026-11-20T07:12:56+8",
            "2026-11-20T07:12:56+24:00",
            "2026-11-20T07:12:56Zulu",
            "+026-11-20T07:12:56Z",
            "é026-11-20T07:12:56Z",
        ] {
            assert_eq!(unix_secs(text), None, "{text}");
        }
    }

    /// The text of a moment, found by counting the days off: slow, and nothing like the parser.
    fn written(secs: i64, offset_minutes: i64) -> String {
        let local = secs + offset_minutes * 60;
        let (mut left, clock) = (local.div_euclid(86_400), local.rem_euclid(86_400));
        let leap = |year: i64| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        let mut year = 1970;
        while left < 0 {
            year -= 1;
            left += if leap(year) { 366 } else { 365 };
        }
        while left >= if leap(year) { 366 } else { 365 } {
            left -= if leap(year) { 366 } else { 365 };
            year += 1;
        }
        let mut month = 1;
        loop {
            let length = match month {
                2 => 28 + i64::from(leap(year)),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            if left < length {
                break;
            }
            left -= length;
            month += 1;
        }
        let (sign, offset) = if offset_minutes < 0 { ('-', -offset_minutes) } else { ('+', offset_minutes) };
        format!(
            "{year:04}-{month:02}-{:02}T{:02}:{:02}:{:02}{sign}{:02}:{:02}",
            left + 1,
            clock / 3600,
            clock / 60 % 60,
            clock % 60,
            offset / 60,
            offset % 60
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_was_written_is_read_again(secs in -62_000_000_000_i64..253_000_000_000, offset in -1439_i64..=1439) {
            let text = written(secs, offset);
            prop_assert_eq!(unix_secs(&text), Some(secs), "{}", text);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}", digits in "[0-9TZ:.,+ -]{0,40}") {
            unix_secs(&text);
            unix_secs(&digits);
        }
    }
}
