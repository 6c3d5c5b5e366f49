//! `apply`: what the records of the journal do to a board.
//!
//! A pure function of the board and the records: no clock, no randomness, ids derived from the records. It stops where
//! a page is missing and goes on there when it was loaded.

use super::alert::{Alert, Effect};
use super::head::{Board, Missing};
use super::incident::{Incident, Note};
use super::outbox::{Event, EventType};
use crate::id::{self, Cause};
use crate::intake::{Comment, Status};
use crate::journal::{Accepted, Arrival, Read, What};

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
                    if accepted.concerns(channel) {
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

/// One accepted thing on one board. Everything is read before anything is changed.
fn apply(board: &mut Board, cause: Cause, accepted: &Accepted) -> Result<(), Missing> {
    let integration_id = accepted.integration_id;
    match &accepted.what {
        What::Event(arrival) => apply_event(board, cause, integration_id, arrival)?,
        What::Comment(comment) => apply_comment(board, cause, integration_id, comment)?,
        What::Change(change) => board.take_change(cause, integration_id, change)?,
        What::Acknowledge(_) | What::Seen => {}
    }
    if accepted.channel_ids.contains(&cause.channel) {
        board.reached_by(integration_id, cause.received.secs());
    }
    Ok(())
}

fn apply_event(board: &mut Board, cause: Cause, integration_id: i64, arrival: &Arrival) -> Result<(), Missing> {
    let identity = id::alert_identity(integration_id, &arrival.event.alert_key);
    let recovers = arrival.event.status == Status::Ok;
    let alert = if recovers { open_before(board, &identity, cause)? } else { board.open_alert(&identity)? }.cloned();
    let incident = match &alert {
        Some(alert) => board.incident(&alert.incident_id)?.cloned(),
        None => None,
    };
    let secs = cause.received.secs();
    if !recovers && board.inhibits(&identity, &arrival.targets, secs) {
        return Ok(());
    }
    match (alert, incident) {
        (Some(mut alert), Some(mut incident)) => {
            let effect = alert.take(arrival, secs);
            match effect {
                Effect::Repeated => return Ok(()),
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
        _ if recovers => {}
        _ => {
            let alert = Alert::open(cause, integration_id, arrival);
            let mut incident = Incident::open(cause.channel, &alert, secs);
            tell(board, &mut incident, EventType::New, cause);
            board.open_new_alert(&identity, alert);
            board.put_incident(incident);
        }
    }
    if recovers {
        board.source_over(&identity);
    } else {
        board.source_fired(&identity, &arrival.sources, secs);
    }
    Ok(())
}

/// The open alert with this identity, unless a later record opened it. What goes everywhere may come again to a board
/// on which it found nothing: it must not find then what was not there before.
fn open_before<'a>(board: &'a Board, identity: &str, cause: Cause) -> Result<Option<&'a Alert>, Missing> {
    Ok(board.open_alert(identity)?.filter(|alert| alert.opened <= cause.into()))
}

/// A comment on the incident that holds an open alert; where none is open, there is nothing to comment.
fn apply_comment(board: &mut Board, cause: Cause, integration_id: i64, comment: &Comment) -> Result<(), Missing> {
    let identity = id::alert_identity(integration_id, &comment.alert_key);
    let incident = match open_before(board, &identity, cause)? {
        Some(alert) => board.incident(&alert.incident_id)?.cloned(),
        None => None,
    };
    if let Some(mut incident) = incident {
        let at_ms = cause.received.millis();
        incident.note(Note { at_ms, integration_id, comment: comment.comment.clone() });
        tell(board, &mut incident, EventType::Comment, cause);
        board.put_incident(incident);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::AlertEvent;
    use crate::journal::{Place, Record};
    use crate::time::Timestamp;

    const CHANNEL: i64 = 101;

    /// A record of a stream of its own, received at this second.
    fn read(secs: u64, everywhere: bool, what: impl Into<What>) -> Read {
        let channel_ids = if everywhere { Vec::new() } else { vec![CHANNEL] };
        let accepted =
            Accepted { integration_id: 1, channel_ids, everywhere, what: what.into(), ..Accepted::default() };
        let record = Record { v: Record::FORMAT, received: Timestamp::from_secs(secs), accepted: vec![accepted] };
        Read { place: Place { stream: secs, n: 1 }, record, parts: 0 }
    }

    fn event(status: Status) -> AlertEvent {
        AlertEvent { alert_key: "k".into(), status, title: "t".into(), ..AlertEvent::default() }
    }

    fn run(board: &mut Board, reads: &[Read]) {
        let reads: Vec<&Read> = reads.iter().collect();
        Applying::default().run(board, &reads).expect("nothing is on pages");
    }

    fn open(board: &Board) -> Option<&Alert> {
        board.open_alert(&id::alert_identity(1, "k")).expect("nothing is on pages")
    }

    /// A folder that stood still while others went on brings what found nothing here when it was new.
    #[test]
    fn what_goes_everywhere_never_reaches_an_alert_that_a_later_record_opened() {
        let mut board = Board::new(CHANNEL);
        run(&mut board, &[read(20, false, event(Status::Critical))]);
        let comment = Comment { alert_key: "k".into(), comment: "c".into() };
        run(&mut board, &[read(10, true, event(Status::Ok)), read(11, true, What::Comment(comment.clone()))]);
        let alert = open(&board).expect("still open");
        let incident = board.incident(&alert.incident_id).expect("loaded").expect("there");
        assert!(incident.notes.is_empty());
        run(&mut board, &[read(30, true, What::Comment(comment)), read(31, true, event(Status::Ok))]);
        assert!(open(&board).is_none());
    }

    #[test]
    fn what_goes_everywhere_and_finds_nothing_leaves_the_board_untouched() {
        let mut board = Board::new(CHANNEL);
        run(&mut board, &[read(10, true, event(Status::Ok))]);
        assert!(!board.is_touched());
        run(&mut board, &[read(20, true, What::Seen)]);
        assert!(!board.is_touched());
        run(&mut board, &[read(30, false, What::Seen)]);
        assert!(board.is_touched(), "it was reached");
    }
}
