//! Reading in the order of time, page after page, so that who wants the newest hundred of a hundred thousand reads a few
//! pages; and finding what has left the board.

use super::alert::Alert;
use super::alert_ref::AlertRef;
use super::archive::ClosedRef;
use super::head::{Board, Missing};
use super::incident::Incident;
use super::page::{self, Entity};
use super::tree::Tree;

/// Pages that are kept while one reads on.
const PAGES: usize = 32;

/// Which incidents: those on the board, or those that have left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelf {
    /// On the board: they are open, or were closed lately.
    Open,
    /// They have left: documents of their own hold them.
    Closed,
}

/// An incident as a list comes by it.
#[derive(Clone, Copy, Debug)]
pub enum Listed<'a> {
    /// One on the board.
    Open(&'a Incident),
    /// One that has left.
    Closed(&'a ClosedRef),
}

/// An alert as a list comes by it.
#[derive(Clone, Copy, Debug)]
pub enum ListedAlert<'a> {
    /// One on the board, with its incident; or one beside it, which was in none.
    Here(&'a Alert, Option<&'a Incident>),
    /// One that has left with its incident; `None`: in an earlier version, and nothing else is known here.
    Left(Option<&'a AlertRef>),
}

/// What a list finds on a page: places in its order with ids, and the slot to go on with.
pub type Places = (Vec<(u64, String)>, Option<u64>);

/// What a board knows of an alert that is not on it.
#[derive(Clone, Debug, PartialEq)]
pub enum PastAlert {
    /// It was in no incident; this is all of it.
    Alone(Box<Alert>),
    /// It left with the incident of this id.
    LeftWith(String),
}

impl Board {
    /// Goes over the incidents of the page for `slot`, and takes the ids of those that are `wanted`. Returns them with
    /// the slot to go on with, backwards or forwards in time; `None` at the end.
    pub fn listed(
        &self,
        shelf: Shelf,
        slot: u64,
        backwards: bool,
        wanted: &mut dyn FnMut(&str, Listed<'_>) -> bool,
    ) -> Result<(Vec<String>, Option<u64>), Missing> {
        let part = self.shelf(shelf).part(&self.loaded, slot)?;
        let mut ids = Vec::new();
        for (_, key, entity) in &part.entities {
            let listed = match entity {
                Entity::Incident(incident) if !incident.is_removed() => Listed::Open(incident),
                Entity::Closed(reference) if !reference.recalled => Listed::Closed(reference),
                _ => continue,
            };
            if let Some(id) = key.get(2..).filter(|id| wanted(id, listed)) {
                ids.push(id.to_owned());
            }
        }
        Ok((ids, if backwards { part.first.checked_sub(1) } else { part.end }))
    }

    /// The same for alerts: `wanted` says at which place in the order of the list one stands. A page on which none had an
    /// event `since` a Unix second is not read.
    pub fn listed_alerts(
        &self,
        (shelf, slot, backwards): (Shelf, u64, bool),
        since: u64,
        wanted: &mut dyn FnMut(&str, ListedAlert<'_>) -> Option<u64>,
    ) -> Result<Places, Missing> {
        if let Some((first, end)) = self.shelf(shelf).idle(&self.loaded, slot, since)? {
            return Ok((Vec::new(), if backwards { first.checked_sub(1) } else { end }));
        }
        let part = self.shelf(shelf).part(&self.loaded, slot)?;
        let mut places = Vec::new();
        for (_, key, entity) in &part.entities {
            if let Some(id) = key.get(2..)
                && let Some(at) = self.place_of(id, entity, wanted)?
            {
                places.push((at, id.to_owned()));
            }
        }
        Ok((places, if backwards { part.first.checked_sub(1) } else { part.end }))
    }

    /// The same for the alert with an id, on the board, beside it, or gone from it.
    pub fn listed_alert(
        &self,
        alert_id: &str,
        wanted: &mut dyn FnMut(&str, ListedAlert<'_>) -> Option<u64>,
    ) -> Result<Option<u64>, Missing> {
        for key in [page::alert(alert_id), page::past_alert(alert_id), page::alert_ref(alert_id)] {
            if let Some(entity) = self.entity(&key)? {
                return self.place_of(alert_id, entity, wanted);
            }
        }
        Ok(None)
    }

    /// The place of what stands on a page in a list of alerts, if it is one that is wanted.
    fn place_of(
        &self,
        id: &str,
        entity: &Entity,
        wanted: &mut dyn FnMut(&str, ListedAlert<'_>) -> Option<u64>,
    ) -> Result<Option<u64>, Missing> {
        Ok(match entity {
            Entity::Alert(alert) if alert.incident_id.is_empty() => wanted(id, ListedAlert::Here(alert, None)),
            Entity::Alert(alert) => match self.incident(&alert.incident_id)? {
                Some(incident) if incident.is_removed() => None,
                incident => wanted(id, ListedAlert::Here(alert, incident)),
            },
            Entity::Open(left) => wanted(id, ListedAlert::Left(AlertRef::read(left).as_ref())),
            _ => None,
        })
    }

    const fn shelf(&self, shelf: Shelf) -> &Tree {
        match shelf {
            Shelf::Open => &self.head.open,
            Shelf::Closed => &self.head.closed,
        }
    }

    /// Lets go of loaded pages where they are many; those that are needed are loaded again.
    pub fn unload(&mut self) {
        if self.loaded.len() > PAGES {
            self.loaded.clear();
        }
    }

    /// What the board keeps of an incident that has left it and was not called back.
    pub fn closed_ref(&self, incident_id: &str) -> Result<Option<&ClosedRef>, Missing> {
        Ok(match self.entity(&page::closed(incident_id))? {
            Some(Entity::Closed(reference)) if !reference.recalled => Some(reference),
            _ => None,
        })
    }

    /// What the board knows of an alert that is not on it any more.
    pub fn past_alert(&self, alert_id: &str) -> Result<Option<PastAlert>, Missing> {
        if let Some(Entity::Alert(alert)) = self.entity(&page::past_alert(alert_id))? {
            return Ok(Some(PastAlert::Alone(Box::new(alert.clone()))));
        }
        Ok(match self.entity(&page::alert_ref(alert_id))? {
            Some(Entity::Open(left)) => Some(PastAlert::LeftWith(AlertRef::incident_id(left).to_owned())),
            _ => None,
        })
    }
}
