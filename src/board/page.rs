//! Pages: the stored bulk of a board.
//!
//! What a board keeps is spread over pages by a 64-bit slot that follows from its key. A page is written once under a
//! name of its own and never changed; a changed one is written anew and the old one dropped. It is split in two when
//! it grows too large, so a change costs one page, whatever the size of the board.
//!
//! Alerts and incidents lie in the order of time, so what is new comes onto the last page together; only the index of
//! open alerts, which is small, lies in the order of a hash.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::alert::Alert;
use super::archive::ClosedRef;
use super::change::Change;
use super::feed::FeedItem;
use super::flaps::Flaps;
use super::incident::Incident;
use crate::journal::Texts;

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
    /// In the index of open alerts: the id of the alert with this identity.
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
    /// In the index of what is due: whose time has come.
    #[serde(rename = "d")]
    Due(Whose),
    /// In the index: when an alert key changed lately.
    #[serde(rename = "f")]
    Flaps(Flaps),
    /// What an incident is compared by.
    #[serde(rename = "l")]
    Alike(Texts),
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

/// The place of a key among the pages: the first 16 digits of the id or identity in it.
pub fn slot(key: &str) -> u64 {
    u64::from_str_radix(key.get(2..18).unwrap_or_default(), 16).unwrap_or(0)
}

/// A page's content.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Page {
    /// What stands on it, by key.
    pub entities: BTreeMap<String, Entity>,
}

/// Where a page is stored and which slots it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageRef {
    /// The first slot that it is for.
    pub first: u64,
    /// It is for 2^(64 - depth) slots.
    pub depth: u8,
    /// Where it is stored; `None` for a page without content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// In how many parts beside its key.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub parts: usize,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl PageRef {
    /// The one page of a new board.
    pub const fn all() -> Self {
        Self::empty(0, 0)
    }

    const fn empty(first: u64, depth: u8) -> Self {
        Self { first, depth, key: None, parts: 0 }
    }

    /// The place in `pages` of the page that `key` belongs to.
    pub fn find(pages: &[Self], key: &str) -> usize {
        Self::find_slot(pages, slot(key))
    }

    /// The place in `pages` of the page for a slot.
    pub fn find_slot(pages: &[Self], slot: u64) -> usize {
        pages.partition_point(|page| page.first <= slot).saturating_sub(1)
    }
}

/// A page to be written: its place (its key is given when it is stored) and its content with the stored form, or none.
pub type Written = (PageRef, Option<(Page, Vec<u8>)>);

/// The pages that take the place of `place` when its content is now `page`: one, or several if it is too large.
pub fn write(place: &PageRef, page: Page) -> Vec<Written> {
    let (first, depth) = (place.first, place.depth);
    if page.entities.is_empty() {
        return vec![(PageRef::empty(first, depth), None)];
    }
    // Plain data with text keys: serialising it into memory has no way to fail.
    let bytes = serde_json::to_vec(&page).unwrap_or_default();
    if bytes.len() <= PAGE_BYTES || page.entities.len() == 1 || depth == 64 {
        return vec![(PageRef::empty(first, depth), Some((page, bytes)))];
    }
    let depth = depth + 1;
    let middle = first | (1 << (64 - u32::from(depth)));
    let (left, right): (BTreeMap<_, _>, BTreeMap<_, _>) =
        page.entities.into_iter().partition(|(key, _)| slot(key) < middle);
    let mut written = write(&PageRef::empty(first, depth), Page { entities: left });
    written.extend(write(&PageRef::empty(middle, depth), Page { entities: right }));
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
        let page = page_of(2000);
        let written = write(&PageRef::all(), page.clone());
        assert!(written.len() > 8);
        let fits = |(_, content): &Written| content.as_ref().is_none_or(|(_, bytes)| bytes.len() <= PAGE_BYTES);
        assert!(written.iter().all(fits));
        let places: Vec<_> = written.iter().map(|(place, _)| place.clone()).collect();
        for (key, entity) in &page.entities {
            let (found, bytes) = written[PageRef::find(&places, key)].1.as_ref().expect("a page with content");
            assert_eq!(found.entities.get(key), Some(entity));
            assert_eq!(serde_json::from_slice::<Page>(bytes).ok().as_ref(), Some(found));
        }
    }

    #[test]
    fn an_empty_page_is_not_stored() {
        assert!(matches!(write(&PageRef::all(), Page::default()).as_slice(), [(_, None)]));
    }

    #[test]
    fn entities_of_one_slot_stay_on_one_page_however_large() {
        let mut page = Page::default();
        for (key, entity) in page_of(1).entities {
            for nth in 0..1000 {
                page.entities.insert(format!("{key}{nth}"), entity.clone());
            }
        }
        let with_content = write(&PageRef::all(), page).into_iter().filter(|(_, content)| content.is_some());
        assert_eq!(with_content.count(), 1);
    }

    #[test]
    fn closed_incidents_lie_in_the_order_of_time() {
        assert!(slot("c:6928f1a4c05b7e33d1a90b4e") < slot("c:6928f1a5005b7e33d1a90b4e"));
    }
}
