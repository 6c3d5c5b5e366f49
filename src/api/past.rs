//! `/incident/past/list`: closed incidents that were like one, so that who handles it finds what was done then.
//!
//! What is compared are the titles, by the features that grouping by similarity uses too.

use serde_json::{Value, json};

use super::parameters::number;
use super::{Call, json};
use crate::board::{Board, Incident, Listed, Progress, Shelf, Spot, last_slot};
use crate::call::Failure;
use crate::channel::alike::{features, likeness};
use crate::error::ApiError;
use crate::ports::{Clock, Random, Store};
use crate::sorted::SortedMap;

/// How many are shown where that is not said, and at most.
const LIMIT: u64 = 5;
const LIMIT_MAX: u64 = 100;
/// The newest of a channel that are gone over, about: whole pages are.
const GONE_OVER: usize = 5000;
/// What is less alike is left out, thousandths.
const LEAST: usize = 300;

impl<S: Store, P: Clock + Random> Call<'_, S, P> {
    /// The incidents of the channel of `incident_id` that were closed, whose titles are like its own, the most alike
    /// first and of those the newest; each with `score`, 0 to 1.
    pub(super) async fn past_incidents(&self) -> Result<Value, Failure> {
        let limit = number(&self.parameters, "limit")?.filter(|limit| *limit > 0).unwrap_or(LIMIT);
        if limit > LIMIT_MAX {
            return Err(ApiError::invalid("limit", "must be at most 100").into());
        }
        let of = self.find_incident().await?.incident;
        let mut boards = self.folder.view(Some(&[of.channel_id])).await?;
        let mut found: Vec<(usize, String)> = Vec::new();
        for board in &mut boards {
            found.extend(self.alike(board, &of).await?);
        }
        found.sort_unstable_by(|a, b| b.cmp(a));
        found.truncate(limit as usize);
        let ids: Vec<String> = found.iter().map(|(_, id)| id.clone()).collect();
        let mut incidents: SortedMap<String, Incident> = SortedMap::new();
        for incident in self.incidents_with(&ids).await? {
            incidents.insert(incident.incident_id.clone(), incident);
        }
        let mut items = Vec::new();
        for (score, id) in found {
            if let Some(incident) = incidents.get(&id) {
                let mut shown = self.show(incident);
                shown["score"] = json(score as f64 / 1000.0);
                items.push(shown);
            }
        }
        Ok(json!({"total": items.len(), "items": items}))
    }

    /// The newest closed incidents of a board that are like one, with how much.
    async fn alike(&self, board: &mut Board, of: &Incident) -> Result<Vec<(usize, String)>, Failure> {
        let wanted = features(&of.title);
        let mut found = Vec::new();
        for shelf in [Shelf::Open, Shelf::Closed] {
            let (mut next, mut gone_over) = (Some(last_slot(u64::from(u32::MAX))), 0);
            while let Some(at) = next.filter(|_| gone_over < GONE_OVER) {
                let (mut scores, mut seen) = (Vec::new(), 0);
                let read = |board: &mut Board| {
                    scores.clear();
                    let mut score = |id: &str, listed: Listed<'_>| {
                        seen += 1;
                        let title = match listed {
                            Listed::Open(incident) if incident.progress != Progress::Closed => return false,
                            Listed::Open(incident) => &incident.title,
                            Listed::Closed(reference) => &reference.title,
                        };
                        let score = likeness(&wanted, &features(title));
                        let alike = score >= LEAST && id != of.incident_id;
                        scores.extend(alike.then_some(score));
                        alike
                    };
                    board.listed(Spot { shelf, slot: at, backwards: true, pass: false }, &mut score)
                };
                let (ids, following) = self.pages.loading(self.folder.store, board, read).await?;
                board.unload();
                gone_over += seen;
                found.extend(scores.into_iter().zip(ids));
                next = following;
            }
        }
        Ok(found)
    }
}
