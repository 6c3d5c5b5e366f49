//! Taking turns in folding, where many are woken: of folders that race, all but one throw their work away.
//!
//! The turn stands in the ledger and in the heads of boards, stored in the swaps that a fold does anyhow. It is no lock:
//! whoever folds without it does no harm, and one who has it and crashes is replaced when it ends.

use std::cell::{Cell, RefCell};

use super::gather::Base;
use crate::board::Turn;
use crate::time::Timestamp;

/// A turn lasts as long as this many folds, and the longest pause before the next one.
const FOLDS: u64 = 6;
/// How long a folder waits for more, as a multiple of what the last fold took, and at most, milliseconds.
pub(crate) const PAUSE_FOLDS: u64 = 10;
pub(crate) const PAUSE_MS: u64 = 250;
/// How long it lasts for one who takes it before a fold, milliseconds: what that fold will take is not known.
const CLAIM_MS: u64 = 3_000;

/// What an instance knows of turns.
#[derive(Default)]
pub struct Turns {
    token: Cell<Option<u64>>,
    /// Whether the next fold takes the turn before it begins: another had it and let it end.
    claims: Cell<bool>,
    /// The ledger as this instance stored it with its turn, and what it has applied since: it need not read them again.
    /// Should another have changed the ledger since, and boards rely on that, they say so. First the store's lineage
    /// when it was read: what was stored before it changed may be gone.
    base: RefCell<Option<(u64, Base)>>,
    /// How many folds it has stored since it stored the ledger.
    folds: Cell<u64>,
    /// Of how many streams the last fold found new records.
    streams: Cell<u64>,
}

impl Turns {
    /// Takes in of how many streams a fold found new records.
    pub(super) fn saw(&self, streams: usize) {
        self.streams.set(streams as u64);
    }

    /// Has the next fold take the turn before it begins.
    pub fn claim(&self) {
        self.claims.set(true);
    }

    /// Whether the turn is to be taken before the fold; said once.
    pub(super) fn claims(&self) -> bool {
        self.claims.take()
    }

    /// From where this instance goes on, on a store of this lineage; given once.
    pub(super) fn base(&self, lineage: u64) -> Option<Base> {
        self.base.take().filter(|(then, _)| *then == lineage).map(|(_, base)| base)
    }

    /// Keeps from where to go on, if this instance has the turn, after a fold that began on a store of this lineage;
    /// `stored`: the ledger says so too.
    pub(super) fn keep(&self, base: Base, lineage: u64, stored: bool) {
        let mine = self.is_mine(base.ledger.turn);
        self.folds.set(if stored { 0 } else { self.folds.get().saturating_add(1) });
        self.base.replace(mine.then_some((lineage, base)));
    }

    /// Whether the turn in the ledger is this instance's and lasts for another fold like that which began at `begun`, so
    /// that it need not be stored again yet.
    pub(super) fn lasts(&self, turn: Option<Turn>, begun: Timestamp, now: Timestamp) -> bool {
        let fold_ms = now.millis_since(begun);
        let pause_ms = fold_ms.saturating_mul(PAUSE_FOLDS).min(PAUSE_MS);
        let next_ms = pause_ms.saturating_add(fold_ms.saturating_mul(2));
        self.is_mine(turn) && turn.is_some_and(|turn| turn.is_live(now.plus_millis(next_ms)))
    }

    /// Whether this instance had the turn last.
    pub(super) fn is_mine(&self, turn: Option<Turn>) -> bool {
        turn.is_some_and(|turn| Some(turn.token) == self.token.get())
    }

    /// The turn of another, if it has not ended.
    pub(super) fn held(&self, turn: Option<Turn>, now: Timestamp) -> Option<Turn> {
        turn.filter(|turn| turn.is_live(now) && !self.is_mine(Some(*turn)))
    }

    /// Takes or keeps the turn, unless it is another's: after a fold that began at `begun`, or before one that begins
    /// now. `chance` becomes the token of an instance that has none. Returns whether that is to be stored.
    pub(super) fn take(&self, turn: &mut Option<Turn>, begun: Timestamp, now: Timestamp, chance: u64) -> bool {
        self.take_with(turn, (begun, now), chance, 0)
    }

    /// The same in the ledger, where folds that it does not know of count as well.
    pub(super) fn take_ledger(&self, turn: &mut Option<Turn>, begun: Timestamp, now: Timestamp, chance: u64) -> bool {
        self.take_with(turn, (begun, now), chance, self.folds.get())
    }

    fn take_with(&self, turn: &mut Option<Turn>, (begun, now): (Timestamp, Timestamp), chance: u64, more: u64) -> bool {
        if self.held(*turn, now).is_some() {
            return false;
        }
        let token = self.token.get().unwrap_or(chance);
        self.token.set(Some(token));
        let folds =
            turn.filter(|turn| turn.token == token).map_or(0, |turn| turn.folds.saturating_add(1).saturating_add(more));
        let fold_ms = now.millis_since(begun).saturating_mul(FOLDS).saturating_add(PAUSE_MS);
        let ms = if begun < now { fold_ms.min(Turn::LONGEST_MS) } else { CLAIM_MS };
        *turn = Some(Turn { token, until: now.plus_millis(ms), folds, streams: self.streams.get() });
        true
    }
}
