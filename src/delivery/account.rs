//! What is told and tried in one go, as the segments that the log will refer to.

use super::log::Span;
use super::segment::{Attempt, SegmentWriter, Told};
use crate::keys;
use crate::ports::Random;
use crate::sorted::SortedMap;
use crate::value;

/// A segment, ready to be stored.
#[derive(Clone, Debug)]
pub struct Written {
    /// What its key is made of.
    pub id: u64,
    /// In how many parts it is stored beside its key.
    pub parts: usize,
    /// The times that it covers.
    pub span: Span,
    /// Keys and values.
    pub entries: Vec<(String, Vec<u8>)>,
}

/// Collects segments.
pub struct Account<'a, R> {
    /// Whose log will refer to them.
    owner: String,
    random: &'a R,
    id: u64,
    writer: SegmentWriter,
    full: Vec<Written>,
    /// Where the payload of each event stands, by its id.
    keys: SortedMap<String, String>,
}

impl<'a, R: Random> Account<'a, R> {
    /// An empty one.
    pub fn new(owner: String, random: &'a R) -> Self {
        let (writer, id) = (SegmentWriter::default(), random.next_u64());
        Self { owner, random, id, writer, full: Vec::new(), keys: SortedMap::new() }
    }

    /// Has what comes stand in a segment of its own; which of the account's that is, from 0.
    pub fn part(&mut self) -> u64 {
        self.turn_over();
        u64::try_from(self.full.len()).unwrap_or(u64::MAX)
    }

    /// Adds an event; the key of the segment in which its payload stands.
    pub fn tell(&mut self, told: &Told) -> String {
        if let Some(key) = self.keys.get(&told.event_id) {
            return key.clone();
        }
        self.place(told);
        let key =
            if told.stands_in.is_empty() { keys::delivered(&self.owner, self.id) } else { told.stands_in.clone() };
        self.keys.insert(told.event_id.clone(), key.clone());
        key
    }

    /// Adds an attempt to tell of an event.
    pub fn note(&mut self, told: &Told, attempt: Attempt) {
        let key = self.tell(told);
        let here = keys::delivered(&self.owner, self.id);
        let told = if key == here { told.clone() } else { told.standing_in(&key) };
        let event = self.place(&told);
        let noted = self.writer.note(Attempt { event, ..attempt.clone() });
        if noted.is_err() {
            self.turn_over();
            let event = self.place(&told.standing_in(&key));
            // A segment that holds nothing but a stand-in has room for any attempt.
            let _fits = self.writer.note(Attempt { event, ..attempt });
        }
    }

    /// Its place in the segment that is being written, which is a new one where it does not fit.
    fn place(&mut self, told: &Told) -> u32 {
        self.writer.tell(told).unwrap_or_else(|_| {
            self.turn_over();
            // Whatever is the first fits.
            self.writer.tell(told).unwrap_or_default()
        })
    }

    fn turn_over(&mut self) {
        let id = std::mem::replace(&mut self.id, self.random.next_u64());
        if let Some((span, bytes)) = std::mem::take(&mut self.writer).finish() {
            let (entries, parts) = value::split(&keys::delivered(&self.owner, id), &bytes);
            self.full.push(Written { id, parts, span, entries });
        }
    }

    /// The segments, the oldest first.
    pub fn finish(mut self) -> Vec<Written> {
        self.turn_over();
        self.full
    }
}
