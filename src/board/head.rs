//! The board and its head, the one value that a swap replaces.
//!
//! All-or-nothing lives in one value, and values are small: so the head holds what changes at every fold (how far each
//! stream was read, the newest changes, the outbox) and refers to pages and segments, which are written before it and
//! never changed. Replacing the head replaces the board as a whole.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::alert::Alert;
use super::archive::{ClosedIncident, ClosedRef};
use super::incident::Incident;
use super::outbox::{Event, Outbox};
use super::page::{self, Entity, Page};
use super::sources::Sources;
pub use super::tree::Missing;
use super::tree::{Loaded, Tree};
use super::turn::Turn;
use crate::time::Timestamp;

/// The stored head of a board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The format; [`Head::FORMAT`].
    pub v: u32,
    /// The channel.
    pub channel_id: i64,
    /// Grows by one with every swap, so that no two values of a head are equal.
    pub version: u64,
    /// Whoever folds or reads with an older ledger than this one must begin again: `heads` relies on it.
    pub ledger: u64,
    /// How far each stream was read, beyond what the ledger says.
    pub heads: BTreeMap<u64, u64>,
    /// Alerts and incidents, until the incident leaves.
    pub(super) open: Tree,
    /// Which alert is open under an identity.
    pub(super) index: Tree,
    /// References to incidents that have left.
    pub(super) closed: Tree,
    pub(super) outbox: Outbox,
    /// Who delivers the outbox.
    pub lease: Option<Lease>,
    pub(super) garbage: Vec<Garbage>,
    /// Whose turn it is to fold, as far as its holder has stored this board.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<Turn>,
    /// When each integration last reached this board, Unix seconds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub last_times: BTreeMap<i64, u64>,
    /// Active sources of inhibition.
    #[serde(default, skip_serializing_if = "Sources::is_empty")]
    pub(super) sources: Sources,
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
pub struct Board {
    /// The head.
    pub head: Head,
    pub(super) loaded: Loaded,
    pub(super) touched: bool,
}

impl Head {
    /// The format that this version writes.
    pub const FORMAT: u32 = 1;

    /// The stored form.
    pub fn encode(&self) -> Vec<u8> {
        // Plain data with text keys: serialising it into memory has no way to fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Whether events wait to be delivered.
    pub fn has_events(&self) -> bool {
        !self.outbox.is_empty()
    }
}

impl Board {
    /// The board of a channel where nothing has happened yet.
    pub fn new(channel_id: i64) -> Self {
        let head = Head {
            v: Head::FORMAT,
            channel_id,
            version: 0,
            ledger: 0,
            heads: BTreeMap::new(),
            open: Tree::default(),
            index: Tree::default(),
            closed: Tree::default(),
            outbox: Outbox::default(),
            lease: None,
            garbage: Vec::new(),
            turn: None,
            last_times: BTreeMap::new(),
            sources: Sources::default(),
        };
        Self { head, loaded: Loaded::new(), touched: false }
    }

    /// Reads the stored form of a head.
    pub fn decode(head: &[u8]) -> Result<Self, String> {
        let head: Head = serde_json::from_slice(head).map_err(|e| e.to_string())?;
        if head.v != Head::FORMAT {
            return Err(format!("format {} is not known", head.v));
        }
        Ok(Self { head, loaded: Loaded::new(), touched: false })
    }

    /// Adds a page that was [`Missing`].
    pub fn load(&mut self, key: String, page: Rc<Page>) {
        self.loaded.insert(key, page);
    }

    /// The open alert with this identity.
    pub fn open_alert(&self, identity: &str) -> Result<Option<&Alert>, Missing> {
        match self.indexed(identity)? {
            Some(alert_id) => self.alert(alert_id),
            None => Ok(None),
        }
    }

    /// What is open under an identity: the id of an alert or change.
    pub(super) fn indexed(&self, identity: &str) -> Result<Option<&str>, Missing> {
        Ok(match self.head.index.get(&self.loaded, &page::open(identity))? {
            Some(Entity::Open(id)) => Some(id),
            _ => None,
        })
    }

    /// What stands under a key among alerts, incidents and changes.
    pub(super) fn entity(&self, key: &str) -> Result<Option<&Entity>, Missing> {
        self.head.open.get(&self.loaded, key)
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
        let mut incidents: Vec<_> = all
            .filter_map(|entity| match entity {
                Entity::Incident(incident) => Some(incident),
                _ => None,
            })
            .collect();
        incidents.sort_by(|a, b| a.incident_id.cmp(&b.incident_id));
        Ok(incidents)
    }

