//! `apply`: what the records of the journal do to a board.
//!
//! A pure function of the board and the records: no clock, no randomness, ids derived from the records. It stops where
//! a page is missing and goes on there when it was loaded.

use super::alert::{Alert, Effect};
use super::head::{Board, Missing};
use super::incident::Incident;
use super::outbox::{Event, EventType};
use crate::id::{self, Cause, Kind};
use crate::intake::Status;
use crate::journal::{Accepted, Read};

/// Applying records to the board of one channel, resumable.
#[derive(Debug, Default)]
pub struct Applying {
    /// The record that comes next, and the alert in it.
    next: (usize, usize),
}

impl Applying {
    /// Applies `records` from where it stopped, in their order, and marks them as read in the board.
    ///
    /// # Errors
    /// A page is missing. Nothing that comes before is applied twice when this is called again with it loaded.
    pub fn run(&mut self, board: &mut Board, records: &[&Read]) -> Result<(), Missing> {
        let channel = board.head.channel_id;
        while let Some(read) = records.get(self.next.0) {
            let head = board.head.heads.get(&read.place.stream).copied().unwrap_or(0);
            // Another folder has done this one.
            if read.place.n > head {
                while let Some(accepted) = read.record.accepted.get(self.next.1) {
                    if accepted.channel_ids.contains(&channel) {
                        let index = self.next.1 as u32;
                        let received = read.record.received;
                        let cause = Cause { stream: read.place.stream, n: read.place.n, index, received, channel };
                        apply(board, cause, accepted)?;
                    }
                    self.next.1 += 1;
                }
                board.head.heads.insert(read.place.stream, read.place.n);
            }
            self.next = (self.next.0 + 1, 0);
        }
        Ok(())
    }
}

/// One alert event on one board. Everything is read before anything is changed.
fn apply(board: &mut Board, cause: Cause, accepted: &Accepted) -> Result<(), Missing> {
    let identity = id::alert_identity(accepted.integration_id, &accepted.event.alert_key);
    let alert = board.open_alert(&identity)?.cloned();
    let incident = match &alert {
        Some(alert) => board.incident(&alert.incident_id)?.cloned(),
        None => None,
    };
    let secs = cause.received.secs();
    match (alert, incident) {
        (Some(mut alert), Some(mut incident)) => {
            let effect = alert.take(&accepted.event, secs);
            match effect {
                Effect::Unchanged => incident.follow_labels(&alert),
                Effect::Updated | Effect::Recovered => incident.follow(&alert, secs),
            }
            if effect == Effect::Recovered {
                board.recover_alert(&identity, alert);
                if incident.active_alert_cnt() == 0 {
                    incident.recover(secs);
                    tell(board, &mut incident, EventType::Resolve, cause);
                }
            } else {
                board.put_alert(alert);
            }
            board.put_incident(incident);
        }
        // A recovery of what is not open says nothing new.
        _ if accepted.event.status == Status::Ok => {}
        _ => {
            let alert_id = id::object_id(Kind::Alert, cause);
            let incident_id = id::object_id(Kind::Incident, cause);
            let alert = Alert::open(alert_id, incident_id, accepted.integration_id, &accepted.event, secs);
            let mut incident = Incident::open(cause.channel, &alert, secs);
            tell(board, &mut incident, EventType::New, cause);
            board.open_new_alert(&identity, alert);
            board.put_incident(incident);
        }
    }
    Ok(())
}

/// Puts an event of `incident`, as it is now, into the outbox.
fn tell(board: &mut Board, incident: &mut Incident, event_type: EventType, cause: Cause) {
    // Two events of one incident within a millisecond still have an order.
    let event_time = cause.received.millis().max(incident.last_event_time + 1);
    let event_id = id::event_id(event_type as u8, cause);
    incident.last_event_time = event_time;
    incident.last_event_id.clone_from(&event_id);
    board.put_event(Event { event_id, event_type, event_time, incident: incident.clone() });
}
