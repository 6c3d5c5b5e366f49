//! The log of what was delivered: segments in the order of time, as the log stands in a board's head or a retry queue.
//!
//! Segments are values of their own, written before the log refers to them and never changed. Where references to them
//! are many, the oldest of them move together to an index page, and of index pages the oldest to a further one: so what
//! stands in the head stays small with millions of segments. Everything here is pure: what must be read is named, what
//! must be written or deleted is returned.

use serde::{Deserialize, Serialize};

use crate::json;
use crate::keys;
use crate::sorted::SortedMap;
use crate::value;

/// How many references move to an index page together; a level keeps less than twice as many, or as many at most for
/// the time of a push or two.
pub const FAN: usize = 32;
/// About how many keys one call of [`Log::expire`] returns at most; those of one segment's parts may come on top.
pub const SLICE: usize = 64;

/// A time range, both ends inclusive, Unix milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first millisecond.
    pub from_ms: u64,
    /// The last millisecond.
    pub until_ms: u64,
}

impl Span {
    /// All of time.
    pub const ALL: Self = Self { from_ms: 0, until_ms: u64::MAX };

    /// The range of one moment.
    pub const fn of(ms: u64) -> Self {
        Self { from_ms: ms, until_ms: ms }
    }

    /// The shortest range with both in it.
    pub fn with(self, other: Self) -> Self {
        let (from_ms, until_ms) = (self.from_ms.min(other.from_ms), self.until_ms.max(other.until_ms));
        Self { from_ms, until_ms }
    }

    /// Whether a moment lies in it.
    pub const fn contains(self, ms: u64) -> bool {
        self.from_ms <= ms && ms <= self.until_ms
    }

    /// Whether they have a moment in common.
    pub const fn meets(self, other: Self) -> bool {
        self.from_ms <= other.until_ms && other.from_ms <= self.until_ms
    }
}

/// A reference to a segment, or to an index page and thereby to all segments below it. Its JSON is a list of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<u64>", into = "Vec<u64>")]
pub struct Ref {
    /// What it is stored under: [`keys::delivered`] with the log's owner.
    pub id: u64,
    /// The number of the first segment below it, or of the segment.
    pub first: u64,
    /// How many segments are below it; 1 for a segment.
    pub n: u64,
    /// What times they cover, at least; they may overlap with those of their neighbours.
    pub span: Span,
    /// In how many parts the value is stored, as [`value::put`] counts them; 0: it is whole.
    pub parts: u16,
}

impl Ref {
    /// The number of the first segment after it.
    pub const fn end(&self) -> u64 {
        self.first.saturating_add(self.n)
    }

    /// The keys under which it is stored, the parts last.
    fn keys(&self, owner: &str) -> impl Iterator<Item = String> {
        let key = keys::delivered(owner, self.id);
        let parts: Vec<String> = (0..usize::from(self.parts)).map(|part| keys::part(&key, part)).collect();
        std::iter::once(key).chain(parts)
    }
}

impl From<Ref> for Vec<u64> {
    fn from(of: Ref) -> Self {
        let Span { from_ms, until_ms } = of.span;
        let mut stored = vec![of.id, of.first, of.n, from_ms, until_ms.saturating_sub(from_ms)];
        if of.parts > 0 {
            stored.push(of.parts.into());
        }
        stored
    }
}

impl TryFrom<Vec<u64>> for Ref {
    type Error = &'static str;

    fn try_from(stored: Vec<u64>) -> Result<Self, Self::Error> {
        let (id, first, n, from_ms, length_ms, parts) = match stored[..] {
            [id, first, n, from_ms, length_ms] => (id, first, n, from_ms, length_ms, 0),
            [id, first, n, from_ms, length_ms, parts] => (id, first, n, from_ms, length_ms, parts),
            _ => return Err("a reference is a list of five or six numbers"),
        };
        let parts = u16::try_from(parts).map_err(|_| "more parts than a value can have")?;
        let span = Span { from_ms, until_ms: from_ms.saturating_add(length_ms) };
        Ok(Self { id, first, n, span, parts })
    }
}

/// An index page that is needed and was not loaded: its id, from which [`keys::delivered`] makes the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("index page {0:016x} is not loaded")]
pub struct Missing(pub u64);

/// The index pages that were loaded so far. They never change.
#[derive(Clone, Debug, Default)]
pub struct Loaded(SortedMap<u64, Vec<Ref>>);

