//! Time zones: a fixed offset, or a rule of daylight saving; what the clock on the wall shows, and when it shows it. How
//! a zone is written is told in `posix.rs`. Names of places would need a database that is larger than all of the
//! component.

use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::posix;
use crate::day::{self, DAY_S};

/// Beyond so many seconds before and after 1970 a zone stays as it is there: some 31 000 years.
const BOUND_S: i64 = 1_000_000_000_000;

/// A time zone. Read from a text, as [`TimeZone::parse`] does; UTC by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeZone {
    /// Seconds east of UTC, without daylight saving.
    pub(super) standard_s: i64,
    /// Daylight saving, if there is one.
    pub(super) summer: Option<Summer>,
}

/// Daylight saving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Summer {
    /// Seconds east of UTC while it holds.
    pub offset_s: i64,
    /// When it begins, by the clock without it.
    pub start: Switch,
    /// When it ends, by the clock with it.
    pub end: Switch,
}

/// When the clock is changed, each year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Switch {
    pub day: SwitchDay,
    /// Seconds after midnight of that day; may lie before it or days after it.
    pub time_s: i64,
}

/// On which day the clock is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SwitchDay {
    /// The first, second … day of the week in a month; the fifth is the last one.
    Weekday { month: i64, week: i64, weekday: i64 },
    /// Day of the year, from 1; the 29th of February is not counted.
    WithoutLeapDay(i64),
    /// Day of the year, from 0.
    OfYear(i64),
}

impl TimeZone {
    /// Reads `UTC`, an offset such as `+08:00`, or a rule such as `CET-1CEST,M3.5.0,M10.5.0/3`.
    ///
    /// # Errors
    /// What is none of these; daylight saving of more than three hours.
    pub fn parse(text: &str) -> Result<Self, String> {
        posix::parse(text).ok_or_else(|| {
            format!(
                "'{text}' is not known: write UTC, an offset such as +08:00, or a rule such as \
                 CET-1CEST,M3.5.0,M10.5.0/3 (with at most 3 hours of daylight saving)"
            )
        })
    }

    /// Seconds east of UTC at a time, Unix seconds. Exact at the switch.
    pub(super) fn offset_s(&self, unix_s: i64) -> i64 {
        let Some(summer) = &self.summer else { return self.standard_s };
        let at = unix_s.clamp(-BOUND_S, BOUND_S);
        let year = day::year(at.div_euclid(DAY_S));
        let ends = |year| summer.end.clock(year) - summer.offset_s;
        // South of the equator it ends in the year after. Two years more, because a switch may lie a week away from
        // its day.
        let holds = (year - 2..=year + 1).any(|year| {
            let start = summer.start.clock(year) - self.standard_s;
            start <= at && at < Some(ends(year)).filter(|end| *end > start).unwrap_or_else(|| ends(year + 1))
        });
        if holds { summer.offset_s } else { self.standard_s }
    }

    /// By how many seconds daylight saving changes the clock.
    pub(super) fn shift_s(&self) -> i64 {
        self.summer.map_or(0, |summer| (summer.offset_s - self.standard_s).abs())
    }

    /// When the clock first reaches a time, given as seconds since 1970 by that clock: of an hour that is there twice,
    /// the first one; of an hour that is missing, the switch.
    pub(super) fn reached(&self, clock: i64) -> i64 {
        self.moment(clock, false)
    }

    /// When the clock has reached a time for good: as [`TimeZone::reached`], but of an hour that is there twice, the
    /// second one.
    pub(super) fn passed(&self, clock: i64) -> i64 {
        self.moment(clock, true)
    }

    fn moment(&self, clock: i64, for_good: bool) -> i64 {
        let summer_s = self.summer.map_or(self.standard_s, |summer| summer.offset_s);
        let ahead = summer_s.max(self.standard_s);
        let (mut early, mut late) = (clock - ahead, clock - summer_s.min(self.standard_s));
        // It cannot be before the first of these, nor after the second.
        match (self.offset_s(early) == ahead, self.offset_s(late - 1) == ahead) {
            (true, true) => early,
            (false, false) => late,
            (true, false) => [early, late][usize::from(for_good)],
            (false, true) => {
                while late - early > 1 {
                    let middle = early + (late - early) / 2;
                    if self.offset_s(middle) == ahead {
                        late = middle;
                    } else {
                        early = middle;
                    }
                }
                late
            }
        }
    }
}

