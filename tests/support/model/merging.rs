//! Merging by hand, as the naive model does it.

use alarum::board::EventType;
use alarum::engine::action::{AlertMerging, Merging};
use serde_json::{Value, json};

use super::joining::follow_rules;
use super::people::{By, Refused, Result, check};
use super::{Incident, Model};

impl Model {
    fn rename(&mut self, by: &By, id: &str, title: Option<&String>, owner: i64) {
        let incident = self.incident(id);
        if owner != 0 {
            incident.owner = owner;
        }
        if let Some(to) = title.filter(|to| **to != incident.title) {
            let from = std::mem::replace(&mut incident.title, to.clone());
            incident.overrides.insert("title".into());
            self.note(id, "i_r_title", by.who, by.at, json!({"from": from, "to": to}));
        }
    }

    pub(super) fn merge(&mut self, by: &By, merging: &Merging) -> Result {
        let target = &merging.target_incident_id;
        self.open(target)?;
        let mut sources: Vec<&String> = Vec::new();
        for id in &merging.source_incident_ids {
            if id != target && !sources.contains(&id) {
                self.open(id)?;
                sources.push(id);
            }
        }
        check(!sources.is_empty())?;
        let summary = |incident: &Incident| json!({"incident_id": incident.id, "title": incident.title, "progress": incident.progress.name()});
        let told: Vec<Value> = sources.iter().map(|id| summary(&self.incidents[*id])).collect();
        let of = |id: &&String| self.incidents[*id].responders.iter().map(|responder| responder.0);
        let responders: Vec<i64> = sources.iter().flat_map(of).collect();
        self.rename(by, target, merging.title.as_ref(), merging.owner_id);
        let detail = json!({"comment": merging.comment, "source_incidents": told,
            "target_incident": summary(&self.incidents[target]), "owner_id": merging.owner_id,
            "title": self.incidents[target].title, "remove_source_incidents": merging.remove_source_incidents,
            "source_responders": responders});
        for id in sources {
            // By id, which is by time.
            let mut alerts = self.incidents[id].alerts.clone();
            alerts.sort();
            for alert in alerts {
                let (severity, status) = (self.incidents[id].severity, self.incidents[id].status);
                self.move_alert(&alert, id, target, by.secs);
                // It stays as bad as it was.
                (self.incident(id).severity, self.incident(id).status) = (severity, status);
            }
            self.note(id, "i_merge", by.who, by.at, detail.clone());
            self.incident(id).removed = merging.remove_source_incidents;
            self.close(id, "console", by.who, by.at);
        }
        self.says(by, target, EventType::Merge, detail)
    }

    fn move_alert(&mut self, alert: &str, from: &str, target: &str, secs: u64) {
        let cnt = self.alerts[alert].event_cnt;
        let source = self.incident(from);
        source.alerts.retain(|id| id != alert);
        source.event_cnt -= cnt;
        source.updated_at = secs;
        let storm = source.storm;
        self.rate(from);
        self.join(target, alert, secs);
        let target = self.incident(target);
        target.storm = target.storm.max(storm).max(target.alerts.len() as u32);
    }

    /// An alert that people can do something to: neither gone with its incident, nor recovered without one.
    pub(super) fn alert_on_board(&self, id: &str) -> std::result::Result<(), Refused> {
        let alert = self.alerts.get(id).ok_or(Refused)?;
        let incident = alert.incident.as_ref().map(|incident| &self.incidents[incident]);
        check(incident.map_or(alert.is_open(), |incident| !incident.left && !incident.removed))
    }

    pub(super) fn merge_alerts(&mut self, by: &By, merging: &AlertMerging) -> Result {
        let target = &merging.incident_id;
        self.open(target)?;
        let mut left = Vec::new();
        for id in &merging.alert_ids {
            self.alert_on_board(id)?;
            match self.alerts[id].incident.clone() {
                Some(source) if source == *target => {}
                Some(source) => {
                    let was_active = self.active(&source) > 0;
                    self.move_alert(id, &source, target, by.secs);
                    left.push((source, was_active));
                }
                None => {
                    let muted = self.alert(id).muted.take();
                    if let Some(ruling) = muted.and_then(|muted| muted.ruling)
                        && self.incidents[target].alerts.is_empty()
                    {
                        follow_rules(self.incident(target), Some(&ruling));
                    }
                    self.join(target, id, by.secs);
                    let target = self.incident(target);
                    target.storm = target.storm.max(target.alerts.len() as u32);
                }
            }
        }
        self.rename(by, target, merging.title.as_ref(), merging.owner_id);
        let title = self.incidents[target].title.clone();
        let detail = json!({"comment": merging.comment, "alert_ids": merging.alert_ids, "owner_id": merging.owner_id,
            "title": title, "target_incident": {"incident_id": target, "title": title,
            "progress": self.incidents[target].progress.name()}});
        self.says(by, target, EventType::Merge, detail)?;
        for (source, was_active) in left {
            let recovered = self.incidents[&source].alerts.iter().any(|id| self.alerts[id].end > 0);
            let over = was_active && recovered && self.active(&source) == 0;
            let incident = self.incident(&source);
            if incident.is_open() && over {
                incident.end = by.secs;
                if !incident.keep_open {
                    self.close(&source, "event", None, by.at);
                }
            } else if incident.is_open() && incident.alerts.is_empty() && incident.integrations[0] != 0 {
                self.close(&source, "console", by.who, by.at);
            }
        }
        Ok(())
    }
}
