//! The board and its head, the one value that a swap replaces.
//!
//! All-or-nothing lives in one value, and values are small: so the head holds what changes at every fold (how far each
//! stream was read, the newest changes, the outbox) and refers to pages and segments, which are written before it and
//! never changed. Replacing the head replaces the board as a whole.

use std::rc::Rc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::alert::Alert;
use super::incident::Incident;
use super::kept::Kept;
use super::migrate;
use super::outbox::{Outbox, Segment};
use super::page::{self, Entity, Page, Whose, first_slot};
use super::retention::Sweep;
use super::silence::QuickSilence;
use super::sources::Sources;
use super::step::Changes;
use super::totals::total;
pub use super::tree::Missing;
use super::tree::{Loaded, Tree};
use super::turn::Turn;
use crate::count::Counts;
use crate::delivery::log::Log;
use crate::json::{self, is_default};
use crate::sorted::SortedMap;
use crate::time::Timestamp;

/// The format of heads that this version writes.
pub(super) const FORMAT: u32 = 2;

/// The stored head of a board. Who only tells does not read its trees: `T` is [`Unread`] then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound(serialize = "T: Serialize + PartialEq<Unused>", deserialize = "T: Deserialize<'de> + Default"))]
pub struct Head<T = Tree> {
    /// The format; [`FORMAT`].
    pub v: u32,
    /// The channel.
    pub channel_id: i64,
    /// Grows by one with every swap, so that no two values of a head are equal.
    pub version: u64,
    /// Whoever folds or reads with an older ledger than this one must begin again: `heads` relies on it.
    pub ledger: u64,
    /// How far each stream was read, beyond what the ledger says.
    pub heads: SortedMap<u64, u64>,
    /// Alerts and incidents, until the incident leaves.
    pub(super) open: T,
    /// Which alert is open under an identity.
    pub(super) index: T,
    /// References to incidents that have left.
    pub(super) closed: T,
    /// What is due when.
    #[serde(default, skip_serializing_if = "is_unused")]
    pub(super) due: T,
    /// What open incidents are compared by.
    #[serde(default, skip_serializing_if = "is_unused")]
    pub(super) alike: T,
    /// Nothing is due before this Unix second.
    #[serde(default = "never", skip_serializing_if = "is_never")]
    pub(super) next_due: u64,
    /// Silences made from incidents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) silences: Vec<QuickSilence>,
    pub(super) outbox: Outbox,
    /// Who delivers the outbox.
    pub lease: Option<Lease>,
    pub(super) garbage: Vec<Garbage>,
    /// Whose turn it is to fold, as far as its holder has stored this board.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<Turn>,
    /// How far what is too old was looked for among what is open, and among what is over.
    #[serde(default)]
    pub(super) sweeps: [Sweep; 2],
    /// When each integration last reached this board, Unix seconds.
    #[serde(default, skip_serializing_if = "SortedMap::is_empty")]
    pub last_times: SortedMap<i64, u64>,
    /// Active sources of inhibition.
    #[serde(default, skip_serializing_if = "Sources::is_empty")]
    pub(super) sources: Sources,
    /// What was delivered.
    #[serde(default, skip_serializing_if = "Log::is_unused")]
    pub(crate) log: Log,
    /// Subscriptions that are to be told from the log, each from its segment on.
    #[serde(default, skip_serializing_if = "SortedMap::is_empty")]
    pub(super) behind: SortedMap<i64, u64>,
    /// Closed incidents that may leave, each with the event that was told last: both ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) leaving: Vec<String>,
    /// Segments of the outbox that were delivered and tell of closed incidents, which may leave.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) leaving_segments: Vec<Segment>,
    /// Since when some wait to leave.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) leaving_since: Timestamp,
    /// What came and went, what is open, and what was done for it: [`total`].
    #[serde(default, skip_serializing_if = "Counts::is_empty")]
    pub counts: Counts,
}

/// A tree as it is stored, for who does not read it: so that it need not carry the code for all that stands in trees.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Unread(Value);

/// What a tree in which nothing is equals: it is not stored.
#[derive(Clone, Copy, Debug)]
pub struct Unused;

impl PartialEq<Unused> for Tree {
    fn eq(&self, _: &Unused) -> bool {
        self.is_unused()
    }
}

impl PartialEq<Unused> for Unread {
    fn eq(&self, _: &Unused) -> bool {
        self.0.is_null()
    }
}

fn is_unused<T: PartialEq<Unused>>(tree: &T) -> bool {
    *tree == Unused
}

/// The right to deliver the outbox, for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Who has it.
    pub token: u64,
    /// Until when.
    pub until: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Garbage {
    /// When it was dropped.
    pub since: Timestamp,
    /// What it is stored under.
    pub keys: Vec<String>,
}

