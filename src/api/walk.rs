//! Going over what boards hold in the order of time: page after page of all of them side by side, and no further than
//! needed.

use super::Call;
use super::ahead::Ahead;
use crate::board::{Asked, Board, Missing, Placed, Places, Shelf, Spot, first_slot, last_slot, slot_of};
use crate::call::Failure;
use crate::fold::Sought;
use crate::ports::{Clock, Random, Store};

/// Which way to go, and how far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk<'a> {
    /// From when on things began, Unix seconds.
    pub from: u64,
    /// Until when.
    pub to: u64,
    /// Whether the newest come first.
    pub backwards: bool,
    /// Whether those that have left are gone over too.
    pub closed: bool,
    /// So many are enough.
    pub enough: usize,
    /// What all that has left must have to be wanted.
    pub asked: &'a Asked,
    /// Pages on which no alert had an event since this Unix second need not be read.
    pub since: u64,
}

impl Walk<'_> {
    /// The first and the last slot.
    pub fn slots(&self) -> (u64, u64) {
        (first_slot(self.from), last_slot(self.to))
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    /// Its place in the order of the list, before its id.
    pub at: u64,
    /// Its id; ids are in the order of time.
    pub id: String,
    /// On which of the boards.
    pub board: usize,
    /// Whether it has left.
    pub closed: bool,
    /// Of an alert, the incident that it has left with.
    pub left_with: Option<String>,
}

impl Found {
    /// Where the alert that was found is.
    pub fn sought(self) -> Sought {
        Sought { id: self.id, on: Some(self.board), left_with: self.left_with }
    }
}

/// What is wanted of a page, each with its place; and the slot to go on with.
type Read<'r> = dyn FnMut(&Board, Spot) -> Result<Places, Missing> + 'r;

/// One tree of one board, and where reading it goes on.
#[derive(Debug)]
pub(super) struct Source {
    /// Which of the boards.
    pub board: usize,
    /// Which tree.
    pub shelf: Shelf,
    next: u64,
}

impl Source {
    /// Where reading it goes on.
    pub fn spot(&self, walk: &Walk<'_>) -> Spot {
        Spot { shelf: self.shelf, slot: self.next, backwards: walk.backwards, pass: false }
    }
}

impl<S: Store, P: Clock + Random> Call<'_, S, P> {
    /// What `read` wants of some boards, in order: at least so many as are enough, if there are.
    pub(super) async fn walk(
        &self,
        boards: &mut [Board],
        walk: Walk<'_>,
        read: &mut Read<'_>,
    ) -> Result<Vec<Found>, Failure> {
        let (from, to) = walk.slots();
        let next = if walk.backwards { to } else { from };
        let mut sources = Vec::new();
        for board in 0..boards.len() {
            sources.push(Source { board, shelf: Shelf::Open, next });
            if walk.closed {
                sources.push(Source { board, shelf: Shelf::Closed, next });
            }
        }
        let mut found: Vec<Found> = Vec::new();
        let mut ahead = Ahead::default();
        loop {
            // Whichever has what comes next.
            let nth = (0..sources.len()).max_by_key(|nth| {
                let next = sources.get(*nth).map_or(0, |source| source.next);
                if walk.backwards { next } else { u64::MAX - next }
            });
            let Some((nth, source)) = nth.and_then(|nth| Some((nth, sources.get(nth)?))) else {
                break;
            };
            let before = |found: &&Found| match walk.backwards {
                true => slot_of(&found.id) > source.next,
                false => slot_of(&found.id) < source.next,
            };
            if found.len() >= walk.enough && found.iter().filter(before).count() >= walk.enough {
                break;
            }
            let (at, mut spot) = (source.board, source.spot(&walk));
            let closed = source.shelf == Shelf::Closed;
            if closed && walk.asked.asks() {
                spot.pass = self.passes(boards, (&sources, nth), &walk, &mut ahead).await?;
            }
            let Some(board) = boards.get_mut(at) else {
                break;
            };
            let (places, next) = self.pages.loading(self.folder.store, board, |board| read(board, spot)).await?;
            board.unload();
            if closed && !spot.pass {
                ahead.found(places.len());
            }
            for Placed { at: place, id, left_with } in places {
                found.push(Found { at: place, id, board: at, closed, left_with });
            }
            match (next.filter(|next| (from..=to).contains(next)), sources.get_mut(nth)) {
                (Some(next), Some(source)) => source.next = next,
                _ => {
                    sources.remove(nth);
                }
            }
        }
        found.sort_unstable();
        if walk.backwards {
            found.reverse();
        }
        Ok(found)
    }
}
