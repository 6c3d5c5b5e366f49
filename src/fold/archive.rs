//! Reading what is over: the documents of closed incidents, and alerts wherever they are.

use super::error::FoldError;
use super::folder::Folder;
use crate::board::{Alert, Board, ClosedIncident, PastAlert};
use crate::keys;
use crate::ports::{Clock, Random, Store};
use crate::value;

impl<S: Store, C: Clock, R: Random> Folder<'_, S, C, R> {
    /// The final document of an incident that has left its board, with all alerts.
    pub async fn closed_incident(&self, incident_id: &str) -> Result<Option<ClosedIncident>, FoldError> {
        let key = keys::incident(incident_id);
        let Some((bytes, _)) = value::get(self.store, &key).await? else {
            return Ok(None);
        };
        let mut document = decode(key, &bytes)?;
        if document.apart {
            let key = keys::incident_alerts(incident_id);
            // Where they are gone, the document is going.
            let Some((bytes, _)) = value::get(self.store, &key).await? else {
                return Ok(None);
            };
            document.add_alerts(&bytes).map_err(|problem| FoldError::Unreadable { key, problem })?;
        }
        Ok(Some(document))
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

    /// An alert, wherever it is: on one of these boards, beside it, or with the incident that it left with.
    pub async fn find_alert(&self, boards: &mut [Board], alert_id: &str) -> Result<Option<(i64, Alert)>, FoldError> {
        for board in boards {
            let channel = board.head.channel_id;
            let here = |board: &mut Board| {
                let alert = board.alert(alert_id)?.cloned();
                // One that left with an incident that was removed is not to be found.
                let incident = alert.as_ref().map_or(Ok(None), |alert| board.incident(&alert.incident_id))?;
                Ok(alert.filter(|_| incident.is_none_or(|incident| !incident.is_removed())))
            };
            if let Some(alert) = self.pages.loading(self.store, board, here).await? {
                return Ok(Some((channel, alert)));
            }
            match self.pages.loading(self.store, board, |board| board.past_alert(alert_id)).await? {
                Some(PastAlert::Alone(alert)) => return Ok(Some((channel, *alert))),
                Some(PastAlert::LeftWith(incident_id)) => {
                    let document = self.closed_incident(&incident_id).await?;
                    let mut alerts = document.into_iter().flat_map(|document| document.alerts);
                    return Ok(alerts.find(|alert| alert.alert_id == alert_id).map(|alert| (channel, alert)));
                }
                None => {}
            }
        }
        Ok(None)
    }
}

fn decode(key: String, bytes: &[u8]) -> Result<ClosedIncident, FoldError> {
    ClosedIncident::decode(bytes).map_err(|problem| FoldError::Unreadable { key, problem })
}
