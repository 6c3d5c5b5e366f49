//! Silence rules of a channel: what is quiet when (Flashduty, "Noise Reduction", silence). A one-off rule has a
//! beginning and an end; others come again by the day of the week, on working days or on days off.

#[cfg(test)]
mod tests;

use std::cmp::Reverse;

use serde::Deserialize;

use super::calendar::Calendar;
use super::drop::{RuleStatus, check_texts};
use super::rules::Asked;
use super::window::{Moment, Window};
use crate::day::{DAY_S, LAST_S};
use crate::filter::Filter;

/// How far ahead the end of an unbroken silence is looked for, seconds.
const AHEAD_S: i64 = 31 * DAY_S;
/// The most windows that are put together to one.
const WINDOWS: usize = 400;

/// A silence rule.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Silence {
    /// What it is known by.
    pub rule_id: String,
    /// Its name, if it has one.
    pub rule_name: Option<String>,
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
    pub time_filters: Vec<Window>,
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

/// What the silences of a channel do to an alert that does not recover. What discards goes before what keeps; where one
/// silence ends, another may hold on.
pub fn quiet(rules: &[Silence], asked: Asked<'_>) -> Option<Quiet> {
    let now_s = i64::try_from(asked.now_s).ok()?;
    let now = Moment::new(now_s, asked.zone, asked.calendars);
    // Whether it is time is asked first: it is cheap, and seldom so.
    if rules.iter().all(|rule| rule.end(&now).is_none()) {
        return None;
    }
    let holding: Vec<&Silence> = rules.iter().filter(|rule| rule.is_for(asked)).collect();
    let open = || holding.iter().filter(|rule| rule.end(&now).is_some());
    if let Some(rule) = open().filter(|rule| rule.is_directly_discard).min_by_key(|rule| rule.priority) {
        return Some(Quiet::Discarded(rule.rule_id.clone()));
    }
    let longest = open().min_by_key(|rule| (Reverse(until(&[*rule], now_s, asked)), rule.priority))?;
    let until = u64::try_from(until(&holding, now_s, asked)?).ok()?;
    Some(Quiet::Silenced { until, rule_id: longest.rule_id.clone() })
}

/// When the silence by some rules ends, if there is one at a time. Both are Unix seconds.
fn until(rules: &[&Silence], now_s: i64, asked: Asked<'_>) -> Option<i64> {
    let ends = |at| {
        let moment = Moment::new(at, asked.zone, asked.calendars);
        rules.iter().filter_map(|rule| rule.end(&moment)).max()
    };
    let mut end = ends(now_s)?;
    for _ in 0..WINDOWS {
        let Some(later) = ends(end).filter(|_| end < now_s.saturating_add(AHEAD_S)) else {
            break;
        };
        end = later;
    }
    Some(end)
}

impl Silence {
    /// Refuses a rule that cannot be followed.
    pub fn check(&self, calendars: &[Calendar]) -> Result<(), String> {
        check_texts(self.rule_name.as_deref(), &self.description)?;
        self.filters.check_asks().map_err(|problem| format!("filters: {problem}"))?;
        match (self.time_filter, self.time_filters.is_empty()) {
            (Some(once), true) => once.check()?,
            (None, false) => {}
            _ => return Err("exactly one of time_filter and time_filters must be there".to_owned()),
        }
        (1..).zip(&self.time_filters).try_for_each(|(nth, window): (usize, _)| {
            window.check(calendars).map_err(|problem| format!("time_filters: entry {nth}: {problem}"))
        })
    }

    fn is_for(&self, asked: Asked<'_>) -> bool {
        self.status == RuleStatus::Enabled && self.filters.holds(asked.facts)
    }

    /// If it is quiet at a moment: the end of what is open then, without what follows it.
    fn end(&self, moment: &Moment<'_>) -> Option<i64> {
        let once = self.time_filter.and_then(|once| once.end(moment.now));
        self.time_filters.iter().filter_map(|window| window.end(moment)).chain(once).max()
    }
}

impl Once {
    fn check(self) -> Result<(), String> {
        match i64::try_from(self.end_time) {
            Ok(..=LAST_S) if self.start_time < self.end_time => Ok(()),
            Ok(..=LAST_S) => Err("time_filter: end_time must lie after start_time".to_owned()),
            _ => Err("time_filter: end_time must be Unix seconds, before the year 10000".to_owned()),
        }
    }

    fn end(self, now: i64) -> Option<i64> {
        let within = u64::try_from(now).is_ok_and(|now| (self.start_time..self.end_time).contains(&now));
        within.then(|| i64::try_from(self.end_time).unwrap_or(i64::MAX))
    }
}
