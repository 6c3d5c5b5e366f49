//! Joining: an alert that is in no incident joins one or makes one (Flashduty, "Noise Reduction", grouping).

use std::cmp::Reverse;

use serde_json::json;

use super::closing::no_source_where_acknowledged;
use super::flapping;
use super::tell::{Who, report, tell, tell_alert};
use crate::board::{ALERTS, Alert, EventType, Group, Incident, Missing, Step};
use crate::channel::alike;
use crate::id::{Cause, Kind, object_id};
use crate::journal::{Grouping, Ruling};
use crate::sorted::add;
use crate::time::Timestamp;

/// The most incidents that an alert is compared with; of more, the oldest are left out.
const COMPARED: usize = 256;

/// Puts an alert into the incident that takes it in, or into one of its own. `flaps`: its key was just found flapping.
/// `news`: what else happened to it, to be told with the incident that it is in then.
pub fn join_or_open(
    step: &mut Step,
    mut alert: Alert,
    ruling: Option<&Ruling>,
    cause: Cause,
    flaps: bool,
    news: Option<EventType>,
) -> Result<(), Missing> {
    let (secs, at) = (cause.received.secs(), cause.received);
    let grouping = ruling.and_then(|ruling| ruling.grouping.as_ref());
    let found = match grouping {
        Some(grouping) => candidate(step, grouping, secs)?,
        None => None,
    };
    alert.muted = None;
    // One that opens with an incident of its own is in it from the beginning.
    let merges = (found.is_some() || news != Some(EventType::AlertNew)).then_some(EventType::AlertMerge);
    let tell_of = |step: &mut Step, alert: &mut Alert, incident: &Incident| {
        for kind in [news, merges].into_iter().flatten() {
            tell_alert(step, alert, Some(incident), kind, Who::Nobody, at);
        }
    };
    let mut incident = match found {
        Some(mut incident) => {
            follow_rules(&mut incident, ruling);
            incident.join(&mut alert, secs);
            no_source_where_acknowledged(step, &incident, &alert);
            tell_of(step, &mut alert, &incident);
            storm(step, &mut incident, ruling, at);
            incident
        }
        None => {
            let mut incident = Incident::of(object_id(Kind::Incident, cause), cause.channel, &alert, secs);
            follow_rules(&mut incident, ruling);
            incident.group = grouping.map(|grouping| Box::new(group(step, &incident.incident_id, grouping)));
            incident.join(&mut alert, secs);
            tell_of(step, &mut alert, &incident);
            tell(step, &mut incident, EventType::New, Who::Nobody, at);
            incident
        }
    };
    if flaps {
        flapping::mark(step, &mut incident, alert.flapping.unwrap_or_default(), at);
    }
    step.put_alert(alert);
    step.put_incident(incident);
    Ok(())
}

/// The rules of the channel as they are now, as far as they stay with an incident.
pub fn follow_rules(incident: &mut Incident, ruling: Option<&Ruling>) {
    incident.keep_open = ruling.is_some_and(|ruling| ruling.keep_open);
    incident.auto_resolve = ruling.and_then(|ruling| ruling.auto_resolve);
}

/// How alerts will join a new incident, and notes where they find it.
fn group(step: &mut Step, incident_id: &str, grouping: &Grouping) -> Group {
    for mark in &grouping.marks {
        step.put_group(*mark, incident_id);
    }
    if let Some(texts) = &grouping.texts {
        step.put_alike(incident_id, texts.clone());
    }
    let method = if grouping.texts.is_some() { 'i' } else { 'p' };
    Group { method, marks: grouping.marks.clone(), texts: None, joined_at: 0 }
}

/// The open incident that takes in an alert.
fn candidate(step: &Step, grouping: &Grouping, secs: u64) -> Result<Option<Incident>, Missing> {
    for mark in &grouping.marks {
        if let Some(incident) = step.group(*mark)?.filter(|incident| takes(incident, grouping, secs)) {
            return Ok(Some(incident));
        }
    }
    let Some(texts) = &grouping.texts else {
        return Ok(None);
    };
    let alikes = step.alikes()?;
    // The most alike first; of those that are equally so, the newest.
    let mut scored: Vec<Reverse<(u32, &String)>> = Vec::new();
    for (incident_id, other) in alikes.iter().rev().take(COMPARED) {
        let score = alike::score(texts, other);
        if score >= texts.score {
            add(&mut scored, Reverse((score, incident_id)));
        }
    }
    for Reverse((_, incident_id)) in scored {
        if let Some(incident) = step.incident(incident_id)?.filter(|incident| takes(incident, grouping, secs)) {
            return Ok(Some(incident));
        }
    }
    Ok(None)
}

/// Whether an incident takes in a further alert at a time, Unix seconds.
fn takes(incident: &Incident, grouping: &Grouping, secs: u64) -> bool {
    let joined_at = incident.group.as_ref().map_or(0, |group| group.joined_at);
    let from = if grouping.sliding { joined_at.max(incident.start_time) } else { incident.start_time };
    let within = grouping.window_s == 0 || secs < from.saturating_add(grouping.window_s);
    let disabled = incident.handling.as_ref().is_some_and(|handling| handling.merge_disabled);
    within && incident.is_open() && !disabled && incident.alert_cnt() < ALERTS
}

/// Warns where so many alerts have merged that a threshold is reached; each once.
fn storm(step: &mut Step, incident: &mut Incident, ruling: Option<&Ruling>, at: Timestamp) {
    let storms = ruling.map_or(&[][..], |ruling| &ruling.storms);
    for threshold in storms {
        if *threshold <= incident.alert_cnt() && *threshold > incident.storm {
            incident.storm = *threshold;
            report(step, incident, EventType::Storm, Who::Nobody, at, json!({"threshold": threshold}));
        }
    }
}
