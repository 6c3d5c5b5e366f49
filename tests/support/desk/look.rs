//! What is seen at a desk, and how its board is stored.

use std::rc::Rc;

use alarum::board::{Alert, Batch, Board, ClosedIncident, Event, FeedItem, Incident, Missing, Page};
use alarum::id;
use alarum::keys;

use super::Desk;

/// What subscribers are told of an incident.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub event_id: String,
    pub event_time: u64,
    pub person_id: Option<i64>,
    pub incident: Incident,
}

impl Desk {
    // What subscribers see.

    /// The next event that subscribers are told of; it must be this one.
    pub fn expect_event(&mut self, event_type: &str) -> Told {
        let event = self.events.pop_front().unwrap_or_else(|| panic!("no event, instead of {event_type}"));
        assert_eq!(event.event_type.name(), event_type);
        let Event { event_id, event_time, person_id, incident, .. } = event;
        let incident = incident.unwrap_or_else(|| panic!("{event_type} is told of no incident"));
        Told { event_id, event_time, person_id, incident }
    }

    /// The next event, whatever it happened to.
    pub fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The next events that subscribers are told of; they must be these.
    pub fn expect_events<const N: usize>(&mut self, event_types: [&str; N]) -> [Told; N] {
        event_types.map(|event_type| self.expect_event(event_type))
    }

    /// Subscribers are told nothing more.
    pub fn expect_no_event(&mut self) -> &mut Self {
        let kinds: Vec<&str> = self.events.iter().map(|event| event.event_type.name()).collect();
        assert_eq!(kinds, [""; 0]);
        self
    }

    /// Subscribers take all that waits. Closed incidents then leave the board.
    pub fn deliver(&mut self) -> &mut Self {
        self.note_events();
        let now = self.now;
        while let Some(batch) = self.board.batches().into_iter().next() {
            let events = match &batch {
                Batch::Inline(events) => events.clone(),
                Batch::Segment(key) => self.read(key),
            };
            self.board.settle(&batch, &events, now);
            let told: Vec<Event> =
                self.board.leaving_segments().iter().flat_map(|key| self.read::<Vec<Event>>(key)).collect();
            let written = self.change(|board| board.let_leave(&told, now));
            let ids: Vec<String> =
                written.iter().filter_map(|(key, _)| key.strip_prefix("alarum:1:i:")).map(str::to_owned).collect();
            self.pages.extend(written);
            for id in ids.into_iter().filter(|id| !id.contains('.')) {
                let mut document = ClosedIncident::decode(&self.bytes(&keys::incident(&id))).expect("as encoded");
                if document.apart {
                    document.add_alerts(&self.bytes(&keys::incident_alerts(&id))).expect("as encoded");
                }
                self.closed.insert(id, document);
            }
        }
        self.store();
        self
    }

    // What there is.

    /// The incident with this id, also where it has left the board.
    pub fn incident(&mut self, id: &str) -> Incident {
        if let Some(document) = self.closed.get(id) {
            return document.incident.clone();
        }
        self.ask(|board| board.incident(id).map(|incident| incident.cloned())).unwrap_or_else(|| panic!("no {id}"))
    }

    /// Whether there is an incident with this id, on the board or closed.
    pub fn has_incident(&mut self, id: &str) -> bool {
        self.closed.contains_key(id) || self.ask(|board| board.incident(id).map(|incident| incident.is_some()))
    }

    /// The ids of the incidents on the board, the crowd's aside.
    pub fn incidents(&mut self) -> Vec<String> {
        self.ask(|board| {
            let of_crowd = |incident: &&Incident| !incident.dedup_key.starts_with("crowd/");
            Ok(board.incidents()?.into_iter().filter(of_crowd).map(|incident| incident.incident_id.clone()).collect())
        })
    }

    /// The open alert with a key.
    pub fn alert(&mut self, key: &str) -> Alert {
        self.open_alert(key).unwrap_or_else(|| panic!("no open alert {key}"))
    }

    /// The open alert with a key, if there is one, with its events.
    pub fn open_alert(&mut self, key: &str) -> Option<Alert> {
        let identity = id::alert_identity(self.integration, key);
        self.ask(|board| {
            let mut alert = board.open_alert(&identity)?.cloned();
            board.add_events(alert.as_mut_slice())?;
            Ok(alert)
        })
    }

