//! Closed incidents: when all their events are delivered they leave the board. Their final document is stored under a
//! key of its own first, with many alerts in a second one, so that lists read little. The board keeps a short reference,
//! in the order of time, with what lists filter by.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::alert::Alert;
use super::alert_ref::AlertRef;
use super::feed::{FEED, FeedItem};
use super::head::{Board, Missing};
use super::incident::Incident;
use super::migrate;
use super::page::{self, Entity};
use super::past;
use super::step::Step;
use crate::intake::Severity;
use crate::json::{self, is_default};
use crate::keys;
use crate::sorted::add;
use crate::value;

/// Alerts larger than this together are stored apart from their incident, bytes.
const ALERTS_BYTES: usize = 32 * 1024;

/// The final document of a closed incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClosedIncident {
    /// The format; [`ClosedIncident::FORMAT`].
    pub v: u32,
    /// The incident.
    pub incident: Incident,
    /// Its alerts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<Alert>,
    /// Whether its alerts are stored under a key of their own, and were not added yet.
    #[serde(default, skip_serializing_if = "is_default")]
    pub apart: bool,
    /// Its timeline, oldest first, without the first entry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub feed: Vec<FeedItem>,
}

/// What leaving incidents leave behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Keys and values, to be stored before the board.
    pub writes: Vec<(String, Vec<u8>)>,
    /// Keys that nothing refers to any more.
    pub dropped: Vec<String>,
}

impl Left {
    /// Adds up two.
    pub fn add(&mut self, other: Self) {
        self.writes.extend(other.writes);
        self.dropped.extend(other.dropped);
    }
}

impl ClosedIncident {
    /// The format that this version writes.
    pub const FORMAT: u32 = 2;

    /// What is stored: keys and values. `reference` learns in how many parts.
    fn store(mut self, reference: &mut ClosedRef) -> Vec<(String, Vec<u8>)> {
        let id = self.incident.incident_id.clone();
        let mut writes = Vec::new();
        // Plain data with text keys: serialising it into memory has no way to fail.
        let alerts = serde_json::to_vec(&self.alerts).unwrap_or_default();
        if alerts.len() > ALERTS_BYTES {
            let (entries, parts) = value::split(&keys::incident_alerts(&id), &alerts);
            writes.extend(entries);
            reference.alert_keys = reference.alert_keys.max(parts + 1);
            (self.alerts, self.apart) = (Vec::new(), true);
        }
        let (entries, parts) = value::split(&keys::incident(&id), &serde_json::to_vec(&self).unwrap_or_default());
        writes.extend(entries);
        reference.parts = reference.parts.max(parts);
        writes
    }

    /// Reads the stored form, also that of the version before.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        match json::from_slice::<Self>(bytes) {
            Ok(document) if document.v == Self::FORMAT => Ok(document),
            _ => migrate::closed(bytes),
        }
    }

    /// Adds the alerts that are stored apart.
    pub fn add_alerts(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.alerts = json::from_slice(bytes).map_err(|e| e.to_string())?;
        self.apart = false;
        Ok(())
    }
}

/// What the board keeps of a closed incident: what lists filter by, and under how many keys its documents stand. Its
/// id is in the key; the id says when it was triggered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedRef {
    /// When it was closed, Unix seconds.
    #[serde(rename = "c")]
    pub close_time: u64,
    /// Its severity.
    #[serde(rename = "v")]
    pub incident_severity: Severity,
    /// Whether an alert of it was ever silenced or inhibited.
    #[serde(rename = "m", default, skip_serializing_if = "is_default")]
    pub ever_muted: bool,
    /// The hashes of its labels ([`label_hash`]), rising.
    #[serde(rename = "l", default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<u32>,
    /// Who was asked to handle it.
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    pub responder_ids: Vec<i64>,
    /// Who acknowledged it.
    #[serde(rename = "a", default, skip_serializing_if = "Vec::is_empty")]
    pub acker_ids: Vec<i64>,
    /// Who made it; 0: an alert did.
    #[serde(rename = "n", default, skip_serializing_if = "is_default")]
    pub creator_id: i64,
    /// Who closed it; 0: nobody.
    #[serde(rename = "e", default, skip_serializing_if = "is_default")]
    pub closer_id: i64,
    /// Its title, as far as [`TITLE_BYTES`] go: what searches look at.
    #[serde(rename = "t", default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// In how many parts beside its key its document stands, at most.
    #[serde(rename = "p", default, skip_serializing_if = "is_default")]
    pub parts: usize,
    /// Under how many keys its alerts stand apart, at most.
    #[serde(rename = "k", default, skip_serializing_if = "is_default")]
    pub alert_keys: usize,
    /// Whether it was called back to the board: its document is not the last word.
    #[serde(rename = "b", default, skip_serializing_if = "is_default")]
    pub recalled: bool,
}

/// So much of a title is kept in a reference, bytes: a hundred thousand of them are gone over in one search.
pub const TITLE_BYTES: usize = 160;

/// What stands for a label in references to closed incidents. Two labels may share one.
pub fn label_hash(name: &str, value: &str) -> u32 {
    let mut hash = Sha256::new();
    hash.update(name.as_bytes());
    hash.update(b"=");
    hash.update(value.as_bytes());
    hash.finalize().first_chunk::<4>().map_or(0, |first| u32::from_be_bytes(*first))
}

