//! Named intervals, and the silences that follow from them.

use crate::import::notes::Notes;
use crate::import::times::{Window, days, minute, outside, zone};
use crate::import::yaml::Yaml;
use anyhow::{Context as _, Result, ensure};
use std::collections::BTreeMap;

/// A named interval.
#[derive(Clone, Debug, Default)]
pub struct Interval {
    /// Its windows, as far as Alarum knows such.
    pub windows: Vec<Window>,
    /// Whether these are all of it.
    pub whole: bool,
}

/// All intervals, and the zone in which their times count.
#[derive(Clone, Debug, Default)]
pub struct Intervals {
    /// By name.
    pub named: BTreeMap<String, Interval>,
    /// As Alarum writes it.
    pub zone: Option<String>,
}

impl Intervals {
    /// Reads one.
    pub fn read(&mut self, yaml: &Yaml, place: &str, notes: &mut Notes) {
        let mut parts = yaml.parts(place);
        let name = parts.text("name").unwrap_or_default();
        let mut interval = Interval { windows: Vec::new(), whole: true };
        for (place, entry) in parts.list("time_intervals") {
            match self.windows(entry, &place) {
                Ok(windows) => interval.windows.extend(windows),
                Err(error) => {
                    interval.whole = false;
                    notes.left(entry.line, &place, &format!("{error:#}"));
                }
            }
        }
        parts.finish("this import does not know it", notes);
        if interval.windows.is_empty() {
            notes.left(yaml.line, place, "nothing of it could be carried over");
        } else {
            notes.carried(yaml.line, place, "silences of the channels whose routes name it");
        }
        self.named.insert(name, interval);
    }

    fn windows(&mut self, yaml: &Yaml, place: &str) -> Result<Vec<Window>> {
        let mut parts = yaml.parts(place);
        for field in ["days_of_month", "months", "years"] {
            ensure!(parts.take(field).is_none(), "{field}: Alarum's silences come again by the week");
        }
        let of_week = parts.take("weekdays");
        let times = parts.list("times");
        let place = parts.text("location").unwrap_or_else(|| "UTC".to_owned());
        let days = match of_week {
            None => (0..7).collect(),
            Some(part) => {
                let mut all = Vec::new();
                for entry in part.entries() {
                    all.extend(days(&entry.text())?);
                }
                all.sort_unstable();
                all.dedup();
                all
            }
        };
        ensure!(place != "Local", "location: 'Local' is wherever the Alertmanager is; name the place");
        let found = zone(&place).context("location")?;
        let first = self.zone.get_or_insert_with(|| found.clone());
        ensure!(*first == found, "location: Alarum has one time_zone for all silences, and another one came first");
        let mut windows = Vec::new();
        for (_, entry) in &times {
            let mut parts = entry.parts("");
            let mut time = |name: &str| minute(&parts.text(name).unwrap_or_default()).context(name.to_owned());
            let (start, end) = (time("start_time")?, time("end_time")?);
            ensure!(start < end, "times: they must begin before they end");
            windows.push(Window { start, end, days: Vec::clone(&days) });
        }
        if times.is_empty() {
            windows.push(Window { start: 0, end: 24 * 60, days });
        }
        Ok(windows)
    }

    /// What of the intervals that a route names cannot be said by silences.
    pub fn problems(&self, mute: &[String], active: &[String]) -> Vec<String> {
        let nothing = |name: &&String| self.named.get(*name).is_none_or(|interval| interval.windows.is_empty());
        let mut found: Vec<String> = mute
            .iter()
            .filter(nothing)
            .map(|name| format!("mute_time_intervals: of '{name}' nothing could be carried over"))
            .collect();
        if !active.is_empty() && !self.all_whole(active) {
            found.push(
                "active_time_intervals: not all could be carried over, so the channel is always active".to_owned(),
            );
        }
        found
    }

    fn all_whole(&self, names: &[String]) -> bool {
        names.iter().all(|name| self.named.get(name).is_some_and(|interval| interval.whole))
    }

    /// The silences of a channel: their ids and windows.
    pub fn silences(&self, mute: &[String], active: &[String]) -> Vec<(String, Vec<Window>)> {
        let mut silences = Vec::new();
        for name in mute {
            if let Some(interval) = self.named.get(name).filter(|interval| !interval.windows.is_empty()) {
                silences.push((rule_id("mute", name, silences.len()), interval.windows.clone()));
            }
        }
        if !active.is_empty() && self.all_whole(active) {
            let windows = active.iter().filter_map(|name| self.named.get(name)).flat_map(|i| i.windows.clone());
            let outside = outside(&windows.collect::<Vec<_>>());
            if !outside.is_empty() {
                silences.push((rule_id("outside", &active.join("-"), silences.len()), outside));
            }
        }
        silences
    }
}

/// An id out of a name: letters, digits, `_` and `-`.
fn rule_id(kind: &str, name: &str, nth: usize) -> String {
    let legible = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '-' };
    let name: String = name.chars().map(legible).take(24).collect();
    format!("{kind}-{name}-{}", nth + 1)
}
