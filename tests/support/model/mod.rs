//! A naive implementation of the rules: plain maps, everything found by looking at everything, at every step. It keeps
//! no journal and no index, and is written from what the rules say. What it and the engine disagree on is wrong in one
//! of them.

mod chance;
mod events;
mod joining;
mod merging;
mod people;
mod shown;

use std::collections::{BTreeMap, BTreeSet};

use alarum::board::{EventType, Progress};
use alarum::id::{Cause, Kind, object_id};
use alarum::intake::{AlertEvent, Severity, Status};
use alarum::journal::{AutoResolve, Flapping, Ruling, Texts};
use alarum::time::Timestamp;
use serde_json::{Map, Value, json};

pub use chance::{Chance, Rules, action, pushed};
pub use shown::{engine_alert, engine_document, engine_event};

/// Which alert of which integration.
pub type Key = (i64, String);

const ACTIVE_S: u64 = 600;
const DAY_S: u64 = 24 * 3600;

#[derive(Clone, Debug, Default)]
pub struct Model {
    pub channel: i64,
    pub alerts: BTreeMap<String, Alert>,
    pub incidents: BTreeMap<String, Incident>,
    pub silences: Vec<Silence>,
    sources: BTreeMap<Key, (u64, Vec<u64>)>,
    flaps: BTreeMap<Key, Flaps>,
    /// What was told to subscribers and is not delivered yet.
    pub told: Vec<Told>,
    /// When anything last happened, Unix seconds.
    now: u64,
}

#[derive(Clone, Debug, Default)]
pub struct Alert {
    pub id: String,
    pub key: Key,
    pub incident: Option<String>,
    title: String,
    description: String,
    severity: Severity,
    status: Status,
    start: u64,
    last: u64,
    end: u64,
    labels: alarum::sorted::SortedMap<String, String>,
    event_cnt: u64,
    ever_muted: bool,
    /// It takes no more events, though it has not recovered.
    closed: bool,
    muted: Option<Muted>,
    policy: Option<Flapping>,
    seen: Vec<AlertEvent>,
}

#[derive(Clone, Debug)]
struct Muted {
    until: u64,
    by: &'static str,
    rule_id: String,
    ruling: Option<Ruling>,
}

#[derive(Clone, Debug, Default)]
pub struct Incident {
    pub id: String,
    pub channel: i64,
    integrations: Vec<i64>,
    title: String,
    description: String,
    impact: String,
    root_cause: String,
    resolution: String,
    severity: Severity,
    status: Status,
    pub progress: Progress,
    created_at: u64,
    updated_at: u64,
    start: u64,
    last: u64,
    end: u64,
    ack_time: u64,
    close_time: u64,
    pub snoozed_before: u64,
    labels: alarum::sorted::SortedMap<String, String>,
    fields: Map<String, Value>,
    dedup_key: String,
    creator: i64,
    closer: i64,
    owner: i64,
    responders: Vec<(i64, u64, u64)>,
    assigned: Option<(String, Vec<i64>, u64)>,
    overrides: BTreeSet<String>,
    pub alerts: Vec<String>,
    first_alert: String,
    event_cnt: u64,
    method: char,
    marks: Vec<u64>,
    /// The marks whose alerts join it now.
    holds: Vec<u64>,
    texts: Option<Texts>,
    joined_at: u64,
    keep_open: bool,
    auto_resolve: Option<AutoResolve>,
    active_at: u64,
    reopened_at: u64,
    storm: u32,
    ever_muted: bool,
    flapping: bool,
    merge_disabled: bool,
    pub removed: bool,
    /// All that happened to it is delivered, and it is closed.
    pub left: bool,
    feed: Vec<(u64, String, i64, Value)>,
    last_event_time: u64,
    events: usize,
}

#[derive(Clone, Debug)]
pub struct Silence {
    pub id: String,
    from: String,
    start: u64,
    end: u64,
    severity: Severity,
    labels: alarum::sorted::SortedMap<String, String>,
}

#[derive(Clone, Debug, Default)]
struct Flaps {
    changes: Vec<u64>,
    muted_until: u64,
}

/// An event as it was told.
#[derive(Clone, Debug)]
pub struct Told {
    pub kind: EventType,
    pub person: Option<i64>,
    pub time: u64,
    pub incident: Incident,
    pub active: usize,
}

impl Alert {
    pub fn is_open(&self) -> bool {
        self.end == 0 && !self.closed
    }
}

impl Incident {
    pub fn is_open(&self) -> bool {
        self.progress != Progress::Closed
    }

    fn resolves_at(&self) -> Option<u64> {
        let auto = self.auto_resolve?;
        let begun = self.start.max(self.reopened_at);
        let from = if auto.from_update { begun.max(self.active_at) } else { begun };
        Some(from + auto.after_s)
    }
}

impl Model {
    pub fn new(channel: i64) -> Self {
        Self { channel, ..Self::default() }
    }

    fn incident(&mut self, id: &str) -> &mut Incident {
        self.incidents.get_mut(id).expect("an incident")
    }

    fn alert(&mut self, id: &str) -> &mut Alert {
        self.alerts.get_mut(id).expect("an alert")
    }

    pub fn members(&self, id: &str) -> Vec<&Alert> {
        self.incidents[id].alerts.iter().map(|alert| &self.alerts[alert]).collect()
    }

