//! Time intervals, as windows of silences that come again by the week.

use anyhow::{Context as _, Result, bail, ensure};
use std::collections::BTreeMap;
use std::fs;

/// Minutes of a day.
const DAY: u32 = 24 * 60;
const WEEKDAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/// A window: from minute to minute of the day, on some days of the week, 0 = Sunday.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its beginning.
    pub start: u32,
    /// Its end.
    pub end: u32,
    /// The days; all of them: every day.
    pub days: Vec<u8>,
}

impl Window {
    /// As a table of the configuration.
    pub fn render(&self) -> String {
        let clock = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
        let days: Vec<String> = self.days.iter().map(u8::to_string).collect();
        let repeat = if days.len() == 7 { String::new() } else { format!(", repeat = [{}]", days.join(", ")) };
        format!("{{ start = \"{}\", end = \"{}\"{repeat} }}", clock(self.start), clock(self.end))
    }
}

/// A time of the day, `HH:MM`, as minutes.
///
/// # Errors
/// What is none.
pub fn minute(text: &str) -> Result<u32> {
    let (hour, minute) = text.split_once(':').with_context(|| format!("'{text}' is no time of day"))?;
    let (hour, minute): (u32, u32) = (hour.parse()?, minute.parse()?);
    ensure!(hour * 60 + minute <= DAY && minute < 60, "'{text}' is no time of day");
    Ok(hour * 60 + minute)
}

/// Days of the week: `monday`, `monday:friday`.
///
/// # Errors
/// What is none.
pub fn days(text: &str) -> Result<Vec<u8>> {
    let number = |name: &str| {
        let name = name.trim().to_lowercase();
        WEEKDAYS.iter().position(|day| *day == name).with_context(|| format!("'{name}' is no day of the week"))
    };
    let (from, to) = text.split_once(':').unwrap_or((text, text));
    let (from, to) = (number(from)?, number(to)?);
    ensure!(from <= to, "'{text}' ends before it begins");
    (from..=to).map(|day| u8::try_from(day).context("a day")).collect()
}

/// All times of the week that lie in none of the windows.
pub fn outside(windows: &[Window]) -> Vec<Window> {
    let mut gaps: BTreeMap<(u32, u32), Vec<u8>> = BTreeMap::new();
    for day in 0..7 {
        let mut taken: Vec<_> = windows.iter().filter(|w| w.days.contains(&day)).map(|w| (w.start, w.end)).collect();
        taken.sort_unstable();
        let mut from = 0;
        for (start, end) in taken.into_iter().chain([(DAY, DAY)]) {
            if start > from {
                gaps.entry((from, start)).or_default().push(day);
            }
            from = from.max(end);
        }
    }
    gaps.into_iter().map(|((start, end), days)| Window { start, end, days }).collect()
}

/// A zone as Alarum writes it: the rule that this machine's database of time zones has for a place.
///
/// # Errors
/// When the place is not known here, or its rule is not one that Alarum reads.
pub fn zone(place: &str) -> Result<String> {
    if ["UTC", "Etc/UTC", "GMT"].contains(&place) {
        return Ok("UTC".to_owned());
    }
    ensure!(place.split('/').all(|part| !part.is_empty() && !part.starts_with('.')), "'{place}' is no place");
    let file = format!("/usr/share/zoneinfo/{place}");
    let Ok(bytes) = fs::read(&file) else { bail!("this machine does not know the time zone of {place}") };
    let text = String::from_utf8_lossy(&bytes);
    // The last line of such a file is the rule that holds from now on.
    let Some(rule) = text.trim_end_matches('\n').rsplit('\n').next().filter(|rule| rule.len() < 64) else {
        bail!("{file} has no rule");
    };
    alarum::channel::TimeZone::parse(rule).map_err(|problem| anyhow::anyhow!("{place}: {problem}"))?;
    Ok(rule.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_days_are_read() {
        assert_eq!((minute("09:30").unwrap(), minute("24:00").unwrap()), (570, 1440));
        assert_eq!((days("monday:friday").unwrap(), days("Sunday").unwrap()), (vec![1, 2, 3, 4, 5], vec![0]));
        assert!(minute("24:01").is_err() && minute("9").is_err() && days("friday:monday").is_err());
    }

    #[test]
    fn outside_of_office_hours_are_nights_and_weekends() {
        let office = Window { start: 540, end: 1020, days: vec![1, 2, 3, 4, 5] };
        let told: Vec<_> = outside(std::slice::from_ref(&office)).iter().map(Window::render).collect();
        let wanted = [
            r#"{ start = "00:00", end = "09:00", repeat = [1, 2, 3, 4, 5] }"#,
            r#"{ start = "00:00", end = "24:00", repeat = [0, 6] }"#,
            r#"{ start = "17:00", end = "24:00", repeat = [1, 2, 3, 4, 5] }"#,
        ];
        assert_eq!(told, wanted);
        // Minute by minute a time is in one or the other.
        let windows = [office.clone(), Window { start: 600, end: 1100, days: vec![3] }];
        let all: Vec<_> = windows.iter().cloned().chain(outside(&windows)).collect();
        for day in 0..7 {
            for minute in 0..DAY {
                let open = |w: &&Window| w.days.contains(&day) && (w.start..w.end).contains(&minute);
                let inside = windows.iter().any(|w| open(&w));
                assert_eq!(all.iter().filter(open).count() - windows.iter().filter(open).count(), usize::from(!inside));
            }
        }
        assert_eq!(outside(&[]), [Window { start: 0, end: DAY, days: (0..7).collect() }]);
    }

    #[test]
    fn a_place_that_nobody_knows_is_refused() {
        assert!(zone("Atlantis/Centre").is_err() && zone("../etc/passwd").is_err());
        assert_eq!(zone("UTC").unwrap(), "UTC");
        // Where there is a database at all.
        if std::path::Path::new("/usr/share/zoneinfo/Europe/Berlin").exists() {
            assert_eq!(zone("Europe/Berlin").unwrap(), "CET-1CEST,M3.5.0,M10.5.0/3");
        }
    }
}
