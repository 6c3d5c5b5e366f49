//! Retention: what is over for long enough is let go, a slice at a time.
//!
//! References to closed incidents go with their documents, alerts that were in no incident, changes, and muted alerts of
//! which nothing was heard. A sweep goes over a tree in the order of time and notes when the next one is worth its while.
//! What was stored is deleted later, by the list of garbage that is stored with the same swap: a crash loses nothing.

use serde::{Deserialize, Serialize};

use super::alert_ref::AlertRef;
use super::head::{Board, Missing, never};
use super::kept::Kept;
use super::page::{self, Entity, Whose, slot_secs};
use super::step::Step;
use super::tree::Tree;
use crate::id::alert_identity;
use crate::time::Timestamp;

/// How many entries are looked at in a slice of one tree; those of one slot are not parted.
const SLICE: usize = 256;
/// No further slice while so many keys wait to be deleted: they stand in the head.
const GARBAGE: usize = 512;

/// How far what is too old was looked for in a tree. Unix seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sweep {
    /// Nothing that could go is from before this time.
    #[serde(rename = "o")]
    oldest: u64,
    /// The slot where the round goes on; 0: the next one begins.
    #[serde(rename = "a")]
    at: u64,
    /// What `oldest` will be after the round.
    #[serde(rename = "l")]
    least: u64,
}

impl Sweep {
    /// Of a tree where nothing is.
    pub const fn of_nothing() -> Self {
        Self { oldest: never(), at: 0, least: never() }
    }

    fn keeps(&mut self, secs: u64) {
        self.least = self.least.min(secs);
    }
}

/// From when the oldest is that could be let go, or from before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Oldest {
    /// Of what is over, Unix seconds; 0 where it is high time to delete what was let go, or for
    /// incidents to leave.
    pub over: u64,
    /// Of what was told, Unix milliseconds.
    pub told_ms: u64,
    /// When something is due next, Unix seconds; `u64::MAX`: never.
    pub due: u64,
}

/// A sweep on its way.
struct Sweeping<'b> {
    step: Step<'b>,
    sweep: Sweep,
    /// What is from this Unix second or before goes.
    cutoff: u64,
    secs: u64,
    /// Keys of documents that go.
    keys: Vec<String>,
}

impl Board {
    /// Notes that something is put under a key that may once be too old.
    pub(super) fn note_age(&mut self, key: &str) {
        let nth = match Kept::of(key) {
            Kept::Open => 0,
            Kept::Closed => 1,
            _ => return,
        };
        if let Some(sweep) = self.head.sweeps.get_mut(nth) {
            let secs = slot_secs(page::slot(key));
            sweep.oldest = sweep.oldest.min(secs);
            sweep.keeps(secs);
        }
    }

    /// From when the oldest is that could be let go, or from before.
    pub fn oldest(&self, now: Timestamp) -> Oldest {
        let over = self.head.sweeps.iter().map(|sweep| sweep.oldest).min().unwrap_or(never());
        let over = if self.has_late_garbage(now) || self.has_late_leaving(now) { 0 } else { over };
        Oldest { over, told_ms: self.told().kept_ms().unwrap_or(u64::MAX), due: self.next_due().unwrap_or(u64::MAX) }
    }

    /// Lets go of a slice of what is over for `retention_s` seconds. Returns whether there is anything to store: also
    /// where it is time to delete what was let go before.
    pub fn sweep(&mut self, now: Timestamp, retention_s: u64) -> Result<bool, Missing> {
        let cutoff = now.secs().saturating_sub(retention_s);
        let pending = self.head.sweeps.iter().any(|sweep| sweep.oldest <= cutoff);
        let mut swept = self.touched || self.has_late_garbage(now) || (pending && self.has_garbage_due(now));
        for nth in 0..self.head.sweeps.len() {
            let Some(sweep) = self.head.sweeps.get(nth).copied() else {
                continue;
            };
            if sweep.oldest > cutoff || self.garbage() >= GARBAGE {
                continue;
            }
            let tree = if nth == 0 { &self.head.open } else { &self.head.closed };
            let mut sweeping = Sweeping { step: self.step(), sweep, cutoff, secs: now.secs(), keys: Vec::new() };
            sweeping.slice(self, tree)?;
            let Sweeping { step, sweep, keys, .. } = sweeping;
            let changes = step.changes();
            self.commit(changes);
            self.drop_keys(keys, now);
            if let Some(place) = self.head.sweeps.get_mut(nth) {
                *place = sweep;
            }
            swept = true;
        }
        self.touched |= swept;
        Ok(swept)
    }
}

