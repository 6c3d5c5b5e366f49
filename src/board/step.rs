//! A step: what one record, one action or one moment does to a board, all of it or nothing.
//!
//! A step reads from the board through what it has changed so far, and changes nothing but its own notes. Where a page
//! is missing or something is not allowed, it is dropped and the board is as before; else its changes are committed.

use std::collections::BTreeMap;

use super::alert::Alert;
use super::feed::{FEED, FeedItem};
use super::flaps::Flaps;
use super::head::{Board, Missing};
use super::incident::Incident;
use super::outbox::Event;
use super::page::{self, Entity, Whose};
use super::silence::QuickSilence;
use super::sources::Sources;
use crate::id::object_id_secs;
use crate::journal::Texts;
use crate::sorted::{SortedMap, add};

/// What a step changes.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// By key; `None`: removed.
    pub(super) entities: BTreeMap<String, Option<Entity>>,
    /// Events for the outbox, in their order.
    pub(super) events: Vec<Event>,
    /// The active sources of inhibition, where they changed.
    pub(super) sources: Option<Sources>,
    /// The quick silences, where they changed.
    pub(super) silences: Option<Vec<QuickSilence>>,
    /// What happened, for the totals: their names.
    pub(super) counted: Vec<&'static str>,
}

/// A step on its way.
#[derive(Debug)]
pub struct Step<'b> {
    board: &'b Board,
    changes: Changes,
}

impl Board {
    /// Begins a step.
    pub fn step(&self) -> Step<'_> {
        Step { board: self, changes: Changes::default() }
    }
}