/// A board: its head, and the pages that were loaded so far.
#[derive(Clone, Debug)]
pub struct Board<T = Tree> {
    /// The head.
    pub head: Head<T>,
    pub(super) loaded: Loaded,
    pub(super) touched: bool,
}

impl<T: Serialize + PartialEq<Unused>> Head<T> {
    /// The stored form.
    pub fn encode(&self) -> Vec<u8> {
        // Plain data with text keys: serialising it into memory has no way to fail.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl<T: DeserializeOwned + Default> Head<T> {
    /// Reads the stored form, also that of the version before.
    fn decode(bytes: &[u8]) -> Result<Self, String> {
        match json::from_slice::<Self>(bytes) {
            Ok(head) if head.v == FORMAT => Ok(head),
            _ => migrate::head(bytes),
        }
    }
}

impl<T> Head<T> {
    /// Whether events wait to be delivered.
    pub fn has_events(&self) -> bool {
        !self.outbox.is_empty()
    }
}

impl<T: DeserializeOwned + Default> Board<T> {
    /// Reads the stored form of a head, also that of the version before, for who does not read its trees.
    pub(crate) fn decode_head(bytes: &[u8]) -> Result<Self, String> {
        Ok(Self { head: Head::decode(bytes)?, loaded: Loaded::new(), touched: false })
    }
}

impl Board {
    /// The board of a channel where nothing has happened yet.
    pub fn new(channel_id: i64) -> Self {
        let mut counts = Counts::default();
        counts.add(total::COUNTED, 1);
        let head = Head {
            v: FORMAT,
            channel_id,
            version: 0,
            ledger: 0,
            heads: SortedMap::new(),
            open: Tree::default(),
            index: Tree::default(),
            closed: Tree::default(),
            due: Tree::default(),
            alike: Tree::default(),
            next_due: never(),
            silences: Vec::new(),
            outbox: Outbox::default(),
            lease: None,
            garbage: Vec::new(),
            turn: None,
            sweeps: [Sweep::of_nothing(); 2],
            last_times: SortedMap::new(),
            sources: Sources::default(),
            log: Log::default(),
            behind: SortedMap::new(),
            leaving: Vec::new(),
            leaving_segments: Vec::new(),
            leaving_since: Timestamp::default(),
            counts,
        };
        Self { head, loaded: Loaded::new(), touched: false }
    }

    /// Reads the stored form of a head, also that of the version before.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let mut board = Self::decode_head(bytes)?;
        let Head { open, index, closed, due, alike, .. } = &mut board.head;
        for tree in [open, index, closed, due, alike] {
            // In the version before, it was not counted along.
            if tree.changes_bytes() == 0 {
                tree.recount();
            }
        }
        Ok(board)
    }

    /// Adds a page that was [`Missing`].
    pub fn load(&mut self, key: String, page: Rc<Page>) {
        self.loaded.insert(key, page);
    }

    /// The open alert with this identity.
    pub fn open_alert(&self, identity: &str) -> Result<Option<&Alert>, Missing> {
        let Some(alert_id) = self.indexed(identity)? else {
            return Ok(None);
        };
        let Some(alert) = self.alert(alert_id)? else {
            return Ok(None);
        };
        let incident = if alert.incident_id.is_empty() { None } else { self.incident(&alert.incident_id)? };
        Ok(Some(alert).filter(|alert| alert.is_open(incident)))
    }

    /// What is open under an identity: the id of an alert or change.
    pub(super) fn indexed(&self, identity: &str) -> Result<Option<&str>, Missing> {
        Ok(match self.head.index.get(&self.loaded, &page::open(identity))? {
            Some(Entity::Open(id)) => Some(id),
            _ => None,
        })
    }

    /// What stands under a key.
    pub(super) fn entity(&self, key: &str) -> Result<Option<&Entity>, Missing> {
        let head = &self.head;
        let tree = match Kept::of(key) {
            Kept::Open => &head.open,
            Kept::Index => &head.index,
            Kept::Closed => &head.closed,
            Kept::Due => &head.due,
            Kept::Alike => &head.alike,
        };
        tree.get(&self.loaded, key)
    }

    fn change(&mut self, key: String, change: Option<Entity>) {
        let Self { head, loaded, .. } = self;
        let tree = match Kept::of(&key) {
            Kept::Open => &mut head.open,
            Kept::Index => &mut head.index,
            Kept::Closed => &mut head.closed,
            Kept::Due => &mut head.due,
            Kept::Alike => &mut head.alike,
        };
        match change {
            Some(entity) => tree.put(key, entity),
            None => tree.remove(loaded, &key),
        }
    }

