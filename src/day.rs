//! Days of the Gregorian calendar as numbers: 0 is the first of January 1970, a Thursday.
//!
//! The numbers stay small: whoever comes with a time has bounded it before, whoever comes with a text by its length.

/// Seconds of a day.
pub const DAY_S: i64 = 86_400;
/// The last second of the year 9999. Nothing here looks beyond it.
pub const LAST_S: i64 = 253_402_300_799;

/// The day of the week: 0 is Sunday, 6 is Saturday.
pub const fn weekday(day: i64) -> u8 {
    (day + 4).rem_euclid(7) as u8
}

/// The year in which a day lies.
pub const fn year(day: i64) -> i64 {
    // 400 years always have as many days; the guess is off by one at most.
    let guess = 1970 + (day * 400).div_euclid(146_097);
    if day < year_start(guess) {
        guess - 1
    } else if day < year_start(guess + 1) {
        guess
    } else {
        guess + 1
    }
}

/// Whether a year has a 29th of February.
pub const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The first day of a year.
pub const fn year_start(year: i64) -> i64 {
    let before = year - 1;
    before * 365 + before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400) - 719_162
}

/// How many days a month has, 1 to 12.
pub const fn month_length(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The first day of a month, 1 to 12.
pub fn month_start(year: i64, month: i64) -> i64 {
    year_start(year) + (1..month).map(|before| month_length(year, before)).sum::<i64>()
}

/// The day of `YYYY-MM-DD`; `None` for what is no date.
pub fn parse(text: &str) -> Option<i64> {
    let [year, month, day] = numbers(text, '-', [4, 2, 2])?;
    let valid = (1..=12).contains(&month) && (1..=month_length(year, month)).contains(&day);
    valid.then(|| month_start(year, month) + day - 1)
}

/// Three numbers with a sign between them, each of exactly so many digits.
pub fn numbers(text: &str, between: char, digits: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(between);
    let mut next = |digits| number(parts.next()?, digits);
    let [one, two, three] = digits;
    let numbers = [next(one)?, next(two)?, next(three)?];
    parts.next().is_none().then_some(numbers)
}

/// A number of exactly so many digits, at most 18.
pub fn number(text: &str, digits: usize) -> Option<i64> {
    let all_digits = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_ten_thousand_years_follows_the_one_before() {
        let (mut day, mut of_week) = (year_start(0), 6);
        for this in 0..=9999 {
            assert_eq!(year_start(this), day);
            for month in 1..=12 {
                assert_eq!(month_start(this, month), day);
                for _ in 0..month_length(this, month) {
                    assert_eq!((year(day), weekday(day)), (this, of_week));
                    (day, of_week) = (day + 1, (of_week + 1) % 7);
                }
            }
        }
        assert_eq!(day * DAY_S - 1, LAST_S);
    }

    #[test]
    fn a_date_is_the_day_that_it_names() {
        for (written, day) in [
            ("1970-01-01", 0),
            ("1969-12-31", -1),
            ("2000-02-29", 11_016),
            ("2024-02-29", 19_782),
            ("2026-11-21", 20_778),
            ("9999-12-31", 2_932_896),
        ] {
            assert_eq!(parse(written), Some(day), "{written}");
        }
    }

    #[test]
    fn the_first_of_january_1970_was_a_thursday() {
        assert_eq!((weekday(0), weekday(-1), weekday(3)), (4, 3, 0));
    }

    #[test]
    fn what_is_no_date_is_nothing() {
        for text in [
            "",
            "2026",
            "2026-11",
            "2026-11-31",
            "2026-02-29",
            "1900-02-29",
            "2026-00-01",
            "2026-13-01",
            "2026-01-00",
            "2026-1-01",
            "26-01-01",
            "2026-01-01-01",
            "+026-01-01",
            "2026-01-01 ",
            "２０26-01-01",
            "2026/01/01",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
