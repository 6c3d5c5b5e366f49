//! Service calendars: which days are worked and which are off (Flashduty, "Service Calendar"). Windows of silence rules
//! ask them.

use serde::Deserialize;

use crate::day;

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
        check_weekdays("workdays", &self.workdays)?;
        match self.holidays.iter().chain(&self.extra_workdays).find(|date| day::parse(date).is_none()) {
            Some(date) => Err(format!("holidays, extra_workdays: must be days, such as 2026-12-25; '{date}' is none")),
            None => Ok(()),
        }
    }

    /// Whether a day is off.
    pub fn is_off(&self, day: i64) -> bool {
        let names = |texts: &[String]| texts.iter().any(|text| day::parse(text) == Some(day));
        if names(&self.extra_workdays) {
            return false;
        }
        !self.workdays.contains(&day::weekday(day)) || names(&self.holidays)
    }
}

/// Refuses what are no days of the week.
pub fn check_weekdays(field: &str, weekdays: &[u8]) -> Result<(), String> {
    match weekdays.iter().find(|weekday| **weekday > 6) {
        Some(weekday) => Err(format!("{field}: days are 0 (Sunday) to 6 (Saturday), not {weekday}")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(fields: Value) -> Calendar {
        serde_json::from_value(fields).expect("a calendar")
    }

    /// Whether each day of the week from Monday, 2 March 2026, is off.
    fn off(calendar: &Calendar) -> [bool; 7] {
        assert_eq!(calendar.check(), Ok(()));
        let monday = day::parse("2026-03-02").expect("a day");
        [0, 1, 2, 3, 4, 5, 6].map(|nth| calendar.is_off(monday + nth))
    }

    #[test]
    fn people_work_from_monday_to_friday_where_nothing_is_said() {
        assert_eq!(off(&read(json!({"cal_id": "c"}))), [false, false, false, false, false, true, true]);
    }

    #[test]
    fn a_week_may_be_another_one_or_without_work() {
        let calendar = read(json!({"cal_id": "c", "workdays": [0, 1, 2, 3, 4]}));
        assert_eq!(off(&calendar), [false, false, false, false, true, true, false]);
        assert_eq!(off(&read(json!({"cal_id": "c", "workdays": []}))), [true; 7]);
    }

    #[test]
    fn holidays_are_off_and_extra_workdays_are_not() {
        let calendar = read(json!({
            "cal_id": "c", "holidays": ["2026-03-04", "2026-03-07", "2026-03-08", "2024-02-29"],
            "extra_workdays": ["2026-03-07", "2026-03-02"],
        }));
        assert_eq!(off(&calendar), [false, false, true, false, false, false, true], "Saturday is in both lists");
        let is_off = |date: &str| calendar.is_off(day::parse(date).expect("a day"));
        assert!(is_off("2024-02-29") && !is_off("2028-02-29"), "a holiday is that of one year");
    }

    #[test]
    fn a_calendar_that_cannot_be_followed_is_refused_with_its_field() {
        for (fields, problem) in [
            (json!({"workdays": [1]}), "cal_id: is required"),
            (json!({"cal_id": "c", "workdays": [1, 7]}), "workdays: days are 0 (Sunday) to 6 (Saturday), not 7"),
            (
                json!({"cal_id": "c", "holidays": ["2026-01-01", "2026-02-29"]}),
                "holidays, extra_workdays: must be days",
            ),
            (json!({"cal_id": "c", "extra_workdays": ["tomorrow"]}), "holidays, extra_workdays: must be days"),
        ] {
            let said = read(fields.clone()).check().expect_err("refused");
            assert!(said.starts_with(problem), "{fields}: {said}");
        }
        assert!(serde_json::from_value::<Calendar>(json!({"cal_id": "c", "holiday": []})).is_err());
    }
}