impl Step<'_> {
    /// Takes a closed incident off the board, with everything that belongs to it. Its final document is to be stored
    /// before the board is; of one that is to be forgotten, what it had before is dropped.
    pub fn leave(&mut self, incident: Incident) -> Result<Left, Missing> {
        let mut alerts = self.members(&incident)?;
        let feed = self.feed_of(&incident)?;
        let id = &incident.incident_id;
        for alert in &mut alerts {
            self.gather_events(alert)?;
            self.unindex_alert(alert)?;
            self.remove(page::alert(&alert.alert_id));
        }
        for nth in oldest_entry(&incident)..incident.feed_cnt {
            self.remove(page::feed(id, nth));
        }
        if incident.due_at > 0 {
            self.remove(page::due(incident.due_at, id));
        }
        self.remove(page::incident(id));
        let before = match incident.recalled {
            true => self.reference(id)?,
            false => None,
        };
        if incident.is_removed() {
            self.remove(page::closed(id));
            return Ok(Left { dropped: before.map(|b| b.keys(id).collect()).unwrap_or_default(), ..Left::default() });
        }
        past::fit(&mut alerts);
        for alert in &alerts {
            self.put(page::alert_ref(&alert.alert_id), Entity::Open(AlertRef::of(alert, id).write()));
        }
        let key = page::closed(id);
        // What it left behind when it left before is written over, as far as it is as large now.
        let mut reference = ClosedRef::of(&incident, before.as_ref());
        let document = ClosedIncident { v: ClosedIncident::FORMAT, incident, alerts, apart: false, feed };
        let writes = document.store(&mut reference);
        self.put(key, Entity::Closed(reference));
        Ok(Left { writes, dropped: Vec::new() })
    }

    /// Puts a closed incident that has left back onto the board, for people to do something to it. It leaves again when
    /// what they did is delivered.
    pub fn recall(&mut self, document: ClosedIncident) -> Result<(), Missing> {
        let ClosedIncident { mut incident, alerts, feed, .. } = document;
        if let Some(mut reference) = self.reference(&incident.incident_id)? {
            (reference.recalled, incident.recalled) = (true, true);
            self.put(page::closed(&incident.incident_id), Entity::Closed(reference));
        }
        for alert in alerts {
            self.remove(page::alert_ref(&alert.alert_id));
            self.put_alert(alert);
        }
        incident.due_at = 0;
        for (nth, item) in (oldest_entry(&incident)..).zip(feed) {
            self.put(page::feed(&incident.incident_id, nth), Entity::Feed(item));
        }
        self.put_incident(incident);
        Ok(())
    }

    fn reference(&self, incident_id: &str) -> Result<Option<ClosedRef>, Missing> {
        Ok(match self.get(&page::closed(incident_id))? {
            Some(Entity::Closed(reference)) => Some(reference.clone()),
            _ => None,
        })
    }

    fn feed_of(&self, incident: &Incident) -> Result<Vec<FeedItem>, Missing> {
        let mut items = Vec::new();
        for nth in oldest_entry(incident)..incident.feed_cnt {
            if let Some(Entity::Feed(item)) = self.get(&page::feed(&incident.incident_id, nth))? {
                items.push(item.clone());
            }
        }
        Ok(items)
    }
}

impl Board {
    /// The incident with this id, its alerts and its timeline, if it is on the board.
    pub fn with_alerts(&self, incident_id: &str) -> Result<Option<ClosedIncident>, Missing> {
        let Some(incident) = self.incident(incident_id)?.cloned() else {
            return Ok(None);
        };
        let step = self.step();
        let (alerts, feed) = (step.members(&incident)?, step.feed_of(&incident)?);
        Ok(Some(ClosedIncident { v: ClosedIncident::FORMAT, incident, alerts, apart: false, feed }))
    }
}

/// The number of the oldest entry of a timeline that is kept.
fn oldest_entry(incident: &Incident) -> u32 {
    incident.feed_cnt.saturating_sub(FEED)
}

impl ClosedRef {
    /// That of an incident which may have had one before.
    fn of(incident: &Incident, before: Option<&Self>) -> Self {
        let mut reference = Self {
            close_time: incident.close_time,
            incident_severity: incident.incident_severity,
            ever_muted: incident.ever_muted,
            title: incident.title.get(..incident.title.floor_char_boundary(TITLE_BYTES)).unwrap_or_default().to_owned(),
            parts: before.map_or(0, |before| before.parts),
            alert_keys: before.map_or(0, |before| before.alert_keys),
            ..Self::default()
        };
        for (name, value) in &incident.labels {
            add(&mut reference.labels, label_hash(name, value));
        }
        if let Some(handling) = &incident.handling {
            (reference.creator_id, reference.closer_id) = (handling.creator_id, handling.closer_id);
            for responder in &handling.responders {
                reference.responder_ids.push(responder.person_id);
                if responder.acknowledged_at > 0 {
                    reference.acker_ids.push(responder.person_id);
                }
            }
        }
        reference
    }

    /// All keys that its documents may stand under.
    pub fn keys(&self, incident_id: &str) -> impl Iterator<Item = String> + use<> {
        let (document, alerts) = (keys::incident(incident_id), keys::incident_alerts(incident_id));
        let (parts, alert_parts) = (self.parts, self.alert_keys.saturating_sub(1));
        let apart = (self.alert_keys > 0).then(|| alerts.clone());
        let of_document = (0..parts).map({
            let document = document.clone();
            move |part| keys::part(&document, part)
        });
        let of_alerts = (0..alert_parts).map(move |part| keys::part(&alerts, part));
        of_document.chain([document]).chain(of_alerts).chain(apart)
    }
}

#[cfg(test)]
mod tests;
