//! Pages: the stored bulk of a board.
//!
//! What a board keeps is spread over pages by a 64-bit slot that follows from its key. A page is written once under a
//! name of its own and never changed; a changed one is written anew and the old one dropped. It is split when it grows
//! too large, so a change costs one page, whatever the size of the board. Of very many pages a head holds lists, which
//! are pages themselves.
//!
//! Alerts and incidents lie in the order of time, so what is new comes onto the last page together; only the index of
//! open alerts, which is small, lies in the order of a hash.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::alert::Alert;
use super::alert_ref::AlertRef;
use super::archive::ClosedRef;
use super::change::Change;
use super::feed::FeedItem;
use super::flaps::Flaps;
use super::incident::Incident;
use super::migrate;
use crate::journal::Texts;
use crate::json::{self, is_default};
use crate::keys;

/// A page larger than this is split, bytes.
pub const PAGE_BYTES: usize = 96 * 1024;

/// How much earlier than now what comes to a board may have been received, seconds; ample.
const LATE_S: u64 = 3600;

/// What a board keeps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Entity {
    /// An alert.
    #[serde(rename = "a")]
    Alert(Alert),
    /// An incident.
    #[serde(rename = "i")]
    Incident(Incident),
    /// In the index of open alerts: the id of the alert with this identity. In place of an alert that left: what is
    /// kept of it ([`AlertRef`]).
    #[serde(rename = "o")]
    Open(String),
    /// A closed incident, whose document stands elsewhere.
    #[serde(rename = "c")]
    Closed(ClosedRef),
    /// A change.
    #[serde(rename = "h")]
    Change(Change),
    /// An entry of an incident's timeline.
    #[serde(rename = "t")]
    Feed(FeedItem),
    /// An earlier event of an alert.
    #[serde(rename = "e")]
    Event(Value),
    /// In the index of what is due: whose time has come.
    #[serde(rename = "d")]
    Due(Whose),
    /// In the index: when an alert key changed lately.
    #[serde(rename = "f")]
    Flaps(Flaps),
    /// What an incident is compared by.
    #[serde(rename = "l")]
    Alike(Texts),
    /// In a list of pages: one of them.
    #[serde(rename = "r")]
    Page(PageRef),
}

impl Entity {
    /// Whether it matters no more at this Unix second, so that it may be let go of without a word. What was received
    /// earlier may still come.
    pub fn is_over(&self, secs: u64) -> bool {
        matches!(self, Self::Flaps(flaps) if flaps.is_over(secs.saturating_sub(LATE_S)))
    }
}

/// Whose time has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Whose {
    /// That of an incident.
    #[serde(rename = "i")]
    Incident(String),
    /// That of an alert.
    #[serde(rename = "a")]
    Alert(String),
}

/// The key of an open alert in the index, from its identity.
pub fn open(identity: &str) -> String {
    format!("o:{identity}")
}

/// The key of an alert key's changes in the index, from its identity.
pub fn flaps(identity: &str) -> String {
    format!("p:{identity}")
}

/// The key of a group in the index, from its mark.
pub fn group(mark: u64) -> String {
    format!("g:{mark:016x}")
}

/// The key of what an incident is compared by.
pub fn alike(incident_id: &str) -> String {
    format!("l:{incident_id}")
}

/// The key of an entry of an incident's timeline.
pub fn feed(incident_id: &str, nth: u32) -> String {
    format!("t:{incident_id}:{nth:08x}")
}

/// The key of an earlier event of an alert; `nth` counts from 1.
pub fn event(alert_id: &str, nth: u64) -> String {
    format!("e:{alert_id}:{nth:08x}")
}

/// The key of what is due at a Unix second: in the order of time.
pub fn due(secs: u64, id: &str) -> String {
    let secs = u32::try_from(secs).unwrap_or(u32::MAX);
    let tail = id.get(id.len().saturating_sub(8)..).unwrap_or_default();
    format!("d:{secs:08x}{tail:0>8}:{id}")
}

/// The Unix second in the key of what is due.
pub fn due_secs(key: &str) -> u64 {
    key.get(2..10).and_then(|secs| u64::from_str_radix(secs, 16).ok()).unwrap_or(0)
}

