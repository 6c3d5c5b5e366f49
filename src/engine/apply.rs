//! Applying: what the records of the journal do to a board.
//!
//! A pure function of the board and the records: no clock, no randomness, ids derived from the records. It stops where
//! a page is missing and goes on there when it was loaded.

use super::{due, event, sender};
use crate::board::{Board, Changes, Missing};
use crate::id::Cause;
use crate::journal::{Accepted, Read, What};

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
                let received = read.record.received;
                while let Some(accepted) = read.record.accepted.get(self.next.1) {
                    if accepted.concerns(channel) {
                        due::bring(board, received)?;
                        let index = self.next.1 as u32;
                        let cause = Cause { stream: read.place.stream, n: read.place.n, index, received, channel };
                        let changes = apply(board, cause, accepted)?;
                        board.commit(changes);
                        if accepted.channel_ids.contains(&channel) {
                            board.reached_by(accepted.integration_id, received.secs());
                        }
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

/// One accepted thing on one board.
fn apply(board: &Board, cause: Cause, accepted: &Accepted) -> Result<Changes, Missing> {
    let integration_id = accepted.integration_id;
    let mut step = board.step();
    match &accepted.what {
        What::Event(arrival) => event::arrive(&mut step, cause, integration_id, arrival)?,
        What::Comment(comment) => sender::comment(&mut step, cause, integration_id, comment)?,
        What::Acknowledge(alert_key) => sender::acknowledge(&mut step, cause, integration_id, alert_key)?,
        What::Change(change) => step.take_change(cause, integration_id, change)?,
        What::Seen => {}
    }
    Ok(step.changes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::Alert;
    use crate::id;
    use crate::intake::{AlertEvent, Comment, Status};
    use crate::journal::{Place, Record};
    use crate::time::Timestamp;

    const CHANNEL: i64 = 101;

    /// A record of a stream of its own, received at this second.
    fn read(secs: u64, everywhere: bool, what: impl Into<What>) -> Read {
        let channel_ids = if everywhere { Vec::new() } else { vec![CHANNEL] };
        let accepted =
            Accepted { integration_id: 1, channel_ids, everywhere, what: what.into(), ..Accepted::default() };
        let record =
            Record { v: Record::FORMAT, received: Timestamp::from_secs(secs), again: None, accepted: vec![accepted] };
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
        assert_eq!(incident.feed_cnt, 0);
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