impl<'de> Deserialize<'de> for TimeZone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl Switch {
    /// When it is in a year, as seconds since 1970 by the clock before it.
    fn clock(&self, year: i64) -> i64 {
        let day = match self.day {
            SwitchDay::Weekday { month, week, weekday } => {
                let first = day::month_start(year, month);
                let day = first + (weekday - i64::from(day::weekday(first))).rem_euclid(7) + (week - 1) * 7;
                // A month has a fifth one or it has not.
                if day < first + day::month_length(year, month) { day } else { day - 7 }
            }
            SwitchDay::WithoutLeapDay(day) => day::year_start(year) + day - i64::from(day < 60 || !day::is_leap(year)),
            SwitchDay::OfYear(day) => day::year_start(year) + day,
        };
        day * DAY_S + self.time_s
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn zone(text: &str) -> TimeZone {
        TimeZone::parse(text).expect(text)
    }

    const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";
    const SYDNEY: &str = "AEST-10AEDT,M10.1.0,M4.1.0/3";

    #[test]
    fn the_clock_changes_at_the_very_second() {
        for (text, at, before, after) in [
            (BERLIN, 1_711_846_800, 3600, 7200),
            (BERLIN, 1_729_990_800, 7200, 3600),
            (BERLIN, 1_774_746_000, 3600, 7200),
            (BERLIN, 1_792_890_000, 7200, 3600),
            (SYDNEY, 1_775_318_400, 39_600, 36_000),
            (SYDNEY, 1_791_043_200, 36_000, 39_600),
            ("EST5EDT,M3.2.0,M11.1.0", 1_772_953_200, -18_000, -14_400),
            ("EST5EDT,M3.2.0,M11.1.0", 1_793_512_800, -14_400, -18_000),
            ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 1_775_314_800, 39_600, 37_800),
            ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 1_791_041_400, 37_800, 39_600),
            ("<-04>4<-03>,M9.1.6/24,M4.1.6/24", 1_775_358_000, -10_800, -14_400),
            ("<-04>4<-03>,M9.1.6/24,M4.1.6/24", 1_788_667_200, -14_400, -10_800),
            ("IST-1GMT0,M10.5.0,M3.5.0/1", 1_774_746_000, 0, 3600),
            ("IST-1GMT0,M10.5.0,M3.5.0/1", 1_792_890_000, 3600, 0),
            ("IST-2IDT,M3.4.4/26,M10.5.0", 1_774_569_600, 7200, 10_800),
            ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 1_774_746_000, -7200, -3600),
            ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 1_792_890_000, -3600, -7200),
        ] {
            let zone = zone(text);
            assert_eq!((zone.offset_s(at - 1), zone.offset_s(at)), (before, after), "{text} {at}");
        }
    }

    #[test]
    fn a_leap_day_moves_one_kind_of_day_and_not_the_other() {
        let (start, february) = (|year| day::year_start(year) * DAY_S, 1_000);
        let clock = |day, year| Switch { day, time_s: february }.clock(year) - start(year) - february;
        assert_eq!(clock(SwitchDay::WithoutLeapDay(59), 2024), 58 * DAY_S);
        assert_eq!(clock(SwitchDay::WithoutLeapDay(60), 2024), 60 * DAY_S, "the first of March");
        assert_eq!(clock(SwitchDay::WithoutLeapDay(60), 2026), 59 * DAY_S);
        assert_eq!(clock(SwitchDay::OfYear(59), 2024), 59 * DAY_S, "the 29th of February");
    }

    #[test]
    fn daylight_saving_may_last_the_whole_year() {
        for text in ["EST5EDT,0/0,J365/25", "XXX5EDT4,0/0,J365/25", "XXX3EDT4,0/0,J365/23"] {
            for at in (1_700_000_000..1_900_000_000).step_by(3600) {
                assert_eq!(zone(text).offset_s(at), -14_400, "{text} {at}");
            }
        }
    }

    #[test]
    fn a_switch_may_lie_in_the_year_before_or_after_its_day() {
        let hours = |year, hours: i64| day::year_start(year) * DAY_S + hours * 3600;
        let before = zone("AAA0BBB,J1/-167,J100");
        assert_eq!([-168, -167].map(|hour| before.offset_s(hours(2027, hour))), [0, 3600]);
        // From the evening of 6 January to that of 5 January in the year after.
        let after = zone("AAA0BBB,J365/167,J364/167");
        let near = [0, 117, 118, 142, 143].map(|hour| after.offset_s(hours(2026, hour)));
        assert_eq!(near, [3600, 3600, 0, 0, 3600]);
    }

    #[test]
    fn no_time_is_too_early_or_too_late() {
        for text in ["UTC", "-03:30", BERLIN, "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"] {
            let zone = zone(text);
            let offsets = [i64::MIN, -1, 0, day::LAST_S, i64::MAX].map(|at| zone.offset_s(at));
            assert!(offsets.iter().all(|offset| offset.abs() < 50_000), "{text}");
        }
        assert_eq!([-1, 0, day::LAST_S].map(|at| zone(BERLIN).offset_s(at)), [3600; 3]);
        assert_eq!(zone(BERLIN).offset_s(day::LAST_S - 180 * DAY_S), 7200, "July 9999");
    }

    #[test]
    fn an_hour_that_is_missing_or_there_twice_has_its_moments() {
        let (berlin, forth, back) = (zone(BERLIN), 1_774_746_000, 1_792_890_000);
        for (after_two, minutes) in [(0, 0), (0, 30), (1, 59)] {
            let clock = forth + 3600 + minutes * 60 + after_two;
            assert_eq!((berlin.reached(clock), berlin.passed(clock)), (forth, forth), "missing");
        }
        assert_eq!((berlin.reached(forth + 3599), berlin.passed(forth + 7200)), (forth - 1, forth));
        assert_eq!(berlin.reached(forth + 7201), forth + 1);
        let half_past_two = back + 3600 + 1800;
        assert_eq!((berlin.reached(half_past_two), berlin.passed(half_past_two)), (back - 1800, back + 1800));
        assert_eq!(
            (berlin.reached(back + 3600), berlin.passed(back + 3600)),
            (back - 3600, back - 3600),
            "two o'clock"
        );
        assert_eq!((berlin.reached(back + 7200), berlin.passed(back + 7200)), (back + 3600, back + 3600), "three");
        assert_eq!((zone("+08:00").reached(28_800), zone("+08:00").passed(28_800)), (0, 0));
    }

    #[test]
    fn a_zone_is_read_from_a_text_and_a_problem_is_told() {
        assert_eq!(serde_json::from_str::<TimeZone>("\"+08:00\"").expect("a zone"), zone("+08:00"));
        let problem = serde_json::from_str::<TimeZone>("\"Europe/Berlin\"").expect_err("a name").to_string();
        assert!(
            problem.starts_with("'Europe/Berlin' is not known: write") && problem.contains("M10.5.0/3"),
            "{problem}"
        );
    }

    /// All switches of some years with the offset after them, found by counting days one by one.
    fn switches(standard_s: i64, summer: &Summer) -> Vec<(i64, i64)> {
        let (mut found, mut start, mut weekday) = (Vec::new(), 0, 4);
        for year in 1970..2110 {
            let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
            let mut days = Vec::new();
            for (month, length) in [31, 28 + i64::from(leap), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].iter().enumerate()
            {
                for date in 1..=*length {
                    days.push((month as i64 + 1, date, weekday));
                    weekday = (weekday + 1) % 7;
                }
            }
            for (switch, before, after) in
                [(&summer.start, standard_s, summer.offset_s), (&summer.end, summer.offset_s, standard_s)]
            {
                let nth = match switch.day {
                    SwitchDay::Weekday { month, week, weekday } => {
                        let all: Vec<_> =
                            (0..days.len()).filter(|i| days[*i].0 == month && days[*i].2 == weekday).collect();
                        all[all.len().min(week as usize) - 1]
                    }
                    SwitchDay::WithoutLeapDay(n) => (0..days.len())
                        .filter(|i| (days[*i].0, days[*i].1) != (2, 29))
                        .nth(n as usize - 1)
                        .expect("a day"),
                    SwitchDay::OfYear(n) => n as usize,
                };
                found.push(((start + nth as i64) * DAY_S + switch.time_s - before, after));
            }
            start += days.len() as i64;
        }
        found.sort_unstable();
        found
    }

    fn switch(months: std::ops::Range<i64>) -> impl Strategy<Value = Switch> {
        let (from, to) = (months.start, months.end);
        let by_week = (months, 1..=5_i64, 0..7_i64).prop_map(|(month, week, weekday)| SwitchDay::Weekday {
            month,
            week,
            weekday,
        });
        let day = prop_oneof![
            by_week,
            (from * 30 - 25..to * 30 - 30).prop_map(SwitchDay::WithoutLeapDay),
            (from * 30 - 25..to * 30 - 30).prop_map(SwitchDay::OfYear),
        ];
        (day, -167 * 60..=167 * 60_i64).prop_map(|(day, minutes)| Switch { day, time_s: minutes * 60 })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_offset_is_that_of_the_last_switch(
            standard in -720..=840_i64, shift in prop_oneof![Just(-60), Just(30), Just(60), Just(120)],
            spring in switch(2..6), autumn in switch(7..12), south in any::<bool>(),
            near in -2..=2_i64, nth in 4..270_usize,
        ) {
            let (start, end) = if south { (autumn, spring) } else { (spring, autumn) };
            let summer = Summer { offset_s: (standard + shift) * 60, start, end };
            let zone = TimeZone { standard_s: standard * 60, summer: Some(summer) };
            let all = switches(standard * 60, &summer);
            let last = |at| all.iter().rev().find(|switch| switch.0 <= at).expect("a switch before").1;
            for at in [all[nth].0 + near, all[nth].0 + near * 5_000_000, all[nth].0 + near * 777_777] {
                prop_assert_eq!(zone.offset_s(at), last(at), "{:?} {}", zone, at);
            }
        }
    }
}
