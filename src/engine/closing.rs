//! Closing an incident and opening it again.

use serde_json::json;

use super::tell::{Who, report};
use crate::board::{Alert, EventType, Incident, Missing, Progress, Step};
use crate::time::Timestamp;

/// How an incident is closed, as its timeline tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// All of its alerts have recovered.
    Recovered,
    /// Its time was over.
    TimedOut,
    /// By hand.
    ByHand,
}

impl How {
    /// The protocol's word (`detail.from` of `i_rslv`).
    const fn word(self) -> &'static str {
        match self {
            Self::Recovered => "event",
            Self::TimedOut => "autorslv",
            Self::ByHand => "console",
        }
    }
}

/// Closes an open incident, which is to be put after it. What has not recovered of its alerts is closed with it: it
/// takes no more events.
pub fn close(step: &mut Step, incident: &mut Incident, how: How, who: Who, at: Timestamp) -> Result<(), Missing> {
    let secs = at.secs();
    leave_groups(step, incident)?;
    no_sources(step, incident)?;
    if incident.active_alert_cnt() > 0 {
        incident.handled().closures += 1;
        incident.tally.close();
    }
    if incident.snoozed_before() > 0 {
        incident.handled().snoozed_before = 0;
    }
    if let Who::Person(id) = who {
        incident.handled().closer_id = id;
    }
    incident.progress = Progress::Closed;
    incident.close_time = secs;
    incident.updated_at = secs;
    report(step, incident, EventType::Resolve, who, at, json!({"from": how.word()}));
    Ok(())
}

/// Alerts join it no more.
fn leave_groups(step: &mut Step, incident: &mut Incident) -> Result<(), Missing> {
    let Some(group) = &mut incident.group else {
        return Ok(());
    };
    for mark in &group.marks {
        step.remove_group(*mark, &incident.incident_id)?;
    }
    if group.method == 'i' {
        group.texts = step.alike(&incident.incident_id)?;
        step.remove_alike(&incident.incident_id);
    }
    Ok(())
}

/// Alerts join it again, as far as no other incident has taken its place.
fn rejoin_groups(step: &mut Step, incident: &mut Incident) -> Result<(), Missing> {
    let Some(group) = &mut incident.group else {
        return Ok(());
    };
    for mark in &group.marks {
        if step.group(*mark)?.is_none_or(|other| !other.is_open()) {
            step.put_group(*mark, &incident.incident_id);
        }
    }
    if let Some(texts) = group.texts.take() {
        step.put_alike(&incident.incident_id, texts);
    }
    Ok(())
}

/// Its alerts inhibit no others: somebody is at it, or it is over.
pub fn no_sources(step: &mut Step, incident: &Incident) -> Result<(), Missing> {
    if step.sources().is_empty() {
        return Ok(());
    }
    // One that has recovered may be open again elsewhere, under the same key.
    for alert in step.members(incident)?.iter().filter(|alert| alert.is_open(Some(incident))) {
        step.source(&alert.identity(), &[], 0);
    }
    Ok(())
}

/// An alert that joins an incident which somebody is at inhibits no others.
pub fn no_source_where_acknowledged(step: &mut Step, incident: &Incident, alert: &Alert) {
    if incident.progress == Progress::Processing && alert.is_open(Some(incident)) {
        step.source(&alert.identity(), &[], 0);
    }
}

/// Opens a closed incident again, which is to be put after it. Its alerts stay closed; those that come join it as before.
pub fn reopen(step: &mut Step, incident: &mut Incident, who: Who, at: Timestamp, reason: &str) -> Result<(), Missing> {
    let secs = at.secs();
    incident.progress = Progress::Triggered;
    incident.close_time = 0;
    incident.active_at = secs;
    if let Some(handling) = &mut incident.handling {
        handling.closer_id = 0;
        handling.responders.iter_mut().for_each(|responder| {
            responder.assigned_at = secs;
            responder.acknowledged_at = 0;
        });
        handling.ack_time = 0;
    }
    // The time after which it closes by itself begins anew: else it would close at once.
    incident.reopened_at = secs;
    rejoin_groups(step, incident)?;
    report(step, incident, EventType::Reopen, who, at, json!({"reason": reason}));
    Ok(())
}
