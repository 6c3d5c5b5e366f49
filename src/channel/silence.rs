//! Silence rules of a channel: what is quiet when (Flashduty, "Noise Reduction", silence). A one-off rule has a
//! beginning and an end; others come again by the day of the week, on working days or on days off.

use std::cmp::Reverse;

use serde::Deserialize;

use super::calendar::{Calendar, DAY_S, civil_day, weekday};
use super::drop::{RuleStatus, check_texts};
use super::rules::Asked;
use super::time_zone::TimeZone;
use crate::filter::Filter;

/// How far ahead the end of an unbroken silence is looked for, seconds.
const AHEAD_S: u64 = 31 * 24 * 3600;
/// The most windows that are put together to one.
const WINDOWS: usize = 200;

/// A silence rule.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Silence {
    /// What it is known by.
    pub rule_id: String,
    /// Its name.
    pub rule_name: String,
    /// What it is for.
    pub description: String,
    /// Of several that do the same, the one with the lowest is named; all that hold count.
    pub priority: i64,
    /// Whether it is followed.
    pub status: RuleStatus,
    /// What it silences; it must ask for something.
    pub filters: Filter,
    /// Once: from when until when.
    pub time_filter: Option<Once>,
    /// Again and again.
    pub time_filters: Vec<Weekly>,
    /// Whether what it silences is discarded, instead of kept and marked.
    pub is_directly_discard: bool,
    /// Whether it goes when it is over. A file is not changed, so here it is only not followed any more.
    pub is_auto_delete: bool,
    /// The incident that it was made from.
    pub from_incident_id: String,
}

/// A time, Unix seconds. Its end does not belong to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Once {
    /// Its beginning.
    pub start_time: u64,
    /// Its end.
    pub end_time: u64,
}

/// A time of day, on some days.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Weekly {
    /// Its beginning, "HH:MM".
    pub start: String,
    /// Its end, "HH:MM" or "24:00"; at or before the beginning: on the next day.
    pub end: String,
    /// On which days of the week it begins, 0 = Sunday; none: on every day.
    pub repeat: Vec<u8>,
    /// The calendar that says which days are off.
    pub cal_id: String,
    /// Only on days off (true), or only on working days (false); counts where there is a calendar.
    pub is_off: bool,
}

/// What silences do to an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Quiet {
    /// It is discarded, by this rule.
    Discarded(String),
    /// It is kept and marked.
    Silenced {
        /// Until when, Unix seconds.
        until: u64,
        /// By this rule.
        rule_id: String,
    },
}

/// What the silences of a channel do to an alert that does not recover.
pub fn quiet(rules: &[Silence], asked: Asked<'_>) -> Option<Quiet> {
    let holding: Vec<&Silence> = rules.iter().filter(|rule| rule.is_for(asked)).collect();
    let until = |rule: &Silence, at| rule.until(at, asked.zone, asked.calendars);
    let discards = |rule: &&&Silence| rule.is_directly_discard && until(rule, asked.now_s).is_some();
    if let Some(rule) = holding.iter().filter(discards).min_by_key(|rule| rule.priority) {
        return Some(Quiet::Discarded(rule.rule_id.clone()));
    }
    let (mut end, mut rule_id) = (asked.now_s, None);
    // Where one ends, another may hold.
    for _ in 0..WINDOWS {
        let ends = holding.iter().filter_map(|rule| Some((until(rule, end)?, Reverse(rule.priority), &rule.rule_id)));
        let next = ends.max_by_key(|(at, priority, _)| (*at, *priority));
        let Some((at, _, id)) = next.filter(|_| end < asked.now_s.saturating_add(AHEAD_S)) else {
            break;
        };
        (end, rule_id) = (at, rule_id.or(Some(id)));
    }
    rule_id.map(|rule_id| Quiet::Silenced { until: end, rule_id: rule_id.clone() })
}

impl Silence {
    /// Refuses a rule that cannot be followed.
    pub fn check(&self, calendars: &[Calendar]) -> Result<(), String> {
        check_texts(&self.rule_name, &self.description)?;
        self.filters.check_asks().map_err(|problem| format!("filters: {problem}"))?;
        match (self.time_filter, self.time_filters.is_empty()) {
            (Some(once), true) if once.start_time < once.end_time => {}
            (Some(_), true) => return Err("time_filter: end_time must lie after start_time".to_owned()),
            (None, false) => {}
            _ => return Err("exactly one of time_filter and time_filters must be there".to_owned()),
        }
        for weekly in &self.time_filters {
            let times = time_of_day(&weekly.start).is_some_and(|at| at < DAY_S) && time_of_day(&weekly.end).is_some();
            if !times {
                return Err("time_filters: start and end must be times of day, such as 22:00".to_owned());
            }
            if weekly.repeat.iter().any(|day| *day > 6) {
                return Err("time_filters: repeat: days are 0 (Sunday) to 6 (Saturday)".to_owned());
            }
            if !weekly.cal_id.is_empty() && calendars.iter().all(|calendar| calendar.cal_id != weekly.cal_id) {
                return Err(format!("time_filters: there is no calendar {}", weekly.cal_id));
            }
        }
        Ok(())
    }