impl Loaded {
    /// Adds a page from its stored value, as [`value::get`] returns it.
    ///
    /// # Errors
    /// When it is no index page.
    pub fn add(&mut self, id: u64, bytes: &[u8]) -> Result<(), String> {
        self.0.insert(id, json::from_slice(bytes).map_err(|e| e.to_string())?);
        Ok(())
    }

    /// Notes that a page is gone for good: walking goes on behind it.
    pub fn add_lost(&mut self, id: u64) {
        self.0.insert(id, Vec::new());
    }

    fn get(&self, id: u64) -> Result<&[Ref], Missing> {
        self.0.get(&id).map(Vec::as_slice).ok_or(Missing(id))
    }
}

/// The log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// The number of the next segment.
    #[serde(rename = "n", default)]
    next: u64,
    /// The number of the oldest segment that has not expired.
    #[serde(rename = "f", default)]
    first: u64,
    /// The oldest segment does not expire before this, Unix ms.
    #[serde(rename = "k", default)]
    kept_ms: u64,
    /// References by levels, oldest first: those of level 0 are to segments, those of every other one to index pages of
    /// references as they stand on the level below. What is on a higher level is older.
    #[serde(rename = "l", default)]
    levels: Vec<Vec<Ref>>,
}

/// Which way to walk.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// To newer ones, from the segment with this number on.
    Up,
    /// To older ones, from before the segment with this number.
    Down,
}

impl Log {
    /// Whether nothing was ever put into it.
    pub const fn is_unused(&self) -> bool {
        self.next == 0
    }

    /// The number that the next segment gets. The first one is 0; no number is given twice.
    pub const fn next_seq(&self) -> u64 {
        self.next
    }

    /// The oldest segment does not expire before this, Unix ms; `None` where there is none.
    pub fn kept_ms(&self) -> Option<u64> {
        (self.first < self.next).then_some(self.kept_ms)
    }

    /// The number of the oldest segment that is still there; [`Log::next_seq`] if none is.
    pub const fn first_seq(&self) -> u64 {
        self.first
    }

    /// When the segment with this number begins, Unix milliseconds; of one that stands on an index page, when that does.
    pub fn begins_ms(&self, seq: u64) -> Option<u64> {
        let mut refs = self.levels.iter().flatten();
        refs.find(|found| (found.first..found.end()).contains(&seq)).map(|found| found.span.from_ms)
    }

    /// When the segment that is stored under a key begins, Unix milliseconds, as far as it stands in the head; of one that
    /// does not, when the oldest of those begins. `owner` is whose log this is.
    pub fn stored_ms(&self, owner: &str, key: &str) -> Option<u64> {
        let (segments, pages) = self.levels.split_first()?;
        let found = segments.iter().find(|found| keys::delivered(owner, found.id) == key);
        let found = found.or_else(|| pages.iter().flatten().min_by_key(|page| page.span.from_ms));
        found.map(|found| found.span.from_ms)
    }

    /// Adds a segment that is stored under `keys::delivered(owner, id)` in so many parts, with the times that it covers.
    /// Returns an index page, key and value ready to be set, that must be stored before the log is.
    ///
    /// Ids must not come twice for an owner: they are random numbers, `random` gives one for the index page.
    pub fn push(
        &mut self,
        owner: &str,
        id: u64,
        parts: usize,
        span: Span,
        random: &mut dyn FnMut() -> u64,
    ) -> Option<(String, Vec<u8>)> {
        if self.first == self.next {
            self.kept_ms = span.until_ms;
        }
        let parts = u16::try_from(parts).unwrap_or(u16::MAX);
        let segment = Ref { id, first: self.next, n: 1, span, parts };
        self.next = self.next.saturating_add(1);
        self.put(0, segment);
        // One level for each push: the next one has its turn with the next push, long before this one is full again.
        let level = self.levels.iter().position(|refs| refs.len() >= 2 * FAN)?;
        let page: Vec<Ref> = self.levels.get_mut(level)?.drain(..FAN).collect();
        let (oldest, newest) = (page.first()?, page.last()?);
        let index = Ref {
            id: random(),
            first: oldest.first,
            n: newest.end().saturating_sub(oldest.first),
            span: page.iter().fold(oldest.span, |span, below| span.with(below.span)),
            parts: 0,
        };
        self.put(level + 1, index);
        // Plain data: serialising it into memory has no way to fail.
        let bytes = serde_json::to_vec(&page).unwrap_or_default();
        value::split(&keys::delivered(owner, index.id), &bytes).0.pop()
    }

    fn put(&mut self, level: usize, reference: Ref) {
        match self.levels.get_mut(level) {
            Some(refs) => refs.push(reference),
            None => self.levels.push(vec![reference]),
        }
    }

