//! Whose turn it is to fold, where many are woken: of folders that race, all but one throw their work away.
//!
//! A lease in the ledger, stored in the swap that brings the ledger forward. It is a hint with an end and no lock:
//! whoever folds without it does no harm, and one who has it and crashes is replaced when it ends.

use std::cell::{Cell, RefCell};

use serde::{Deserialize, Serialize};

use super::ledger::Ledger;
use crate::time::Timestamp;

/// A lease lasts as long as this many folds, and the pause before the next one, milliseconds.
const FOLDS: u64 = 3;
const PAUSE_MS: u64 = 250;
/// The longest lease, milliseconds. One that claims to last longer was written by a clock that is wrong.
pub const LONGEST_MS: u64 = 3_000;

/// The turn to fold, for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoldLease {
    /// Who has it.
    pub token: u64,
    /// Until when.
    pub until: Timestamp,
    /// How many folds its holder has stored with it.
    pub folds: u64,
}

impl FoldLease {
    /// Whether it has not ended.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.until > now && self.until <= now.plus_millis(LONGEST_MS)
    }
}

/// What an instance knows of turns.
#[derive(Default)]
pub struct Turns {
    token: Cell<Option<u64>>,
    /// The ledger as this instance stored it with its lease: its holder need not read it again. Should another have
    /// changed it since, and boards rely on that, they say so.
    stored: RefCell<Option<Ledger>>,
}

impl Turns {
    /// The ledger that this instance stored last; only once.
    pub(super) fn stored(&self) -> Option<Ledger> {
        self.stored.take()
    }

    /// Keeps the ledger for the next fold, if this instance has the lease.
    pub(super) fn keep(&self, ledger: Ledger) {
        let mine = ledger.lease.is_some_and(|lease| Some(lease.token) == self.token.get());
        self.stored.replace(mine.then_some(ledger));
    }

    /// The lease of another, if it has one.
    pub(super) fn held(&self, ledger: &Ledger, now: Timestamp) -> Option<FoldLease> {
        ledger.lease.filter(|lease| lease.is_live(now) && Some(lease.token) != self.token.get())
    }

    /// Takes the lease or extends it after a fold that began at `begun`, where nobody else has it. `chance` becomes
    /// the token of an instance that has none. Returns whether the ledger is to be stored.
    pub(super) fn take(&self, ledger: &mut Ledger, begun: Timestamp, now: Timestamp, chance: u64) -> bool {
        if self.held(ledger, now).is_some() {
            return false;
        }
        let token = self.token.get().unwrap_or(chance);
        self.token.set(Some(token));
        let folds = ledger.lease.filter(|lease| lease.token == token).map_or(0, |lease| lease.folds);
        let ms = (now.millis_since(begun) * FOLDS + PAUSE_MS).min(LONGEST_MS);
        ledger.lease = Some(FoldLease { token, until: now.plus_millis(ms), folds: folds.saturating_add(1) });
        true
    }
}
