//! What `/alert-event/list` is asked for.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::of_incident::door;
use crate::api::cursor::Cursor;
use crate::api::parameters::{Paging, flag, ids, text, texts, window, words};
use crate::board::{Alert, KeptEvent, ListedAlert};
use crate::error::ApiError;
use crate::id::object_id_secs;

/// The most channels that are asked for.
const CHANNELS: usize = 100;

/// Conditions, all of which must hold; an empty list asks nothing.
pub(super) struct EventQuery {
    /// When an event was received, Unix seconds.
    pub start_time: u64,
    /// The latest that it may have been received.
    pub end_time: u64,
    /// Whether the oldest come first.
    pub asc: bool,
    /// Which page.
    pub paging: Paging,
    /// Behind which event it begins.
    pub after: Option<Cursor>,
    channel_ids: Vec<i64>,
    integration_ids: Vec<i64>,
    types: Vec<String>,
    severities: Vec<String>,
}

impl EventQuery {
    /// Reads it.
    ///
    /// # Errors
    /// A condition that cannot be one.
    pub fn read(parameters: &Map<String, Value>) -> Result<Self, ApiError> {
        let (start_time, end_time) = window(parameters)?;
        let asc = flag(parameters, "asc")? == Some(true);
        let orderby = text(parameters, "orderby")?.unwrap_or_default();
        if !matches!(orderby.as_str(), "" | "event_time") {
            return Err(ApiError::invalid("orderby", "must be event_time"));
        }
        let (paging, after) = Paging::read_after(parameters, list(asc))?;
        let channel_ids = ids(parameters, "channel_ids")?;
        if channel_ids.len() > CHANNELS {
            return Err(ApiError::invalid("channel_ids", "must be at most 100"));
        }
        Ok(Self {
            start_time,
            end_time,
            asc,
            paging,
            after,
            channel_ids,
            integration_ids: ids(parameters, "integration_ids")?,
            types: texts(parameters, "integration_types")?,
            severities: words(parameters, "severities", &["Critical", "Warning", "Info"])?,
        })
    }

    /// What names the list and its order in cursors.
    pub const fn list(&self) -> &'static str {
        list(self.asc)
    }

    /// The channels that are asked for; `None`: all.
    pub fn channels(&self) -> Option<&[i64]> {
        (!self.channel_ids.is_empty()).then_some(self.channel_ids.as_slice())
    }

    /// Whether severities are asked for: only its events tell whether an alert has any.
    pub const fn by_severity(&self) -> bool {
        !self.severities.is_empty()
    }

    /// Of an alert that may have events that are wanted, the second of the first of them in the order of the list, or one
    /// that comes before it. Of one that left in an earlier version nothing is known.
    pub fn place(&self, alert_id: &str, listed: ListedAlert<'_>) -> Option<u64> {
        let began = object_id_secs(alert_id)?;
        let (integration_id, kind, last) = match listed {
            ListedAlert::Here(alert, _) => (alert.integration_id, door(&alert.door), alert.last_time),
            ListedAlert::Left(Some(left)) => (left.integration_id, door(&left.door), left.last_time),
            ListedAlert::Left(None) => return None,
        };
        let after = self.after.as_ref().map(|after| after.at);
        let (from, to) = match self.asc {
            true => (after.unwrap_or(self.start_time), self.end_time),
            false => (self.start_time, after.unwrap_or(self.end_time)),
        };
        let wanted = began <= to
            && last >= from
            && (self.integration_ids.is_empty() || self.integration_ids.contains(&integration_id))
            && (self.types.is_empty() || self.types.iter().any(|wanted| wanted == kind));
        wanted.then_some(if self.asc { began.max(from) } else { last.min(to) })
    }

    /// The place of an event that is wanted.
    pub fn place_of(&self, alert: &Alert, kept: &KeptEvent) -> Option<Cursor> {
        let severity = kept.severity().unwrap_or(alert.alert_severity);
        let place = Cursor { at: kept.at(), id: alert.alert_id.clone(), nth: kept.nth };
        let wanted = (self.start_time..=self.end_time).contains(&place.at)
            && (self.severities.is_empty() || self.severities.iter().any(|name| name == severity.name()));
        let behind = |after: &Cursor| place.cmp(after) == if self.asc { Ordering::Greater } else { Ordering::Less };
        (wanted && self.after.as_ref().is_none_or(behind)).then_some(place)
    }
}

const fn list(asc: bool) -> &'static str {
    if asc { "events-asc" } else { "events-desc" }
}
