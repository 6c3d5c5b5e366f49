//! The last webhooks, each event once.

use crate::subscriber::event::Received;
use std::collections::VecDeque;

/// Events that are shown.
const SHOWN: usize = 100;
/// Event ids that are remembered, to recognise a repeat.
const REMEMBERED: usize = 10_000;

/// What has come in.
#[derive(Debug, Default)]
pub struct Log {
    events: VecDeque<Received>,
    /// The ids of older events with the number of their deliveries.
    older: VecDeque<(String, u32)>,
}

impl Log {
    /// Notes a delivery; the answer is the event with all its deliveries counted. An event without an id is never a
    /// repeat.
    pub fn add(&mut self, mut received: Received) -> Received {
        let id = received.summary.event_id.as_str();
        if !id.is_empty() {
            if let Some(known) = self.events.iter_mut().find(|event| event.summary.event_id == id) {
                known.deliveries += 1;
                received.deliveries = known.deliveries;
                return received;
            }
            if let Some((_, deliveries)) = self.older.iter_mut().find(|(older, _)| older == id) {
                *deliveries += 1;
                received.deliveries = *deliveries;
                return received;
            }
        }
        if self.events.len() == SHOWN
            && let Some(oldest) = self.events.pop_front()
        {
            self.older.push_back((oldest.summary.event_id, oldest.deliveries));
        }
        if self.older.len() > REMEMBERED {
            self.older.pop_front();
        }
        self.events.push_back(received.clone());
        received
    }

    /// The last events, newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &Received> {
        self.events.iter().rev()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subscriber::event::Summary;
    use serde_json::Value;

    fn delivery(id: &str) -> Received {
        let summary = Summary { event_id: id.to_string(), ..Summary::default() };
        Received { at: 0, summary, signature: Ok(()), deliveries: 1, body: Value::Null }
    }

    #[test]
    fn an_event_is_kept_once_and_its_deliveries_are_counted() {
        let mut log = Log::default();
        assert_eq!(log.add(delivery("a")).deliveries, 1);
        assert_eq!(log.add(delivery("b")).deliveries, 1);
        assert_eq!(log.add(delivery("a")).deliveries, 2);
        let seen: Vec<_> =
            log.newest_first().map(|event| (event.summary.event_id.as_str(), event.deliveries)).collect();
        assert_eq!(seen, [("b", 1), ("a", 2)]);
    }

    #[test]
    fn a_repeat_is_known_after_the_event_is_no_longer_shown() {
        let mut log = Log::default();
        for n in 0..150 {
            log.add(delivery(&format!("e{n}")));
        }
        assert_eq!(log.newest_first().count(), 100);
        assert_eq!(log.add(delivery("e0")).deliveries, 2);
        assert_eq!(log.newest_first().count(), 100);
    }

    #[test]
    fn events_without_an_id_are_all_kept() {
        let mut log = Log::default();
        log.add(delivery(""));
        assert_eq!(log.add(delivery("")).deliveries, 1);
    }
}