    /// The alert with this id, as it is on the board.
    pub fn alert_with_id(&mut self, id: &str) -> Option<Alert> {
        self.ask(|board| board.alert(id).map(|alert| alert.cloned()))
    }

    /// The id of the incident that holds the open alert with a key.
    pub fn holding(&mut self, key: &str) -> String {
        let id = self.alert(key).incident_id;
        assert!(!id.is_empty(), "{key} is in no incident");
        id
    }

    /// The alerts of an incident.
    pub fn alerts_of(&mut self, id: &str) -> Vec<Alert> {
        self.document(id).alerts
    }

    /// The timeline of an incident, the oldest entry first.
    pub fn timeline(&mut self, id: &str) -> Vec<FeedItem> {
        let ClosedIncident { incident, feed, .. } = self.document(id);
        let first = FeedItem::first(&incident, &feed);
        [first].into_iter().chain(feed).collect()
    }

    /// The kinds of the entries in it.
    pub fn story(&mut self, id: &str) -> Vec<String> {
        self.timeline(id).into_iter().map(|item| item.kind).collect()
    }

    /// The newest entry in it.
    pub fn newest(&mut self, id: &str) -> FeedItem {
        self.timeline(id).pop().expect("a timeline has a first entry")
    }

    fn document(&mut self, id: &str) -> ClosedIncident {
        if let Some(document) = self.closed.get(id) {
            return document.clone();
        }
        let found = self.ask(|board| {
            let mut document = board.with_alerts(id)?;
            document.as_mut().map_or(Ok(()), |document| board.add_events(&mut document.alerts))?;
            Ok(document)
        });
        found.unwrap_or_else(|| panic!("no {id}"))
    }

    /// The board in the form that does not depend on how it is stored.
    pub fn canonical(&mut self) -> Vec<u8> {
        self.ask(|board| board.canonical())
    }

    /// The board itself.
    pub fn board(&self) -> &Board {
        &self.board
    }

    // Storing.

    /// Puts another stored head in the place of the board's.
    pub fn replace_head(&mut self, head: &str) {
        self.board = Board::decode(head.as_bytes()).expect("a head");
    }

    /// Stores the board and reads it back: what it has on pages is not loaded then.
    pub(super) fn store(&mut self) {
        self.note_events();
        self.tokens += 1;
        let (token, now) = (self.tokens, self.now);
        let encoded = self.change(|board| board.encode(token, now));
        for key in encoded.deletes {
            self.pages.remove(&key);
        }
        self.pages.extend(encoded.writes);
        self.board = Board::decode(&encoded.head).expect("as encoded");
    }

    fn note_events(&mut self) {
        for batch in self.board.batches() {
            if let Batch::Inline(events) = batch {
                for event in events {
                    if !self.told.contains(&event.event_id) {
                        self.told.push(event.event_id.clone());
                        self.events.push_back(event);
                    }
                }
            }
        }
    }

    /// Asks the board, and loads what it misses.
    pub fn ask<T>(&mut self, question: impl Fn(&Board) -> Result<T, Missing>) -> T {
        self.change(|board| question(board))
    }

    /// Does something to the board, and loads what it misses.
    pub(super) fn change<T>(&mut self, mut does: impl FnMut(&mut Board) -> Result<T, Missing>) -> T {
        loop {
            match does(&mut self.board) {
                Ok(done) => return done,
                Err(Missing(key)) => {
                    let page: Page = self.read(&key);
                    self.board.load(key, Rc::new(page));
                }
            }
        }
    }

    fn read<T: serde::de::DeserializeOwned>(&self, key: &str) -> T {
        serde_json::from_slice(&self.bytes(key)).expect("as encoded")
    }

    /// A stored value, put together where it is in parts.
    fn bytes(&self, key: &str) -> Vec<u8> {
        let (tag, bytes) = self.pages.get(key).and_then(|value| value.split_first()).expect("it was written");
        if *tag == b'w' {
            return bytes.to_vec();
        }
        let parts: usize = std::str::from_utf8(bytes).ok().and_then(|digits| digits.parse().ok()).expect("a number");
        (0..parts).flat_map(|nth| self.pages[&keys::part(key, nth)].clone()).collect()
    }
}