    /// The closed incidents that were triggered between two Unix seconds, inclusive.
    pub fn closed_between(&self, from: u64, to: u64) -> Result<Vec<&ClosedRef>, Missing> {
        let around = self.head.closed.between(&self.loaded, first_slot(from), first_slot(to.saturating_add(1)))?;
        Ok(around
            .into_iter()
            .filter_map(|entity| match entity {
                Entity::Closed(closed) if (from..=to).contains(&closed.start_time) => Some(closed),
                _ => None,
            })
            .collect())
    }

    /// What was opened between two Unix seconds, inclusive, and perhaps some around it.
    pub(super) fn opened_between(&self, from: u64, to: u64) -> Result<Vec<&Entity>, Missing> {
        self.head.open.between(&self.loaded, first_slot(from), first_slot(to.saturating_add(1)))
    }

    /// Whether anything but how far it was read changed since it was read.
    pub const fn is_touched(&self) -> bool {
        self.touched
    }

    /// Puts something among alerts, incidents and changes.
    pub(super) fn put(&mut self, key: String, entity: Entity) {
        self.touched = true;
        self.head.open.put(key, entity);
    }

    /// Says that `id` is open under the index key `key`.
    pub(super) fn open_index(&mut self, key: String, id: String) {
        self.touched = true;
        self.head.index.put(key, Entity::Open(id));
    }

    /// Says that nothing is open under the index key `key`.
    pub(super) fn close_index(&mut self, key: &str) {
        self.touched = true;
        self.head.index.remove(key);
    }

    /// Puts an alert that was not on the board.
    pub(super) fn open_new_alert(&mut self, identity: &str, alert: Alert) {
        self.open_index(page::open(identity), alert.alert_id.clone());
        self.put_alert(alert);
    }

    /// Puts an alert that was on the board and is still open.
    pub(super) fn put_alert(&mut self, alert: Alert) {
        self.put(page::alert(&alert.alert_id), Entity::Alert(alert));
    }

    /// Puts an alert that has recovered: its identity is free for a new one.
    pub(super) fn recover_alert(&mut self, identity: &str, alert: Alert) {
        self.close_index(&page::open(identity));
        self.put_alert(alert);
    }

    /// Puts an incident.
    pub(super) fn put_incident(&mut self, incident: Incident) {
        self.put(page::incident(&incident.incident_id), Entity::Incident(incident));
    }

    /// Notes that an integration reached the board.
    pub(super) fn reached_by(&mut self, integration_id: i64, secs: u64) {
        self.touched = true;
        let last = self.head.last_times.entry(integration_id).or_default();
        *last = (*last).max(secs);
    }

    /// Whether another alert inhibits the one with this identity.
    pub fn inhibits(&self, identity: &str, targets: &[u64], secs: u64) -> bool {
        self.head.sources.inhibit(identity, targets, secs)
    }

    /// Notes the source marks of an alert that fired.
    pub(super) fn source_fired(&mut self, identity: &str, marks: &[u64], secs: u64) {
        self.touched |= self.head.sources.fired(identity, marks, secs);
    }

    /// Notes that an alert is no source any more.
    pub(super) fn source_over(&mut self, identity: &str) {
        self.touched |= self.head.sources.over(identity);
    }

    /// Puts an event into the outbox.
    pub(super) fn put_event(&mut self, event: Event) {
        self.touched = true;
        self.head.outbox.inline.push(event);
    }

    /// The incident with this id and its alerts, if it is on the board.
    pub fn with_alerts(&self, incident_id: &str) -> Result<Option<ClosedIncident>, Missing> {
        self.incident(incident_id)?.cloned().map(|incident| self.document(incident)).transpose()
    }

    pub(super) fn document(&self, incident: Incident) -> Result<ClosedIncident, Missing> {
        let mut alerts = Vec::with_capacity(incident.alerts.len());
        for alert_id in incident.alerts.keys() {
            alerts.extend(self.alert(alert_id)?.cloned());
        }
        Ok(ClosedIncident { v: ClosedIncident::FORMAT, incident, alerts })
    }

    /// What is on the board, in a form that does not depend on how it is stored: what any two foldings of the same
    /// journal must agree on, byte for byte.
    pub fn canonical(&self) -> Result<Vec<u8>, Missing> {
        let entities = self.head.open.between(&self.loaded, 0, u64::MAX)?;
        // Plain data with text keys: serialising it into memory has no way to fail.
        Ok(serde_json::to_vec(&(self.head.channel_id, entities, &self.head.last_times, &self.head.sources))
            .unwrap_or_default())
    }
}

/// The first place of what is from this Unix second: the first 32 bits of an id are its second.
fn first_slot(secs: u64) -> u64 {
    u32::try_from(secs).map_or(u64::MAX, |secs| u64::from(secs) << 32)
}
