//! What `/incident/list` is asked for.

use serde_json::{Map, Value};

use super::listing::LabelFilter;
use super::parameters::{Paging, flag, ids, texts, window, words};
use crate::board::{ClosedRef, Incident, Progress};
use crate::error::ApiError;
use crate::id::object_id_secs;
use crate::intake::Severity;

/// Where incidents are looked up by their short names and no window is given, this far back, seconds.
const NUMS_SECS: u64 = 30 * 24 * 3600;

/// Conditions, all of which must hold; an empty list asks nothing.
pub(super) struct Query {
    /// When an incident began, Unix seconds.
    pub start_time: u64,
    /// The latest that it may have begun.
    pub end_time: u64,
    /// Labels that it must have.
    pub labels: LabelFilter,
    /// Whether the oldest come first.
    pub asc: bool,
    /// Which page.
    pub paging: Paging,
    progress: Vec<String>,
    severity: Vec<String>,
    channel_ids: Vec<i64>,
    responder_ids: Vec<i64>,
    acker_ids: Vec<i64>,
    creator_ids: Vec<i64>,
    closer_ids: Vec<i64>,
    nums: Vec<String>,
    snoozed: Option<bool>,
    muted: Option<bool>,
    now_s: u64,
}

impl Query {
    /// Reads it.
    ///
    /// # Errors
    /// A condition that cannot be one, or that is not supported.
    pub fn read(parameters: &Map<String, Value>, now_s: u64) -> Result<Self, ApiError> {
        let nums: Vec<String> = texts(parameters, "nums")?.iter().map(|num| num.to_uppercase()).collect();
        let timeless = !nums.is_empty() && !parameters.contains_key("start_time");
        let (start_time, end_time) =
            if timeless { (now_s.saturating_sub(NUMS_SECS), now_s.saturating_add(60)) } else { window(parameters)? };
        // What is not looked at must not seem to be.
        for name in ["query", "is_rare"] {
            let given = parameters.get(name).unwrap_or(&Value::Null);
            if !matches!(given, Value::Null | Value::Bool(false)) && given.as_str() != Some("") {
                return Err(ApiError::invalid(name, "is not supported"));
            }
        }
        let ids = |name| ids(parameters, name);
        Ok(Self {
            start_time,
            end_time,
            labels: LabelFilter::read(parameters)?,
            asc: flag(parameters, "asc")? == Some(true),
            paging: Paging::read(parameters)?,
            progress: words(parameters, "progress", &["Triggered", "Processing", "Closed"])?,
            severity: words(parameters, "incident_severity", &["Critical", "Warning", "Info"])?,
            channel_ids: ids("channel_ids")?,
            responder_ids: ids("responder_ids")?,
            acker_ids: ids("acker_ids")?,
            creator_ids: ids("creator_ids")?,
            closer_ids: ids("closer_ids")?,
            nums,
            snoozed: flag(parameters, "is_snoozed")?,
            muted: flag(parameters, "ever_muted")?,
            now_s,
        })
    }

    /// What finds the latest incidents with a short name.
    pub fn of_num(num: &str, now_s: u64) -> Result<Self, ApiError> {
        let mut parameters = Map::new();
        parameters.insert("nums".to_owned(), vec![Value::from(num)].into());
        Self::read(&parameters, now_s)
    }

    /// The channels that are asked for; `None`: all.
    pub fn channels(&self) -> Option<&[i64]> {
        (!self.channel_ids.is_empty()).then_some(self.channel_ids.as_slice())
    }

    /// Whether incidents with this progress are wanted.
    pub fn wants_progress(&self, progress: Progress) -> bool {
        self.progress.is_empty() || self.progress.iter().any(|name| name == progress.name())
    }

    fn wants_severity(&self, severity: Severity) -> bool {
        self.severity.is_empty() || self.severity.iter().any(|name| name == severity.name())
    }

    /// Whether one of this id is wanted: by when it began, and by its short name.
    pub fn wants_id(&self, incident_id: &str) -> bool {
        let num = incident_id.get(incident_id.len().saturating_sub(6)..).unwrap_or_default();
        let began = object_id_secs(incident_id).unwrap_or(0);
        (self.start_time..=self.end_time).contains(&began)
            && (self.nums.is_empty() || self.nums.iter().any(|wanted| wanted.eq_ignore_ascii_case(num)))
    }

    /// Whether one on a board is wanted, apart from its id.
    pub fn wants_open(&self, incident: &Incident) -> bool {
        let handling = incident.handling.as_ref();
        let responders = || handling.iter().flat_map(|handling| &handling.responders);
        let responder = |ids: &[i64]| ids.is_empty() || responders().any(|r| ids.contains(&r.person_id));
        let ackers = || responders().filter(|responder| responder.acknowledged_at > 0);
        let (creator, closer) = handling.map_or((0, 0), |handling| (handling.creator_id, handling.closer_id));
        let snoozed = handling.is_some_and(|handling| handling.snoozed_before > self.now_s);
        self.wants_progress(incident.progress)
            && self.wants_severity(incident.incident_severity)
            && self.labels.matches(incident)
            && responder(&self.responder_ids)
            && (self.acker_ids.is_empty() || ackers().any(|r| self.acker_ids.contains(&r.person_id)))
            && (self.creator_ids.is_empty() || self.creator_ids.contains(&creator))
            && (self.closer_ids.is_empty() || (!incident.is_open() && self.closer_ids.contains(&closer)))
            && self.snoozed.is_none_or(|wanted| wanted == snoozed)
            && self.muted.is_none_or(|wanted| wanted == incident.ever_muted)
    }

    /// Whether one that has left is wanted, apart from its id.
    pub fn wants_closed(&self, reference: &ClosedRef) -> bool {
        let any = |wanted: &[i64], ids: &[i64]| wanted.is_empty() || ids.iter().any(|id| wanted.contains(id));
        self.wants_severity(reference.incident_severity)
            && self.labels.may_match(&reference.labels)
            && any(&self.responder_ids, &reference.responder_ids)
            && any(&self.acker_ids, &reference.acker_ids)
            && any(&self.creator_ids, &[reference.creator_id])
            && any(&self.closer_ids, &[reference.closer_id])
            && self.snoozed != Some(true)
            && self.muted.is_none_or(|wanted| wanted == reference.ever_muted)
    }
}
