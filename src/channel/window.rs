//! Windows that come again: from one time of the day to another, on some days (Flashduty, "Noise Reduction", silence by
//! period).
//!
//! They follow the clock on the wall. In the night in which it is changed, a window begins when the clock first reaches
//! its start and ends when the clock has reached its end for good: one that touches the hour that is shown twice is
//! longer by up to that hour, never interrupted; what lies in the hour that is skipped is left out.

use serde::Deserialize;

use super::calendar::{Calendar, check_weekdays};
use super::time_zone::TimeZone;
use crate::day::{self, DAY_S, LAST_S};

/// A time of day, on some days.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Window {
    /// Its beginning, "HH:MM".
    pub start: String,
    /// Its end, "HH:MM" or "24:00", which does not belong to it; at or before the beginning: on the next day.
    pub end: String,
    /// On which days of the week it begins, 0 = Sunday; none: on every day.
    pub repeat: Vec<u8>,
    /// The calendar that says which days are off.
    pub cal_id: String,
    /// Only on days off (true), or only on working days (false) of the calendar; without a calendar it must be false.
    pub is_off: bool,
}

impl Window {
    /// Refuses a window that never opens. The text names the field.
    pub fn check(&self, calendars: &[Calendar]) -> Result<(), String> {
        let times = clock_s(&self.start).is_some_and(|at| at < DAY_S) && clock_s(&self.end).is_some();
        if !times {
            return Err("start and end must be times of day, such as 22:00".to_owned());
        }
        check_weekdays("repeat", &self.repeat)?;
        if self.cal_id.is_empty() && self.is_off {
            return Err("is_off: needs a calendar, cal_id".to_owned());
        }
        if !self.cal_id.is_empty() && self.calendar(calendars).is_none() {
            return Err(format!("there is no calendar {}", self.cal_id));
        }
        Ok(())
    }

    /// When it is over, if it is open: Unix seconds.
    pub fn end(&self, moment: &Moment<'_>) -> Option<i64> {
        let (start, end) = (clock_s(&self.start)?, clock_s(&self.end)?);
        let end = if end > start { end } else { end + DAY_S };
        let (clock, zone, shift) = (moment.clock?, moment.zone, moment.zone.shift_s());
        let today = clock.div_euclid(DAY_S);
        // One of yesterday may still be open; and where the clock is changed about midnight, it may show a day twice.
        let open = (today - 2..=today + 1).filter_map(|day| {
            let (start, end) = (day * DAY_S + start, day * DAY_S + end);
            if clock < start - shift || clock >= end + shift || !self.begins_on(day, moment.calendars) {
                return None;
            }
            let end = zone.passed(end);
            (zone.reached(start) <= moment.now && moment.now < end).then_some(end)
        });
        open.max()
    }

    /// Whether it begins on a day. With a calendar that there is not, it never does.
    fn begins_on(&self, day: i64, calendars: &[Calendar]) -> bool {
        let repeats = self.repeat.is_empty() || self.repeat.contains(&day::weekday(day));
        let is_off = || self.calendar(calendars).is_some_and(|calendar| calendar.is_off(day) == self.is_off);
        repeats && (self.cal_id.is_empty() || is_off())
    }

    fn calendar<'a>(&self, calendars: &'a [Calendar]) -> Option<&'a Calendar> {
        calendars.iter().find(|calendar| calendar.cal_id == self.cal_id)
    }
}

/// A moment, and all that a window asks besides.
pub struct Moment<'a> {
    /// Unix seconds.
    pub now: i64,
    /// What the clock shows, as seconds since 1970; nothing before 1970 and after 9999.
    clock: Option<i64>,
    zone: &'a TimeZone,
    calendars: &'a [Calendar],
}

impl<'a> Moment<'a> {
    /// A moment, Unix seconds.
    pub fn new(now: i64, zone: &'a TimeZone, calendars: &'a [Calendar]) -> Self {
        let clock = (0..=LAST_S).contains(&now).then(|| now + zone.offset_s(now));
        Self { now, clock, zone, calendars }
    }
}

