//! Totals: how many alerts and incidents came and went on a board, and how many are open, counted in the very swap that
//! changes them. They follow from the journal and from what people did, and from nothing else.

use super::head::{Board, Missing};
use super::incident::{Incident, Progress};
use super::page::Entity;
use super::step::Changes;
use crate::count::count;
use crate::intake::Severity;

/// The names of a board's [`counts`](super::head::Head::counts).
pub mod total {
    /// 1 where the open incidents were counted; else an earlier version stored the board.
    pub const COUNTED: &str = "counted";
    /// Alerts that were opened.
    pub const NEW: &str = "new";
    /// Events of alerts that were open.
    pub const MERGED: &str = "merged";
    /// Alerts that recovered.
    pub const RECOVERED: &str = "recovered";
    /// Incidents that were made.
    pub const OPENED: &str = "opened";
    /// Incidents that were opened again.
    pub const REOPENED: &str = "reopened";
    /// Incidents that were closed.
    pub const CLOSED: &str = "closed";
    /// Open incidents: [`super::PROGRESSES`] by [`super::SEVERITIES`].
    pub const OPEN: [[&str; 3]; 2] = [["t0", "t1", "t2"], ["p0", "p1", "p2"]];

    /// What depends on how a board came about begins so.
    pub const WORK: &str = "_";
    /// Folds that stored the board.
    pub const FOLDS: &str = "_folds";
    /// Records that were applied to it.
    pub const RECORDS: &str = "_records";
    /// Swaps of boards that were lost, by instances that won one of this board later.
    pub const LOST: &str = "_lost";
    /// Webhooks that subscribers took from its outbox.
    pub const DELIVERED: &str = "_delivered";
    /// Webhooks from its outbox that were given up; the subscription follows.
    pub const GIVEN_UP: &str = "_given_up:";
}

/// How far an open incident can be.
pub const PROGRESSES: [Progress; 2] = [Progress::Triggered, Progress::Processing];
/// How grave it can be.
pub const SEVERITIES: [Severity; 3] = [Severity::Info, Severity::Warning, Severity::Critical];

/// The name of open incidents like this one; `None` for a closed one.
fn place(incident: &Incident) -> Option<&'static str> {
    let [triggered, processing] = total::OPEN;
    let [info, warning, critical] = match incident.progress {
        Progress::Triggered => triggered,
        Progress::Processing => processing,
        Progress::Closed => return None,
    };
    Some(match incident.incident_severity {
        Severity::Info => info,
        Severity::Warning => warning,
        Severity::Critical => critical,
    })
}

impl Board {
    /// Counts the open incidents of a board that an earlier version stored.
    ///
    /// # Errors
    /// A page is missing.
    pub fn count_open(&mut self) -> Result<(), Missing> {
        if self.head.counts.get(total::COUNTED) > 0 {
            return Ok(());
        }
        let places: Vec<&str> = self.incidents()?.into_iter().filter_map(place).collect();
        places.into_iter().for_each(|place| self.head.counts.add(place, 1));
        self.head.counts.add(total::COUNTED, 1);
        self.touched = true;
        Ok(())
    }

    /// Counts what changes do, before they are done.
    pub(super) fn count(&mut self, changes: &Changes) {
        let mut moves = Vec::new();
        for (key, change) in changes.entities.iter().filter(|(key, _)| key.starts_with("i:")) {
            // Where its page is not loaded it was not read, and so it is new.
            let before = match self.entity(key) {
                Ok(Some(Entity::Incident(incident))) => Some(incident),
                _ => None,
            };
            let after = match change {
                Some(Entity::Incident(incident)) => Some(incident),
                _ => None,
            };
            // One that was called back to the board was made before.
            let is_new = before.is_none() && after.is_some_and(|incident| !incident.recalled);
            moves.push((is_new, before.and_then(place), after.and_then(place)));
        }
        let totals = &mut self.head.counts;
        // Else all of them are counted by the next fold.
        let counted = totals.get(total::COUNTED) > 0;
        for (is_new, before, after) in moves {
            let (was_open, is_open) = (before.is_some() || is_new, after.is_some());
            totals.add(total::OPENED, is_new.into());
            totals.add(total::REOPENED, (is_open && !was_open).into());
            totals.add(total::CLOSED, (was_open && !is_open).into());
            if !counted {
                continue;
            }
            before.into_iter().for_each(|place| totals.add(place, -1));
            after.into_iter().for_each(|place| totals.add(place, 1));
        }
        changes.counted.iter().for_each(|place| totals.add(place, 1));
    }
}

