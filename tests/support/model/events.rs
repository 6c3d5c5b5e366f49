//! What senders say, as the naive model does it.

use alarum::board::{EventType, Progress};
use alarum::id::{Cause, Kind};
use alarum::intake::{AlertEvent, Status};
use alarum::journal::{Accepted, Arrival, Flapping, Ruling, What};
use alarum::time::Timestamp;
use serde_json::json;

use super::joining::follow_rules;
use super::{ACTIVE_S, Alert, DAY_S, Key, Model, Muted, named};

impl Model {
    pub fn accept(&mut self, cause: Cause, accepted: &Accepted) {
        if !accepted.everywhere && !accepted.channel_ids.contains(&self.channel) {
            return;
        }
        let at = cause.received;
        self.bring(at.secs());
        self.now = at.secs();
        let key = |name: &str| (accepted.integration_id, name.to_owned());
        match &accepted.what {
            What::Event(arrival) if arrival.event.status == Status::Ok => {
                self.recover(&key(&arrival.event.alert_key), arrival, at);
            }
            What::Event(arrival) => self.fire(key(&arrival.event.alert_key), arrival, cause),
            What::Comment(comment) => {
                if let Some(id) = self.holding(&key(&comment.alert_key)) {
                    let detail = json!({"comment": comment.comment, "mute_reply": false,
                        "integration_id": accepted.integration_id});
                    self.report(&id, EventType::Comment, None, at, detail);
                }
            }
            What::Acknowledge(alert_key) => {
                let held = self.holding(&key(alert_key));
                if let Some(id) = held.filter(|id| self.incidents[id].progress == Progress::Triggered) {
                    self.incident(&id).progress = Progress::Processing;
                    self.incident(&id).ack_time = at.secs();
                    self.inhibits_no_more(&id);
                    let detail = json!({"integration_id": accepted.integration_id});
                    self.report(&id, EventType::Acknowledge, None, at, detail);
                }
            }
            What::Change(_) | What::Seen => {}
        }
    }

    fn holding(&self, key: &Key) -> Option<String> {
        self.open_alert(key).and_then(|alert| self.alerts[&alert].incident.clone())
    }

    pub(super) fn inhibits_no_more(&mut self, incident: &str) {
        let keys: Vec<Key> =
            self.members(incident).iter().filter(|alert| alert.is_open()).map(|alert| alert.key.clone()).collect();
        keys.iter().for_each(|key| drop(self.sources.remove(key)));
    }

    /// Until when other alerts inhibit one, if they do.
    fn inhibited(&self, key: &Key, targets: &[u64], secs: u64) -> Option<u64> {
        let sources = self.sources.iter().filter(|(source, _)| *source != key).map(|(_, source)| source);
        let active =
            sources.filter(|(last, marks)| secs < last + ACTIVE_S && marks.iter().any(|mark| targets.contains(mark)));
        active.map(|(last, _)| last + ACTIVE_S).max()
    }

    fn fire(&mut self, key: Key, arrival: &Arrival, cause: Cause) {
        let (event, secs) = (&arrival.event, cause.received.secs());
        let ruling = arrival.ruling(self.channel);
        let mut discards = arrival.targets.clone();
        discards.extend(ruling.iter().flat_map(|ruling| &ruling.discarded_by));
        if self.inhibited(&key, &discards, secs).is_some() {
            return;
        }
        match self.open_alert(&key) {
            None => {
                let alert = Alert {
                    id: named(Kind::Alert, cause),
                    key: key.clone(),
                    incident: None,
                    title: event.title.clone(),
                    description: event.description.clone(),
                    severity: event.status.severity().expect("not a recovery"),
                    status: event.status,
                    start: secs,
                    last: secs,
                    labels: event.labels.clone(),
                    event_cnt: 1,
                    policy: ruling.and_then(|ruling| ruling.flapping),
                    seen: event.event_time.is_some().then(|| event.clone()).into_iter().collect(),
                    ..Alert::default()
                };
                let (id, policy) = (alert.id.clone(), alert.policy.unwrap_or_default());
                self.alerts.insert(id.clone(), alert);
                let muted = self.muted(&id, ruling, secs);
                let flaps = self.flap(&key, policy, false, secs);
                match muted {
                    Some(muted) => self.mute(&id, muted),
                    None => self.join_or_open(&id, ruling, cause, flaps),
                }
            }
            Some(id) => {
                if !self.change(&id, event, ruling, cause) {
                    return;
                }
            }
        }
        let mut marks = arrival.sources.clone();
        marks.extend(ruling.iter().flat_map(|ruling| &ruling.sources));
        let handled = self.holding(&key).is_some_and(|id| self.incidents[&id].progress == Progress::Processing);
        if marks.is_empty() || handled {
            self.sources.remove(&key);
        } else {
            self.sources.insert(key, (secs, marks));
        }
    }