    pub fn active(&self, id: &str) -> usize {
        self.members(id).into_iter().filter(|alert| alert.is_open()).count()
    }

    fn open_alert(&self, key: &Key) -> Option<String> {
        self.alerts.values().find(|alert| alert.key == *key && alert.is_open()).map(|alert| alert.id.clone())
    }

    /// Everything that is due by this Unix second happens, the earliest first.
    pub fn bring(&mut self, to: u64) {
        while let Some((at, _, id)) = self.first_due().filter(|(at, ..)| *at <= to) {
            self.now = at;
            let at = Timestamp::from_secs(at);
            if self.alerts.contains_key(&id) {
                self.look_again(&id, at);
            } else if self.incidents[&id].resolves_at().is_some_and(|due| due <= at.secs()) {
                self.close(&id, "autorslv", None, at);
            } else {
                self.end_snooze(&id, at);
            }
        }
        self.silences.retain(|silence| silence.end > to);
    }

    fn first_due(&self) -> Option<(u64, String, String)> {
        let mut due = Vec::new();
        for incident in self.incidents.values().filter(|incident| incident.is_open()) {
            let snooze = Some(incident.snoozed_before).filter(|end| *end > 0);
            due.extend(incident.resolves_at().into_iter().chain(snooze).map(|at| (at, incident.id.clone())));
        }
        for alert in self.alerts.values().filter(|alert| alert.is_open()) {
            due.extend(alert.muted.as_ref().map(|muted| (muted.until, alert.id.clone())));
        }
        // Where rules change so that it should have happened before, it happens then. Of several at a time, the one
        // with the least end of its id comes first.
        due.into_iter().map(|(at, id)| (at.max(self.now), id[16..].to_owned(), id)).min()
    }

    fn end_snooze(&mut self, id: &str, at: Timestamp) {
        let incident = self.incident(id);
        incident.progress = Progress::Triggered;
        incident.snoozed_before = 0;
        incident.ack_time = 0;
        incident.responders.iter_mut().for_each(|(_, assigned, acked)| (*assigned, *acked) = (at.secs(), 0));
        let to: Vec<i64> = incident.responders.iter().map(|(person, ..)| *person).collect();
        let detail = json!({"type": "reassign", "to": to, "person_ids": to, "snooze_ended": true});
        self.report(id, EventType::Assign, None, at, detail);
    }

    fn close(&mut self, id: &str, how: &str, person: Option<i64>, at: Timestamp) {
        for alert in self.incidents[id].alerts.clone() {
            if self.alerts[&alert].is_open() {
                self.alert(&alert).closed = true;
                let key = self.alerts[&alert].key.clone();
                self.sources.remove(&key);
            }
        }
        let incident = self.incident(id);
        incident.holds.clear();
        incident.snoozed_before = 0;
        if let Some(person) = person {
            incident.closer = person;
        }
        incident.progress = Progress::Closed;
        (incident.close_time, incident.updated_at) = (at.secs(), at.secs());
        self.report(id, EventType::Resolve, person, at, json!({"from": how}));
    }

    /// Severity and status follow from the alerts.
    fn rate(&mut self, id: &str) {
        let members: Vec<Alert> = self.members(id).into_iter().cloned().collect();
        let incident = self.incident(id);
        if let Some(highest) = members.iter().map(|alert| alert.severity).max()
            && !incident.overrides.contains("incident_severity")
        {
            incident.severity = highest;
        }
        if let Some(worst) = members.iter().filter(|alert| alert.is_open()).map(|alert| alert.status).max() {
            (incident.status, incident.end) = (worst, 0);
        } else if members.iter().any(|alert| alert.end > 0) {
            incident.status = Status::Ok;
        }
    }

    fn note(&mut self, id: &str, kind: &str, person: Option<i64>, at: Timestamp, detail: Value) {
        let incident = self.incident(id);
        incident.feed.push((at.millis(), kind.to_owned(), person.unwrap_or(0), detail));
        incident.updated_at = incident.updated_at.max(at.secs());
    }

    fn tell(&mut self, id: &str, kind: EventType, person: Option<i64>, at: Timestamp) {
        let incident = self.incident(id);
        let time = at.millis().max(incident.last_event_time + 1);
        incident.last_event_time = time;
        incident.events += 1;
        // What happened to it is not told, and only costs.
        let feed = std::mem::take(&mut incident.feed);
        let told = incident.clone();
        incident.feed = feed;
        let active = self.active(id);
        self.told.push(Told { kind, person, time, incident: told, active });
    }

    fn report(&mut self, id: &str, kind: EventType, person: Option<i64>, at: Timestamp, detail: Value) {
        self.note(id, kind.name(), person, at, detail);
        self.tell(id, kind, person, at);
    }

    /// Everything told so far is delivered: closed incidents are only kept as they are.
    pub fn deliver(&mut self) {
        self.told.clear();
        for id in self.incidents.keys().cloned().collect::<Vec<_>>() {
            if self.incidents[&id].is_open() {
                continue;
            }
            self.incident(&id).left = true;
            if self.incidents[&id].removed {
                for alert in self.incidents[&id].alerts.clone() {
                    self.alerts.remove(&alert);
                }
                self.incidents.remove(&id);
            }
        }
    }
}

fn named(kind: Kind, cause: Cause) -> String {
    object_id(kind, cause)
}
