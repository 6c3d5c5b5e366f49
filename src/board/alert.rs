//! An alert: one alert key of one integration in one channel, from its first event to its recovery.

use crate::sorted::SortedMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use sha2::{Digest, Sha256};

use super::incident::Incident;
use super::past::between;
use crate::id::{Cause, Kind, alert_identity, object_id};
use crate::intake::{AlertEvent, Image, Severity, Status};
use crate::journal::{Arrival, Flapping, Ruling};
use crate::json::is_default;
use crate::time::Timestamp;

/// How many earlier events of an alert are remembered, to know a repeated one.
const SEEN: usize = 16;

/// An alert. Times are Unix seconds of receipt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// 24 hex digits.
    pub alert_id: String,
    /// The incident that it belongs to; empty: none, because it is muted.
    pub incident_id: String,
    /// Through which integration it came.
    pub integration_id: i64,
    /// Its identity within the integration.
    pub alert_key: String,
    /// The title of its latest event that had one.
    pub title: String,
    /// The rule that made the title.
    pub title_rule: String,
    /// The description of its latest event that had one.
    pub description: String,
    /// The severity of its first event.
    pub alert_severity: Severity,
    /// The status of its latest event.
    pub alert_status: Status,
    /// First event.
    pub start_time: u64,
    /// Latest event.
    pub last_time: u64,
    /// When its latest event happened by its sender, Unix seconds; 0: the sender did not say, or it is `last_time`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub event_time: u64,
    /// Recovery; 0 while open.
    pub end_time: u64,
    /// Those of the latest event; a recovery only adds.
    pub labels: SortedMap<String, String>,
    /// Those of the latest event.
    pub images: Vec<Image>,
    /// How many events made or changed it.
    pub event_cnt: u64,
    /// The type of the door through which its latest event came; empty: `standard`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub door: String,
    /// The configuration under which its latest event was taken in.
    #[serde(default, skip_serializing_if = "is_default")]
    pub config: u64,
    /// Its latest event as it was sent, where enrichment or the pipeline changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<Box<AlertEvent>>,
    /// Which record opened it.
    pub opened: Opened,
    /// How often its incident had been closed when it joined: one that joined before was closed with it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub life: u32,
    /// Whether it was closed before it recovered, and its incident is another now.
    #[serde(default, skip_serializing_if = "is_default")]
    pub closed: bool,
    /// Whether it was ever silenced or inhibited.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ever_muted: bool,
    /// Why it is in no incident; absent: it is in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted: Option<Box<Muted>>,
    /// When its key counts as flapping, where that is not as in a new channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flapping: Option<Flapping>,
    /// Whether subscribers are told what happens to it, by the rules under which its latest event but a recovery came.
    #[serde(default, skip_serializing_if = "is_default")]
    pub watched: bool,
    /// The `event_time` of its latest webhook event, Unix milliseconds; 0: it had none. No two share one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub last_event_time: u64,
    /// Its earlier events, oldest first, where it is not on the board: there they stand beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub past: Vec<Value>,
    /// Which events it has had, as far as their senders gave the time of the event; the latest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) seen: Vec<u64>,
}

/// Why an alert is in no incident.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Muted {
    /// When to look again, Unix seconds.
    pub until: u64,
    /// By what.
    pub by: MutedBy,
    /// The silence rule.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub rule_id: String,
    /// For when it stands in the index of what is due.
    pub due_at: u64,
    /// What the channel's rules said of its latest event: how it joins an incident when it is muted no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ruling: Option<Ruling>,
}

/// What keeps an alert out of incidents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MutedBy {
    /// A silence.
    #[default]
    Silence,
    /// Another alert that is active.
    Inhibit,
    /// That its key flaps.
    Flapping,
}

/// The place of a record in the order in which records are applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Opened(Timestamp, u64, u64);

impl From<Cause> for Opened {
    fn from(cause: Cause) -> Self {
        Self(cause.received, cause.stream, cause.n)
    }
}

/// What an event did to an open alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: the alert has had this very event before.
    Repeated,
    /// Nothing that an event counts for; labels may have been refreshed.
    Unchanged,
    /// It changed.
    Updated,
    /// It recovered.
    Recovered,
}

