//! What people do, as the naive model does it.

use alarum::board::{EventType, Progress};
use alarum::engine::action::{Act, Action, Creation, Fields, Resolution};
use alarum::id::{Cause, Kind};
use alarum::time::Timestamp;
use serde_json::{Value, json};

use super::{Incident, Model, Silence, named};

/// It is not allowed, or there is no such thing.
pub struct Refused;

pub(super) type Result = std::result::Result<(), Refused>;

pub(super) struct By {
    person: i64,
    pub who: Option<i64>,
    pub at: Timestamp,
    pub secs: u64,
    token: u64,
}

pub(super) fn check(allowed: bool) -> Result {
    if allowed { Ok(()) } else { Err(Refused) }
}

impl Model {
    /// Does it as a whole, or refuses it and stays as it was.
    pub fn act(&mut self, act: &Act) -> Result {
        let mut next = self.clone();
        next.now = act.at.secs();
        let recalled: Vec<(String, usize)> = act
            .action
            .incident_ids()
            .iter()
            .filter_map(|id| {
                let incident = next.incidents.get_mut(*id).filter(|incident| incident.left)?;
                incident.left = false;
                Some((incident.id.clone(), incident.events))
            })
            .collect();
        let by =
            By { person: act.person_id, who: Some(act.person_id), at: act.at, secs: act.at.secs(), token: act.token };
        next.does(&by, &act.action)?;
        // What was delivered as a whole is changed only by what is told.
        if recalled.iter().all(|(id, events)| next.incidents[id].events > *events) {
            *self = next;
        }
        Ok(())
    }

    fn does(&mut self, by: &By, action: &Action) -> Result {
        match action {
            Action::Create(creation) => self.create(by, creation),
            Action::Acknowledge(ids) => self.each(ids, |model, id| model.acknowledge(by, id)),
            Action::Unacknowledge(ids) => self.each(ids, |model, id| model.unacknowledge(by, id)),
            Action::Snooze(ids, minutes) => self.each(ids, |model, id| {
                check((1..=1440).contains(minutes))?;
                model.open(id)?.snoozed_before = by.secs + minutes * 60;
                model.says(by, id, EventType::Snooze, json!({"minutes": minutes}))
            }),
            Action::Wake(ids) => self.each(ids, |model, id| {
                let before = std::mem::take(&mut model.open(id)?.snoozed_before);
                check(before > 0)?;
                model.says(by, id, EventType::Wake, json!({"snoozedBefore": before}))
            }),
            Action::Resolve(ids, said) => self.each(ids, |model, id| model.resolve(by, id, said)),
            Action::Reopen(ids, reason) => self.each(ids, |model, id| model.reopen(by, id, reason)),
            Action::Assign(ids, persons) => self.each(ids, |model, id| model.assign(by, id, persons)),
            Action::AddResponders(id, persons) => {
                check((1..=100).contains(&persons.len()))?;
                let incident = self.open(id)?;
                persons.iter().for_each(|person| ask(incident, *person, by.secs));
                check(incident.responders.len() <= 100)?;
                self.says(by, id, EventType::AddResponder, json!({"to": persons}))
            }
            Action::Comment(ids, text, mute) => self.each(ids, |model, id| {
                model.says(by, id, EventType::Comment, json!({"comment": text, "mute_reply": mute}))
            }),
            Action::Reset(id, fields) => self.reset(by, id, fields),
            Action::ResetField(id, name, value) => {
                check(!name.is_empty())?;
                let fields = &mut self.known(id)?.fields;
                let before = match value {
                    Value::Null => fields.remove(name),
                    value => fields.insert(name.clone(), value.clone()),
                };
                if before.unwrap_or_default() == *value {
                    return Ok(());
                }
                self.says(by, id, EventType::Field, json!({"field_name": name, "to": value}))
            }
            Action::Merge(merging) => self.merge(by, merging),
            Action::MergeAlerts(merging) => self.merge_alerts(by, merging),
            Action::CloseAlerts(ids) => {
                let once = |(nth, id): &(usize, &String)| !ids[..*nth].contains(id);
                ids.iter().enumerate().filter(once).try_for_each(|(_, id)| self.close_alert(by, id))
            }
            Action::DisableMerge(ids) => self.each(ids, |model, id| {
                model.open(id)?.merge_disabled = true;
                model.note(id, "i_disable_merge", by.who, by.at, json!({}));
                Ok(())
            }),
            Action::Remove(ids) => self.each(ids, |model, id| {
                model.known(id)?.removed = true;
                if model.incidents[id].is_open() {
                    model.close(id, "console", by.who, by.at);
                } else {
                    model.report(id, EventType::Resolve, by.who, by.at, json!({"from": "console"}));
                }
                Ok(())
            }),
            Action::Silence(id, secs) => self.silence(by, id, *secs),
            Action::EndSilence(rule_id) => self.end_silence(by, rule_id),
            Action::Custom(id, integration, name) => {
                let detail = json!({"integration_id": integration, "integration_name": name});
                self.known(id)?;
                self.says(by, id, EventType::Custom, detail)
            }
        }
    }

