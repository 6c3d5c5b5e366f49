//! Reading what is over: the documents of closed incidents, and alerts wherever they are.

use super::error::FoldError;
use super::folder::Folder;
use crate::board::{Alert, Board, ClosedIncident, Incident, Missing, PastAlert};
use crate::id::object_id_secs;
use crate::keys;
use crate::ports::{Clock, Random, Store};
use crate::sorted::add;
use crate::value;

/// An alert that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundAlert {
    /// The channel that it is in.
    pub channel_id: i64,
    /// The alert, with its earlier events.
    pub alert: Alert,
    /// The incident that it is in.
    pub incident: Option<Incident>,
}

/// Where an alert is.
enum Place {
    /// On a board with its incident, or beside it.
    Here(Box<FoundAlert>),
    /// In the document of an incident.
    LeftWith(String),
}

impl<S: Store, C: Clock, R: Random> Folder<'_, S, C, R> {
    /// The final document of an incident that has left its board, with all alerts.
    pub async fn closed_incident(&self, incident_id: &str) -> Result<Option<ClosedIncident>, FoldError> {
        let key = keys::incident(incident_id);
        let Some((bytes, _)) = value::get(self.store, &key).await? else {
            return Ok(None);
        };
        let mut document = decode(key, &bytes)?;
        // Where they are gone, the document is going.
        let whole = !document.apart || self.add_alerts(&mut document).await?;
        Ok(whole.then_some(document))
    }

    /// The documents of several, without alerts that are stored apart; in one call where they are not large.
    pub async fn closed_incidents(&self, ids: &[String]) -> Result<Vec<Option<ClosedIncident>>, FoldError> {
        let keys: Vec<String> = ids.iter().map(|id| keys::incident(id)).collect();
        let mut documents = Vec::with_capacity(keys.len());
        if keys.is_empty() {
            return Ok(documents);
        }
        let values = self.store.get_many(&keys).await?;
        for (key, stored) in keys.into_iter().zip(values) {
            documents.push(match stored {
                Some(stored) => Some(decode(key.clone(), &value::assemble(self.store, &key, stored).await?.0)?),
                None => None,
            });
        }
        Ok(documents)
    }

    /// Alerts, wherever they are: on these boards, beside them, or with the incidents that they left with. In their order,
    /// as far as there are any; they hold their earlier events. With each id may come on which of the boards it is. Documents
    /// are read in one call where they are not large.
    pub async fn find_alerts(
        &self,
        boards: &mut [Board],
        ids: &[(String, Option<usize>)],
    ) -> Result<Vec<FoundAlert>, FoldError> {
        let mut places = Vec::new();
        let mut left = Vec::new();
        for (id, on) in ids {
            for (nth, board) in boards.iter_mut().enumerate() {
                if on.is_some_and(|on| on != nth) || object_id_secs(id).is_none() {
                    continue;
                }
                let place = self.pages.loading(self.store, board, |board| locate(board, id)).await?;
                if let Some(Place::LeftWith(incident_id)) = &place {
                    add(&mut left, incident_id.clone());
                }
                if let Some(place) = place {
                    places.push((board.head.channel_id, id, place));
                    break;
                }
            }
        }
        let mut documents = self.closed_incidents(&left).await?;
        for document in &mut documents {
            // Where they are gone, the document is going.
            let gone = match document {
                Some(document) if document.apart => !self.add_alerts(document).await?,
                _ => false,
            };
            if gone {
                *document = None;
            }
        }
        let mut found = Vec::with_capacity(places.len());
        for (channel_id, id, place) in places {
            match place {
                Place::Here(here) => found.push(*here),
                Place::LeftWith(incident_id) => {
                    let nth = left.binary_search(&incident_id).unwrap_or(usize::MAX);
                    let document = documents.get(nth).and_then(Option::as_ref);
                    let alert = document.and_then(|d| d.alerts.iter().find(|alert| alert.alert_id == *id));
                    if let (Some(document), Some(alert)) = (document, alert) {
                        let incident = Some(document.incident.clone());
                        found.push(FoundAlert { channel_id, alert: alert.clone(), incident });
                    }
                }
            }
        }
        Ok(found)
    }

    /// Adds to a document the alerts that are stored apart from it. Returns whether they are there.
    async fn add_alerts(&self, document: &mut ClosedIncident) -> Result<bool, FoldError> {
        let key = keys::incident_alerts(&document.incident.incident_id);
        let Some((bytes, _)) = value::get(self.store, &key).await? else {
            return Ok(false);
        };
        document.add_alerts(&bytes).map_err(|problem| FoldError::Unreadable { key, problem })?;
        Ok(true)
    }
}

/// Where a board says that an alert is. One that is on it with an incident that was removed is not to be found.
fn locate(board: &mut Board, alert_id: &str) -> Result<Option<Place>, Missing> {
    let channel_id = board.head.channel_id;
    if let Some(mut alert) = board.alert(alert_id)?.cloned() {
        let incident = board.incident(&alert.incident_id)?.cloned();
        board.add_events(std::slice::from_mut(&mut alert))?;
        let removed = incident.as_ref().is_some_and(Incident::is_removed);
        return Ok((!removed).then(|| Place::Here(Box::new(FoundAlert { channel_id, alert, incident }))));
    }
    Ok(board.past_alert(alert_id)?.map(|past| match past {
        PastAlert::Alone(alert) => Place::Here(Box::new(FoundAlert { channel_id, alert: *alert, incident: None })),
        PastAlert::LeftWith(incident_id) => Place::LeftWith(incident_id),
    }))
}

fn decode(key: String, bytes: &[u8]) -> Result<ClosedIncident, FoldError> {
    ClosedIncident::decode(bytes).map_err(|problem| FoldError::Unreadable { key, problem })
}
