//! A language for scenarios: `at(90).push(…)`, `expect_webhook(…)`. One thing after the other, nothing fails unless
//! the scenario says so.

use std::cell::RefCell;
use std::rc::Rc;

use alarum::http::{Answer, Request};
use serde_json::{Value, json};

use super::cluster::{Cluster, Push};
use super::receiver::Webhook;
use super::{APP_KEY, DEMO, PRIVATE_KEY, SHARED_KEY};

/// The world of a scenario.
pub struct World {
    pub cluster: Rc<Cluster>,
    start: u64,
    read: usize,
}

impl World {
    pub fn new() -> Self {
        Self::with_config(DEMO)
    }

    pub fn with_config(config: &str) -> Self {
        Self::over(Cluster::new(1, config, 1, 1))
    }

    /// One whose instances go by what is stored of the configuration.
    pub fn by_stored(config: &str) -> Self {
        let world = Self::with_config(config);
        world.cluster.by_stored.set(true);
        world
    }

    /// The world of a cluster.
    pub fn over(cluster: Rc<Cluster>) -> Self {
        let start = cluster.sim.now().0;
        Self { cluster, start, read: 0 }
    }

    /// Moves the clock to so many seconds after the scenario's beginning; tick is called on the way as a scheduler
    /// would.
    pub fn at(&mut self, secs: u64) -> &mut Self {
        let target = self.start + secs * 1_000_000;
        while self.cluster.sim.now().0 < target {
            let left_ms = (target - self.cluster.sim.now().0).div_ceil(1000);
            self.cluster.sim.advance_ms(left_ms.min(1000));
            self.cluster.tick();
        }
        self
    }

    /// Sends a request to ingest and runs until all that follows has happened.
    pub fn send(&mut self, request: Request) -> Answer {
        let result = Rc::new(RefCell::new(None));
        let slot = result.clone();
        self.cluster.push(request, move |answer| *slot.borrow_mut() = Some(answer));
        self.cluster.run();
        result.take().expect("an answer")
    }

    pub fn push_as(&mut self, key: &'static str, body: Value) -> Answer {
        self.send(Push { key, body }.request())
    }

    /// Pushes an alert to the private integration, which must answer 200.
    pub fn push(&mut self, body: Value) -> &mut Self {
        let answer = self.push_as(PRIVATE_KEY, body);
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        self
    }

    /// The same to the shared one.
    pub fn push_shared(&mut self, body: Value) -> &mut Self {
        let answer = self.push_as(SHARED_KEY, body);
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        self
    }

    pub fn fire(&mut self, alert_key: &str) -> &mut Self {
        self.push(
            json!({"event_status": "Critical", "title_rule": format!("{alert_key} is bad"), "alert_key": alert_key}),
        )
    }

    pub fn recover(&mut self, alert_key: &str) -> &mut Self {
        self.push(json!({"event_status": "Ok", "alert_key": alert_key}))
    }

    /// The next webhook that arrived, which must be of this type.
    pub fn expect_webhook(&mut self, event_type: &str) -> Webhook {
        let arrived = self.cluster.receiver.arrived.borrow();
        let Some(webhook) = arrived.get(self.read).cloned() else {
            panic!("expected {event_type}, and nothing more arrived; the log: {:#?}", self.cluster.log.borrow());
        };
        assert_eq!(webhook.event_type, event_type, "{:#}", webhook.body);
        self.read += 1;
        webhook
    }

    pub fn expect_no_webhook(&mut self) -> &mut Self {
        let arrived = self.cluster.receiver.arrived.borrow();
        assert_eq!(arrived.len(), self.read, "{:#?}", arrived.last());
        drop(arrived);
        self
    }

    pub fn incidents(&self) -> Vec<Value> {
        self.cluster.incidents()
    }

    pub fn call(&self, path: &str, body: &Value) -> (u16, Value) {
        let answer = self.cluster.call_now(&format!("{path}?app_key={APP_KEY}"), body);
        (answer.status, serde_json::from_slice(&answer.body).expect("a JSON answer"))
    }

    pub fn call_raw(&self, request: Request) -> (u16, Value) {
        let result = Rc::new(RefCell::new(None));
        let slot = result.clone();
        self.cluster.call(request, move |answer| *slot.borrow_mut() = Some(answer));
        self.cluster.run();
        let answer: Answer = result.take().expect("an answer");
        (answer.status, serde_json::from_slice(&answer.body).expect("a JSON answer"))
    }
}