/// Seconds after midnight of `HH:MM`, up to `24:00`.
fn clock_s(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes) = (day::number(hours, 2)?, day::number(minutes, 2)?);
    Some(hours * 3600 + minutes * 60).filter(|clock| *clock <= DAY_S && minutes < 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRIDAY: i64 = 1_795_132_800; // 2026-11-20 00:00 UTC
    const HOUR: i64 = 3600;

    fn window(start: &str, end: &str, repeat: &[u8]) -> Window {
        Window { start: start.into(), end: end.into(), repeat: repeat.into(), ..Window::default() }
    }

    fn end(window: &Window, now: i64) -> Option<i64> {
        assert_eq!(window.check(&[]), Ok(()));
        window.end(&Moment::new(now, &TimeZone::default(), &[]))
    }

    #[test]
    fn the_first_second_belongs_to_it_and_the_last_one_does_not() {
        let lunch = window("12:00", "13:30", &[]);
        let (start, stop) = (FRIDAY + 12 * HOUR, FRIDAY + 13 * HOUR + 1800);
        assert_eq!(
            [start - 1, start, stop - 1, stop].map(|now| end(&lunch, now)),
            [None, Some(stop), Some(stop), None]
        );
    }

    #[test]
    fn one_over_midnight_belongs_to_the_day_on_which_it_begins() {
        let night = window("22:00", "06:00", &[5]);
        let (start, stop) = (FRIDAY + 22 * HOUR, FRIDAY + 30 * HOUR);
        assert_eq!(
            [start - 1, start, stop - 1, stop].map(|now| end(&night, now)),
            [None, Some(stop), Some(stop), None]
        );
        assert_eq!(end(&night, FRIDAY + 5 * HOUR), None, "the night of Thursday");
        assert_eq!(end(&night, FRIDAY + 46 * HOUR), None, "the night of Saturday");
    }

    #[test]
    fn a_week_goes_on_from_saturday_to_sunday() {
        let saturday = window("20:00", "04:00", &[6]);
        assert_eq!(end(&saturday, FRIDAY + 49 * HOUR), Some(FRIDAY + 52 * HOUR), "Sunday at one");
        assert_eq!(end(&window("00:00", "24:00", &[0]), FRIDAY + 48 * HOUR - 1), None);
        assert_eq!(end(&window("00:00", "24:00", &[0]), FRIDAY + 48 * HOUR), Some(FRIDAY + 72 * HOUR));
    }

    #[test]
    fn equal_times_are_a_whole_day() {
        let tomorrow = Some(FRIDAY + 32 * HOUR);
        let day = window("08:00", "08:00", &[5]);
        assert_eq!([8, 31].map(|hour| end(&day, FRIDAY + hour * HOUR)), [tomorrow; 2]);
        assert_eq!([7, 32].map(|hour| end(&day, FRIDAY + hour * HOUR)), [None; 2]);
        for midnight in ["00:00", "24:00"] {
            assert_eq!(end(&window("00:00", midnight, &[5]), FRIDAY), Some(FRIDAY + DAY_S), "{midnight}");
        }
    }

    #[test]
    fn a_calendar_says_on_which_days_it_begins() {
        let calendars: [Calendar; 1] = [Calendar {
            cal_id: "de".into(),
            holidays: vec!["2026-11-20".into()],
            extra_workdays: vec!["2026-11-21".into()],
            ..Calendar::default()
        }];
        let open = |is_off, repeat: &[u8]| {
            let window = Window { cal_id: "de".into(), is_off, ..window("22:00", "02:00", repeat) };
            assert_eq!(window.check(&calendars), Ok(()));
            [-1, 0, 1, 2].map(|day| {
                window.end(&Moment::new(FRIDAY + (day * 24 + 25) * HOUR, &TimeZone::default(), &calendars)).is_some()
            })
        };
        assert_eq!(open(false, &[]), [true, false, true, false], "Thursday and the extra Saturday");
        assert_eq!(open(true, &[]), [false, true, false, true], "the holiday and Sunday");
        assert_eq!(open(true, &[0]), [false, false, false, true]);
        let unknown = Window { cal_id: "fr".into(), ..window("00:00", "24:00", &[]) };
        assert_eq!(unknown.check(&calendars), Err("there is no calendar fr".into()));
        assert_eq!(unknown.end(&Moment::new(FRIDAY, &TimeZone::default(), &calendars)), None);
    }

    #[test]
    fn a_window_that_cannot_be_followed_is_refused_with_its_field() {
        let problem = |window: Window| window.check(&[]).expect_err("refused");
        for text in ["", "8:00", "08:60", "24:00", "24:01", "08-00", "08:00:00", "+8:00", "０8:00"] {
            assert_eq!(
                problem(window(text, "09:00", &[])),
                "start and end must be times of day, such as 22:00",
                "{text}"
            );
        }
        for text in ["24:01", "25:00", "noon"] {
            assert_eq!(
                problem(window("08:00", text, &[])),
                "start and end must be times of day, such as 22:00",
                "{text}"
            );
        }
        assert_eq!(problem(window("08:00", "09:00", &[7])), "repeat: days are 0 (Sunday) to 6 (Saturday), not 7");
        let off = Window { is_off: true, ..window("08:00", "09:00", &[]) };
        assert_eq!(problem(off), "is_off: needs a calendar, cal_id");
    }

    #[test]
    fn the_first_and_the_last_day_are_days_and_nothing_lies_beyond() {
        let (night, zone) = (window("22:00", "06:00", &[]), TimeZone::default());
        assert_eq!(end(&night, 0), Some(6 * HOUR), "begun in 1969");
        assert_eq!(end(&night, LAST_S), Some(LAST_S + 1 + 6 * HOUR));
        assert_eq!([-1, LAST_S + 1, i64::MIN, i64::MAX].map(|now| night.end(&Moment::new(now, &zone, &[]))), [None; 4]);
        assert_eq!(window("", "x", &[]).end(&Moment::new(0, &zone, &[])), None);
    }

    #[test]
    fn a_leap_day_is_a_day() {
        let leap_day = 1_709_164_800; // 2024-02-29, a Thursday
        assert_eq!(end(&window("00:00", "24:00", &[4]), leap_day + 5), Some(leap_day + DAY_S));
        assert_eq!(end(&window("23:00", "01:00", &[4]), leap_day + DAY_S), Some(leap_day + DAY_S + HOUR));
    }
}
