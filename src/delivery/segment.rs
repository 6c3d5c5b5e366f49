//! Segments of the delivery log: which events were told and what came of each attempt, as one stored value (Flashduty,
//! webhook history).

use serde::{Deserialize, Serialize};

use super::log::Span;
use crate::json::{self, is_default};
use crate::value::WHOLE_LIMIT;

/// The longest text of an error, and the longest value of a header, bytes.
const TEXT_BYTES: usize = 512;
/// The most that is kept of an answer's body, and the longest endpoint, bytes.
const ANSWER_BYTES: usize = 2048;
/// The most that is kept of the headers of a request or of an answer, bytes.
const HEADERS_BYTES: usize = 4096;
/// What stands in place of a header's value that may be a secret.
const HIDDEN: &str = "***";
/// Parts of the names of headers that may carry a secret.
const SECRETS: [&str; 8] = ["auth", "cookie", "credential", "key", "passw", "secret", "signature", "token"];

/// What an event is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// An incident.
    #[default]
    #[serde(rename = "incident")]
    Incident,
    /// An alert.
    #[serde(rename = "alert")]
    Alert,
}

impl Kind {
    /// Its name in the protocol.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Incident => "incident",
            Self::Alert => "alert",
        }
    }
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// The subscriber took it.
    #[default]
    #[serde(rename = "s")]
    Success,
    /// It did not.
    #[serde(rename = "f")]
    Failed,
}

impl Status {
    /// Its name in the protocol.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed => "failed",
        }
    }
}

/// An event as it was told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Its id.
    #[serde(rename = "i")]
    pub event_id: String,
    /// Its type, such as `i_new`.
    #[serde(rename = "t")]
    pub event_type: String,
    /// When it happened, Unix milliseconds.
    #[serde(rename = "m")]
    pub event_time: u64,
    /// What it is about.
    #[serde(rename = "k", default, skip_serializing_if = "is_default")]
    pub kind: Kind,
    /// The id of the incident or alert.
    #[serde(rename = "r")]
    pub ref_id: String,
    /// The channel; 0: none.
    #[serde(rename = "c", default, skip_serializing_if = "is_default")]
    pub channel_id: i64,
    /// The default payload; empty where it stands in another segment.
    #[serde(rename = "b", default, skip_serializing_if = "is_default")]
    pub body: String,
    /// The key of the segment where its payload stands; empty: here. So that a retry's segment can be filtered and
    /// shown without any other one, and the payload read with one more call.
    #[serde(rename = "w", default, skip_serializing_if = "is_default")]
    pub stands_in: String,
}

impl Told {
    /// The same event for another segment, without the payload, which stands in the segment with this key.
    pub fn standing_in(&self, key: &str) -> Self {
        let stands_in = if self.stands_in.is_empty() { key.to_owned() } else { self.stands_in.clone() };
        Self { body: String::new(), stands_in, ..self.clone() }
    }
}

/// One attempt to tell a subscription of an event. Texts may be cut when it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The subscription.
    #[serde(rename = "s")]
    pub subscription_id: i64,
    /// The event's place among those of the segment.
    #[serde(rename = "e")]
    pub event: u32,
    /// Which attempt it was; the first is 1.
    #[serde(rename = "n")]
    pub attempt: u32,
    /// When it began, Unix milliseconds.
    #[serde(rename = "t")]
    pub at_ms: u64,
    /// How long it took, milliseconds.
    #[serde(rename = "d", default, skip_serializing_if = "is_default")]
    pub duration_ms: u64,
    /// The HTTP status of the answer; 0: there was none.
    #[serde(rename = "c", default, skip_serializing_if = "is_default")]
    pub status_code: u16,
    /// How it ended.
    #[serde(rename = "o", default, skip_serializing_if = "is_default")]
    pub status: Status,
    /// Why it failed, at most 512 bytes.
    #[serde(rename = "x", default, skip_serializing_if = "is_default")]
    pub error: String,
    /// Where it was sent, at most 2 KiB. What is secret in it is for the caller to leave out.
    #[serde(rename = "u", default, skip_serializing_if = "is_default")]
    pub endpoint: String,
    /// The request's headers, at most 4 KiB; values that may be secrets or signatures are hidden when it is written.
    #[serde(rename = "h", default, skip_serializing_if = "is_default")]
    pub request_headers: Vec<(String, String)>,
    /// What was sent, where it was not the event's default payload.
    #[serde(rename = "q", default, skip_serializing_if = "is_default")]
    pub request_body: Option<String>,
    /// The answer's headers as text, at most 4 KiB.
    #[serde(rename = "p", default, skip_serializing_if = "is_default")]
    pub response_headers: String,
    /// The answer's body, at most its first 2 KiB.
    #[serde(rename = "b", default, skip_serializing_if = "is_default")]
    pub response_body: String,
}

impl Attempt {
    /// Cuts texts to their limits and hides what may be secret.
    fn bound(&mut self) {
        cut(&mut self.error, TEXT_BYTES);
        cut(&mut self.endpoint, ANSWER_BYTES);
        cut(&mut self.response_headers, HEADERS_BYTES);
        cut(&mut self.response_body, ANSWER_BYTES);
        let mut left = HEADERS_BYTES;
        self.request_headers.retain_mut(|(name, value)| {
            let lower = name.to_ascii_lowercase();
            if SECRETS.iter().any(|part| lower.contains(part)) {
                HIDDEN.clone_into(value);
            }
            cut(value, TEXT_BYTES);
            let bytes = name.len() + value.len();
            let fits = bytes <= left;
            left = left.saturating_sub(bytes);
            fits
        });
    }
}

fn cut(text: &mut String, bytes: usize) {
    text.truncate(text.floor_char_boundary(bytes));
}

