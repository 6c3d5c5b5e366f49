//! Time: what happens to a board because a moment has come. Snoozes and silences end, incidents close by themselves.
//!
//! No timer survives an instance. What is due stands in the board, in the order of time, and happens when somebody
//! comes by: before the next record is applied, and at the end of every fold and tick.

use serde_json::json;

use super::closing::{How, close};
use super::muting;
use super::tell::{Who, report};
use crate::board::{Board, EventType, Incident, Missing, Progress, Step, Whose};
use crate::time::Timestamp;

/// Brings a board up to a moment: everything that is due by then happens, in order, each thing at its own time.
///
/// # Errors
/// A page is missing. What came before is done, and is not done again when this is called again.
pub fn bring(board: &mut Board, to: Timestamp) -> Result<(), Missing> {
    while let Some((key, secs, whose)) = board.first_due(to.secs())? {
        let mut step = board.step();
        step.unschedule(&key);
        happen(&mut step, whose, Timestamp::from_secs(secs))?;
        let changes = step.changes();
        board.commit(changes);
    }
    if board.silence_ended(to.secs()) {
        let mut step = board.step();
        let left = step.silences().iter().filter(|silence| silence.end_time > to.secs()).cloned().collect();
        step.put_silences(left);
        let changes = step.changes();
        board.commit(changes);
    }
    Ok(())
}

fn happen(step: &mut Step, whose: Whose, at: Timestamp) -> Result<(), Missing> {
    match whose {
        Whose::Alert(alert_id) => match step.alert(&alert_id)? {
            Some(alert) => muting::look_again(step, alert, at),
            None => Ok(()),
        },
        Whose::Incident(incident_id) => match step.incident(&incident_id)? {
            Some(incident) => incident_due(step, incident, at),
            None => Ok(()),
        },
    }
}

/// Its time may have been put off since it was noted.
fn incident_due(step: &mut Step, mut incident: Incident, at: Timestamp) -> Result<(), Missing> {
    incident.due_at = 0;
    let is_due = |due: Option<u64>| due.is_some_and(|due| due <= at.secs());
    if incident.is_open() {
        if is_due(incident.resolves_at()) {
            close(step, &mut incident, How::TimedOut, Who::Nobody, at)?;
        } else if is_due(Some(incident.snoozed_before()).filter(|end| *end > 0)) {
            end_snooze(step, &mut incident, at);
        }
    }
    step.put_incident(incident);
    Ok(())
}

/// A snooze has run out: the incident is triggered and assigned anew.
fn end_snooze(step: &mut Step, incident: &mut Incident, at: Timestamp) {
    incident.progress = Progress::Triggered;
    let handling = incident.handled();
    handling.snoozed_before = 0;
    handling.ack_time = 0;
    for responder in &mut handling.responders {
        responder.assigned_at = at.secs();
        responder.acknowledged_at = 0;
    }
    let person_ids: Vec<i64> = handling.responders.iter().map(|responder| responder.person_id).collect();
    let detail = json!({"type": "reassign", "to": person_ids, "person_ids": person_ids, "snooze_ended": true});
    report(step, incident, EventType::Assign, Who::Nobody, at, detail);
}