impl Sweeping<'_> {
    fn slice(&mut self, board: &Board, tree: &Tree) -> Result<(), Missing> {
        if self.sweep.at == 0 {
            self.sweep.least = never();
        }
        let (mut looked, mut last) = (0, None);
        loop {
            let part = tree.part(&board.loaded, self.sweep.at, false)?;
            for (slot, key, entity) in &part.entities {
                if *slot < self.sweep.at {
                    continue;
                }
                if slot_secs(*slot) > self.cutoff {
                    self.sweep.keeps(slot_secs(*slot));
                    self.end();
                    return Ok(());
                }
                if looked >= SLICE && last != Some(*slot) {
                    self.sweep.at = *slot;
                    return Ok(());
                }
                (looked, last) = (looked + 1, Some(*slot));
                self.judge(key, entity)?;
            }
            match part.end {
                Some(end) => self.sweep.at = end,
                None => {
                    self.end();
                    return Ok(());
                }
            }
        }
    }

    /// The round is over.
    fn end(&mut self) {
        self.sweep = Sweep { oldest: self.sweep.least, at: 0, least: self.sweep.least };
    }

    fn judge(&mut self, key: &str, entity: &Entity) -> Result<(), Missing> {
        let id = key.get(2..).unwrap_or_default();
        let ended = match (Kept::of(key), entity) {
            // It is on the board again: to be looked at when it has left.
            (_, Entity::Closed(reference)) if reference.recalled => self.secs,
            (_, Entity::Closed(reference)) => {
                if reference.close_time <= self.cutoff {
                    self.keys.extend(reference.keys(id));
                }
                reference.close_time
            }
            // With which incident an alert left: it goes with that.
            (Kept::Closed, Entity::Open(left)) => match self.step.get(&page::closed(AlertRef::incident_id(left)))? {
                Some(Entity::Closed(reference)) if reference.recalled => self.secs,
                Some(Entity::Closed(reference)) => reference.close_time,
                _ => 0,
            },
            (Kept::Closed, Entity::Alert(alert)) => alert.last_time.max(alert.end_time),
            (Kept::Open, Entity::Alert(alert)) if alert.incident_id.is_empty() => {
                if alert.last_time <= self.cutoff {
                    self.step.source(&alert.identity(), &[], self.secs);
                    self.step.unindex_alert(alert)?;
                    let due_at = alert.muted.as_ref().map_or(0, |muted| muted.due_at);
                    self.unschedule(due_at, id)?;
                    self.step.gather_events(&mut alert.clone())?;
                }
                alert.last_time
            }
            (_, Entity::Change(change)) => {
                let index = page::open(&alert_identity(change.integration_id, &change.event.change_key));
                let open = matches!(self.step.get(&index)?, Some(Entity::Open(open)) if *open == change.change_id);
                if open && change.last_time <= self.cutoff {
                    self.step.remove(index);
                }
                change.last_time
            }
            _ => return Ok(()),
        };
        if ended <= self.cutoff {
            self.step.remove(key.to_owned());
        } else {
            self.sweep.keeps(ended);
        }
        Ok(())
    }

    fn unschedule(&mut self, due_at: u64, alert_id: &str) -> Result<(), Missing> {
        let key = page::due(due_at, alert_id);
        if matches!(self.step.get(&key)?, Some(Entity::Due(Whose::Alert(_)))) {
            self.step.remove(key);
        }
        Ok(())
    }
}
