//! What to do with a webhook: a function of the request, the clock and what is remembered. It changes nothing; what was
//! taken is [noted](State::note) afterwards, once it is safe with whoever works on it.

use hyper::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::recent::Recent;
use crate::signature::{Secrets, SignatureError};

/// The event types that this receiver has a use for. There are more, and more may come.
const WANTED: [&str; 5] = ["i_new", "i_ack", "i_rslv", "i_reopen", "i_r_severity"];

/// Something that happened to an incident, and the incident as it was after that.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Event {
    /// The same on every attempt; also in the header `webhook-id`.
    pub event_id: String,
    /// What happened.
    pub event_type: String,
    /// When, Unix milliseconds. Two events of an incident never share it.
    pub event_time: u64,
    /// The incident. There is much more in it; a receiver reads what it needs.
    pub incident: Incident,
}

/// What this receiver reads of an incident.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Incident {
    /// 24 hex digits.
    pub incident_id: String,
    /// Its title.
    pub title: String,
    /// Critical, Warning or Info.
    pub incident_severity: String,
    /// Triggered, Processing or Closed.
    pub progress: String,
}

/// What is known of earlier requests, and the secrets. A receiver that must not forget when it is started anew keeps
/// this in its database.
pub struct State {
    secrets: Secrets,
    /// The events that were taken.
    taken: Recent<()>,
    /// By incident: the latest `event_time`.
    latest: Recent<u64>,
}

impl State {
    /// Remembers so many events and so many incidents.
    pub fn new(secrets: Secrets, memory: usize) -> Self {
        Self { secrets, taken: Recent::new(memory), latest: Recent::new(memory) }
    }

    /// Remembers that an event was taken.
    pub fn note(&mut self, event: &Event) {
        self.taken.set(&event.event_id, ());
        self.latest.set(&event.incident.incident_id, event.event_time);
    }
}

/// What to do with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is new: work on it.
    Take(Event),
    /// It was taken before: the sender did not hear of it.
    Repeat,
    /// Something later of the same incident was taken, and that said everything.
    Outdated,
    /// Of no use here, perhaps of a type that came later than this receiver.
    Unwanted,
    /// Not from whom it should be.
    Refuse(SignatureError),
    /// Signed, but not a webhook as they are documented.
    Unreadable(String),
}

impl Verdict {
    /// What to answer: 2xx unless it is not a webhook of ours. Sending again would mend neither, so it is no status
    /// that asks for it.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Take(_) | Self::Repeat | Self::Outdated | Self::Unwanted => StatusCode::NO_CONTENT,
            Self::Refuse(_) => StatusCode::UNAUTHORIZED,
            Self::Unreadable(_) => StatusCode::BAD_REQUEST,
        }
    }
}

/// Decides what to do with a request that came at the Unix second `now`. Nothing of a body is believed, or even read,
/// before its signature was found good.
pub fn decide(headers: &HeaderMap, body: &[u8], now: i64, state: &State) -> Verdict {
    if let Err(error) = state.secrets.check(headers, body, now) {
        return Verdict::Refuse(error);
    }
    // The type first: the rest may look different where the type is one that we do not know.
    #[derive(Deserialize)]
    struct Envelope {
        event_type: String,
    }
    let event: Event = match serde_json::from_slice::<Envelope>(body) {
        Ok(envelope) if !WANTED.contains(&envelope.event_type.as_str()) => return Verdict::Unwanted,
        Ok(_) => match serde_json::from_slice(body) {
            Ok(event) => event,
            Err(error) => return Verdict::Unreadable(error.to_string()),
        },
        Err(error) => return Verdict::Unreadable(error.to_string()),
    };
    if state.taken.get(&event.event_id).is_some() {
        return Verdict::Repeat;
    }
    match state.latest.get(&event.incident.incident_id) {
        Some(latest) if event.event_time <= *latest => Verdict::Outdated,
        _ => Verdict::Take(event),
    }
}

#[cfg(test)]
mod tests {
    use standardwebhooks::Webhook;

    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const NOW: i64 = 1_795_165_977;

