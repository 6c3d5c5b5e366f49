//! A record of the journal: what one write made durable.

use serde::{Deserialize, Serialize};

use super::reader::Place;
use super::ruling::Ruling;
use crate::intake::{AlertEvent, ChangeEvent, Comment};
use crate::json::{self, is_default};
use crate::time::Timestamp;

/// Everything that was accepted by one write: the pushes of one request, or of several that waited together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The format; [`Record::FORMAT`].
    pub v: u32,
    /// When it was sealed: after its pushes were received, before it was written. Strictly rising in a stream.
    pub received: Timestamp,
    /// Where the same record may stand already: writing it there failed, or took too long to be believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<Place>,
    /// What was accepted, in the order of receipt.
    pub accepted: Vec<Accepted>,
}

/// One thing that was accepted, validated and routed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Accepted {
    /// Through which integration it came.
    pub integration_id: i64,
    /// The channels that it goes to.
    pub channel_ids: Vec<i64>,
    /// Whether it goes to whatever channel has the alert open, besides: a recovery seldom says enough of its alert to
    /// be routed as that was.
    pub everywhere: bool,
    /// Whether it came in the same request as the one before it.
    pub continues: bool,
    /// What it is.
    pub what: What,
}

/// What can be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// An alert event.
    Event(Arrival),
    /// A comment on the incident that holds an alert.
    Comment(Comment),
    /// Somebody has acknowledged, at the sender's, the incident that holds the alert with this key.
    Acknowledge(String),
    /// A change event.
    Change(ChangeEvent),
    /// A push of which nothing is kept but that it came.
    Seen,
}

/// An alert event and how it came to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrival {
    /// The event as it goes to its channels.
    pub event: AlertEvent,
    /// The type of the door through which it came; empty: `standard`.
    pub door: String,
    /// The configuration that it was taken in under ([`crate::config::Config::revision`]).
    pub config: u64,
    /// The event as it was sent, where enrichment or the pipeline changed it.
    pub original: Option<Box<AlertEvent>>,
    /// Inhibition: it is discarded while an alert that is a source of one of these is active.
    pub targets: Vec<u64>,
    /// Inhibition: it is a source of these.
    pub sources: Vec<u64>,
    /// What the rules of its channels say of it, where they say anything; at most one a channel.
    pub rulings: Vec<Ruling>,
}

impl Arrival {
    /// What the rules of a channel say of it, where they say anything.
    pub fn ruling(&self, channel: i64) -> Option<&Ruling> {
        self.rulings.iter().find(|ruling| ruling.channel_id == channel)
    }
}

/// The stored form of [`Accepted`]: flat, so that a plain alert event costs no more than its fields.
#[derive(Serialize, Deserialize)]
struct Stored {
    integration_id: i64,
    channel_ids: Vec<i64>,
    #[serde(default, skip_serializing_if = "is_default")]
    everywhere: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    continues: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event: Option<AlertEvent>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    door: String,
    #[serde(default, skip_serializing_if = "is_default")]
    config: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    original: Option<Box<AlertEvent>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    targets: Vec<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sources: Vec<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rulings: Vec<Ruling>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    comment: Option<Comment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    acknowledge: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    change: Option<ChangeEvent>,
}

impl From<Accepted> for Stored {
    fn from(accepted: Accepted) -> Self {
        let (mut arrival, mut comment, mut acknowledge, mut change) = (None, None, None, None);
        match accepted.what {
            What::Event(event) => arrival = Some(event),
            What::Comment(text) => comment = Some(text),
            What::Acknowledge(alert_key) => acknowledge = Some(alert_key),
            What::Change(event) => change = Some(event),
            What::Seen => {}
        }
        let (event, arrival) = match arrival {
            Some(mut arrival) => (Some(std::mem::take(&mut arrival.event)), arrival),
            None => (None, Arrival::default()),
        };
        Self {
            integration_id: accepted.integration_id,
            channel_ids: accepted.channel_ids,
            everywhere: accepted.everywhere,
            continues: accepted.continues,
            event,
            door: arrival.door,
            config: arrival.config,
            original: arrival.original,
            targets: arrival.targets,
            sources: arrival.sources,
            rulings: arrival.rulings,
            comment,
            acknowledge,
            change,
        }
    }
}