    /// Does what a step decided.
    pub fn commit(&mut self, changes: Changes) {
        self.count(&changes);
        let Changes { entities, events, sources, silences, .. } = changes;
        self.touched |= !entities.is_empty() || !events.is_empty() || sources.is_some() || silences.is_some();
        for (key, change) in entities {
            if change.is_some() && key.starts_with("d:") {
                self.head.next_due = self.head.next_due.min(page::due_secs(&key));
            }
            if change.is_some() {
                self.note_age(&key);
            }
            self.change(key, change);
        }
        self.head.outbox.inline.extend(events);
        self.head.sources = sources.unwrap_or_else(|| std::mem::take(&mut self.head.sources));
        self.head.silences = silences.unwrap_or_else(|| std::mem::take(&mut self.head.silences));
    }

    /// What is due first, at `secs` (a Unix second) at the latest: its key, its own Unix second, and whose it is.
    pub fn first_due(&mut self, secs: u64) -> Result<Option<(String, u64, Whose)>, Missing> {
        if self.head.next_due > secs {
            return Ok(None);
        }
        let first = match self.head.due.first(&self.loaded)? {
            Some((key, Entity::Due(whose))) => Some((key.to_owned(), page::due_secs(key), whose.clone())),
            _ => None,
        };
        self.head.next_due = first.as_ref().map_or(never(), |(_, at, _)| *at);
        Ok(first.filter(|(_, at, _)| *at <= secs))
    }

    /// Whether a quick silence is over at this Unix second.
    pub fn silence_ended(&self, secs: u64) -> bool {
        self.head.silences.iter().any(|silence| silence.end_time <= secs)
    }

    /// When something will be due, Unix seconds; nothing is before. Quick silences end by themselves.
    pub fn next_due(&self) -> Option<u64> {
        Some(self.head.next_due).filter(|at| !is_never(at))
    }

    /// The alert with this id, if it is on the board.
    pub fn alert(&self, alert_id: &str) -> Result<Option<&Alert>, Missing> {
        Ok(match self.entity(&page::alert(alert_id))? {
            Some(Entity::Alert(alert)) => Some(alert),
            _ => None,
        })
    }

    /// The incident with this id, if it is on the board.
    pub fn incident(&self, incident_id: &str) -> Result<Option<&Incident>, Missing> {
        Ok(match self.entity(&page::incident(incident_id))? {
            Some(Entity::Incident(incident)) => Some(incident),
            _ => None,
        })
    }

    /// All incidents on the board, by id.
    pub fn incidents(&self) -> Result<Vec<&Incident>, Missing> {
        let all = self.head.open.between(&self.loaded, 0, u64::MAX)?.into_iter();
        let incidents: Vec<_> = all
            .filter_map(|entity| match entity {
                Entity::Incident(incident) => Some(incident),
                _ => None,
            })
            .collect();
        Ok(incidents)
    }

    /// What was opened between two Unix seconds, inclusive, and perhaps some around it.
    pub(super) fn opened_between(&self, from: u64, to: u64) -> Result<Vec<&Entity>, Missing> {
        self.head.open.between(&self.loaded, first_slot(from), first_slot(to.saturating_add(1)))
    }

    /// Whether anything but how far it was read changed since it was read.
    pub const fn is_touched(&self) -> bool {
        self.touched
    }

    /// Notes that an integration reached the board.
    pub fn reached_by(&mut self, integration_id: i64, secs: u64) {
        self.touched = true;
        let last = self.head.last_times.entry(integration_id).or_insert(0);
        *last = (*last).max(secs);
    }

    /// What is on the board, in a form that does not depend on how it is stored: what any two foldings of the same
    /// journal must agree on, byte for byte.
    pub fn canonical(&self) -> Result<Vec<u8>, Missing> {
        let entities = self.head.open.between(&self.loaded, 0, u64::MAX)?;
        // Plain data with text keys: serialising it into memory has no way to fail.
        let Head { channel_id, last_times, sources, silences, counts, .. } = &self.head;
        let totals: Vec<_> = counts.without(total::WORK).collect();
        let due = self.head.due.all(&self.loaded)?;
        let alike = self.head.alike.all(&self.loaded)?;
        let closed = self.head.closed.all(&self.loaded)?;
        let mut index = self.head.index.all(&self.loaded)?;
        // What is over of them is let go of whenever pages are written.
        index.retain(|_, entity| !matches!(entity, Entity::Flaps(_)));
        let indexes = (due, alike, closed, index);
        Ok(serde_json::to_vec(&(channel_id, entities, last_times, sources, silences, totals, indexes))
            .unwrap_or_default())
    }
}

pub(super) const fn never() -> u64 {
    u64::MAX
}

fn is_never(secs: &u64) -> bool {
    *secs == never()
}