    fn each(&mut self, ids: &[String], does: impl Fn(&mut Self, &str) -> Result) -> Result {
        for (nth, id) in ids.iter().enumerate() {
            if !ids[..nth].contains(id) {
                self.known(id)?;
                does(self, id)?;
            }
        }
        Ok(())
    }

    /// An incident that there is. One that is to be forgotten is not there any more.
    fn known(&mut self, id: &str) -> std::result::Result<&mut Incident, Refused> {
        self.incidents.get_mut(id).filter(|incident| !incident.removed).ok_or(Refused)
    }

    pub(super) fn open(&mut self, id: &str) -> std::result::Result<&mut Incident, Refused> {
        let incident = self.known(id)?;
        check(incident.is_open())?;
        Ok(incident)
    }

    pub(super) fn says(&mut self, by: &By, id: &str, kind: EventType, detail: Value) -> Result {
        self.known(id)?;
        self.report(id, kind, by.who, by.at, detail);
        Ok(())
    }

    fn create(&mut self, by: &By, creation: &Creation) -> Result {
        let cause = Cause { stream: by.token, n: 0, index: 0, received: by.at, channel: self.channel };
        let persons = creation.person_ids.clone();
        check(persons.len() <= 100)?;
        let mut incident = Incident {
            id: named(Kind::Incident, cause),
            channel: self.channel,
            integrations: vec![0],
            title: creation.title.clone(),
            description: creation.description.clone(),
            severity: creation.severity,
            status: creation.severity.into(),
            created_at: by.secs,
            updated_at: by.secs,
            start: by.secs,
            auto_resolve: creation.auto_resolve,
            creator: by.person,
            fields: creation.fields.clone(),
            method: 'n',
            ..Incident::default()
        };
        let assigned = !persons.is_empty();
        if assigned {
            // Each once.
            let known = |nth: usize| persons[..nth].contains(&persons[nth]);
            let once = (0..persons.len()).filter(|nth| !known(*nth));
            incident.responders = once.map(|nth| (persons[nth], by.secs, 0)).collect();
            incident.assigned = Some(("assign".into(), persons.clone(), by.secs));
        }
        let id = incident.id.clone();
        self.incidents.insert(id.clone(), incident);
        self.tell(&id, EventType::New, by.who, by.at);
        if assigned {
            let detail = json!({"type": "assign", "person_ids": persons, "to": persons, "assigned_at": by.secs});
            self.report(&id, EventType::Assign, by.who, by.at, detail);
        }
        Ok(())
    }

    fn acknowledge(&mut self, by: &By, id: &str) -> Result {
        let incident = self.open(id)?;
        ask(incident, by.person, by.secs);
        let mine = incident.responders.iter_mut().find(|(person, ..)| *person == by.person).expect("just asked");
        if mine.2 > 0 {
            return Ok(());
        }
        mine.2 = by.secs;
        if incident.ack_time == 0 {
            incident.ack_time = by.secs;
        }
        incident.progress = Progress::Processing;
        self.inhibits_no_more(id);
        self.says(by, id, EventType::Acknowledge, json!({"progress": "Processing"}))
    }

