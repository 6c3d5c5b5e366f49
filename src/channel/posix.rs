//! How time zones are written: `UTC`, an offset such as `+08:00`, or a rule in the notation of POSIX (`TZ`) such as
//! `CET-1CEST,M3.5.0,M10.5.0/3`, whose hours of a switch may be -167 to 167 (RFC 9636, appendix).

use super::time_zone::{Summer, Switch, SwitchDay, TimeZone};

/// The largest difference that daylight saving may make; no zone has ever had more.
const MAX_SHIFT_S: i64 = 3 * 3600;
/// The time at which clocks are changed where the rule does not say.
const SWITCH_S: i64 = 2 * 3600;

/// Reads a time zone; `None` for what is none.
pub(super) fn parse(text: &str) -> Option<TimeZone> {
    if text == "UTC" {
        return Some(TimeZone::default());
    }
    let mut rest = Rest(text);
    let zone = match text.starts_with(['+', '-']) {
        true => TimeZone { standard_s: rest.time(24)?, summer: None },
        false => rest.rule()?,
    };
    (rest.0.is_empty() && zone.shift_s() <= MAX_SHIFT_S).then_some(zone)
}

/// What is left to be read. After a `None` it is of no use any more.
struct Rest<'a>(&'a str);

impl Rest<'_> {
    /// `CET-1`, and the rule of daylight saving, if there is one.
    fn rule(&mut self) -> Option<TimeZone> {
        self.name()?;
        let mut zone = TimeZone { standard_s: -self.time(24)?, summer: None };
        if !self.0.is_empty() {
            self.name()?;
            let offset_s = if self.0.starts_with(',') { zone.standard_s + 3600 } else { -self.time(24)? };
            zone.summer = Some(Summer { offset_s, start: self.switch()?, end: self.switch()? });
        }
        Some(zone)
    }

    /// Three letters or more, or anything of letters, digits and signs in `<>`.
    fn name(&mut self) -> Option<()> {
        let quoted = self.skip('<');
        let is_part = |c: char| c.is_ascii_alphabetic() || (quoted && (c.is_ascii_digit() || c == '+' || c == '-'));
        let behind = self.0.trim_start_matches(is_part);
        let length = self.0.len() - behind.len();
        self.0 = behind;
        (length >= 3 && quoted == self.skip('>')).then_some(())
    }

    /// `,M3.5.0`, `,J60` or `,59`, and the time on that day.
    fn switch(&mut self) -> Option<Switch> {
        self.after(',')?;
        let day = if self.skip('M') {
            let month = self.number(1, 12)?;
            let week = self.after('.')?.number(1, 5)?;
            SwitchDay::Weekday { month, week, weekday: self.after('.')?.number(0, 6)? }
        } else if self.skip('J') {
            SwitchDay::WithoutLeapDay(self.number(1, 365)?)
        } else {
            SwitchDay::OfYear(self.number(0, 365)?)
        };
        let time_s = if self.skip('/') { self.time(167)? } else { SWITCH_S };
        Some(Switch { day, time_s })
    }

    /// `[+-]h[:mm[:ss]]` in seconds.
    fn time(&mut self, most_hours: i64) -> Option<i64> {
        let sign = if self.skip('-') { -1 } else { 1 };
        if sign > 0 {
            self.skip('+');
        }
        let mut time_s = self.number(0, most_hours)? * 3600;
        for unit_s in [60, 1] {
            if !self.skip(':') {
                break;
            }
            time_s += self.number(0, 59)? * unit_s;
        }
        Some(sign * time_s)
    }

    /// A number without a sign.
    fn number(&mut self, least: i64, most: i64) -> Option<i64> {
        let behind = self.0.trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = self.0.get(..self.0.len() - behind.len())?;
        self.0 = behind;
        digits.parse().ok().filter(|number| (least..=most).contains(number))
    }

    fn skip(&mut self, c: char) -> bool {
        let behind = self.0.strip_prefix(c);
        self.0 = behind.unwrap_or(self.0);
        behind.is_some()
    }

    fn after(&mut self, c: char) -> Option<&mut Self> {
        self.skip(c).then_some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fixed(text: &str) -> i64 {
        let zone = parse(text).expect(text);
        assert_eq!(zone.summer, None, "{text}");
        zone.standard_s
    }

    fn summer(text: &str) -> Summer {
        parse(text).expect(text).summer.expect(text)
    }

    #[test]
    fn zones_without_daylight_saving_are_read() {
        for (text, offset_s) in [
            ("UTC", 0),
            ("UTC0", 0),
            ("+08:00", 28_800),
            ("+8", 28_800),
            ("+24:00", 86_400),
            ("-03:30", -12_600),
            ("+00:00", 0),
            ("-23:59", -86_340),
            ("CST-8", 28_800),
            ("EST5", -18_000),
            ("EST+5:00:00", -18_000),
            ("<+0330>-3:30", 12_600),
            ("<-03>3", -10_800),
            ("ABC-24:59:59", 89_999),
        ] {
            assert_eq!(fixed(text), offset_s, "{text}");
        }
    }

    #[test]
    fn daylight_saving_is_an_hour_and_begins_at_two_where_nothing_is_said() {
        let berlin = summer("CET-1CEST,M3.5.0,M10.5.0/3");
        assert_eq!(berlin.offset_s, 7200);
        assert_eq!(berlin.start, Switch { day: SwitchDay::Weekday { month: 3, week: 5, weekday: 0 }, time_s: 7200 });
        assert_eq!(berlin.end.time_s, 10_800);
        let lord_howe = summer("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0");
        assert_eq!(lord_howe.offset_s, 39_600);
        assert_eq!(summer("IST-1GMT0,M10.5.0,M3.5.0/1").offset_s, 0);
    }

    #[test]
    fn days_of_the_year_and_hours_beyond_the_day_are_read() {
        let tehran = summer("<+0330>-3:30<+0430>,J79/24,263/-167:30:15");
        assert_eq!(tehran.start, Switch { day: SwitchDay::WithoutLeapDay(79), time_s: 86_400 });
        assert_eq!(tehran.end, Switch { day: SwitchDay::OfYear(263), time_s: -603_015 });
        assert_eq!(summer("AAA0BBB,0/167,J365/+25").start.time_s, 601_200);
    }

    #[test]
    fn what_is_no_time_zone_is_refused() {
        for text in [
            "",
            "Europe/Berlin",
            "Etc/GMT+8",
            "CET",
            "utc",
            "EST5EDT",
            "CET-1CEST",
            "EST5EDT4",
            "+",
            "+0800",
            "+8x",
            "+25:00",
            "+08:60",
            "+08:",
            "+-8",
            "-+8",
            "08:00",
            "+08:00 ",
            "CE-1",
            "<CE-1",
            "CET-25",
            "CET-1:60",
            "CET-1,M3.5.0,M10.5.0",
            "CET-1CEST,M3.5.0",
            "CET-1CEST,M13.5.0,M10.5.0",
            "CET-1CEST,M0.5.0,M10.5.0",
            "CET-1CEST,M3.6.0,M10.5.0",
            "CET-1CEST,M3.0.0,M10.5.0",
            "CET-1CEST,M3.5.7,M10.5.0",
            "CET-1CEST,M3.5.0,J0",
            "CET-1CEST,M3.5.0,J366",
            "CET-1CEST,M3.5.0,366",
            "CET-1CEST,M3.5.0,M10.5.0/168",
            "CET-1CEST,M3.5,M10.5.0",
            "CET-1CEST,M3.5.0,M10.5.0/3,",
            "CET-1CEST,M3.5.0,M10.5.0/-168",
            "C\u{e9}T-1",
            "CET-1<C\u{e9}>,J1,J2",
            "宕机-1",
            "CET-99999999999999999999",
            "CET-1CEST,M3.5.0,M10.5.0/3:60",
            "AAA0BBB-3:00:01,J1,J100",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert!(parse("AAA0BBB-3,J1,J100").is_some() && parse("AAA0BBB3,J1,J100").is_some());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(any in "\\PC{0,40}", near in "[A-Z<>0-9+:,./MJ-]{0,40}") {
            let _ = (parse(&any), parse(&near));
            let _ = (parse(&format!("CET-1{near}")), parse(&format!("CET-1CEST,{near}")));
        }
    }
}
