//! Leaving: a closed incident of which all was told leaves its board.
//!
//! Who tells has no pages at hand and only notes in the head what was told. Whoever next stores the board with its pages
//! lets the incidents leave, several together: their documents cost a write of their own.

use super::archive::Left;
use super::head::{Board, Head, Missing};
use super::incident::Incident;
use super::outbox::{Batch, Event};
use crate::time::Timestamp;

/// So many are worth a write.
const FEW: usize = 32;
/// The most segments of events that are gone over at a time.
const SEGMENTS: usize = 4;
/// Where nothing else has the board stored for so long, tick does, milliseconds.
const LATE_MS: u64 = 600_000;

impl<T> Head<T> {
    const fn has_leaving(&self) -> bool {
        !self.leaving.is_empty() || !self.leaving_segments.is_empty()
    }
}

impl<T> Board<T> {
    /// Takes delivered events out of the outbox. A segment that tells of closed incidents is kept until they have left.
    pub fn settle(&mut self, batch: &Batch, events: &[Event], now: Timestamp) {
        let head = &mut self.head;
        let waited = head.has_leaving();
        let of_closed = |event: &&Event| event.incident.as_ref().is_some_and(|incident| !incident.is_open());
        let mut closed = events.iter().filter(of_closed).peekable();
        let mut dropped = Vec::new();
        match (batch, head.outbox.settle(batch)) {
            (Batch::Inline(_), _) => {
                for event in closed {
                    head.leaving.push(format!("{} {}", event.ref_id(), event.event_id));
                }
            }
            (_, Some(segment)) if closed.peek().is_some() => head.leaving_segments.push(segment),
            (_, Some(segment)) => dropped = segment.keys(),
            // Another has taken it out.
            (_, None) => {}
        }
        if !waited {
            head.leaving_since = now;
        }
        self.drop_keys(dropped, now);
    }
}

impl Board {
    /// Whether it is time to let incidents leave when the board is stored.
    pub(crate) fn is_leaving_due(&mut self, now: Timestamp) -> bool {
        let full = self.has_full_trees();
        let head = &self.head;
        // Where pages are written anyway, it costs no further write.
        let worth = head.leaving.len() >= FEW || !head.leaving_segments.is_empty() || full;
        head.has_leaving() && (worth || self.has_late_leaving(now))
    }

    /// Whether incidents wait to leave.
    pub(crate) fn has_leaving(&self) -> bool {
        self.head.has_leaving()
    }

    /// Whether incidents have waited to leave for too long for the board to be stored.
    pub(crate) fn has_late_leaving(&self, now: Timestamp) -> bool {
        self.has_leaving() && now.millis_since(self.head.leaving_since) > LATE_MS
    }

    /// The keys of the segments whose events [`Board::let_leave`] needs.
    pub fn leaving_segments(&self) -> Vec<String> {
        self.head.leaving_segments.iter().take(SEGMENTS).map(|segment| segment.key.clone()).collect()
    }

