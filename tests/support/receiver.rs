//! A subscriber that remembers what it was sent, and fails when it is told to.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use alarum::ports::{Post, PostAnswer, PostError};
use serde_json::Value;

use super::sim::Sim;

/// A webhook as it arrived.
#[derive(Clone, Debug, PartialEq)]
pub struct Webhook {
    pub event_id: String,
    pub event_type: String,
    pub event_time: u64,
    pub incident_id: String,
    /// Where it was sent.
    pub url: String,
    /// The whole body.
    pub body: Value,
    /// Whether the receiver answered 200.
    pub taken: bool,
}

/// How the next webhooks are answered.
#[derive(Clone, Copy, Debug)]
pub enum Answering {
    Status(u16),
    TimesOut,
}

/// The subscriber.
#[derive(Default)]
pub struct Receiver {
    pub arrived: RefCell<Vec<Webhook>>,
    /// Of a thousand, how many get no or a bad answer, whether they arrived or not.
    pub fails: Cell<u64>,
    /// How long an answer takes, milliseconds.
    pub delay_ms: Cell<u64>,
    /// If not 0: the answer to everything.
    pub status: Cell<u16>,
    /// The alert key whose incidents are answered with 500.
    pub refused_key: RefCell<String>,
    /// How the next ones are answered, whatever else is set.
    pub answering: RefCell<VecDeque<Answering>>,
}

impl Receiver {
    pub fn answer(&self, sim: &Sim, post: &Post<'_>) -> Result<PostAnswer, PostError> {
        let fails = sim.happens(self.fails.get());
        if fails && sim.happens(500) {
            return Err(PostError::Connection("nobody there".into()));
        }
        let next = self.answering.borrow_mut().pop_front();
        let status = match (next, self.status.get(), fails) {
            (Some(Answering::TimesOut), ..) => return Err(PostError::TimedOut),
            (Some(Answering::Status(status)), ..) => status,
            (None, 0, true) => 503,
            (None, 0, false) => 200,
            (None, status, _) => status,
        };
        let body: Value = serde_json::from_slice(post.body).expect("a JSON body");
        let key = body["incident"]["dedup_key"].as_str().unwrap_or_default();
        let status = if !key.is_empty() && key == *self.refused_key.borrow() { 500 } else { status };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.arrived.borrow_mut().push(Webhook {
            event_id: text(&body["event_id"]),
            event_type: text(&body["event_type"]),
            event_time: body["event_time"].as_u64().unwrap_or_default(),
            incident_id: text(&body["incident"]["incident_id"]),
            url: post.url.to_owned(),
            taken: status == 200,
            body,
        });
        // A failure may also be an answer that got lost.
        if fails && sim.happens(300) {
            return Err(PostError::TimedOut);
        }
        Ok(PostAnswer { status, ..PostAnswer::default() })
    }
}
