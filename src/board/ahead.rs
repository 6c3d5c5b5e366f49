//! Looking ahead: which pages a list comes to next, so that their filters, or several of them, are read in one call.

use super::head::{Board, Missing};
use super::listing::Spot;
use super::terms;

/// A page that a list will come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageAhead {
    /// The slot at which it comes to it.
    pub slot: u64,
    /// The key under which it is stored.
    pub key: String,
    /// Whether it has a filter that this version reads.
    pub has_filter: bool,
}

impl Board {
    /// The pages from `spot` on, so many at most, that are for slots between two, inclusive. Not among them are those that
    /// have no content, and those on which no alert had an event `since` a Unix second: they are not read anyhow.
    pub fn pages_ahead(
        &self,
        spot: Spot,
        (from, to): (u64, u64),
        since: u64,
        most: usize,
    ) -> Result<Vec<PageAhead>, Missing> {
        let tree = self.shelf(spot.shelf);
        let mut ahead = Vec::new();
        let mut next = Some(spot.slot);
        for _ in 0..most {
            let Some(slot) = next.filter(|slot| (from..=to).contains(slot)) else {
                break;
            };
            let place = tree.place(&self.loaded, slot)?;
            let page = place.page.filter(|page| page.newest == 0 || page.newest >= since);
            if let Some((page, key)) = page.and_then(|page| Some((page, page.key.clone()?))) {
                ahead.push(PageAhead { slot, key, has_filter: page.filter == terms::FORMAT });
            }
            next = spot.next(place.first, place.end);
        }
        Ok(ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::archive::ClosedRef;
    use crate::board::listing::Shelf;
    use crate::board::page::{self, Entity, first_slot, last_slot};
    use crate::time::Timestamp;

    /// A board with so many closed incidents, one a second from 1000 on, on some pages.
    fn board(count: u64) -> Board {
        let mut board = Board::new(1);
        for nth in 0..count {
            let reference = ClosedRef { labels: vec![u32::MAX; 40], ..ClosedRef::default() };
            let key = page::closed(&format!("{:08x}{nth:016x}", 1000 + nth));
            board.head.closed.put(key, Entity::Closed(reference));
            board.encode(nth, Timestamp(0)).expect("nothing is missing");
        }
        board
    }

    fn slots(board: &Board, backwards: bool, (from, to): (u64, u64), most: usize) -> Vec<u64> {
        let within = (first_slot(from), last_slot(to));
        let slot = if backwards { within.1 } else { within.0 };
        let spot = Spot { shelf: Shelf::Closed, slot, backwards, pass: false };
        let ahead = board.pages_ahead(spot, within, 0, most).expect("nothing is missing");
        assert!(ahead.iter().all(|page| page.has_filter));
        ahead.into_iter().map(|page| page.slot).collect()
    }

    #[test]
    fn the_pages_of_a_window_come_in_the_order_of_a_walk() {
        let board = board(1500);
        let all = slots(&board, false, (0, 10_000), 100);
        assert!(all.len() > 5 && all.is_sorted(), "{all:?}");
        let back = slots(&board, true, (0, 10_000), 100);
        assert!(back.is_sorted_by(|one, next| one > next) && back.len() == all.len(), "{back:?}");
        // Forwards one comes to a page at its first slot, backwards at its last.
        assert_eq!(all[2..], back.iter().rev().take(all.len() - 1).skip(1).map(|slot| slot + 1).collect::<Vec<_>>());
        assert_eq!(slots(&board, true, (0, 10_000), 3), back[..3]);
        let some = slots(&board, false, (1700, 1800), 100);
        assert!(!some.is_empty() && some.len() < 4, "{some:?}");
        assert!(slots(&Board::new(1), true, (0, 10_000), 100).is_empty());
    }

    #[test]
    fn pages_of_which_nothing_was_heard_are_left_out() {
        let board = board(300);
        let spot = Spot { shelf: Shelf::Closed, slot: 0, backwards: false, pass: false };
        // No alert is on them.
        assert_eq!(board.pages_ahead(spot, (0, u64::MAX), 2, 100), Ok(Vec::new()));
        assert!(!board.pages_ahead(spot, (0, u64::MAX), 1, 100).expect("nothing is missing").is_empty());
    }
}
