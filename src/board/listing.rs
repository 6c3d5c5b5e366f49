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

/// Where a list stands, and how it goes on.
#[derive(Clone, Copy, Debug)]
pub struct Spot {
    /// On which shelf.
    pub shelf: Shelf,
    /// For which slot the page is.
    pub slot: u64,
    /// Whether it goes back in time.
    pub backwards: bool,
    /// Whether the page is passed over, because nothing wanted stands on it: only what changed since is looked at.
    pub pass: bool,
}

impl Spot {
    /// Where it goes on behind the page that is for the slots from `first` to before `end`; `None`: nowhere.
    pub(super) fn next(&self, first: u64, end: Option<u64>) -> Option<u64> {
        if self.backwards { first.checked_sub(1) } else { end }
    }
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

/// What a list finds on a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placed {
    /// Its place in the order of the list, before its id.
    pub at: u64,
    /// Its id.
    pub id: String,
    /// Of an alert, the incident that it has left with.
    pub left_with: Option<String>,
}

/// What a list finds on a page, and the slot to go on with.
pub type Places = (Vec<Placed>, Option<u64>);

/// What a board knows of an alert that is not on it.
#[derive(Clone, Debug, PartialEq)]
pub enum PastAlert {
    /// It was in no incident; this is all of it.
    Alone(Box<Alert>),
    /// It left with the incident of this id.
    LeftWith(String),
}

impl Board {
    /// Goes over the incidents of the page at `spot`, and takes the ids of those that are `wanted`. Returns them with the
    /// slot to go on with; `None` at the end.
    pub fn listed(
        &self,
        spot: Spot,
        wanted: &mut dyn FnMut(&str, Listed<'_>) -> bool,
    ) -> Result<(Vec<String>, Option<u64>), Missing> {
        let part = self.shelf(spot.shelf).part(&self.loaded, spot.slot, spot.pass)?;
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
        Ok((ids, spot.next(part.first, part.end)))
    }

    /// The same for alerts: `wanted` says at which place in the order of the list one stands. A page on which none had an
    /// event `since` a Unix second is not read.
    pub fn listed_alerts(
        &self,
        spot: Spot,
        since: u64,
        wanted: &mut dyn FnMut(&str, ListedAlert<'_>) -> Option<u64>,
    ) -> Result<Places, Missing> {
        let tree = self.shelf(spot.shelf);
        if let Some((first, end)) = tree.idle(&self.loaded, spot.slot, since)? {
            return Ok((Vec::new(), spot.next(first, end)));
        }
        let part = tree.part(&self.loaded, spot.slot, spot.pass)?;
        let mut places = Vec::new();
        for (_, key, entity) in &part.entities {
            if let Some(id) = key.get(2..)
                && let Some(at) = self.place_of(id, entity, wanted)?
            {
                let left_with = match entity {
                    Entity::Open(left) => Some(AlertRef::incident_id(left).to_owned()),
                    _ => None,
                };
                places.push(Placed { at, id: id.to_owned(), left_with });
            }
        }
        Ok((places, spot.next(part.first, part.end)))
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

    pub(super) const fn shelf(&self, shelf: Shelf) -> &Tree {
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