impl<T> Board<T> {
    /// Counts what came of telling a subscription what stood in the outbox.
    pub fn count_told(&mut self, subscription: i64, delivered: usize, given_up: usize) {
        let counts = &mut self.head.counts;
        counts.add(total::DELIVERED, count(delivered));
        // Only who refuses has a count: subscriptions are many, and the head is what all who fold change.
        if given_up > 0 {
            counts.add(&format!("{}{subscription}", total::GIVEN_UP), count(given_up));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incident(id: &str, progress: Progress) -> Incident {
        Incident { incident_id: id.into(), progress, ..Incident::default() }
    }

    fn put(board: &mut Board, incident: Incident) {
        let mut step = board.step();
        step.put_incident(incident);
        let changes = step.changes();
        board.commit(changes);
    }

    fn counted(board: &Board) -> [u64; 5] {
        let places = [total::OPENED, total::REOPENED, total::CLOSED, total::OPEN[0][0], total::OPEN[1][0]];
        places.map(|place| board.head.counts.get(place))
    }

    #[test]
    fn incidents_are_counted_as_they_come_and_go() {
        let mut board = Board::new(1);
        put(&mut board, incident("a", Progress::Triggered));
        put(&mut board, incident("b", Progress::Triggered));
        assert_eq!(counted(&board), [2, 0, 0, 2, 0]);
        put(&mut board, incident("a", Progress::Processing));
        assert_eq!(counted(&board), [2, 0, 0, 1, 1]);
        put(&mut board, incident("a", Progress::Closed));
        put(&mut board, incident("a", Progress::Closed));
        assert_eq!(counted(&board), [2, 0, 1, 1, 0]);
        put(&mut board, incident("a", Progress::Triggered));
        assert_eq!(counted(&board), [2, 1, 1, 2, 0]);
    }

    #[test]
    fn one_that_is_made_closed_was_opened_and_closed_and_one_that_is_called_back_was_neither() {
        let mut board = Board::new(1);
        put(&mut board, incident("a", Progress::Closed));
        assert_eq!(counted(&board), [1, 0, 1, 0, 0]);
        put(&mut board, Incident { recalled: true, ..incident("b", Progress::Closed) });
        assert_eq!(counted(&board), [1, 0, 1, 0, 0]);
        put(&mut board, Incident { recalled: true, ..incident("b", Progress::Triggered) });
        assert_eq!(counted(&board), [1, 1, 1, 1, 0]);
    }

    #[test]
    fn a_board_of_an_earlier_version_is_counted_once() {
        let mut board = Board::new(1);
        put(&mut board, incident("a", Progress::Triggered));
        put(&mut board, incident("b", Progress::Closed));
        board.head.counts = Default::default();
        for _ in 0..2 {
            board.count_open().expect("no pages");
            assert_eq!(counted(&board), [0, 0, 0, 1, 0]);
        }
    }

    #[test]
    fn only_a_subscription_for_which_something_is_given_up_has_a_count() {
        let mut board = Board::new(1);
        board.count_told(7, 5, 0);
        board.count_told(8, 1, 2);
        board.count_told(8, 0, 1);
        assert_eq!(board.head.counts.get(total::DELIVERED), 6);
        assert_eq!(board.head.counts.by_id(total::GIVEN_UP).collect::<Vec<_>>(), [(8, 3)]);
    }
}