    /// Lets closed incidents that have nothing left to tell leave the board; `told` are the events of
    /// [`Board::leaving_segments`]. The keys and values of their documents are returned, to be stored **before** the
    /// head. Segments may be left for the next time.
    ///
    /// # Errors
    /// A page is missing; nothing is changed.
    pub fn let_leave(&mut self, told: &[Event], now: Timestamp) -> Result<Vec<(String, Vec<u8>)>, Missing> {
        let mut left = Left::default();
        let mut step = self.step();
        let noted = self.head.leaving.iter().filter_map(|noted| noted.split_once(' '));
        for (incident_id, event_id) in noted.chain(told.iter().map(|event| (event.ref_id(), event.event_id.as_str()))) {
            // One of which there is more to tell, or that is open again, stays.
            let over = |incident: &Incident| !incident.is_open() && incident.last_event_id == event_id;
            if let Some(incident) = step.incident(incident_id)?.filter(over) {
                left.add(step.leave(incident)?);
            }
        }
        let changes = step.changes();
        self.commit(changes);
        self.touched = true;
        self.head.leaving.clear();
        let segments = &mut self.head.leaving_segments;
        for segment in segments.drain(..segments.len().min(SEGMENTS)) {
            left.dropped.extend(segment.keys());
        }
        self.drop_keys(left.dropped, now);
        Ok(left.writes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::event_type::EventType;
    use crate::board::{Progress, Unread};

    const NOW: Timestamp = Timestamp(1_000_000_000_000_000);

    fn incident(nth: u64) -> Incident {
        Incident {
            incident_id: format!("{nth:024x}"),
            channel_id: 1,
            progress: Progress::Closed,
            last_event_id: format!("{nth:032x}"),
            ..Incident::default()
        }
    }

    /// A board with so many closed incidents, and an event of each in its outbox.
    fn board(count: u64) -> Board {
        let mut board = Board::new(1);
        let mut step = board.step();
        for nth in 1..=count {
            let incident = incident(nth);
            step.put_event(Event {
                event_id: incident.last_event_id.clone(),
                event_type: EventType::Resolve,
                event_time: nth,
                person_id: None,
                incident: Some(incident.clone()),
                alert: None,
            });
            step.put_incident(incident);
        }
        let changes = step.changes();
        board.commit(changes);
        board
    }

    /// Tells all that is in the outbox, where no segment is.
    fn tell(board: &mut Board) {
        for batch in board.batches() {
            let Batch::Inline(events) = &batch else { panic!("a segment") };
            board.settle(&batch, events, NOW);
        }
    }

    fn at(secs: u64) -> Timestamp {
        NOW.plus_millis(secs * 1000)
    }

    #[test]
    fn one_leaves_when_its_time_has_come_and_its_document_is_written() {
        let mut board = board(1);
        tell(&mut board);
        assert!(!board.is_leaving_due(at(600)) && board.has_leaving());
        assert!(board.is_leaving_due(at(601)) && board.has_late_leaving(at(601)));
        let written = board.let_leave(&[], at(601)).expect("no pages");
        assert_eq!(written.len(), 1);
        assert_eq!(board.incident(&incident(1).incident_id), Ok(None));
        assert!(board.closed_ref(&incident(1).incident_id).expect("no pages").is_some());
        assert!(!board.has_leaving());
    }

    #[test]
    fn one_of_which_there_is_more_to_tell_or_that_is_open_again_stays() {
        let mut board = board(2);
        tell(&mut board);
        let mut step = board.step();
        step.put_incident(Incident { last_event_id: "later".to_owned(), ..incident(1) });
        step.put_incident(Incident { progress: Progress::Triggered, ..incident(2) });
        let changes = step.changes();
        board.commit(changes);
        assert!(board.let_leave(&[], NOW).expect("no pages").is_empty());
        assert_eq!(board.incidents().expect("no pages").len(), 2);
        assert!(!board.has_leaving());
    }

    #[test]
    fn some_are_worth_a_write() {
        let few = u64::try_from(FEW).expect("few");
        let mut board = board(few - 1);
        tell(&mut board);
        assert!(!board.is_leaving_due(NOW));
        let mut board = self::board(few);
        tell(&mut board);
        assert!(board.is_leaving_due(NOW));
    }

    #[test]
    fn segments_are_kept_until_their_incidents_have_left_some_at_a_time() {
        let mut board = board(64 * 5);
        let encoded = board.encode(1, NOW).expect("no pages");
        let keys: Vec<String> = board.head.outbox.segments.iter().map(|segment| segment.key.clone()).collect();
        let events = |key: &String| -> Vec<Event> {
            let (_, value) = encoded.writes.iter().find(|(written, _)| written == key).expect("written");
            let parts = encoded.writes.iter().filter(|(written, _)| written.starts_with(&format!("{key}.")));
            let whole = parts.fold(Vec::new(), |bytes, (_, part)| [bytes, part.clone()].concat());
            let bytes = if whole.is_empty() { value[1..].to_vec() } else { whole };
            crate::json::from_slice(&bytes).expect("as encoded")
        };
        assert_eq!(keys.len(), 5);
        for key in &keys {
            board.settle(&Batch::Segment(key.clone()), &events(key), NOW);
        }
        assert_eq!((board.garbage(), board.leaving_segments()), (0, keys[..4].to_vec()));
        let told: Vec<Event> = keys[..4].iter().flat_map(events).collect();
        assert!(board.is_leaving_due(NOW));
        board.let_leave(&told, NOW).expect("no pages");
        assert_eq!((board.incidents().expect("no pages").len(), board.leaving_segments()), (64, keys[4..].to_vec()));
        assert!(board.garbage() >= 4);
        // What another has taken out is not kept once more.
        board.settle(&Batch::Segment(keys[0].clone()), &events(&keys[0]), NOW);
        assert_eq!(board.leaving_segments(), keys[4..]);
    }

    #[test]
    fn a_segment_of_open_incidents_is_dropped_at_once() {
        let mut board = board(64);
        board.encode(1, NOW).expect("no pages");
        let key = board.head.outbox.segments[0].key.clone();
        board.settle(&Batch::Segment(key), &[], NOW);
        assert!(!board.has_leaving() && board.garbage() > 0);
    }

    #[test]
    fn a_head_whose_trees_were_not_read_is_stored_as_it_was() {
        let mut board = board(3);
        let stored = board.encode(1, NOW).expect("no pages").head;
        let mut unread: Board<Unread> = Board::decode_head(&stored).expect("as encoded");
        assert!(unread.head.has_events());
        let mut read = Board::decode(&unread.encode_head(NOW).head).expect("as encoded");
        read.head.version = board.head.version;
        assert_eq!(read.head, board.head);
        assert!(String::from_utf8(stored).expect("text").find("leaving").is_none(), "nothing is noted for nothing");
    }
}