    fn state(memory: usize) -> State {
        State::new(Secrets::new([SECRET]).expect("a secret"), memory)
    }

    /// What becomes of a signed body.
    fn decide(body: &str, state: &State) -> Verdict {
        let signature = Webhook::new(SECRET).expect("a secret").sign("m", NOW, body.as_bytes()).expect("signed");
        let headers = [("webhook-id", "m"), ("webhook-timestamp", &NOW.to_string()), ("webhook-signature", &signature)]
            .into_iter()
            .map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")))
            .collect();
        super::decide(&headers, body.as_bytes(), NOW, state)
    }

    fn body(event_id: &str, incident_id: &str, event_time: u64) -> String {
        format!(
            r#"{{"event_id": "{event_id}", "event_type": "i_new", "event_time": {event_time}, "more": [], "incident":
            {{"incident_id": "{incident_id}", "title": "t", "incident_severity": "Info", "progress": "Triggered"}}}}"#
        )
    }

    /// Takes what must be taken, and notes it.
    fn take(event_id: &str, incident_id: &str, event_time: u64, state: &mut State) {
        match decide(&body(event_id, incident_id, event_time), state) {
            Verdict::Take(event) => state.note(&event),
            other => panic!("{event_id} is to be taken, not {other:?}"),
        }
    }

    #[test]
    fn an_event_is_taken_once() {
        let mut state = state(10);
        take("e1", "i1", 5, &mut state);
        assert_eq!(decide(&body("e1", "i1", 5), &state), Verdict::Repeat);
        take("e2", "i1", 6, &mut state);
        assert_eq!(decide(&body("e1", "i1", 5), &state), Verdict::Repeat);
    }

    #[test]
    fn an_event_that_was_not_noted_may_come_again() {
        let state = state(10);
        for _ in 0..2 {
            assert!(matches!(decide(&body("e1", "i1", 5), &state), Verdict::Take(_)));
        }
    }

    #[test]
    fn what_is_older_than_the_last_of_its_incident_is_dropped_but_not_what_is_older_than_that_of_another() {
        let mut state = state(10);
        take("e2", "i1", 6, &mut state);
        assert_eq!(decide(&body("e1", "i1", 5), &state), Verdict::Outdated);
        take("e3", "i2", 1, &mut state);
        take("e4", "i1", 7, &mut state);
    }

    #[test]
    fn a_repeat_is_known_by_its_time_when_its_id_is_forgotten() {
        let mut state = state(2);
        for (event_id, time) in [("e1", 1), ("e2", 2), ("e3", 3)] {
            take(event_id, "i1", time, &mut state);
        }
        assert_eq!(state.taken.get("e1"), None);
        assert_eq!(decide(&body("e1", "i1", 1), &state), Verdict::Outdated);
    }

    #[test]
    fn unknown_types_are_ignored_whatever_they_hold() {
        let mut state = state(10);
        for body in [r#"{"event_type": "i_comm"}"#, r#"{"event_type": "x", "event_time": 9, "incident": [1]}"#] {
            assert_eq!(decide(body, &state), Verdict::Unwanted);
        }
        let later = body("e9", "i1", 9).replace("i_new", "i_later");
        assert_eq!(decide(&later, &state), Verdict::Unwanted);
        take("e1", "i1", 5, &mut state);
    }

    #[test]
    fn a_signed_body_that_is_no_webhook_is_told_from_one_that_is_not_signed() {
        let state = state(10);
        for body in ["", "null", "[]", "{}", r#"{"event_type": "i_new"}"#, &body("e", "i", 1).replace("title", "name")]
        {
            let verdict = decide(body, &state);
            assert!(matches!(verdict, Verdict::Unreadable(_)), "{body}: {verdict:?}");
            assert_eq!(verdict.status(), StatusCode::BAD_REQUEST);
        }
        let verdict = super::decide(&HeaderMap::new(), b"not even read", NOW, &state);
        assert_eq!(verdict, Verdict::Refuse(SignatureError::Missing("webhook-id")));
        assert_eq!(verdict.status(), StatusCode::UNAUTHORIZED);
    }
}