    /// A further event of an open alert; returns whether it was taken.
    fn change(&mut self, id: &str, event: &AlertEvent, ruling: Option<&Ruling>, cause: Cause) -> bool {
        let secs = cause.received.secs();
        if self.repeated(id, event) {
            return false;
        }
        let alert = self.alert(id);
        let now = (alert.status, &alert.title, &alert.description);
        let updated = now != (event.status, &event.title, &event.description);
        alert.labels.clone_from(&event.labels);
        alert.policy = ruling.and_then(|ruling| ruling.flapping);
        if updated {
            alert.status = event.status;
            alert.title.clone_from(&event.title);
            alert.description.clone_from(&event.description);
            alert.last = secs;
            alert.event_cnt += 1;
        }
        let muted = self.muted(id, ruling, secs);
        self.alert(id).ever_muted |= muted.is_some();
        let alert = self.alerts[id].clone();
        let Some(held_by) = alert.incident.clone() else {
            match muted {
                Some(muted) => self.mute(id, muted),
                None => self.join_or_open(id, ruling, cause, false),
            }
            return true;
        };
        let incident = self.incident(&held_by);
        let before = incident.auto_resolve;
        follow_rules(incident, ruling);
        if incident.auto_resolve != before {
            incident.updated_at = secs;
        }
        if incident.auto_resolve.is_some_and(|auto| auto.from_update) {
            incident.active_at = secs;
        }
        incident.ever_muted |= alert.ever_muted;
        if updated {
            self.attach(&held_by, secs);
        }
        self.follow_labels(&held_by, &alert);
        true
    }

    /// An event of one of its alerts belongs to an incident.
    fn attach(&mut self, id: &str, secs: u64) {
        let incident = self.incident(id);
        incident.event_cnt += 1;
        (incident.last, incident.updated_at) = (secs, secs);
        self.rate(id);
    }

    fn follow_labels(&mut self, id: &str, alert: &Alert) {
        let incident = self.incident(id);
        if incident.first_alert == alert.id {
            incident.labels.clone_from(&alert.labels);
        }
    }

    fn repeated(&mut self, id: &str, event: &AlertEvent) -> bool {
        if event.event_time.is_none() {
            return false;
        }
        let seen = &mut self.alert(id).seen;
        let known = seen.contains(event);
        if !known {
            seen.push(event.clone());
            *seen = seen.split_off(seen.len().saturating_sub(16));
        }
        known
    }

