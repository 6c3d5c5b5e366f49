//! Taking turns in folding, where many are woken: of folders that race, all but one throw their work away.
//!
//! The turn stands in the ledger and in the heads of boards, stored in the swaps that a fold does anyhow. It is no lock:
//! whoever folds without it does no harm, and one who has it and crashes is replaced when it ends.

use std::cell::{Cell, RefCell};

use super::ledger::Ledger;
use crate::board::Turn;
use crate::time::Timestamp;

/// A turn lasts as long as this many folds, and the pause before the next one, milliseconds.
const FOLDS: u64 = 6;
const PAUSE_MS: u64 = 250;
/// How long it lasts for one who takes it before a fold, milliseconds: what that fold will take is not known.
const CLAIM_MS: u64 = 3_000;

/// What an instance knows of turns.
#[derive(Default)]
pub struct Turns {
    token: Cell<Option<u64>>,
    /// Whether the next fold takes the turn before it begins: another had it and let it end.
    claims: Cell<bool>,
    /// The ledger as this instance stored it with its turn: it need not read it again. Should another have changed it
    /// since, and boards rely on that, they say so.
    stored: RefCell<Option<Ledger>>,
}

impl Turns {
    /// Has the next fold take the turn before it begins.
    pub fn claim(&self) {
        self.claims.set(true);
    }

    /// Whether the turn is to be taken before the fold; said once.
    pub(super) fn claims(&self) -> bool {
        self.claims.take()
    }

    /// The ledger that this instance stored last; given once.
    pub(super) fn stored(&self) -> Option<Ledger> {
        self.stored.take()
    }

    /// Keeps the ledger for the next fold, if this instance has the turn.
    pub(super) fn keep(&self, ledger: Ledger) {
        let mine = self.is_mine(ledger.turn);
        self.stored.replace(mine.then_some(ledger));
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
        if self.held(*turn, now).is_some() {
            return false;
        }
        let token = self.token.get().unwrap_or(chance);
        self.token.set(Some(token));
        let folds = turn.filter(|turn| turn.token == token).map_or(0, |turn| turn.folds.saturating_add(1));
        let fold_ms = now.millis_since(begun).saturating_mul(FOLDS).saturating_add(PAUSE_MS);
        let ms = if begun < now { fold_ms.min(Turn::LONGEST_MS) } else { CLAIM_MS };
        *turn = Some(Turn { token, until: now.plus_millis(ms), folds });
        true
    }
}