/// The key of an alert.
pub fn alert(alert_id: &str) -> String {
    format!("a:{alert_id}")
}

/// The key of an incident.
pub fn incident(incident_id: &str) -> String {
    format!("i:{incident_id}")
}

/// The key of an alert that has recovered and was in no incident.
pub fn past_alert(alert_id: &str) -> String {
    format!("x:{alert_id}")
}

/// The key of the incident with which an alert has left.
pub fn alert_ref(alert_id: &str) -> String {
    format!("y:{alert_id}")
}

/// The key of a change.
pub fn change(change_id: &str) -> String {
    format!("h:{change_id}")
}

/// The key of a closed incident.
pub fn closed(incident_id: &str) -> String {
    format!("c:{incident_id}")
}

/// The key of a page in a list of pages.
pub fn listed(first: u64) -> String {
    format!("r:{first:016x}")
}

/// The place of a key among the pages: the first 16 digits of the id or identity in it.
pub fn slot(key: &str) -> u64 {
    slot_of(key.get(2..).unwrap_or_default())
}

/// The place of what has this id.
pub fn slot_of(id: &str) -> u64 {
    u64::from_str_radix(id.get(..16).unwrap_or_default(), 16).unwrap_or(0)
}

/// The Unix second of what stands at a slot, where ids are in the order of time.
pub const fn slot_secs(slot: u64) -> u64 {
    slot >> 32
}

/// The first slot of what is from this Unix second: the first 32 bits of an id are its second.
pub fn first_slot(secs: u64) -> u64 {
    u32::try_from(secs).map_or(u64::MAX, |secs| u64::from(secs) << 32)
}

/// The last one.
pub fn last_slot(secs: u64) -> u64 {
    first_slot(secs) | u64::from(u32::MAX)
}

/// A page's content.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Page {
    /// What stands on it, by key.
    pub entities: BTreeMap<String, Entity>,
}

impl Page {
    /// Reads the stored form, also that of the version before.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        json::from_slice(bytes).or_else(|_| migrate::page(bytes))
    }

    /// When the latest event of an alert on it came, Unix seconds; never 0.
    pub fn newest(&self) -> u64 {
        let heard = |entity: &Entity| match entity {
            Entity::Alert(alert) => alert.last_time,
            Entity::Open(left) => AlertRef::last_time(left),
            _ => 0,
        };
        self.entities.values().map(heard).max().unwrap_or(0).max(1)
    }

    /// Lets go what matters no more at this Unix second. Timelines go with their incidents.
    pub fn let_go(&mut self, secs: u64) {
        let mut orphans = Vec::new();
        for (key, entity) in &self.entities {
            let orphan = matches!(entity, Entity::Feed(_))
                && !key.get(2..26).is_some_and(|id| self.entities.contains_key(&incident(id)));
            if orphan || entity.is_over(secs) {
                orphans.push(key.clone());
            }
        }
        for key in orphans {
            self.entities.remove(&key);
        }
    }
}

/// Where a page is stored, and from which slot on it is for; up to the next one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageRef {
    /// The first slot that it is for.
    pub first: u64,
    /// Where it is stored; `None`: it has no content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// In how many parts beside its key.
    #[serde(default, skip_serializing_if = "is_default")]
    pub parts: usize,
    /// Of a page, when the latest event of an alert on it came, Unix seconds; 0: that is not known.
    #[serde(rename = "u", default, skip_serializing_if = "is_default")]
    pub newest: u64,
    /// 0: it is a page. Else it is a list of what has lower levels.
    #[serde(default, skip_serializing_if = "is_default")]
    pub level: u8,
}

impl PageRef {
    /// The one page of a new board.
    pub const fn all() -> Self {
        Self { first: 0, key: None, parts: 0, newest: 0, level: 0 }
    }

    /// The place in `pages` of the one for a slot.
    pub fn find(pages: &[Self], slot: u64) -> usize {
        pages.partition_point(|page| page.first <= slot).saturating_sub(1)
    }

    /// All keys that it is stored under.
    pub fn keys(&self) -> impl Iterator<Item = String> {
        let parts = self.key.iter().flat_map(|key| (0..self.parts).map(move |part| keys::part(key, part)));
        parts.chain(self.key.clone())
    }
}

