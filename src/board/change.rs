//! Changes: what change events say was changed in the systems around. They stand on the board of no channel, in the
//! order of time.

use serde::{Deserialize, Serialize};

use super::head::{Board, Missing};
use super::page::{self, Entity};
use super::step::Step;
use crate::id::{self, Cause, Kind};
use crate::intake::{ChangeEvent, ChangeStatus};

/// The channel id of the board that belongs to no channel.
pub const NO_CHANNEL: i64 = 0;

/// A change: one change key of one integration, from its first event until it is done or called off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// 24 hex digits.
    pub change_id: String,
    /// Through which integration it came.
    pub integration_id: i64,
    /// Its latest event; the labels of earlier ones stay.
    pub event: ChangeEvent,
    /// When its first event says that it begins, Unix seconds.
    pub start_time: u64,
    /// When its latest event came, Unix seconds.
    pub last_time: u64,
    /// When it was done or called off, Unix seconds; 0 before.
    pub end_time: u64,
    /// How many events it has.
    pub event_cnt: u64,
}

impl Change {
    fn take(&mut self, event: &ChangeEvent, secs: u64) {
        let labels = std::mem::take(&mut self.event.labels);
        self.event = event.clone();
        for (name, value) in labels {
            self.event.labels.entry(name).or_insert(value);
        }
        self.last_time = secs;
        self.event_cnt += 1;
    }
}

impl Board {
    /// All changes that began to be told of between two Unix seconds, inclusive, by id.
    pub fn changes(&self, from: u64, to: u64) -> Result<Vec<&Change>, Missing> {
        let changes = self.opened_between(from, to)?.into_iter().filter_map(|entity| match entity {
            Entity::Change(change) => Some(change),
            _ => None,
        });
        Ok(changes.collect())
    }
}

impl Step<'_> {
    /// Takes in a change event.
    pub fn take_change(&mut self, cause: Cause, integration_id: i64, event: &ChangeEvent) -> Result<(), Missing> {
        let identity = id::alert_identity(integration_id, &event.change_key);
        let secs = cause.received.secs();
        let known = self.open_change(&identity)?;
        let is_new = known.is_none();
        let mut change = known.unwrap_or_else(|| Change {
            change_id: id::object_id(Kind::Alert, cause),
            integration_id,
            event: event.clone(),
            start_time: event.event_time.unwrap_or(secs),
            last_time: secs,
            end_time: 0,
            event_cnt: 0,
        });
        change.take(event, secs);
        if matches!(event.change_status, ChangeStatus::Done | ChangeStatus::Canceled) {
            change.end_time = event.event_time.unwrap_or(secs);
            self.remove(page::open(&identity));
        } else if is_new {
            self.put(page::open(&identity), Entity::Open(change.change_id.clone()));
        }
        self.put(page::change(&change.change_id), Entity::Change(change));
        Ok(())
    }

    fn open_change(&self, identity: &str) -> Result<Option<Change>, Missing> {
        let Some(Entity::Open(change_id)) = self.get(&page::open(identity))? else {
            return Ok(None);
        };
        Ok(match self.get(&page::change(change_id))? {
            Some(Entity::Change(change)) => Some(change.clone()),
            _ => None,
        })
    }
}
