//! Closed incidents: when all their events are delivered they leave the board. Their final document is stored under a
//! key of its own first; the board keeps a short reference, in the order of time, so that they stay listable.

use serde::{Deserialize, Serialize};

use super::alert::Alert;
use super::feed::{FEED, FeedItem};
use super::head::{Board, Missing};
use super::incident::Incident;
use super::page::{self, Entity};
use super::step::Step;
use crate::intake::Severity;

/// The final document of a closed incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClosedIncident {
    /// The format; [`ClosedIncident::FORMAT`].
    pub v: u32,
    /// The incident.
    pub incident: Incident,
    /// Its alerts.
    pub alerts: Vec<Alert>,
    /// Its timeline, oldest first, without the first entry.
    #[serde(default)]
    pub feed: Vec<FeedItem>,
}

impl ClosedIncident {
    /// The format that this version writes.
    pub const FORMAT: u32 = 1;

    /// The stored form.
    pub fn encode(&self) -> Vec<u8> {
        // Plain data with text keys: serialising it into memory has no way to fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads the stored form.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let document: Self = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
        if document.v == Self::FORMAT { Ok(document) } else { Err(format!("format {} is not known", document.v)) }
    }
}

/// What the board keeps of a closed incident.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedRef {
    /// 24 hex digits.
    pub incident_id: String,
    /// When it was triggered, Unix seconds.
    pub start_time: u64,
    /// When it was closed, Unix seconds.
    pub close_time: u64,
    /// Its severity.
    pub incident_severity: Severity,
}

impl Step<'_> {
    /// Takes a closed incident off the board, with everything that belongs to it. Its final document is to be stored
    /// before the board is; that of one that is to be forgotten says only that.
    pub fn leave(&mut self, incident: Incident) -> Result<ClosedIncident, Missing> {
        let alerts = self.members(&incident)?;
        let feed = self.feed_of(&incident)?;
        let id = &incident.incident_id;
        for alert in &alerts {
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
        if incident.is_removed() {
            // It may have left before, and been called back: what was stored then must be forgotten as well.
            let (alerts, feed) = (Vec::new(), Vec::new());
            return Ok(ClosedIncident { v: ClosedIncident::FORMAT, incident, alerts, feed });
        }
        for alert in &alerts {
            self.put(page::alert_ref(&alert.alert_id), Entity::Open(id.clone()));
        }
        self.put(page::closed(id), Entity::Closed(ClosedRef::of(&incident)));
        Ok(ClosedIncident { v: ClosedIncident::FORMAT, incident, alerts, feed })
    }

    /// Puts a closed incident that has left back onto the board, for people to do something to it. It leaves again when
    /// what they did is delivered.
    pub fn recall(&mut self, document: ClosedIncident) {
        let ClosedIncident { mut incident, alerts, feed, .. } = document;
        self.remove(page::closed(&incident.incident_id));
        for alert in alerts {
            self.remove(page::alert_ref(&alert.alert_id));
            self.put_alert(alert);
        }
        incident.due_at = 0;
        for (nth, item) in (oldest_entry(&incident)..).zip(feed) {
            self.put(page::feed(&incident.incident_id, nth), Entity::Feed(item));
        }
        self.put_incident(incident);
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
        Ok(Some(ClosedIncident { v: ClosedIncident::FORMAT, incident, alerts, feed }))
    }
}

/// The number of the oldest entry of a timeline that is kept.
fn oldest_entry(incident: &Incident) -> u32 {
    incident.feed_cnt.saturating_sub(FEED)
}

impl ClosedRef {
    fn of(incident: &Incident) -> Self {
        Self {
            incident_id: incident.incident_id.clone(),
            start_time: incident.start_time,
            close_time: incident.close_time,
            incident_severity: incident.incident_severity,
        }
    }
}