impl Alert {
    /// The alert that a first event opens. It is in no incident yet.
    pub fn open(cause: Cause, integration_id: i64, arrival: &Arrival) -> Self {
        let (event, secs) = (&arrival.event, cause.received.secs());
        let ruling = arrival.ruling(cause.channel);
        Self {
            alert_id: object_id(Kind::Alert, cause),
            integration_id,
            alert_key: event.alert_key.clone(),
            title: event.title.clone(),
            title_rule: event.title_rule.clone(),
            description: event.description.clone(),
            alert_severity: event.status.severity().unwrap_or_default(),
            alert_status: event.status,
            start_time: secs,
            last_time: secs,
            event_time: said(event, secs),
            labels: event.labels.clone(),
            images: event.images.clone(),
            event_cnt: 1,
            door: arrival.door.clone(),
            config: arrival.config,
            original: arrival.original.clone(),
            opened: cause.into(),
            flapping: ruling.and_then(|ruling| ruling.flapping),
            watched: ruling.is_some_and(|ruling| ruling.watched),
            seen: fingerprint(event).into_iter().collect(),
            ..Self::default()
        }
    }

    /// Takes in a further event while the alert is open.
    pub fn take(&mut self, arrival: &Arrival, secs: u64) -> Effect {
        let event = &arrival.event;
        if let Some(fingerprint) = fingerprint(event) {
            if self.seen.contains(&fingerprint) {
                return Effect::Repeated;
            }
            if self.seen.len() == SEEN {
                self.seen.remove(0);
            }
            self.seen.push(fingerprint);
        }
        self.door.clone_from(&arrival.door);
        self.config = arrival.config;
        self.original.clone_from(&arrival.original);
        if event.status == Status::Ok {
            let before = self.clone();
            for (name, value) in &event.labels {
                self.labels.entry(name.clone()).or_insert_with(|| value.clone());
            }
            self.alert_status = Status::Ok;
            self.end_time = secs;
            self.count(event, &before, secs);
            return Effect::Recovered;
        }
        let unchanged =
            event.status == self.alert_status && event.title == self.title && event.description == self.description;
        if unchanged {
            self.labels.clone_from(&event.labels);
            return Effect::Unchanged;
        }
        let before = self.clone();
        self.labels.clone_from(&event.labels);
        self.alert_status = event.status;
        self.title.clone_from(&event.title);
        self.title_rule.clone_from(&event.title_rule);
        self.description.clone_from(&event.description);
        self.images.clone_from(&event.images);
        self.count(event, &before, secs);
        Effect::Updated
    }

    /// Counts an event that changed it, and keeps what the one before it left.
    fn count(&mut self, event: &AlertEvent, before: &Self, secs: u64) {
        self.last_time = secs;
        self.event_time = said(event, secs);
        self.event_cnt += 1;
        self.past.push(between(before, self));
    }

    /// Its identity while it is open.
    pub fn identity(&self) -> String {
        alert_identity(self.integration_id, &self.alert_key)
    }

    /// Whether it still takes events: it has not recovered, and was not closed with its incident.
    pub fn is_open(&self, incident: Option<&Incident>) -> bool {
        let closed = |incident: &Incident| !incident.is_open() || self.life < incident.closures();
        self.end_time == 0 && !self.closed && !incident.is_some_and(closed)
    }
}

/// When an event happened by its sender, where that is not when it was received; else 0.
fn said(event: &AlertEvent, secs: u64) -> u64 {
    event.event_time.filter(|said| *said != secs).unwrap_or(0)
}