    fn recover(&mut self, key: &Key, arrival: &Arrival, at: Timestamp) {
        let Some(id) = self.open_alert(key) else {
            return;
        };
        if self.repeated(&id, &arrival.event) {
            return;
        }
        let alert = self.alert(&id);
        for (name, value) in &arrival.event.labels {
            alert.labels.entry(name.clone()).or_insert(value.clone());
        }
        (alert.status, alert.end, alert.last, alert.muted) = (Status::Ok, at.secs(), at.secs(), None);
        alert.event_cnt += 1;
        let alert = alert.clone();
        self.sources.remove(key);
        let policy = alert.policy.unwrap_or_default();
        let flaps = self.flap(key, policy, true, at.secs());
        let Some(held_by) = alert.incident.clone() else {
            return;
        };
        let incident = self.incident(&held_by);
        incident.ever_muted |= alert.ever_muted;
        if incident.auto_resolve.is_some_and(|auto| auto.from_update) {
            incident.active_at = at.secs();
        }
        self.attach(&held_by, at.secs());
        self.follow_labels(&held_by, &alert);
        if flaps {
            self.mark_flapping(&held_by, policy, at);
        }
        if self.active(&held_by) == 0 {
            self.incident(&held_by).end = at.secs();
            if !self.incidents[&held_by].keep_open {
                self.close(&held_by, "event", None, at);
            }
        }
    }

    /// Whether an alert key is found flapping by this change.
    fn flap(&mut self, key: &Key, policy: Flapping, recovers: bool, secs: u64) -> bool {
        let flaps = self.flaps.entry(key.clone()).or_default();
        // A key that was quiet for a day is like a new one: that it opens is no change.
        let known = flaps.changes.iter().any(|at| secs < at + DAY_S) || flaps.muted_until > secs;
        if policy.max_changes == 0 || (!known && !recovers) || flaps.muted_until > secs {
            return false;
        }
        flaps.changes.retain(|at| secs < at + policy.in_s);
        flaps.changes.push(secs);
        let found = flaps.changes.len() as u32 >= policy.max_changes;
        if found {
            flaps.changes.clear();
            if policy.mute_s > 0 {
                flaps.muted_until = secs + policy.mute_s;
            }
        }
        found
    }

    pub(super) fn mark_flapping(&mut self, id: &str, policy: Flapping, at: Timestamp) {
        self.incident(id).flapping = true;
        let Flapping { max_changes, in_s, mute_s } = policy;
        let detail = json!({"max_changes": max_changes, "in_mins": in_s / 60, "mute_mins": mute_s / 60});
        self.note(id, "i_m_flapping", None, at, detail);
    }

    /// What mutes an alert longest.
    pub(super) fn muted(&self, id: &str, ruling: Option<&Ruling>, secs: u64) -> Option<Muted> {
        let alert = &self.alerts[id];
        let mut reasons = Vec::new();
        if let Some(ruling) = ruling {
            reasons.push((ruling.silenced_until, "silence", ruling.silence_rule_id.clone()));
            let until = self.inhibited(&alert.key, &ruling.muted_by, secs);
            reasons.push((until.unwrap_or(0), "inhibit", String::new()));
        }
        for silence in &self.silences {
            let has = |(name, value)| alert.labels.get(name) == Some(value);
            if silence.start <= secs && alert.status == silence.severity.into() && silence.labels.iter().all(has) {
                reasons.push((silence.end, "silence", silence.id.clone()));
            }
        }
        let flapping = self.flaps.get(&alert.key).map_or(0, |flaps| flaps.muted_until);
        reasons.push((flapping, "flapping", String::new()));
        let longest = reasons.iter().map(|(until, ..)| *until).max().filter(|until| *until > secs)?;
        let (until, by, rule_id) = reasons.into_iter().find(|(until, ..)| *until == longest)?;
        Some(Muted { until, by, rule_id, ruling: ruling.cloned() })
    }

    pub(super) fn mute(&mut self, id: &str, muted: Muted) {
        self.alert(id).ever_muted = true;
        self.alert(id).muted = Some(muted);
    }

    pub(super) fn look_again(&mut self, id: &str, at: Timestamp) {
        let ruling = self.alert(id).muted.take().and_then(|muted| muted.ruling);
        match self.muted(id, ruling.as_ref(), at.secs()) {
            Some(muted) => self.mute(id, muted),
            None => self.join_or_open(id, ruling.as_ref(), Cause::of_time(id, at, self.channel), false),
        }
    }
}
