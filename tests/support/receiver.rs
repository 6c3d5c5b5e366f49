//! A subscriber that remembers what it was sent, and fails when it is told to.

use std::cell::{Cell, RefCell};

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
    /// The whole body.
    pub body: Value,
    /// Whether the receiver answered 200.
    pub taken: bool,
}

/// The subscriber.
#[derive(Default)]
pub struct Receiver {
    pub arrived: RefCell<Vec<Webhook>>,
    /// Of a thousand, how many get no or a bad answer, whether they arrived or not.
    pub fails: Cell<u64>,
    /// If not 0: the answer to everything.
    pub status: Cell<u16>,
}

impl Receiver {
    pub fn answer(&self, sim: &Sim, post: &Post<'_>) -> Result<PostAnswer, PostError> {
        let fails = sim.happens(self.fails.get());
        if fails && sim.happens(500) {
            return Err(PostError::Connection("nobody there".into()));
        }
        let status = match (self.status.get(), fails) {
            (0, true) => 503,
            (0, false) => 200,
            (status, _) => status,
        };
        let body: Value = serde_json::from_slice(post.body).expect("a JSON body");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.arrived.borrow_mut().push(Webhook {
            event_id: text(&body["event_id"]),
            event_type: text(&body["event_type"]),
            event_time: body["event_time"].as_u64().unwrap_or_default(),
            incident_id: text(&body["incident"]["incident_id"]),
            taken: status == 200,
            body,
        });
        // A failure may also be an answer that got lost.
        if fails && sim.happens(300) {
            return Err(PostError::TimedOut);
        }
        Ok(PostAnswer { status, retry_after: None })
    }
}
