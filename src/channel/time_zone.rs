//! Time zones: a fixed offset, or a rule for daylight saving in the notation of POSIX (`TZ`, RFC 9636 appendix). Names
//! of places would need a database that is larger than all of the component.

use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::calendar::{DAY_S, day_of, days_of, weekday, year_of};

/// A time zone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeZone {
    /// How far standard time is ahead of UTC, seconds.
    standard_s: i64,
    /// Daylight saving time.
    saving: Option<Saving>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Saving {
    /// How far it is ahead of UTC, seconds.
    offset_s: i64,
    begins: Switch,
    ends: Switch,
}

/// When clocks are changed: a day of the year, and seconds from its midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Switch {
    day: Day,
    at_s: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Day {
    /// `Jn`: the nth day, 29 February never counted.
    Julian(i64),
    /// `n`: the nth day from 0.
    Nth(i64),
    /// `Mm.w.d`: a day of the week in a month, the fifth is the last.
    Week { month: i64, week: i64, weekday: i64 },
}

/// The hour at which clocks are changed where the rule does not say.
const SWITCH_S: i64 = 2 * 3600;

impl TimeZone {
    /// Reads `UTC`, an offset such as `+08:00`, or a rule such as `CET-1CEST,M3.5.0,M10.5.0/3`.
    ///
    /// # Errors
    /// What is none of these.
    pub fn parse(text: &str) -> Result<Self, String> {
        let problem = || {
            format!(
                "'{text}' is not known: write UTC, an offset such as +08:00, or a rule such as CET-1CEST,M3.5.0,M10.5.0/3"
            )
        };
        if text == "UTC" {
            return Ok(Self::default());
        }
        let mut reader = Reader(text);
        let zone = match text.starts_with(['+', '-']) {
            true => reader.time(24).map(|standard_s| Self { standard_s, saving: None }),
            false => reader.rule(),
        };
        zone.filter(|_| reader.0.is_empty()).ok_or_else(problem)
    }

    /// How far local time is ahead of UTC at a Unix second, seconds.
    pub fn offset_s(&self, unix_s: u64) -> i64 {
        let Some(saving) = &self.saving else {
            return self.standard_s;
        };
        let unix = i64::try_from(unix_s).unwrap_or(i64::MAX / 4).min(i64::MAX / 4);
        // The year as standard time has it: no rule switches at its turn.
        let year = year_of((unix + self.standard_s).div_euclid(DAY_S).min(400_000_000));
        let begins = saving.begins.local_s(year) - self.standard_s;
        let ends = saving.ends.local_s(year) - saving.offset_s;
        let saves = if begins < ends { (begins..ends).contains(&unix) } else { !(ends..begins).contains(&unix) };
        if saves { saving.offset_s } else { self.standard_s }
    }

    /// What the local clock shows at a Unix second, as seconds.
    pub fn local(&self, unix_s: u64) -> i64 {
        let unix = i64::try_from(unix_s).unwrap_or(i64::MAX / 4).min(i64::MAX / 4);
        unix + self.offset_s(unix_s)
    }

    /// The first Unix second after `after` at which the local clock shows `local` or, where it never does, something
    /// later.
    pub fn unix(&self, local: i64, after: u64) -> u64 {
        let candidates = [self.standard_s, self.saving.as_ref().map_or(self.standard_s, |saving| saving.offset_s)];
        let shown = |offset: i64| {
            let unix = u64::try_from(local - offset).ok().filter(|unix| *unix > after)?;
            (self.offset_s(unix) == offset).then_some(unix)
        };
        let [one, other] = candidates;
        // A time that clocks leave out lies, by the offset before it, just after the change.
        let skipped = || u64::try_from(local - one.min(other)).unwrap_or(0);
        candidates.into_iter().filter_map(shown).min().unwrap_or_else(skipped)
    }
}