    fn is_for(&self, asked: Asked<'_>) -> bool {
        self.status == RuleStatus::Enabled && self.filters.holds(asked.facts)
    }

    /// Until when it is quiet at a Unix second: the end of the window in which that lies.
    fn until(&self, at: u64, zone: &TimeZone, calendars: &[Calendar]) -> Option<u64> {
        if let Some(once) = self.time_filter {
            return (once.start_time..once.end_time).contains(&at).then_some(once.end_time);
        }
        self.time_filters.iter().filter_map(|weekly| weekly.until(at, zone, calendars)).max()
    }
}

impl Weekly {
    /// The end of the window in which a Unix second lies. Windows are looked at that began today or yesterday, by the
    /// local clock. Where that is put forward or back, a window ends when the clock shows its end for the first time.
    fn until(&self, at: u64, zone: &TimeZone, calendars: &[Calendar]) -> Option<u64> {
        let (start, end) = (time_of_day(&self.start)?, time_of_day(&self.end)?);
        let length = if end > start { end - start } else { end + DAY_S - start };
        let local = zone.local(at);
        let today = local.div_euclid(DAY_S);
        let begun = [today, today - 1].into_iter().filter(|day| self.is_on(*day, calendars));
        let ends = begun.filter_map(|day| {
            let from = day * DAY_S + start;
            (from..from + length).contains(&local).then(|| zone.unix(from + length, at))
        });
        ends.max().filter(|end| *end > at)
    }

    /// Whether it begins on a day, counted from 1 January 1970.
    fn is_on(&self, day: i64, calendars: &[Calendar]) -> bool {
        let repeats = self.repeat.is_empty() || self.repeat.contains(&weekday(day));
        let calendar = calendars.iter().find(|calendar| calendar.cal_id == self.cal_id);
        repeats && calendar.is_none_or(|calendar| calendar.is_off(day) == self.is_off)
    }
}

/// Seconds from midnight.
fn time_of_day(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 || !text.bytes().all(|b| b.is_ascii_digit() || b == b':') {
        return None;
    }
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    let seconds = hours * 3600 + minutes * 60;
    (minutes < 60 && seconds <= DAY_S).then_some(seconds)
}

