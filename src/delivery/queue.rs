//! A subscription's retry queue: the events that it did not take yet, in order per incident.

use serde::{Deserialize, Serialize};

use crate::board::head::Lease;
use crate::json;
use crate::sorted::add;
use crate::time::Timestamp;

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
}

/// An event that waits. Its body stands under a key of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The event.
    pub event_id: String,
    /// Its incident; a later event of the same one waits behind it.
    pub incident_id: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is due; counts only for the first of its incident.
    pub next_at: Timestamp,
}

impl Default for Queue {
    /// A queue where nothing waits.
    fn default() -> Self {
        Self { v: Self::FORMAT, version: 0, lease: None, items: Vec::new() }
    }
}

impl Queue {
    /// The format that this version writes.
    pub const FORMAT: u32 = 1;

    /// The stored form.
    pub fn encode(&self) -> Vec<u8> {
        // Plain data with text keys: serialising it into memory has no way to fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads the stored form.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let queue: Self = json::from_slice(bytes).map_err(|e| e.to_string())?;
        if queue.v == Self::FORMAT { Ok(queue) } else { Err(format!("format {} is not known", queue.v)) }
    }

    /// Whether an event of this incident waits.
    pub fn holds(&self, incident_id: &str) -> bool {
        self.items.iter().any(|item| item.incident_id == incident_id)
    }

    /// Adds what is not in it yet.
    pub fn add(&mut self, items: &[Item]) {
        for item in items {
            if !self.items.iter().any(|known| known.event_id == item.event_id) {
                self.items.push(item.clone());
            }
        }
    }

    /// What may be tried: the first event of each incident.
    fn firsts(&self) -> impl Iterator<Item = &Item> {
        let mut seen = Vec::new();
        self.items.iter().filter(move |item| add(&mut seen, item.incident_id.as_str()))
    }

    /// What is due, at most `limit`.
    pub fn due(&self, now: Timestamp, limit: usize) -> Vec<Item> {
        self.firsts().filter(|item| item.next_at <= now).take(limit).cloned().collect()
    }

    /// When the next one is due.
    pub fn next_at(&self) -> Option<Timestamp> {
        self.firsts().map(|item| item.next_at).min()
    }

    /// Takes out an event; the next one of its incident keeps its own time, which has passed as a rule.
    pub fn remove(&mut self, event_id: &str) {
        self.items.retain(|item| item.event_id != event_id);
    }

    /// Puts off an event that failed once more.
    pub fn put_off(&mut self, event_id: &str, next_at: Timestamp) {
        for item in self.items.iter_mut().filter(|item| item.event_id == event_id) {
            item.attempts += 1;
            item.next_at = next_at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(event_id: &str, incident_id: &str, next_at: u64) -> Item {
        let (event_id, incident_id) = (event_id.to_owned(), incident_id.to_owned());
        Item { event_id, incident_id, attempts: 1, next_at: Timestamp(next_at) }
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
    fn an_event_is_in_it_once() {
        let mut queue = Queue::default();
        queue.add(&[item("e1", "i1", 50)]);
        queue.put_off("e1", Timestamp(90));
        queue.add(&[item("e1", "i1", 0)]);
        assert_eq!(queue.items, [Item { attempts: 2, ..item("e1", "i1", 90) }]);
        assert!(queue.holds("i1") && !queue.holds("i2"));
    }
}