/// What tells an event from any other. An event without a time of its own may be sent again and mean it: only one that
/// says when it happened can be known as repeated.
fn fingerprint(event: &AlertEvent) -> Option<u64> {
    event.event_time?;
    let bytes = serde_json::to_vec(event).ok()?;
    let digest = Sha256::digest(&bytes);
    digest.first_chunk::<8>().map(|first| u64::from_be_bytes(*first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(status: Status, description: &str, labels: &[(&str, &str)]) -> Arrival {
        let event = AlertEvent {
            alert_key: "k".into(),
            status,
            title: "t".into(),
            description: description.into(),
            labels: labels.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
            ..AlertEvent::default()
        };
        Arrival { event, ..Arrival::default() }
    }

    fn opened() -> Alert {
        let cause = Cause { stream: 1, n: 1, index: 0, received: Timestamp::from_secs(100), channel: 1 };
        Alert::open(cause, 1, &event(Status::Warning, "d", &[("x", "1")]))
    }

    #[test]
    fn an_unchanged_event_is_discarded_but_refreshes_the_labels() {
        let mut alert = opened();
        assert_eq!(alert.take(&event(Status::Warning, "d", &[("y", "2")]), 200), Effect::Unchanged);
        assert_eq!((alert.event_cnt, alert.last_time), (1, 100));
        assert_eq!(alert.labels.keys().collect::<Vec<_>>(), ["y"]);
    }

    #[test]
    fn a_changed_event_updates_the_status_but_not_the_severity() {
        let mut alert = opened();
        assert_eq!(alert.take(&event(Status::Critical, "d", &[]), 200), Effect::Updated);
        assert_eq!((alert.alert_status, alert.alert_severity), (Status::Critical, Severity::Warning));
        assert_eq!((alert.event_cnt, alert.last_time, alert.end_time), (2, 200, 0));
    }

    #[test]
    fn a_recovery_adds_labels_but_overwrites_none_and_keeps_the_title() {
        let mut alert = opened();
        let mut recovery = event(Status::Ok, "", &[("x", "9"), ("z", "3")]);
        recovery.event.title.clear();
        assert_eq!(alert.take(&recovery, 300), Effect::Recovered);
        assert_eq!((alert.labels["x"].as_str(), alert.labels["z"].as_str()), ("1", "3"));
        assert_eq!((alert.title.as_str(), alert.end_time), ("t", 300));
    }

    #[test]
    fn an_event_that_says_when_it_happened_is_taken_once_even_if_others_came_between() {
        let at = |description, time| {
            let mut arrival = event(Status::Warning, description, &[]);
            arrival.event.event_time = time;
            arrival
        };
        let mut alert = opened();
        assert_eq!(alert.take(&at("first", Some(100)), 100), Effect::Updated);
        assert_eq!(alert.take(&at("second", Some(200)), 200), Effect::Updated);
        assert_eq!(alert.take(&at("first", Some(100)), 201), Effect::Repeated);
        assert_eq!((alert.description.as_str(), alert.event_cnt), ("second", 3));
        assert_eq!(alert.take(&at("first", None), 202), Effect::Updated);
        assert_eq!(alert.take(&at("second", None), 203), Effect::Updated);
    }

    #[test]
    fn only_the_latest_events_are_remembered() {
        let mut alert = opened();
        for time in 1..100 {
            let mut arrival = event(Status::Warning, &time.to_string(), &[]);
            arrival.event.event_time = Some(time);
            alert.take(&arrival, time);
        }
        assert_eq!(alert.seen.len(), SEEN);
    }

    #[test]
    fn what_an_alert_does_not_have_is_not_stored_and_what_it_has_reads_back() {
        let plain = serde_json::to_string(&Alert::default()).expect("plain data");
        for absent in
            ["door", "config", "original", "life", "closed", "ever_muted", "muted", "flapping", "past", "seen"]
        {
            assert!(!plain.contains(&format!("\"{absent}\"")), "{absent}");
        }
        let muted = Muted { until: 1, by: MutedBy::Flapping, rule_id: "r".into(), due_at: 2, ruling: None };
        let alert = Alert {
            door: "d".into(),
            config: 1,
            life: 2,
            closed: true,
            ever_muted: true,
            muted: Some(Box::new(muted)),
            past: vec![Value::Null],
            seen: vec![3],
            ..opened()
        };
        let bytes = serde_json::to_vec(&alert).expect("plain data");
        assert_eq!(serde_json::from_slice::<Alert>(&bytes).expect("as written"), alert);
    }

    #[test]
    fn an_alert_is_open_until_it_recovers_is_closed_or_its_incident_is() {
        use crate::board::Progress;
        let alert = opened();
        let mut incident = Incident::default();
        assert!(alert.is_open(None) && alert.is_open(Some(&incident)));
        assert!(!Alert { end_time: 1, ..alert.clone() }.is_open(None));
        assert!(!Alert { closed: true, ..alert.clone() }.is_open(None));
        incident.handled().closures = 1;
        assert!(!alert.is_open(Some(&incident)), "it was closed with it, and only the incident was reopened");
        assert!(Alert { life: 1, ..alert.clone() }.is_open(Some(&incident)));
        incident.progress = Progress::Closed;
        assert!(!Alert { life: 1, ..alert }.is_open(Some(&incident)));
    }
}
