//! Service calendars: which days are worked and which are off. Days are counted from 1 January 1970.

use serde::Deserialize;

use super::silence::days;

/// Seconds of a day.
pub const DAY_S: i64 = 86_400;

/// A service calendar.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Calendar {
    /// What it is known by.
    pub cal_id: String,
    /// Its name.
    pub name: String,
    /// The days of the week that are worked, 0 = Sunday.
    pub workdays: Vec<u8>,
    /// Days that are off all the same, `YYYY-MM-DD`.
    pub holidays: Vec<String>,
    /// Days that are worked all the same, `YYYY-MM-DD`.
    pub extra_workdays: Vec<String>,
}

impl Default for Calendar {
    fn default() -> Self {
        let (holidays, extra_workdays) = (Vec::new(), Vec::new());
        Self { cal_id: String::new(), name: String::new(), workdays: vec![1, 2, 3, 4, 5], holidays, extra_workdays }
    }
}

impl Calendar {
    /// Refuses what is no calendar.
    pub fn check(&self) -> Result<(), String> {
        if self.cal_id.is_empty() {
            return Err("cal_id: is required".to_owned());
        }
        if self.workdays.iter().any(|day| *day > 6) {
            return Err("workdays: days are 0 (Sunday) to 6 (Saturday)".to_owned());
        }
        match days(&self.holidays).and(days(&self.extra_workdays)) {
            Some(_) => Ok(()),
            None => Err("holidays, extra_workdays: must be days, such as 2026-12-25".to_owned()),
        }
    }

    /// Whether a day is off.
    pub fn is_off(&self, day: i64) -> bool {
        let names = |texts: &[String]| texts.iter().any(|text| civil_day(text) == Some(day));
        if names(&self.extra_workdays) {
            return false;
        }
        names(&self.holidays) || !self.workdays.contains(&weekday(day))
    }
}

/// The day of the week, 0 = Sunday.
pub fn weekday(day: i64) -> u8 {
    // 1 January 1970 was a Thursday.
    (day + 4).rem_euclid(7) as u8
}

/// The day that `YYYY-MM-DD` names.
pub fn civil_day(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let mut number = |length: usize| -> Option<i64> {
        let part = parts.next().filter(|part| part.len() == length && part.bytes().all(|b| b.is_ascii_digit()))?;
        part.parse().ok()
    };
    let (year, month, day) = (number(4)?, number(2)?, number(2)?);
    let known = parts.next().is_none() && (1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day);
    known.then(|| day_of(year, month, day))
}

/// How many days a month has.
pub fn days_of(year: i64, month: i64) -> i64 {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The day of a date of the Gregorian calendar, by years that begin in March, so that a leap day comes last.
pub fn day_of(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The year in which a day lies.
pub fn year_of(day: i64) -> i64 {
    let mut year = 1970 + day.div_euclid(366);
    while day_of(year + 1, 1, 1) <= day {
        year += 1;
    }
    year
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_follow_each_other_through_centuries() {
        let (mut day, mut before) = (day_of(1970, 1, 1), -1);
        assert_eq!(day, 0);
        for year in 1970..2420 {
            for month in 1..=12 {
                for of_month in 1..=days_of(year, month) {
                    day = day_of(year, month, of_month);
                    assert_eq!((day, year_of(day)), (before + 1, year), "{year}-{month}-{of_month}");
                    before = day;
                }
            }
        }
        assert_eq!((day_of(2026, 3, 2), weekday(day_of(2026, 3, 2))), (20_514, 1));
        assert_eq!(day, day_of(2419, 12, 31));
    }

    #[test]
    fn only_days_that_there_are_are_days() {
        assert_eq!(civil_day("2024-02-29"), Some(day_of(2024, 2, 29)));
        assert!(civil_day("2000-02-29").is_some() && civil_day("2000-12-31").is_some());
        let wrong =
            ["2026-02-29", "1900-02-29", "2026-13-01", "2026-04-31", "2026-00-01", "2026-1-1", "2026-01-01-01", ""];
        assert!(wrong.iter().all(|text| civil_day(text).is_none()));
    }

    #[test]
    fn weekends_and_holidays_are_off_and_extra_workdays_are_not() {
        let calendar = Calendar {
            cal_id: "c".into(),
            holidays: vec!["2026-03-04".into(), "2026-03-07".into()],
            extra_workdays: vec!["2026-03-07".into()],
            ..Calendar::default()
        };
        assert_eq!(calendar.check(), Ok(()));
        let off: Vec<bool> = (0..7).map(|nth| calendar.is_off(day_of(2026, 3, 2) + nth)).collect();
        assert_eq!(off, [false, false, true, false, false, false, true]);
        assert!(Calendar { workdays: vec![7], ..calendar.clone() }.check().is_err());
        assert!(Calendar { holidays: vec!["tomorrow".into()], ..calendar.clone() }.check().is_err());
        assert!(Calendar { cal_id: String::new(), ..calendar }.check().is_err());
    }
}