/// The days that `YYYY-MM-DD` texts name.
pub(super) fn days(texts: &[String]) -> Option<Vec<i64>> {
    texts.iter().map(|text| civil_day(text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Channel;
    use crate::filter::{Facts, Origin};
    use crate::intake::{AlertEvent, Status};
    use serde_json::{Value, json};

    /// Monday, 2 March 2026, midnight UTC.
    const MONDAY: u64 = 1_772_409_600;
    const HOUR: u64 = 3600;

    fn rule(times: Value) -> Silence {
        let mut rule = json!({"rule_id": "r", "filters": [[{"key": "severity", "oper": "IN", "vals": ["Warning"]}]]});
        rule.as_object_mut().expect("an object").extend(times.as_object().expect("an object").clone());
        serde_json::from_value(rule).expect("a rule")
    }

    fn asked(rules: &[Silence], zone: &str, at: u64, status: Status) -> Option<Quiet> {
        let event = AlertEvent { status, ..AlertEvent::default() };
        let calendars: Vec<Calendar> = serde_json::from_value(
            json!([{"cal_id": "c", "holidays": ["2026-03-04"], "extra_workdays": ["2026-03-07"]}]),
        )
        .expect("calendars");
        rules.iter().for_each(|rule| assert_eq!(rule.check(&calendars), Ok(())));
        let facts = Facts::of(&event, Origin::default());
        let zone = TimeZone::parse(zone).expect("a zone");
        quiet(
            rules,
            Asked { channel: &Channel::default(), facts: &facts, now_s: at, zone: &zone, calendars: &calendars },
        )
    }

    fn until(times: Value, zone: &str, at: u64) -> Option<u64> {
        match asked(&[rule(times)], zone, at, Status::Warning) {
            Some(Quiet::Silenced { until, .. }) => Some(until),
            _ => None,
        }
    }

    #[test]
    fn once_means_from_its_first_second_until_before_its_last() {
        let once = json!({"time_filter": {"start_time": 100, "end_time": 200}});
        assert_eq!(until(once.clone(), "UTC", 99), None);
        assert_eq!(until(once.clone(), "UTC", 100), Some(200));
        assert_eq!(until(once.clone(), "UTC", 199), Some(200));
        assert_eq!(until(once.clone(), "UTC", 200), None);
        assert_eq!(asked(&[rule(once)], "UTC", 150, Status::Critical), None, "it asks for another severity");
    }

    #[test]
    fn a_time_of_day_may_go_over_midnight_and_belongs_to_the_day_on_which_it_begins() {
        let nights = json!({"time_filters": [{"start": "22:00", "end": "06:00", "repeat": [1]}]});
        let night = MONDAY + 22 * HOUR;
        assert_eq!(until(nights.clone(), "UTC", night - 1), None);
        assert_eq!(until(nights.clone(), "UTC", night), Some(night + 8 * HOUR));
        assert_eq!(until(nights.clone(), "UTC", night + 8 * HOUR - 1), Some(night + 8 * HOUR));
        assert_eq!(until(nights.clone(), "UTC", night + 8 * HOUR), None);
        assert_eq!(until(nights.clone(), "UTC", MONDAY + HOUR), None, "Sunday's night");
        assert_eq!(until(nights, "+08:00", MONDAY + 14 * HOUR), Some(MONDAY + 22 * HOUR));
    }

    #[test]
    fn windows_that_touch_are_one_silence() {
        let always = json!({"time_filters": [{"start": "00:00", "end": "24:00"}]});
        assert!(until(always, "UTC", MONDAY + 5).expect("quiet") >= MONDAY + AHEAD_S);
        let two = [
            rule(json!({"time_filters": [{"start": "10:00", "end": "11:00"}]})),
            rule(json!({"time_filters": [{"start": "11:00", "end": "12:00"}]})),
        ];
        let quiet = asked(&two, "UTC", MONDAY + 10 * HOUR, Status::Warning);
        assert_eq!(quiet, Some(Quiet::Silenced { until: MONDAY + 12 * HOUR, rule_id: "r".into() }));
    }

    #[test]
    fn a_calendar_tells_working_days_from_days_off() {
        let on = |is_off: bool, day: u64| {
            let times = json!({"time_filters": [{"start": "10:00", "end": "11:00", "cal_id": "c", "is_off": is_off}]});
            until(times, "UTC", MONDAY + day * 24 * HOUR + 10 * HOUR).is_some()
        };
        // Wednesday is a holiday, Saturday is worked, Sunday is off.
        let off: Vec<bool> = (0..7).map(|day| on(true, day)).collect();
        assert_eq!(off, [false, false, true, false, false, false, true]);
        assert!((0..7).all(|day| on(false, day) != on(true, day)));
    }

    #[test]
    fn what_a_rule_discards_is_not_kept_by_another() {
        let keeping = rule(json!({"time_filter": {"start_time": 0, "end_time": 9}}));
        let discarding = Silence { is_directly_discard: true, ..keeping.clone() };
        let quiet = asked(&[keeping.clone(), discarding.clone()], "UTC", 5, Status::Warning);
        assert_eq!(quiet, Some(Quiet::Discarded("r".into())));
        let first = Silence { priority: -1, rule_id: "first".into(), ..discarding.clone() };
        let named = asked(&[discarding.clone(), first], "UTC", 5, Status::Warning);
        assert_eq!(named, Some(Quiet::Discarded("first".into())));
        let off = Silence { status: RuleStatus::Disabled, ..discarding };
        assert!(matches!(asked(&[keeping, off], "UTC", 5, Status::Warning), Some(Quiet::Silenced { until: 9, .. })));
    }

    #[test]
    fn of_rules_that_end_together_the_one_with_the_lowest_priority_is_named() {
        let named = |id: &str, priority, end: u64| {
            let rule = rule(json!({"time_filter": {"start_time": 0, "end_time": end}}));
            Silence { rule_id: id.into(), priority, ..rule }
        };
        let rules = [named("late", 1, 9), named("lower", 0, 9), named("short", -1, 8)];
        let quiet = asked(&rules, "UTC", 5, Status::Warning);
        assert_eq!(quiet, Some(Quiet::Silenced { until: 9, rule_id: "lower".into() }));
    }

    #[test]
    fn local_times_follow_daylight_saving() {
        // In Berlin clocks go forward on 29 March 2026 at 01:00 UTC.
        let nights = json!({"time_filters": [{"start": "22:00", "end": "06:00"}]});
        let zone = "CET-1CEST,M3.5.0,M10.5.0/3";
        let evening = MONDAY + 26 * 24 * HOUR + 21 * HOUR;
        assert_eq!(until(nights.clone(), zone, evening), Some(evening + 7 * HOUR));
        assert_eq!(until(nights, zone, MONDAY + 21 * HOUR), Some(MONDAY + 29 * HOUR));
    }

    #[test]
    fn what_cannot_be_followed_is_refused() {
        for wrong in [
            json!({}),
            json!({"time_filter": {"start_time": 2, "end_time": 2}}),
            json!({"time_filter": {"start_time": 1, "end_time": 2}, "time_filters": [{"start": "10:00", "end": "11:00"}]}),
            json!({"time_filters": [{"start": "24:00", "end": "11:00"}]}),
            json!({"time_filters": [{"start": "1:00", "end": "11:00"}]}),
            json!({"time_filters": [{"start": "10:60", "end": "11:00"}]}),
            json!({"time_filters": [{"start": "10:00", "end": "11:00", "repeat": [7]}]}),
            json!({"time_filters": [{"start": "10:00", "end": "11:00", "cal_id": "none"}]}),
        ] {
            assert!(rule(wrong.clone()).check(&[]).is_err(), "{wrong}");
        }
        let mut asks_nothing = rule(json!({"time_filter": {"start_time": 1, "end_time": 2}}));
        asks_nothing.filters = Filter::default();
        assert!(asks_nothing.check(&[]).is_err());
    }
}