    fn unacknowledge(&mut self, by: &By, id: &str) -> Result {
        let incident = self.open(id)?;
        let mine = incident.responders.iter_mut().find(|(person, _, acked)| *person == by.person && *acked > 0);
        mine.ok_or(Refused)?.2 = 0;
        count_acknowledgements(incident);
        if incident.ack_time == 0 {
            incident.progress = Progress::Triggered;
        }
        let detail = json!({"progress": incident.progress.name()});
        self.says(by, id, EventType::Unacknowledge, detail)
    }

    fn resolve(&mut self, by: &By, id: &str, said: &Resolution) -> Result {
        let incident = self.open(id)?;
        if let Some(text) = &said.root_cause {
            incident.root_cause.clone_from(text);
        }
        if let Some(text) = &said.resolution {
            incident.resolution.clone_from(text);
        }
        if let Some(text) = &said.description {
            incident.description.clone_from(text);
            incident.overrides.insert("description".into());
        }
        self.close(id, "console", by.who, by.at);
        Ok(())
    }

    fn reopen(&mut self, by: &By, id: &str, reason: &str) -> Result {
        check(!self.known(id)?.is_open())?;
        let marks = self.incidents[id].marks.clone();
        let free = |mark: &u64| !self.incidents.values().any(|other| other.holds.contains(mark));
        let holds = marks.into_iter().filter(free).collect();
        let incident = self.incident(id);
        incident.holds = holds;
        incident.progress = Progress::Triggered;
        (incident.close_time, incident.closer, incident.ack_time) = (0, 0, 0);
        (incident.reopened_at, incident.active_at) = (by.secs, by.secs);
        incident.responders.iter_mut().for_each(|(_, assigned, acked)| (*assigned, *acked) = (by.secs, 0));
        if let Some(assigned) = &mut incident.assigned {
            (assigned.0, assigned.2) = ("reopen".into(), by.secs);
        }
        self.says(by, id, EventType::Reopen, json!({"reason": reason}))
    }

    fn assign(&mut self, by: &By, id: &str, persons: &[i64]) -> Result {
        check((1..=100).contains(&persons.len()))?;
        let incident = self.open(id)?;
        let before = std::mem::take(&mut incident.responders);
        for person in persons {
            ask(incident, *person, by.secs);
        }
        for responder in &mut incident.responders {
            responder.2 = before.iter().find(|(person, ..)| *person == responder.0).map_or(0, |known| known.2);
        }
        count_acknowledgements(incident);
        incident.progress = if incident.ack_time > 0 { Progress::Processing } else { Progress::Triggered };
        let kind = if incident.assigned.is_some() { "reassign" } else { "assign" };
        incident.assigned = Some((kind.into(), persons.to_vec(), by.secs));
        let detail = json!({"type": kind, "person_ids": persons, "to": persons, "assigned_at": by.secs});
        self.says(by, id, EventType::Assign, detail)
    }

    fn reset(&mut self, by: &By, id: &str, fields: &Fields) -> Result {
        let before = self.known(id)?.clone();
        if let Some(to) = fields.title.as_ref().filter(|to| **to != before.title) {
            self.known(id)?.title.clone_from(to);
            self.edited(by, id, "title", EventType::Title, json!({"from": before.title, "to": to}))?;
        }
        if let Some(to) = fields.severity {
            self.known(id)?.severity = to;
            if to == before.severity {
                self.known(id)?.overrides.insert("incident_severity".into());
            } else {
                let detail = json!({"from": before.severity, "to": to});
                self.edited(by, id, "incident_severity", EventType::Severity, detail)?;
            }
        }
        if let Some(to) = fields.description.as_ref().filter(|to| **to != before.description) {
            self.known(id)?.description.clone_from(to);
            self.edited(by, id, "description", EventType::Description, json!({}))?;
        }
        if let Some(to) = fields.impact.as_ref().filter(|to| **to != before.impact) {
            self.known(id)?.impact.clone_from(to);
            self.edited(by, id, "impact", EventType::Impact, json!({}))?;
        }
        if let Some(to) = fields.root_cause.as_ref().filter(|to| **to != before.root_cause) {
            self.known(id)?.root_cause.clone_from(to);
            self.edited(by, id, "root_cause", EventType::RootCause, json!({}))?;
        }
        if let Some(to) = fields.resolution.as_ref().filter(|to| **to != before.resolution) {
            self.known(id)?.resolution.clone_from(to);
            self.edited(by, id, "resolution", EventType::Resolution, json!({}))?;
        }
        Ok(())
    }