/// The pages for the entities of one that may have grown too large: each with its first slot and its stored form.
/// `last`: nothing comes after them, and what is new comes onto the last of them; so the others are filled.
pub fn write(page: Page, last: bool) -> Vec<(u64, Page, Vec<u8>)> {
    let mut entries = Vec::with_capacity(page.entities.len());
    let mut total = 0;
    for (key, entity) in page.entities {
        // Plain data with text keys: serialising it into memory has no way to fail.
        let (mut bytes, stored) =
            (serde_json::to_vec(&key).unwrap_or_default(), serde_json::to_vec(&entity).unwrap_or_default());
        bytes.push(b':');
        bytes.extend(stored);
        total += bytes.len() + 1;
        entries.push((slot(&key), key, entity, bytes));
    }
    entries.sort_unstable_by(|(slot, key, ..), (other, than, ..)| (slot, key).cmp(&(other, than)));
    let pages = (total * 3).div_ceil(PAGE_BYTES * 2).max(1);
    let target = match (total <= PAGE_BYTES, last) {
        (true, _) => PAGE_BYTES,
        (_, true) => PAGE_BYTES / 8 * 7,
        (_, false) => total / pages,
    };
    let mut written: Vec<(u64, Page, Vec<u8>)> = Vec::new();
    let mut before = None;
    for (slot, key, entity, bytes) in entries {
        // What has one slot stays on one page.
        let fits = written.last().is_some_and(|(_, _, stored)| stored.len() + bytes.len() < target);
        if written.is_empty() || (!fits && before != Some(slot)) {
            written.push((slot, Page::default(), Vec::new()));
        }
        before = Some(slot);
        if let Some((_, page, stored)) = written.last_mut() {
            stored.push(if stored.is_empty() { b'{' } else { b',' });
            stored.extend(bytes);
            page.entities.insert(key, entity);
        }
    }
    written.iter_mut().for_each(|(_, _, stored)| stored.push(b'}'));
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Cause, alert_identity};
    use crate::intake::AlertEvent;
    use crate::journal::Arrival;
    use crate::time::Timestamp;

    fn page_of(alerts: usize) -> Page {
        let alert = |nth: usize| {
            let event = AlertEvent { description: "d".repeat(400), ..AlertEvent::default() };
            let cause = Cause { stream: 1, n: nth as u64, index: 0, received: Timestamp(0), channel: 1 };
            Alert::open(cause, 1, &Arrival { event, ..Arrival::default() })
        };
        let entities = (0..alerts).map(|nth| (open(&alert_identity(1, &nth.to_string())), Entity::Alert(alert(nth))));
        Page { entities: entities.collect() }
    }

    #[test]
    fn a_large_page_is_split_and_every_key_finds_its_page() {
        for last in [false, true] {
            let page = page_of(2000);
            let written = write(page.clone(), last);
            assert!(written.len() > 8);
            assert!(written.iter().all(|(_, _, bytes)| bytes.len() <= PAGE_BYTES));
            let filled = written.iter().filter(|(_, _, bytes)| bytes.len() > PAGE_BYTES / 4 * 3).count();
            assert_eq!(filled >= written.len() - 1, last, "{filled} of {}", written.len());
            let places: Vec<_> =
                written.iter().map(|(first, ..)| PageRef { first: *first, ..PageRef::all() }).collect();
            for (key, entity) in &page.entities {
                let (_, found, bytes) = &written[PageRef::find(&places, slot(key))];
                assert_eq!(found.entities.get(key), Some(entity));
                assert_eq!(Page::decode(bytes).as_ref(), Ok(found));
            }
        }
    }

    #[test]
    fn an_empty_page_is_not_stored() {
        assert!(write(Page::default(), true).is_empty());
    }

    #[test]
    fn entities_of_one_slot_stay_on_one_page_however_large() {
        let mut page = Page::default();
        for (key, entity) in page_of(1).entities {
            for nth in 0..1000 {
                page.entities.insert(format!("{key}{nth}"), entity.clone());
            }
        }
        assert_eq!(write(page, false).len(), 1);
    }

    #[test]
    fn closed_incidents_lie_in_the_order_of_time() {
        assert!(slot("c:6928f1a4c05b7e33d1a90b4e") < slot("c:6928f1a5005b7e33d1a90b4e"));
    }
}