impl TryFrom<Stored> for Accepted {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let what = match (stored.event, stored.comment, stored.acknowledge, stored.change) {
            (Some(event), None, None, None) => What::Event(Arrival {
                event,
                door: stored.door,
                config: stored.config,
                original: stored.original,
                targets: stored.targets,
                sources: stored.sources,
                rulings: stored.rulings,
            }),
            (None, Some(comment), None, None) => What::Comment(comment),
            (None, None, Some(alert_key), None) => What::Acknowledge(alert_key),
            (None, None, None, Some(change)) => What::Change(change),
            (None, None, None, None) => What::Seen,
            _ => return Err("an entry is more than one thing"),
        };
        let Stored { integration_id, channel_ids, everywhere, continues, .. } = stored;
        Ok(Self { integration_id, channel_ids, everywhere, continues, what })
    }
}

impl Default for What {
    fn default() -> Self {
        Self::Event(Arrival::default())
    }
}

impl From<AlertEvent> for What {
    fn from(event: AlertEvent) -> Self {
        Self::Event(Arrival { event, ..Arrival::default() })
    }
}

impl Accepted {
    /// Whether the board of a channel has to look at it.
    pub fn concerns(&self, channel: i64) -> bool {
        self.everywhere || self.channel_ids.contains(&channel)
    }
}

impl Record {
    /// The format that this version writes.
    pub const FORMAT: u32 = 1;

    /// The stored form.
    pub fn encode(&self) -> Vec<u8> {
        // Plain data with text keys: serialising it into memory has no way to fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads the stored form.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let record: Self = json::from_slice(bytes).map_err(|e| e.to_string())?;
        if record.v == Self::FORMAT { Ok(record) } else { Err(format!("format {} is not known", record.v)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::{ChangeStatus, Status};

    #[test]
    fn a_record_reads_back_as_it_was_written() {
        let event = AlertEvent { alert_key: "k".into(), status: Status::Ok, ..AlertEvent::default() };
        let arrival = Arrival { event: event.clone(), door: "zabbix".into(), config: 7, ..Arrival::default() };
        let arrival =
            Arrival { original: Some(Box::new(event.clone())), targets: vec![1], sources: vec![2], ..arrival };
        let rulings = vec![Ruling { channel_id: 2, keep_open: true, ..Ruling::default() }];
        let arrival = Arrival { rulings, ..arrival };
        let comment = Comment { alert_key: "k".into(), comment: "look".into() };
        let change =
            ChangeEvent { change_key: "c".into(), change_status: ChangeStatus::Done, ..ChangeEvent::default() };
        let whats = [
            event.into(),
            What::Event(arrival),
            What::Comment(comment),
            What::Acknowledge("k".into()),
            What::Change(change),
            What::Seen,
        ];
        let accepted = whats.map(|what| Accepted {
            integration_id: 1,
            channel_ids: vec![2, 3],
            everywhere: true,
            continues: true,
            what,
        });
        let record = Record { v: Record::FORMAT, received: Timestamp(5), again: None, accepted: accepted.into() };
        assert_eq!(Record::decode(&record.encode()), Ok(record));
    }

    #[test]
    fn a_plain_event_costs_no_more_than_its_fields() {
        let event = AlertEvent { alert_key: "k".into(), ..AlertEvent::default() };
        let accepted = Accepted { integration_id: 1, channel_ids: vec![2], what: event.into(), ..Accepted::default() };
        let text = serde_json::to_string(&accepted).expect("plain data");
        assert_eq!(
            text,
            r#"{"integration_id":1,"channel_ids":[2],"event":{"alert_key":"k","status":"Info","title":""}}"#
        );
    }

    #[test]
    fn another_format_is_refused() {
        assert!(Record::decode(br#"{"v":2,"received":1,"accepted":[]}"#).is_err());
        assert!(Record::decode(b"").is_err());
    }
}