/// A segment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// The format; [`Segment::FORMAT`].
    pub v: u32,
    /// The events, each once.
    #[serde(rename = "e")]
    pub events: Vec<Told>,
    /// The attempts, in the order in which they ended.
    #[serde(rename = "a")]
    pub attempts: Vec<Attempt>,
}

/// What a list shows of a segment; by default all.
#[derive(Clone, Copy, Debug)]
pub struct Filter<'a> {
    /// Attempts of this subscription only.
    pub subscription_id: Option<i64>,
    /// Those of this event only.
    pub event_id: Option<&'a str>,
    /// Those of events of these types only; empty: of all.
    pub event_types: &'a [String],
    /// Those of this incident or alert only.
    pub ref_id: Option<&'a str>,
    /// Those that ended like this only.
    pub status: Option<Status>,
    /// Those of events that happened in this range only.
    pub span: Span,
}

impl Default for Filter<'_> {
    fn default() -> Self {
        Self { subscription_id: None, event_id: None, event_types: &[], ref_id: None, status: None, span: Span::ALL }
    }
}

impl Filter<'_> {
    fn takes(&self, attempt: &Attempt, told: &Told) -> bool {
        self.subscription_id.is_none_or(|id| id == attempt.subscription_id)
            && self.event_id.is_none_or(|id| id == told.event_id)
            && (self.event_types.is_empty() || self.event_types.contains(&told.event_type))
            && self.ref_id.is_none_or(|id| id == told.ref_id)
            && self.status.is_none_or(|status| status == attempt.status)
            && self.span.contains(told.event_time)
    }
}

impl Segment {
    /// The format that this version writes.
    pub const FORMAT: u32 = 1;

    /// Reads the stored form.
    ///
    /// # Errors
    /// When it is no segment, or one of a later version.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let segment: Self = json::from_slice(bytes).map_err(|e| e.to_string())?;
        if segment.v == Self::FORMAT { Ok(segment) } else { Err(format!("format {} is not known", segment.v)) }
    }

    /// The event with this id.
    pub fn event(&self, event_id: &str) -> Option<&Told> {
        self.events.iter().find(|told| told.event_id == event_id)
    }

    /// The attempts that a list shows, with their places among all of the segment (to go on from there) and their
    /// events; backwards for newest first.
    pub fn matching<'a>(
        &'a self,
        filter: &'a Filter<'a>,
    ) -> impl DoubleEndedIterator<Item = (usize, &'a Attempt, &'a Told)> {
        self.attempts.iter().enumerate().filter_map(|(place, attempt)| {
            let told = self.events.get(usize::try_from(attempt.event).ok()?)?;
            filter.takes(attempt, told).then_some((place, attempt, told))
        })
    }
}

/// No room is left: finish this segment and begin another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the segment is full")]
pub struct Full;

/// Writes a segment, in its stored form from the beginning, so that nothing is serialised twice.
#[derive(Clone, Debug, Default)]
pub struct SegmentWriter {
    events: Vec<u8>,
    attempts: Vec<u8>,
    ids: Vec<String>,
    span: Option<Span>,
}

impl SegmentWriter {
    /// Adds an event, if it is not in it yet; its place. The first one is taken however large it is: then the stored
    /// value has parts.
    ///
    /// # Errors
    /// No room: nothing was added.
    pub fn tell(&mut self, told: &Told) -> Result<u32, Full> {
        let place = self.ids.iter().position(|id| *id == told.event_id);
        let nth = u32::try_from(place.unwrap_or(self.ids.len())).map_err(|_| Full)?;
        if place.is_none() {
            // Plain data: serialising it into memory has no way to fail.
            let bytes = serde_json::to_vec(told).unwrap_or_default();
            if !self.ids.is_empty() && !self.has_room(bytes.len()) {
                return Err(Full);
            }
            append(&mut self.events, &bytes);
            self.ids.push(told.event_id.clone());
            self.cover(told.event_time);
        }
        Ok(nth)
    }

    /// Adds an attempt. Its event must be in it: `attempt.event` is what [`SegmentWriter::tell`] returned.
    ///
    /// # Errors
    /// No room: nothing was added. Put it into the next segment, its event [`standing in`](Told::standing_in) this one.
    pub fn note(&mut self, mut attempt: Attempt) -> Result<(), Full> {
        attempt.bound();
        let bytes = serde_json::to_vec(&attempt).unwrap_or_default();
        // A stand-in is small: so an attempt that has a segment almost for itself always gets into one.
        let alone = self.attempts.is_empty() && self.events.len() < HEADERS_BYTES;
        if !alone && !self.has_room(bytes.len()) {
            return Err(Full);
        }
        append(&mut self.attempts, &bytes);
        self.cover(attempt.at_ms);
        Ok(())
    }

    fn has_room(&self, bytes: usize) -> bool {
        // The frame is some 25 bytes.
        self.events.len() + self.attempts.len() + bytes + 32 <= WHOLE_LIMIT
    }

    fn cover(&mut self, ms: u64) {
        let moment = Span::of(ms);
        self.span = Some(self.span.map_or(moment, |span| span.with(moment)));
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The times that it covers, for the log, and its stored form; `None` where nothing is in it.
    pub fn finish(self) -> Option<(Span, Vec<u8>)> {
        let mut bytes = format!(r#"{{"v":{},"e":["#, Segment::FORMAT).into_bytes();
        bytes.extend(self.events);
        bytes.extend(br#"],"a":["#);
        bytes.extend(self.attempts);
        bytes.extend(b"]}");
        self.span.map(|span| (span, bytes))
    }
}

fn append(list: &mut Vec<u8>, item: &[u8]) {
    if !list.is_empty() {
        list.push(b',');
    }
    list.extend_from_slice(item);
}

#[cfg(test)]
mod tests;
