//! Going over what boards hold in the order of time: page after page of all of them side by side, and no further than
//! needed.

use super::Call;
use crate::board::{Board, Missing, Places, Shelf, first_slot, last_slot, slot_of};
use crate::call::Failure;
use crate::ports::{Clock, Random, Store};

/// Which way to go, and how far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
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
}

/// What is wanted of the page of a shelf for a slot, each with its place; and the slot to go on with.
type Read<'r> = dyn FnMut(&Board, Shelf, u64) -> Result<Places, Missing> + 'r;

/// One tree of one board, and where reading it goes on.
struct Source {
    board: usize,
    shelf: Shelf,
    next: u64,
}

impl<S: Store, P: Clock + Random> Call<'_, S, P> {
    /// What `read` wants of some boards, in order: at least so many as are enough, if there are.
    pub(super) async fn walk(
        &self,
        boards: &mut [Board],
        walk: Walk,
        read: &mut Read<'_>,
    ) -> Result<Vec<Found>, Failure> {
        let (from, to) = (first_slot(walk.from), last_slot(walk.to));
        let next = if walk.backwards { to } else { from };
        let mut sources = Vec::new();
        for board in 0..boards.len() {
            sources.push(Source { board, shelf: Shelf::Open, next });
            if walk.closed {
                sources.push(Source { board, shelf: Shelf::Closed, next });
            }
        }
        let mut found: Vec<Found> = Vec::new();
        loop {
            // Whichever has what comes next.
            let nth = (0..sources.len()).max_by_key(|nth| {
                let next = sources.get(*nth).map_or(0, |source| source.next);
                if walk.backwards { next } else { u64::MAX - next }
            });
            let Some(source) = nth.and_then(|nth| sources.get_mut(nth)) else {
                break;
            };
            let before = |found: &&Found| match walk.backwards {
                true => slot_of(&found.id) > source.next,
                false => slot_of(&found.id) < source.next,
            };
            if found.len() >= walk.enough && found.iter().filter(before).count() >= walk.enough {
                break;
            }
            let Some(board) = boards.get_mut(source.board) else {
                break;
            };
            let (shelf, at) = (source.shelf, source.next);
            let (places, next) = self.pages.loading(self.folder.store, board, |board| read(board, shelf, at)).await?;
            board.unload();
            for (at, id) in places {
                found.push(Found { at, id, board: source.board, closed: shelf == Shelf::Closed });
            }
            match next.filter(|next| (from..=to).contains(next)) {
                Some(next) => source.next = next,
                None => {
                    let done = (source.board, source.shelf);
                    sources.retain(|source| (source.board, source.shelf) != done);
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
