//! What `/incident/list` is asked for.

use serde_json::{Map, Value};

use super::cursor::Cursor;
use super::listing::LabelFilter;
use super::parameters::{Paging, flag, ids, text, texts, window, words};
use crate::board::{ClosedRef, Incident, Progress, TITLE_BYTES};
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
    /// Behind which place the page begins, if it does not go by its number.
    pub after: Option<Cursor>,
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
    /// What a title must contain, each, in lower case.
    words: Vec<String>,
    /// Whether only what belongs to a team is asked for, which nothing does.
    of_team: bool,
    now_s: u64,
}

/// The most words of a search, and the most characters in all.
const WORDS: usize = 16;
const QUERY_CHARS: usize = 256;

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
        if flag(parameters, "is_rare")? == Some(true) {
            return Err(ApiError::invalid("is_rare", "is not supported"));
        }
        let given = text(parameters, "query")?.unwrap_or_default();
        let searched: Vec<String> = given.split_whitespace().map(str::to_lowercase).collect();
        if searched.len() > WORDS || given.chars().count() > QUERY_CHARS {
            return Err(ApiError::invalid("query", "must be at most 16 words of 256 characters in all"));
        }
        let of_mine = flag(parameters, "is_my_team")? == Some(true) || flag(parameters, "is_my_channel")? == Some(true);
        let of_team = of_mine || !ids(parameters, "team_ids")?.is_empty();
        let asc = flag(parameters, "asc")? == Some(true);
        let (paging, after) = Paging::read_after(parameters, list(asc))?;
        let ids = |name| ids(parameters, name);
        Ok(Self {
            start_time,
            end_time,
            labels: LabelFilter::read(parameters)?,
            asc,
            paging,
            after,
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
            words: searched,
            of_team,
            now_s,
        })
    }

    /// What finds the latest incidents with a short name.
    pub fn of_num(num: &str, now_s: u64) -> Result<Self, ApiError> {
        let mut parameters = Map::new();
        parameters.insert("nums".to_owned(), vec![Value::from(num)].into());
        Self::read(&parameters, now_s)
    }

    /// What cursors of this list in this order begin with.
    pub fn list(&self) -> &'static str {
        list(self.asc)
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
        let num = num_of(incident_id);
        let began = object_id_secs(incident_id).unwrap_or(0);
        let behind = |after: &Cursor| match self.asc {
            true => incident_id > after.id.as_str(),
            false => incident_id < after.id.as_str(),
        };
        self.after.as_ref().is_none_or(behind)
            && (self.start_time..=self.end_time).contains(&began)
            && !self.of_team
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
            && self.matches_texts(incident)
            && responder(&self.responder_ids)
            && (self.acker_ids.is_empty() || ackers().any(|r| self.acker_ids.contains(&r.person_id)))
            && (self.creator_ids.is_empty() || self.creator_ids.contains(&creator))
            && (self.closer_ids.is_empty() || (!incident.is_open() && self.closer_ids.contains(&closer)))
            && self.snoozed.is_none_or(|wanted| wanted == snoozed)
            && self.muted.is_none_or(|wanted| wanted == incident.ever_muted)
    }

    /// Whether labels and title are those that are asked for.
    pub fn matches_texts(&self, incident: &Incident) -> bool {
        self.labels.matches(incident) && self.has_words(&incident.incident_id, &incident.title)
    }

    /// Whether a title has all words that are searched for, or what is searched for is the id or short name.
    fn has_words(&self, incident_id: &str, title: &str) -> bool {
        match self.words.as_slice() {
            [] => true,
            [name] if [incident_id, num_of(incident_id)].iter().any(|id| id.eq_ignore_ascii_case(name)) => true,
            words => {
                let title = title.to_lowercase();
                words.iter().all(|word| title.contains(word.as_str()))
            }
        }
    }

    /// Whether one that has left is wanted, apart from its id.
    pub fn wants_closed(&self, incident_id: &str, reference: &ClosedRef) -> bool {
        let any = |wanted: &[i64], ids: &[i64]| wanted.is_empty() || ids.iter().any(|id| wanted.contains(id));
        self.wants_severity(reference.incident_severity)
            && self.labels.may_match(&reference.labels)
            && (is_cut(&reference.title) || self.has_words(incident_id, &reference.title))
            && any(&self.responder_ids, &reference.responder_ids)
            && any(&self.acker_ids, &reference.acker_ids)
            && any(&self.creator_ids, &[reference.creator_id])
            && any(&self.closer_ids, &[reference.closer_id])
            && self.snoozed != Some(true)
            && self.muted.is_none_or(|wanted| wanted == reference.ever_muted)
    }
}

const fn list(asc: bool) -> &'static str {
    if asc { "incidents-asc" } else { "incidents-desc" }
}

/// Whether a title in a reference may not be all of it: its document tells. Earlier versions kept none.
fn is_cut(title: &str) -> bool {
    title.is_empty() || title.len() + 3 >= TITLE_BYTES
}

/// The short name of an incident, in lower case.
fn num_of(incident_id: &str) -> &str {
    incident_id.get(incident_id.len().saturating_sub(6)..).unwrap_or_default()
}