impl<'de> Deserialize<'de> for TimeZone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl Switch {
    /// When it is in a year, by the local clock before the change: seconds.
    fn local_s(self, year: i64) -> i64 {
        let first = day_of(year, 1, 1);
        let day = match self.day {
            Day::Julian(nth) => first + nth - 1 + i64::from(nth >= 60 && days_of(year, 2) == 29),
            Day::Nth(nth) => first + nth,
            Day::Week { month, week, weekday: wanted } => {
                let begins = day_of(year, month, 1);
                let ahead = (wanted - i64::from(weekday(begins))).rem_euclid(7);
                let of_month = ahead + (week - 1) * 7;
                begins + if of_month < days_of(year, month) { of_month } else { of_month - 7 }
            }
        };
        day * DAY_S + self.at_s
    }
}

/// What is left to read.
struct Reader<'a>(&'a str);

impl Reader<'_> {
    fn rule(&mut self) -> Option<TimeZone> {
        self.name()?;
        let standard_s = -self.time(24)?;
        if self.0.is_empty() {
            return Some(TimeZone { standard_s, saving: None });
        }
        self.name()?;
        let offset_s = if self.0.starts_with(',') { standard_s + 3600 } else { -self.time(24)? };
        let saving = Saving { offset_s, begins: self.switch()?, ends: self.switch()? };
        Some(TimeZone { standard_s, saving: Some(saving) })
    }

    /// A name: three letters or more, or anything in angle brackets.
    fn name(&mut self) -> Option<()> {
        if let Some(quoted) = self.0.strip_prefix('<') {
            let (name, rest) = quoted.split_once('>')?;
            self.0 = rest;
            let legible = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-".contains(&b));
            return (name.len() >= 3 && legible).then_some(());
        }
        let length = self.0.bytes().take_while(u8::is_ascii_alphabetic).count();
        self.0 = self.0.get(length..)?;
        (length >= 3).then_some(())
    }

    /// `[+-]hh[:mm[:ss]]`, as seconds.
    fn time(&mut self, most_hours: i64) -> Option<i64> {
        let sign = match self.take(['+', '-']) {
            Some('-') => -1,
            _ => 1,
        };
        let mut seconds = self.number().filter(|hours| *hours <= most_hours)? * 3600;
        for unit in [60, 1] {
            if self.take([':', ':']).is_none() {
                break;
            }
            seconds += self.number().filter(|number| *number < 60)? * unit;
        }
        Some(sign * seconds)
    }

    fn switch(&mut self) -> Option<Switch> {
        self.take([',', ','])?;
        let day = match self.take(['J', 'M']) {
            Some('J') => Day::Julian(self.number().filter(|nth| (1..=365).contains(nth))?),
            Some(_) => {
                let month = self.number().filter(|month| (1..=12).contains(month))?;
                self.take(['.', '.'])?;
                let week = self.number().filter(|week| (1..=5).contains(week))?;
                self.take(['.', '.'])?;
                Day::Week { month, week, weekday: self.number().filter(|day| *day < 7)? }
            }
            None => Day::Nth(self.number().filter(|nth| *nth <= 365)?),
        };
        let at_s = if self.take(['/', '/']).is_some() { self.time(167)? } else { SWITCH_S };
        Some(Switch { day, at_s })
    }

    fn take(&mut self, signs: [char; 2]) -> Option<char> {
        let sign = self.0.chars().next().filter(|sign| signs.contains(sign))?;
        self.0 = self.0.get(1..)?;
        Some(sign)
    }

    fn number(&mut self) -> Option<i64> {
        let length = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        if length > 3 { None } else { digits.parse().ok() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(text: &str) -> TimeZone {
        TimeZone::parse(text).expect("a zone")
    }

    fn unix(year: i64, month: i64, day: i64, hour: i64) -> u64 {
        u64::try_from(day_of(year, month, day) * DAY_S + hour * 3600).expect("after 1970")
    }

    #[test]
    fn fixed_offsets_are_what_they_say() {
        for (text, hours) in [("UTC", 0.0), ("+08:00", 8.0), ("-03:30", -3.5), ("EST5", -5.0), ("<+0330>-3:30", 3.5)] {
            assert_eq!(zone(text).offset_s(1_772_409_600), (hours * 3600.0) as i64, "{text}");
        }
    }

    #[test]
    fn clocks_change_at_the_second() {
        let berlin = zone("CET-1CEST,M3.5.0,M10.5.0/3");
        let (spring, autumn) = (unix(2026, 3, 29, 1), unix(2026, 10, 25, 1));
        let offsets = [spring - 1, spring, autumn - 1, autumn].map(|at| berlin.offset_s(at));
        assert_eq!(offsets, [3600, 7200, 7200, 3600]);
        let new_york = zone("EST5EDT,M3.2.0,M11.1.0");
        let (spring, autumn) = (unix(2026, 3, 8, 7), unix(2026, 11, 1, 6));
        let offsets = [spring - 1, spring, autumn - 1, autumn].map(|at| new_york.offset_s(at) / 3600);
        assert_eq!(offsets, [-5, -4, -4, -5]);
    }

    #[test]
    fn in_the_south_daylight_saving_goes_over_the_turn_of_the_year() {
        let sydney = zone("AEST-10AEDT,M10.1.0,M4.1.0/3");
        let offsets = [(1, 1), (4, 4), (4, 6), (7, 1), (10, 5), (12, 31)];
        let offsets = offsets.map(|(month, day)| sydney.offset_s(unix(2026, month, day, 12)) / 3600);
        assert_eq!(offsets, [11, 11, 10, 10, 11, 11]);
    }

    #[test]
    fn days_can_be_counted_with_and_without_the_leap_day() {
        let zone_by = |day: &str| zone(&format!("AAA0BBB,{day}/0,J365/0"));
        let begins = |day: &str, year: i64| {
            let zone = zone_by(day);
            (0..366).find(|nth| zone.offset_s(unix(year, 1, 1, 0) + nth * 86_400 + 3600) != 0)
        };
        assert_eq!((begins("J60", 2024), begins("J60", 2026)), (Some(60), Some(59)));
        assert_eq!((begins("60", 2024), begins("60", 2026)), (Some(60), Some(60)));
    }

    #[test]
    fn a_time_that_clocks_leave_out_or_show_twice_is_found() {
        let berlin = zone("CET-1CEST,M3.5.0,M10.5.0/3");
        let local = |day: i64, month: i64, hour: i64| day_of(2026, month, day) * DAY_S + hour * 3600;
        // 02:30 is left out on 29 March: it is taken as 03:30 of the new time.
        let left_out = berlin.unix(local(29, 3, 2) + 1800, unix(2026, 3, 28, 0));
        assert_eq!(left_out, unix(2026, 3, 29, 1) + 1800);
        // 02:30 comes twice on 25 October.
        let first = berlin.unix(local(25, 10, 2) + 1800, unix(2026, 10, 24, 0));
        assert_eq!(first, unix(2026, 10, 25, 0) + 1800);
        assert_eq!(berlin.unix(local(25, 10, 2) + 1800, first), first + 3600);
    }

    #[test]
    fn no_second_is_too_far() {
        for at in [0, u64::from(u32::MAX), 253_402_300_799, u64::MAX] {
            for text in ["CET-1CEST,M3.5.0,M10.5.0/3", "<-12>12<-13>,0/-167,J365/167", "+24:00"] {
                let zone = zone(text);
                assert!(zone.offset_s(at).abs() <= 25 * 3600 && zone.local(at) >= -25 * 3600);
            }
        }
    }

    #[test]
    fn names_of_places_and_broken_rules_are_refused_with_an_example() {
        let wrong = [
            "Europe/Berlin",
            "",
            "CE-1",
            "CET",
            "CET-1CEST",
            "CET-1CEST,M3.5.0",
            "+8x",
            "CET-25",
            "CET-1CEST,M13.1.0,M1.1.0",
            "CET-1CEST,M3.6.0,M10.5.0",
            "CET-1CEST,M3.5.7,M10.5.0",
            "+08:60",
            "é",
        ];
        for text in wrong {
            assert!(TimeZone::parse(text).expect_err("refused").contains("CET-1CEST"), "{text}");
        }
    }
}
