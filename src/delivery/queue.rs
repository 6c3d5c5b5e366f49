//! A subscription's queue: the events that it did not take yet, in order per incident or alert; how it fares
//! ([`Breaker`]); and the account of what it was sent from here.

use serde::{Deserialize, Serialize};

use super::breaker::Breaker;
use super::log::Log;
use super::report::DeliveryReport;
use crate::board::head::Lease;
use crate::count::{Counts, count};
use crate::json::{self, is_default};
use crate::sorted::add;
use crate::time::Timestamp;

/// The most events that wait here. Beyond it, new ones wait in the logs of their channels.
pub const ITEMS: usize = 512;
/// The most replays that wait.
pub const REPLAYS: usize = 16;

/// The queue: one value, changed by compare-and-swap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// The format; [`Queue::FORMAT`].
    pub v: u32,
    /// Grows by one with every swap.
    pub version: u64,
    /// Who works on it.
    pub lease: Option<Lease>,
    /// What waits, in the order in which it came.
    pub items: Vec<Item>,
    /// How the subscriber fares.
    #[serde(default, skip_serializing_if = "Breaker::is_unused")]
    pub breaker: Breaker,
    /// The attempts that were made from here.
    #[serde(default, skip_serializing_if = "Log::is_unused")]
    pub log: Log,
    /// What is to be sent again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replays: Vec<Replay>,
    /// What was counted here: [`Queue::DELIVERED`] and those that follow it.
    #[serde(default, skip_serializing_if = "Counts::is_empty")]
    pub counts: Counts,
}

/// An event that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The event.
    pub event_id: String,
    /// Its incident or alert; a later event of the same one waits behind it.
    #[serde(alias = "incident_id")]
    pub ref_id: String,
    /// Where it stands: the key of a segment. Empty: its body has a key of its own, as earlier versions had it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub segment: String,
    /// Its type, where it tells that something was edited: a later one of the same type tells more.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub edit: String,
    /// How often it was tried.
    pub attempts: u32,
    /// How often of that while its subscriber was suspect: it is not given up for those.
    #[serde(default, skip_serializing_if = "is_default")]
    pub spared: u32,
    /// When it is due; counts only for the first of its incident.
    pub next_at: Timestamp,
}

/// Events of a channel's log that are to be sent again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// The channel.
    pub channel_id: i64,
    /// The next segment to look at.
    pub next: u64,
    /// The segment before which it ends.
    pub end: u64,
    /// Only this event; empty: all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub event_id: String,
    /// Only events of this incident or alert; empty: of all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ref_id: String,
    /// Only events from this time on, Unix milliseconds.
    pub from_ms: u64,
    /// And up to this one.
    pub until_ms: u64,
}

impl Default for Queue {
    /// A queue where nothing waits.
    fn default() -> Self {
        Self {
            v: Self::FORMAT,
            version: 0,
            lease: None,
            items: Vec::new(),
            breaker: Breaker::default(),
            log: Log::default(),
            replays: Vec::new(),
            counts: Counts::default(),
        }
    }
}

impl Queue {
    /// The format that this version writes; it reads the one before as well.
    pub const FORMAT: u32 = 2;
    /// In `counts`: what the subscriber took from here.
    pub const DELIVERED: &str = "delivered";
    /// In `counts`: attempts that failed, from here and from outboxes.
    pub const FAILED: &str = "failed";
    /// In `counts`: what was given up here.
    pub const GIVEN_UP: &str = "given_up";
    /// In `counts`: swaps of the queue that were lost, by those who won one later.
    pub const LOST: &str = "lost";

    /// The stored form.
    pub fn encode(&self) -> Vec<u8> {
        // Plain data with text keys: serialising it into memory has no way to fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads the stored form.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let queue: Self = json::from_slice(bytes).map_err(|e| e.to_string())?;
        match queue.v {
            1 | Self::FORMAT => Ok(Self { v: Self::FORMAT, ..queue }),
            other => Err(format!("format {other} is not known")),
        }
    }

    /// Counts what came of what was sent from here.
    pub fn count(&mut self, report: &DeliveryReport) {
        self.counts.add(Self::DELIVERED, count(report.delivered));
        self.counts.add(Self::GIVEN_UP, count(report.given_up));
    }

    /// Whether an event of this incident or alert waits.
    pub fn holds(&self, ref_id: &str) -> bool {
        self.items.iter().any(|item| item.ref_id == ref_id)
    }

    /// Whether no more events are taken.
    pub fn is_full(&self) -> bool {
        self.items.len() >= ITEMS
    }

    /// Adds what is not in it yet. An edit that was not tried yet gives way to a later edit of the same kind, if it is
    /// the last that waits of its incident: each tells the whole state.
    pub fn add(&mut self, items: &[Item]) {
        for item in items {
            if self.items.iter().any(|known| known.event_id == item.event_id) {
                continue;
            }
            let last = self.items.iter().rposition(|known| known.ref_id == item.ref_id);
            if let Some(last) = last.and_then(|last| self.items.get_mut(last))
                && !item.edit.is_empty()
                && last.edit == item.edit
                && last.attempts == 0
            {
                *last = item.clone();
            } else {
                self.items.push(item.clone());
            }
        }
    }

    /// What may be tried: the first event of each incident.
    fn firsts(&self) -> impl Iterator<Item = &Item> {
        let mut seen = Vec::new();
        self.items.iter().filter(move |item| add(&mut seen, item.ref_id.as_str()))
    }

