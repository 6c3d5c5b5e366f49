//! Which incident an alert joins, and what it makes of it, as the naive model does it.

use alarum::board::{EventType, Progress};
use alarum::channel::alike;
use alarum::id::{Cause, Kind};
use alarum::journal::{Grouping, Ruling};
use alarum::time::Timestamp;
use serde_json::json;

use super::{Incident, Model, named};

impl Model {
    pub(super) fn join_or_open(&mut self, id: &str, ruling: Option<&Ruling>, cause: Cause, flaps: bool) {
        let (at, secs) = (cause.received, cause.received.secs());
        let grouping = ruling.and_then(|ruling| ruling.grouping.as_ref());
        self.alert(id).muted = None;
        let found = grouping.and_then(|grouping| self.candidate(grouping, secs));
        let incident = match found {
            Some(found) => {
                follow_rules(self.incident(&found), ruling);
                self.join(&found, id, secs);
                self.storm(&found, ruling, at);
                found
            }
            None => {
                let made = self.made_by(id, grouping, cause);
                follow_rules(self.incident(&made), ruling);
                self.join(&made, id, secs);
                self.tell(&made, EventType::New, None, at);
                made
            }
        };
        if flaps {
            let policy = self.alerts[id].policy.unwrap_or_default();
            self.mark_flapping(&incident, policy, at);
        }
    }

    fn made_by(&mut self, id: &str, grouping: Option<&Grouping>, cause: Cause) -> String {
        let (alert, secs) = (&self.alerts[id], cause.received.secs());
        let mut incident = Incident {
            id: named(Kind::Incident, cause),
            channel: self.channel,
            integrations: vec![alert.key.0],
            title: alert.title.clone(),
            description: alert.description.clone(),
            created_at: secs,
            updated_at: secs,
            start: secs,
            labels: alert.labels.clone(),
            dedup_key: alert.key.1.clone(),
            first_alert: id.to_owned(),
            method: 'n',
            ..Incident::default()
        };
        if let Some(grouping) = grouping {
            incident.method = if grouping.texts.is_some() { 'i' } else { 'p' };
            incident.marks.clone_from(&grouping.marks);
            incident.holds.clone_from(&grouping.marks);
            incident.texts.clone_from(&grouping.texts);
            // It takes the place of those that had its marks.
            for other in self.incidents.values_mut() {
                other.holds.retain(|mark| !grouping.marks.contains(mark));
            }
        }
        let made = incident.id.clone();
        self.incidents.insert(made.clone(), incident);
        made
    }

    pub(super) fn join(&mut self, incident: &str, id: &str, secs: u64) {
        let alert = self.alert(id);
        alert.incident = Some(incident.to_owned());
        let alert = alert.clone();
        let into = self.incident(incident);
        into.alerts.push(alert.id.clone());
        into.event_cnt += alert.event_cnt;
        into.last = into.last.max(alert.last);
        into.updated_at = secs;
        into.active_at = secs;
        into.ever_muted |= alert.ever_muted;
        into.joined_at = secs;
        if !into.integrations.contains(&alert.key.0) {
            into.integrations.push(alert.key.0);
        }
        // Somebody is at it.
        if into.progress == Progress::Processing && alert.is_open() {
            self.sources.remove(&alert.key);
        }
        self.rate(incident);
    }

    fn candidate(&self, grouping: &Grouping, secs: u64) -> Option<String> {
        let takes = |incident: &&Incident| {
            let from = if grouping.sliding { incident.joined_at.max(incident.start) } else { incident.start };
            let within = grouping.window_s == 0 || secs < from + grouping.window_s;
            incident.is_open() && !incident.merge_disabled && within
        };
        for mark in &grouping.marks {
            let found = self.incidents.values().filter(takes).find(|incident| incident.holds.contains(mark));
            if let Some(found) = found {
                return Some(found.id.clone());
            }
        }
        let texts = grouping.texts.as_ref()?;
        let score = |incident: &Incident| incident.texts.as_ref().map_or(0, |other| alike::score(texts, other));
        let alike = self.incidents.values().filter(takes).filter(|incident| incident.texts.is_some());
        let alike = alike.map(|incident| (score(incident), incident.id.clone()));
        alike.filter(|(score, _)| *score >= texts.score).max().map(|(_, id)| id)
    }

    fn storm(&mut self, id: &str, ruling: Option<&Ruling>, at: Timestamp) {
        for threshold in ruling.map_or(Vec::new(), |ruling| ruling.storms.clone()) {
            let incident = self.incident(id);
            if threshold as usize <= incident.alerts.len() && threshold > incident.storm {
                incident.storm = threshold;
                self.report(id, EventType::Storm, None, at, json!({"threshold": threshold}));
            }
        }
    }
}

pub(super) fn follow_rules(incident: &mut Incident, ruling: Option<&Ruling>) {
    incident.keep_open = ruling.is_some_and(|ruling| ruling.keep_open);
    incident.auto_resolve = ruling.and_then(|ruling| ruling.auto_resolve);
}