    fn edited(&mut self, by: &By, id: &str, field: &str, kind: EventType, detail: Value) -> Result {
        self.known(id)?.overrides.insert(field.into());
        self.says(by, id, kind, detail)
    }

    fn close_alert(&mut self, by: &By, id: &str) -> Result {
        self.alert_on_board(id)?;
        check(self.alerts[id].is_open())?;
        let alert = self.alert(id);
        alert.closed = true;
        alert.muted = None;
        let alert = alert.clone();
        self.sources.remove(&alert.key);
        if let Some(incident) = alert.incident {
            if self.active(&incident) > 0 {
                let (severity, end) = (self.incidents[&incident].severity, self.incidents[&incident].end);
                self.rate(&incident);
                (self.incident(&incident).severity, self.incident(&incident).end) = (severity, end);
            }
            self.note(&incident, "a_close", by.who, by.at, json!({"alert_id": id}));
            if self.active(&incident) == 0 {
                self.close(&incident, "console", by.who, by.at);
            }
        }
        Ok(())
    }

    fn silence(&mut self, by: &By, id: &str, secs: u64) -> Result {
        let incident = self.open(id)?.clone();
        check((60..=31 * 24 * 3600).contains(&secs) && !incident.labels.is_empty())?;
        let known = self.silences.iter().find(|silence| silence.from == *id).map(|silence| silence.id.clone());
        let cause = Cause { stream: by.token, n: 0, index: 1, received: by.at, channel: self.channel };
        let rule_id = known.unwrap_or_else(|| named(Kind::Alert, cause));
        self.silences.retain(|silence| silence.id != rule_id);
        let (start, end) = (by.secs, by.secs + secs);
        let detail = json!({"rule_id": rule_id, "start_time": start, "end_time": end});
        self.silences.push(Silence {
            id: rule_id.clone(),
            from: id.into(),
            start,
            end,
            severity: incident.severity,
            labels: incident.labels,
        });
        self.note(id, "i_silence", by.who, by.at, detail);
        self.follow_silence(by, &rule_id);
        Ok(())
    }

    fn end_silence(&mut self, by: &By, rule_id: &str) -> Result {
        let ended = self.silences.iter().find(|silence| silence.id == *rule_id).cloned();
        check(ended.is_some())?;
        self.silences.retain(|silence| silence.id != *rule_id);
        let stands = |ended: &Silence| self.incidents.get(&ended.from).is_some_and(Incident::is_open);
        if let Some(ended) = ended.filter(stands) {
            let detail = json!({"rule_id": rule_id, "start_time": ended.start, "end_time": by.secs});
            self.note(&ended.from, "i_silence", by.who, by.at, detail);
        }
        self.follow_silence(by, rule_id);
        Ok(())
    }

    /// A silence is another now.
    fn follow_silence(&mut self, by: &By, rule_id: &str) {
        for alert in self.alerts.keys().cloned().collect::<Vec<_>>() {
            let open = self.alerts[&alert].is_open();
            let Some(muted) = self.alerts[&alert].muted.clone().filter(|_| open) else { continue };
            if muted.by != "silence" || muted.rule_id != rule_id {
                continue;
            }
            match self.muted(&alert, muted.ruling.as_ref(), by.secs) {
                Some(now) if now.until >= muted.until => {}
                Some(now) => self.mute(&alert, now),
                None => {
                    let cause = Cause::of_time(&alert, by.at, self.channel);
                    self.join_or_open(&alert, muted.ruling.as_ref(), cause, false);
                }
            }
        }
    }
}

fn ask(incident: &mut Incident, person: i64, secs: u64) {
    if !incident.responders.iter().any(|(known, ..)| *known == person) {
        incident.responders.push((person, secs, 0));
    }
}

fn count_acknowledgements(incident: &mut Incident) {
    let times = incident.responders.iter().map(|(_, _, acked)| *acked).filter(|at| *at > 0);
    incident.ack_time = times.min().unwrap_or(0);
}
