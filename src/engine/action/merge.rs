//! Merging by hand: incidents into another, alerts into an incident.

use serde_json::{Value, json};

use super::end::close_if_over;
use super::{AlertMerging, By, Halt, Merging, find, find_alert, open, refused};
use crate::board::{ALERTS, Alert, EventType, Incident, Step};
use crate::engine::closing::{How, close, no_source_where_acknowledged};
use crate::engine::joining::follow_rules;
use crate::engine::tell::{note, report, tell_alert};

impl By {
    /// Merges incidents into another: their alerts move to it, and they are closed, or forgotten where that is asked.
    /// The target is left out of the sources where it stands among them.
    pub(super) fn merge(&self, step: &mut Step, merging: &Merging) -> Result<(), Halt> {
        let mut target = find(step, "target_incident_id", &merging.target_incident_id)?;
        if !target.is_open() {
            return Err(refused("target_incident_id", format!("incident {} is closed", target.incident_id)));
        }
        let mut sources = Vec::new();
        for id in &merging.source_incident_ids {
            let known = |source: &Incident| source.incident_id == *id;
            if *id != target.incident_id && !sources.iter().any(known) {
                let source = find(step, "source_incident_ids", id)?;
                if !source.is_open() {
                    return Err(refused("source_incident_ids", format!("incident {id} is closed")));
                }
                sources.push(source);
            }
        }
        if sources.is_empty() {
            return Err(refused("source_incident_ids", "names no incident but the target"));
        }
        let alerts = sources.iter().fold(target.alert_cnt(), |sum, source| sum.saturating_add(source.alert_cnt()));
        if alerts > ALERTS {
            return Err(refused("source_incident_ids", "an incident has at most 5000 alerts"));
        }
        let summary = |incident: &Incident| json!({"incident_id": incident.incident_id, "title": incident.title, "progress": incident.progress.name()});
        let told: Vec<Value> = sources.iter().map(summary).collect();
        let responders: Vec<i64> = sources
            .iter()
            .filter_map(|source| source.handling.as_ref())
            .flat_map(|handling| &handling.responders)
            .map(|responder| responder.person_id)
            .collect();
        self.rename(step, &mut target, merging.title.as_ref(), merging.owner_id);
        let detail = json!({"comment": merging.comment, "source_incidents": told, "target_incident": summary(&target),
            "owner_id": merging.owner_id, "title": target.title,
            "remove_source_incidents": merging.remove_source_incidents, "source_responders": responders});
        for mut source in sources {
            // It stays as bad as it was, whichever of its alerts leaves last.
            let shown = (source.incident_severity, source.incident_status);
            for alert in step.members(&source)? {
                self.move_alert(step, alert, &mut source, &mut target);
            }
            (source.incident_severity, source.incident_status) = shown;
            note(step, &mut source, EventType::Merge.name(), self.who, self.at, detail.clone());
            if merging.remove_source_incidents {
                source.handled().removed = true;
            }
            close(step, &mut source, How::ByHand, self.who, self.at)?;
            step.put_incident(source);
        }
        report(step, &mut target, EventType::Merge, self.who, self.at, detail);
        step.put_incident(target);
        Ok(())
    }

    /// Moves alerts into an incident. An incident that is left without alerts closes, and so does
    /// one that is left with recovered ones only, as if the last of them had recovered now.
    pub(super) fn merge_alerts(&self, step: &mut Step, merging: &AlertMerging) -> Result<(), Halt> {
        let mut target = find(step, "incident_id", &merging.incident_id)?;
        open(&target)?;
        self.rename(step, &mut target, merging.title.as_ref(), merging.owner_id);
        let mut left = Vec::new();
        for alert_id in &merging.alert_ids {
            let alert = find_alert(step, "alert_ids", alert_id)?;
            if alert.incident_id == target.incident_id {
                continue;
            }
            if target.alert_cnt() >= ALERTS {
                return Err(refused("alert_ids", "an incident has at most 5000 alerts"));
            }
            let Some(mut source) = step.incident(&alert.incident_id)? else {
                self.take_in(step, alert, &mut target);
                continue;
            };
            let was_active = source.active_alert_cnt() > 0;
            self.move_alert(step, alert, &mut source, &mut target);
            left.push((source.incident_id.clone(), was_active));
            step.put_incident(source);
        }
        let detail = json!({"comment": merging.comment, "alert_ids": merging.alert_ids, "owner_id": merging.owner_id,
            "title": target.title, "target_incident": {"incident_id": target.incident_id, "title": target.title,
            "progress": target.progress.name()}});
        report(step, &mut target, EventType::Merge, self.who, self.at, detail);
        step.put_incident(target);
        left.iter().try_for_each(|(incident_id, was_active)| close_if_over(step, self, incident_id, *was_active))
    }

    fn rename(&self, step: &mut Step, target: &mut Incident, title: Option<&String>, owner_id: i64) {
        if let Some(to) = title.filter(|to| **to != target.title) {
            let from = std::mem::replace(&mut target.title, to.clone());
            target.handled().override_field("title");
            note(step, target, EventType::Title.name(), self.who, self.at, json!({"from": from, "to": to}));
        }
        if owner_id != 0 {
            target.handled().owner_id = owner_id;
        }
    }

    /// Moves an alert from one incident to another. What was closed with the first stays closed.
    fn move_alert(&self, step: &mut Step, mut alert: Alert, source: &mut Incident, target: &mut Incident) {
        let was_open = alert.is_open(Some(source));
        source.let_go(&alert, self.at.secs());
        alert.closed |= !was_open && alert.end_time == 0;
        target.join(&mut alert, self.at.secs());
        no_source_where_acknowledged(step, target, &alert);
        target.storm = target.storm.max(source.storm).max(target.alert_cnt());
        tell_alert(step, &mut alert, Some(target), EventType::AlertMerge, self.who, self.at);
        step.put_alert(alert);
    }

    /// Takes in an alert that was in no incident.
    fn take_in(&self, step: &mut Step, mut alert: Alert, target: &mut Incident) {
        if let Some(muted) = alert.muted.take()
            && let Some(ruling) = &muted.ruling
            && target.alert_cnt() == 0
        {
            follow_rules(target, Some(ruling));
        }
        target.join(&mut alert, self.at.secs());
        no_source_where_acknowledged(step, target, &alert);
        target.storm = target.storm.max(target.alert_cnt());
        tell_alert(step, &mut alert, Some(target), EventType::AlertMerge, self.who, self.at);
        step.put_alert(alert);
    }
}
