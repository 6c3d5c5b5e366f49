//! Outlook: what an alert event would do to a board, told without doing it. It is done by the very code that does it, in a
//! step that is dropped.

use super::{event, muting};
use crate::board::{Alert, Board, Incident, Missing, Muted, MutedBy};
use crate::id::{Cause, alert_identity};
use crate::intake::Status;
use crate::journal::Arrival;

/// What an event would do to a board.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outlook {
    /// The open alert with its key, as it is.
    pub before: Option<Alert>,
    /// The open alert with its key, as it would be then. One that it would open has no id that it can be known by later.
    pub after: Option<Alert>,
    /// The incident that would hold that alert, or held it, as it would be then.
    pub incident: Option<Incident>,
    /// What would mute it; an alert that is in an incident stays there all the same.
    pub muted: Option<Muted>,
    /// Whether another alert would keep it out altogether.
    pub discarded: bool,
    /// Which alert inhibits it: the mark that both have, and the alert's id.
    pub inhibitor: Option<(u64, Option<String>)>,
    /// Whether its key would be found flapping by it.
    pub flaps: bool,
}

/// What an event would do to a board that is brought up to when it comes (`cause`).
///
/// # Errors
/// A page is missing.
pub fn foresee(board: &Board, cause: Cause, integration_id: i64, arrival: &Arrival) -> Result<Outlook, Missing> {
    let (identity, secs) = (alert_identity(integration_id, &arrival.event.alert_key), cause.received.secs());
    let (now, mut then) = (board.step(), board.step());
    let (before, held) = event::open(&now, &identity)?;
    event::arrive(&mut then, cause, integration_id, arrival)?;
    let (after, holding) = event::open(&then, &identity)?;
    let incident = match (holding, held) {
        (None, Some(held)) => then.incident(&held.incident_id)?,
        (holding, _) => holding,
    };
    let flapped = match &incident {
        Some(incident) => now.incident(&incident.incident_id)?.is_some_and(|incident| incident.flapping),
        None => false,
    };
    let flaps = !flapped && incident.as_ref().is_some_and(|incident| incident.flapping);
    let mut outlook = Outlook { before, after, incident, flaps, ..Outlook::default() };
    if arrival.event.status == Status::Ok {
        return Ok(outlook);
    }
    let ruling = arrival.ruling(cause.channel);
    let mut marks = arrival.targets.clone();
    marks.extend(ruling.iter().flat_map(|ruling| &ruling.discarded_by));
    let mut inhibitor = now.sources().inhibitor(&identity, &marks, secs);
    outlook.discarded = inhibitor.is_some();
    if let (false, Some(alert)) = (outlook.discarded, &outlook.after) {
        outlook.muted = muting::muted(&now, alert, &identity, ruling, secs)?;
        if outlook.muted.as_ref().is_some_and(|muted| muted.by == MutedBy::Inhibit) {
            let muted_by = ruling.map_or(&[][..], |ruling| &ruling.muted_by);
            inhibitor = now.sources().inhibitor(&identity, muted_by, secs);
        }
    }
    if let Some(inhibitor) = inhibitor {
        let alert = event::open(&now, inhibitor.identity)?.0;
        outlook.inhibitor = Some((inhibitor.mark, alert.map(|alert| alert.alert_id)));
    }
    Ok(outlook)
}
