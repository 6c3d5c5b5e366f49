//! What `/alert/list` is asked for.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use crate::api::cursor::Cursor;
use crate::api::parameters::{Paging, flag, ids, object_ids, text, texts, window, words};
use crate::board::{Alert, ListedAlert, key_hash};
use crate::error::ApiError;
use crate::id::object_id_secs;
use crate::intake::Severity;

/// By update, alerts are looked for that began so much before the window, seconds.
const BEFORE_S: u64 = 31 * 24 * 3600;

/// Conditions, all of which must hold; an empty list asks nothing.
pub(super) struct AlertQuery {
    /// When an alert began, Unix seconds.
    pub start_time: u64,
    /// The latest that it may have begun.
    pub end_time: u64,
    /// Whether the oldest come first.
    pub asc: bool,
    /// Whether they are in the order of their latest events.
    pub by_update: bool,
    /// Which page.
    pub paging: Paging,
    /// Behind which alert it begins.
    pub after: Option<Cursor>,
    /// Only these.
    pub alert_ids: Vec<String>,
    /// When the latest event may have come, Unix seconds, where the window is about that.
    updated: Option<(u64, u64)>,
    active: Option<bool>,
    muted: Option<bool>,
    severity: Vec<String>,
    channel_ids: Vec<i64>,
    integration_ids: Vec<i64>,
    keys: Vec<String>,
    hashes: Vec<u32>,
}

impl AlertQuery {
    /// Reads it. Where `alert_ids` are given, the window may be missing.
    ///
    /// # Errors
    /// A condition that cannot be one.
    pub fn read(parameters: &Map<String, Value>) -> Result<Self, ApiError> {
        let alert_ids = object_ids(parameters, "alert_ids")?;
        let timeless = !alert_ids.is_empty() && !parameters.contains_key("start_time");
        let (start_time, end_time) = if timeless { (0, u64::from(u32::MAX)) } else { window(parameters)? };
        let asc = flag(parameters, "asc")? == Some(true);
        let by_update = match text(parameters, "orderby")?.as_deref() {
            None | Some("" | "created_at") => false,
            Some("updated_at") => true,
            Some(_) => return Err(ApiError::invalid("orderby", "must be created_at or updated_at")),
        };
        let updated = (flag(parameters, "by_updated_at")? == Some(true)).then_some((start_time, end_time));
        let (paging, after) = Paging::read_after(parameters, list(by_update, asc))?;
        let keys = texts(parameters, "alert_keys")?;
        Ok(Self {
            start_time: if updated.is_some() { start_time.saturating_sub(BEFORE_S) } else { start_time },
            end_time,
            asc,
            by_update,
            paging,
            after,
            alert_ids,
            updated,
            active: flag(parameters, "is_active")?,
            muted: flag(parameters, "ever_muted")?,
            severity: words(parameters, "alert_severity", &["Critical", "Warning", "Info"])?,
            channel_ids: ids(parameters, "channel_ids")?,
            integration_ids: ids(parameters, "integration_ids")?,
            hashes: keys.iter().map(|key| key_hash(key)).collect(),
            keys,
        })
    }

    /// What names the list and its order in cursors.
    pub const fn list(&self) -> &'static str {
        list(self.by_update, self.asc)
    }

    /// The channels that are asked for; `None`: all.
    pub fn channels(&self) -> Option<&[i64]> {
        (!self.channel_ids.is_empty()).then_some(self.channel_ids.as_slice())
    }

    /// No alert is wanted of which nothing was heard since this Unix second.
    pub fn heard_since(&self) -> u64 {
        self.updated.map_or(0, |(from, _)| from)
    }

    /// Whether those are asked for that have left the boards: none of them is active.
    pub fn wants_left(&self) -> bool {
        self.active != Some(true)
    }

    /// The place in the order of an alert that is wanted; `None`: it is not wanted.
    pub fn place(&self, alert_id: &str, listed: ListedAlert<'_>) -> Option<u64> {
        let began = object_id_secs(alert_id).unwrap_or(0);
        let (wanted, updated) = match listed {
            ListedAlert::Here(alert, incident) => {
                let active = alert.is_open(incident);
                (self.active.is_none_or(|wanted| wanted == active) && self.matches(alert), alert.last_time)
            }
            ListedAlert::Left(Some(left)) => {
                let keyed = self.hashes.is_empty() || self.hashes.contains(&left.key);
                let wanted = self.wants(left.integration_id, left.alert_severity, left.ever_muted);
                (wanted && keyed && self.wants_left(), left.last_time)
            }
            // Its document tells.
            ListedAlert::Left(None) => (self.wants_left(), began),
        };
        let at = if self.by_update { updated } else { 0 };
        let in_time = (self.start_time..=self.end_time).contains(&began)
            && self.updated.is_none_or(|(from, to)| (from..=to).contains(&updated));
        let behind = |after: &Cursor| {
            let order = (at, alert_id).cmp(&(after.at, after.id.as_str()));
            order == if self.asc { Ordering::Greater } else { Ordering::Less }
        };
        (wanted && in_time && self.after.as_ref().is_none_or(behind)).then_some(at)
    }

    /// Whether what only its document tells of one that was found is as it is asked for.
    pub fn matches(&self, alert: &Alert) -> bool {
        (self.keys.is_empty() || self.keys.contains(&alert.alert_key))
            && self.wants(alert.integration_id, alert.alert_severity, alert.ever_muted)
    }

    fn wants(&self, integration_id: i64, severity: Severity, muted: bool) -> bool {
        (self.integration_ids.is_empty() || self.integration_ids.contains(&integration_id))
            && (self.severity.is_empty() || self.severity.iter().any(|name| name == severity.name()))
            && self.muted.is_none_or(|wanted| wanted == muted)
    }
}

const fn list(by_update: bool, asc: bool) -> &'static str {
    match (by_update, asc) {
        (false, false) => "alerts-desc",
        (false, true) => "alerts-asc",
        (true, false) => "updated-alerts-desc",
        (true, true) => "updated-alerts-asc",
    }
}