    /// The oldest segment from this number on that may have something in a time range. To catch up: begin with the
    /// number up to which all is done, go on with the [`Ref::end`] of what was found.
    ///
    /// # Errors
    /// An index page is needed: load it, add it to `loaded`, ask again.
    pub fn find(&self, loaded: &Loaded, from: u64, span: Span) -> Result<Option<Ref>, Missing> {
        self.walk(loaded, from.max(self.first), span, Way::Up)
    }

    /// The newest segment before this number that may have something in a time range. To list: begin with
    /// [`Log::next_seq`], go on with the [`Ref::first`] of what was found.
    ///
    /// # Errors
    /// An index page is needed: load it, add it to `loaded`, ask again.
    pub fn find_before(&self, loaded: &Loaded, before: u64, span: Span) -> Result<Option<Ref>, Missing> {
        self.walk(loaded, before, span, Way::Down)
    }

    /// The next segment on the way. With every turn, `at` passes one reference at least.
    fn walk(&self, loaded: &Loaded, mut at: u64, span: Span, way: Way) -> Result<Option<Ref>, Missing> {
        while way == Way::Up || at > self.first {
            let Some((mut level, mut found)) = self.top(at, way) else {
                break;
            };
            while found.span.meets(span) {
                if level == 0 {
                    return Ok(Some(found));
                }
                level -= 1;
                match next(loaded.get(found.id)?, at, way) {
                    Some(below) => found = below,
                    None => break,
                }
            }
            at = if way == Way::Up { found.end() } else { found.first };
        }
        Ok(None)
    }

    /// The reference in the head that leads to the next segment on the way, and its level.
    fn top(&self, at: u64, way: Way) -> Option<(usize, Ref)> {
        let found = |(level, refs): (usize, &Vec<Ref>)| Some((level, next(refs, at, way)?));
        match way {
            Way::Up => self.levels.iter().enumerate().rev().find_map(found),
            Way::Down => self.levels.iter().enumerate().find_map(found),
        }
    }

    /// Lets go of segments in which everything is older than `before_ms`, oldest first, as many as make a slice; and of
    /// the index pages that lead to nothing else. Returns the keys to delete, after the log was stored; none where
    /// nothing (more) is to expire. Costs no read as long as the oldest segment is not old enough.
    ///
    /// # Errors
    /// An index page is needed: load it, add it to `loaded`, ask again. The log is unchanged.
    pub fn expire(&mut self, owner: &str, before_ms: u64, loaded: &Loaded) -> Result<Vec<String>, Missing> {
        let (mut expired, mut first, mut kept_ms) = (Vec::new(), self.first, self.kept_ms);
        while kept_ms < before_ms && expired.len() < SLICE {
            let way = match self.way_to(loaded, first) {
                Err(missing) if expired.is_empty() => return Err(missing),
                // The rest of the slice comes with the next call.
                Err(_) => break,
                Ok(way) => way,
            };
            let Some(oldest) = way.last() else {
                break;
            };
            kept_ms = oldest.span.until_ms;
            if kept_ms >= before_ms {
                break;
            }
            first = oldest.end();
            for passed in way.iter().rev().take_while(|passed| passed.end() <= first) {
                expired.extend(passed.keys(owner));
            }
        }
        (self.first, self.kept_ms) = (first, kept_ms);
        self.levels.iter_mut().for_each(|refs| refs.retain(|kept| kept.end() > first));
        while self.levels.last().is_some_and(Vec::is_empty) {
            self.levels.pop();
        }
        Ok(expired)
    }

    /// All references on the way to a segment, the topmost first; where an index page is lost, it is the last.
    fn way_to(&self, loaded: &Loaded, seq: u64) -> Result<Vec<Ref>, Missing> {
        let Some((mut level, mut found)) = self.top(seq, Way::Up) else {
            return Ok(Vec::new());
        };
        let mut way = vec![found];
        while level > 0 {
            level -= 1;
            match next(loaded.get(found.id)?, seq, Way::Up) {
                Some(below) => found = below,
                None => break,
            }
            way.push(found);
        }
        Ok(way)
    }
}

/// The reference among some of one level that leads to the next segment on the way.
fn next(refs: &[Ref], at: u64, way: Way) -> Option<Ref> {
    match way {
        Way::Up => refs.iter().find(|found| found.end() > at).copied(),
        Way::Down => refs.iter().rev().find(|found| found.first < at).copied(),
    }
}

#[cfg(test)]
mod tests;