impl Step<'_> {
    /// What it changes, to be committed.
    pub fn changes(self) -> Changes {
        self.changes
    }

    /// The channel of the board.
    pub fn channel(&self) -> i64 {
        self.board.head.channel_id
    }

    pub(super) fn get(&self, key: &str) -> Result<Option<&Entity>, Missing> {
        match self.changes.entities.get(key) {
            Some(changed) => Ok(changed.as_ref()),
            None => self.board.entity(key),
        }
    }

    pub(super) fn put(&mut self, key: String, entity: Entity) {
        self.changes.entities.insert(key, Some(entity));
    }

    pub(super) fn remove(&mut self, key: String) {
        self.changes.entities.insert(key, None);
    }

    /// The alert with this id.
    pub fn alert(&self, alert_id: &str) -> Result<Option<Alert>, Missing> {
        Ok(match self.get(&page::alert(alert_id))? {
            Some(Entity::Alert(alert)) => Some(alert.clone()),
            _ => None,
        })
    }

    /// Puts an alert.
    pub fn put_alert(&mut self, mut alert: Alert) {
        self.spread_events(&mut alert);
        self.put(page::alert(&alert.alert_id), Entity::Alert(alert));
    }

    /// The incident with this id.
    pub fn incident(&self, incident_id: &str) -> Result<Option<Incident>, Missing> {
        if incident_id.is_empty() {
            return Ok(None);
        }
        Ok(match self.get(&page::incident(incident_id))? {
            Some(Entity::Incident(incident)) => Some(incident.clone()),
            _ => None,
        })
    }

    /// Puts an incident, and sees to it that it is looked at when its time comes.
    pub fn put_incident(&mut self, mut incident: Incident) {
        let due = incident.next_due();
        let whose = Whose::Incident(incident.incident_id.clone());
        incident.due_at = self.schedule(&incident.incident_id, incident.due_at, due, whose);
        self.put(page::incident(&incident.incident_id), Entity::Incident(incident));
    }

    /// Puts an alert that is in no incident, and sees to it that it is looked at when its time comes.
    pub fn put_muted(&mut self, mut alert: Alert) {
        if let Some(mut muted) = alert.muted.take() {
            let whose = Whose::Alert(alert.alert_id.clone());
            muted.due_at = self.schedule(&alert.alert_id, muted.due_at, Some(muted.until), whose);
            alert.muted = Some(muted);
        }
        self.put_alert(alert);
    }

    /// Puts something into the index of what is due, unless it already stands there for an earlier time: it is then put
    /// off when that comes. Returns for when it stands there.
    fn schedule(&mut self, id: &str, stands: u64, due: Option<u64>, whose: Whose) -> u64 {
        let Some(due) = due else {
            // It is left there; when its time comes, nothing is found to be done.
            return stands;
        };
        if stands > 0 && stands <= due {
            return stands;
        }
        if stands > 0 {
            self.remove(page::due(stands, id));
        }
        self.put(page::due(due, id), Entity::Due(whose));
        due
    }

    /// The ids of the alerts that are to be looked at again when their time comes, rising; among them are all that are
    /// muted.
    pub fn waiting_alerts(&self) -> Result<Vec<String>, Missing> {
        let mut ids = Vec::new();
        let due = self.board.head.due.all(&self.board.loaded)?.into_values();
        for entity in due.chain(self.changes.entities.values().flatten()) {
            if let Entity::Due(Whose::Alert(alert_id)) = entity {
                add(&mut ids, alert_id.clone());
            }
        }
        Ok(ids)
    }

    /// Takes something out of the index of what is due.
    pub fn unschedule(&mut self, key: &str) {
        self.remove(key.to_owned());
    }

    /// The alert that is open, or was last, under an identity.
    pub fn indexed_alert(&self, identity: &str) -> Result<Option<Alert>, Missing> {
        match self.get(&page::open(identity))? {
            Some(Entity::Open(alert_id)) => self.alert(alert_id),
            _ => Ok(None),
        }
    }

    /// Says that an alert is open under its identity.
    pub fn index_alert(&mut self, alert: &Alert) {
        self.put(page::open(&alert.identity()), Entity::Open(alert.alert_id.clone()));
    }

    /// Frees the identity of an alert, unless another is open under it by now.
    pub fn unindex_alert(&mut self, alert: &Alert) -> Result<(), Missing> {
        let key = page::open(&alert.identity());
        if matches!(self.get(&key)?, Some(Entity::Open(id)) if *id == alert.alert_id) {
            self.remove(key);
        }
        Ok(())
    }

    /// The incident that takes in alerts with a mark.
    pub fn group(&self, mark: u64) -> Result<Option<Incident>, Missing> {
        match self.get(&page::group(mark))? {
            Some(Entity::Open(incident_id)) => self.incident(incident_id),
            _ => Ok(None),
        }
    }

    /// Says which incident takes in alerts with a mark.
    pub fn put_group(&mut self, mark: u64, incident_id: &str) {
        self.put(page::group(mark), Entity::Open(incident_id.to_owned()));
    }

    /// Says that an incident takes in alerts with a mark no more, unless another does by now.
    pub fn remove_group(&mut self, mark: u64, incident_id: &str) -> Result<(), Missing> {
        let key = page::group(mark);
        if matches!(self.get(&key)?, Some(Entity::Open(id)) if id == incident_id) {
            self.remove(key);
        }
        Ok(())
    }

    /// What incidents are compared by, by incident id: the oldest first.
    pub fn alikes(&self) -> Result<SortedMap<String, Texts>, Missing> {
        let mut alikes = SortedMap::new();
        for (key, entity) in self.board.head.alike.all(&self.board.loaded)? {
            if let (Some(id), Entity::Alike(texts)) = (key.get(2..), entity) {
                alikes.insert(id.to_owned(), texts.clone());
            }
        }
        for (key, change) in self.changes.entities.range("l:".to_owned().."l;".to_owned()) {
            match (key.get(2..), change) {
                (Some(id), Some(Entity::Alike(texts))) => drop(alikes.insert(id.to_owned(), texts.clone())),
                (Some(id), _) => drop(alikes.remove(id)),
                _ => {}
            }
        }
        Ok(alikes)
    }

    /// By what an incident is compared.
    pub fn alike(&self, incident_id: &str) -> Result<Option<Texts>, Missing> {
        Ok(match self.get(&page::alike(incident_id))? {
            Some(Entity::Alike(texts)) => Some(texts.clone()),
            _ => None,
        })
    }

    /// Says by what an incident is compared.
    pub fn put_alike(&mut self, incident_id: &str, texts: Texts) {
        self.put(page::alike(incident_id), Entity::Alike(texts));
    }

    /// Says that an incident is compared no more.
    pub fn remove_alike(&mut self, incident_id: &str) {
        self.remove(page::alike(incident_id));
    }

    /// When an alert key changed lately.
    pub fn flaps(&self, identity: &str) -> Result<Option<Flaps>, Missing> {
        Ok(match self.get(&page::flaps(identity))? {
            Some(Entity::Flaps(flaps)) => Some(flaps.clone()),
            _ => None,
        })
    }

    /// Says when an alert key changed lately.
    pub fn put_flaps(&mut self, identity: &str, flaps: Flaps) {
        self.put(page::flaps(identity), Entity::Flaps(flaps));
    }

    /// Adds an entry to the timeline of an incident, which is to be put after it.
    pub fn feed(&mut self, incident: &mut Incident, item: FeedItem) {
        let id = &incident.incident_id;
        if incident.feed_cnt >= FEED {
            self.remove(page::feed(id, incident.feed_cnt - FEED));
        }
        self.put(page::feed(id, incident.feed_cnt), Entity::Feed(item));
        incident.feed_cnt = incident.feed_cnt.saturating_add(1);
    }

    /// Counts something that happened, under a name among the board's counts.
    pub fn count(&mut self, name: &'static str) {
        self.changes.counted.push(name);
    }

    /// Puts an event into the outbox.
    pub fn put_event(&mut self, event: Event) {
        self.changes.events.push(event);
    }

    /// The active sources of inhibition.
    pub fn sources(&self) -> &Sources {
        self.changes.sources.as_ref().unwrap_or(&self.board.head.sources)
    }

    /// Notes the source marks that an alert has now; none: it is no source.
    pub fn source(&mut self, identity: &str, marks: &[u64], secs: u64) {
        if marks.is_empty() && !self.sources().knows(identity) {
            return;
        }
        let sources = self.changes.sources.get_or_insert_with(|| self.board.head.sources.clone());
        if marks.is_empty() {
            sources.over(identity);
        } else {
            sources.fired(identity, marks, secs);
        }
    }

    /// The quick silences.
    pub fn silences(&self) -> &[QuickSilence] {
        self.changes.silences.as_ref().unwrap_or(&self.board.head.silences)
    }

    /// Replaces the quick silences.
    pub fn put_silences(&mut self, silences: Vec<QuickSilence>) {
        self.changes.silences = Some(silences);
    }

    /// The alerts of an incident, by id.
    pub fn members(&self, incident: &Incident) -> Result<Vec<Alert>, Missing> {
        let mut alerts = SortedMap::new();
        for id in &incident.alert_ids {
            if let Some(alert) = self.alert(id)? {
                alerts.insert(id.clone(), alert);
            }
        }
        if let Some((least, greatest)) = &incident.span {
            let secs = |id: &str| object_id_secs(id).unwrap_or(0);
            for entity in self.board.opened_between(secs(least), secs(greatest))? {
                if let Entity::Alert(alert) = entity {
                    alerts.insert(alert.alert_id.clone(), alert.clone());
                }
            }
            for change in self.changes.entities.values().flatten() {
                if let Entity::Alert(alert) = change {
                    alerts.insert(alert.alert_id.clone(), alert.clone());
                }
            }
        }
        alerts.retain(|_, alert| alert.incident_id == incident.incident_id);
        Ok(alerts.into_values().collect())
    }

    /// Moves an alert that was in no incident, and has recovered, off the board.
    pub fn archive_alert(&mut self, mut alert: Alert) -> Result<(), Missing> {
        self.gather_events(&mut alert)?;
        self.unindex_alert(&alert)?;
        self.remove(page::alert(&alert.alert_id));
        self.put(page::past_alert(&alert.alert_id), Entity::Alert(alert));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_sees_what_it_has_changed_itself() {
        let mut board = Board::new(1);
        let mut step = board.step();
        let texts = Texts { keys: vec![vec![1]], score: 900 };
        step.put_alike("kept", texts.clone());
        step.put_alike("gone", texts.clone());
        assert_eq!(step.alikes().expect("no pages").keys().collect::<Vec<_>>(), ["gone", "kept"]);
        let changes = step.changes();
        board.commit(changes);
        let mut step = board.step();
        step.remove_alike("gone");
        assert_eq!(step.alikes().expect("no pages").keys().collect::<Vec<_>>(), ["kept"]);
        assert_eq!(step.alike("gone"), Ok(None));
        assert_eq!(step.alike("kept"), Ok(Some(texts)));
    }

    #[test]
    fn an_alert_that_is_no_source_and_was_none_changes_nothing() {
        let board = Board::new(1);
        let mut step = board.step();
        step.source("a", &[], 1);
        assert!(step.changes().sources.is_none());
        let mut step = board.step();
        step.source("a", &[7], 1);
        step.source("a", &[], 1);
        assert!(step.changes().sources.is_some_and(|sources| sources.is_empty()));
    }
}