    /// What was never tried, the first of it.
    pub fn untried(&self) -> Option<Item> {
        self.firsts().find(|item| item.attempts == 0).cloned()
    }

    /// What is to be tried next, due or not.
    pub fn next_up(&self) -> Option<Item> {
        self.firsts().min_by_key(|item| item.next_at).cloned()
    }

    /// What is due, at most `limit`.
    pub fn due(&self, now: Timestamp, limit: usize) -> Vec<Item> {
        self.firsts().filter(|item| item.next_at <= now).take(limit).cloned().collect()
    }

    /// When the next one is due.
    pub fn next_at(&self) -> Option<Timestamp> {
        self.firsts().map(|item| item.next_at).min()
    }

    /// Has everything tried at once, whenever it was due.
    pub fn hurry(&mut self, now: Timestamp) {
        self.items.iter_mut().for_each(|item| item.next_at = item.next_at.min(now));
    }

    /// Takes out an event; the next one of its incident keeps its own time, which has passed as a rule.
    pub fn remove(&mut self, event_id: &str) {
        self.items.retain(|item| item.event_id != event_id);
    }

    /// Puts off an event that failed once more, which so often was for no fault of its own.
    pub fn put_off(&mut self, event_id: &str, next_at: Timestamp, spared: u32) {
        for item in self.items.iter_mut().filter(|item| item.event_id == event_id) {
            item.attempts = item.attempts.saturating_add(1);
            (item.spared, item.next_at) = (spared, next_at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(event_id: &str, ref_id: &str, next_at: u64) -> Item {
        let (event_id, ref_id) = (event_id.to_owned(), ref_id.to_owned());
        let (segment, edit) = ("s".to_owned(), String::new());
        Item { event_id, ref_id, segment, edit, attempts: 1, spared: 0, next_at: Timestamp(next_at) }
    }

    fn edit(event_id: &str, kind: &str) -> Item {
        Item { edit: kind.to_owned(), attempts: 0, ..item(event_id, "i1", 0) }
    }

    #[test]
    fn a_later_event_waits_behind_an_earlier_one_of_its_incident() {
        let mut queue = Queue::default();
        queue.add(&[item("e1", "i1", 50), item("e2", "i1", 0), item("e3", "i2", 10)]);
        let due = |queue: &Queue, now| queue.due(Timestamp(now), 9).into_iter().map(|i| i.event_id).collect::<Vec<_>>();
        assert_eq!(due(&queue, 20), ["e3"]);
        assert_eq!(queue.next_at(), Some(Timestamp(10)));
        queue.remove("e1");
        assert_eq!(due(&queue, 20), ["e2", "e3"]);
    }

    #[test]
    fn of_what_was_never_tried_the_first_that_waits_behind_nothing_comes() {
        let mut queue = Queue::default();
        queue.add(&[item("e1", "i1", 50), edit("e2", "i_r_title"), item("e3", "i2", 10)]);
        assert_eq!(queue.untried(), None);
        queue.add(&[Item { attempts: 0, ..item("e4", "i3", 90) }]);
        assert_eq!(queue.untried().map(|item| item.event_id).as_deref(), Some("e4"));
    }

    #[test]
    fn an_event_is_in_it_once() {
        let mut queue = Queue::default();
        queue.add(&[item("e1", "i1", 50)]);
        queue.put_off("e1", Timestamp(90), 1);
        queue.add(&[item("e1", "i1", 0)]);
        assert_eq!(queue.items, [Item { attempts: 2, spared: 1, ..item("e1", "i1", 90) }]);
        assert!(queue.holds("i1") && !queue.holds("i2"));
    }

    #[test]
    fn waiting_edits_of_one_kind_collapse_into_the_last_and_nothing_else_does() {
        let mut queue = Queue::default();
        let ids = |queue: &Queue| queue.items.iter().map(|item| item.event_id.clone()).collect::<Vec<_>>();
        queue.add(&[item("new", "i1", 50), edit("t1", "i_r_title"), edit("t2", "i_r_title"), edit("d1", "i_r_desc")]);
        assert_eq!(ids(&queue), ["new", "t2", "d1"]);
        // Something else came between: what it told was true only before it.
        queue.add(&[edit("t3", "i_r_title"), item("ack", "i1", 0), item("ack2", "i1", 0)]);
        assert_eq!(ids(&queue), ["new", "t2", "d1", "t3", "ack", "ack2"]);
        // One that was tried may have arrived.
        let mut tried = Queue::default();
        tried.add(&[Item { attempts: 1, ..edit("t1", "i_r_title") }, edit("t2", "i_r_title")]);
        assert_eq!(ids(&tried), ["t1", "t2"]);
    }

    #[test]
    fn a_queue_of_the_version_before_is_read() {
        let stored = br#"{"v":1,"version":7,"lease":null,"items":[{"event_id":"e","incident_id":"i","attempts":2,"next_at":5}]}"#;
        let queue = Queue::decode(stored).expect("a queue");
        assert_eq!((queue.v, queue.version, queue.items[0].ref_id.as_str()), (2, 7, "i"));
        assert!(queue.items[0].segment.is_empty());
        assert!(Queue::decode(br#"{"v":3,"version":7,"lease":null,"items":[]}"#).is_err());
    }
}
