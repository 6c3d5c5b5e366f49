//! What a sender says of the incident that holds one of its alerts: a comment, or that somebody is at it.

use serde_json::json;

use super::closing::no_sources;
use super::event::open;
use super::tell::{Who, report};
use crate::board::{EventType, Incident, Missing, Progress, Step};
use crate::id::{self, Cause};
use crate::intake::Comment;

/// A comment on the incident that holds an open alert; where none is open, there is nothing to comment.
pub fn comment(step: &mut Step, cause: Cause, integration_id: i64, comment: &Comment) -> Result<(), Missing> {
    if let Some(mut incident) = holding(step, cause, integration_id, &comment.alert_key)? {
        let detail = json!({"comment": comment.comment, "mute_reply": false, "integration_id": integration_id});
        report(step, &mut incident, EventType::Comment, Who::Nobody, cause.received, detail);
        step.put_incident(incident);
    }
    Ok(())
}

/// Acknowledges the incident that holds an open alert, where nobody has yet.
pub fn acknowledge(step: &mut Step, cause: Cause, integration_id: i64, alert_key: &str) -> Result<(), Missing> {
    let found = holding(step, cause, integration_id, alert_key)?;
    if let Some(mut incident) = found.filter(|incident| incident.progress == Progress::Triggered) {
        incident.progress = Progress::Processing;
        incident.handled().ack_time = cause.received.secs();
        no_sources(step, &incident)?;
        let detail = json!({"integration_id": integration_id});
        report(step, &mut incident, EventType::Acknowledge, Who::Nobody, cause.received, detail);
        step.put_incident(incident);
    }
    Ok(())
}

/// The incident that holds the open alert with a key, unless a later record opened it.
fn holding(step: &Step, cause: Cause, integration_id: i64, alert_key: &str) -> Result<Option<Incident>, Missing> {
    let (alert, incident) = open(step, &id::alert_identity(integration_id, alert_key))?;
    Ok(incident.filter(|_| alert.is_some_and(|alert| alert.opened <= cause.into())))
}
