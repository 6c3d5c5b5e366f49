//! The ports as an instance of the cluster sees them.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use alarum::delivery::DeliveryReport;
use alarum::http::Answer;
use alarum::ports::{Admission, Advice, Clock, Log, Outbound, Post, PostAnswer, PostError, Random, Relay, Seen, Wake};
use alarum::time::Timestamp;
use serde_json::Value;

use super::cluster::{Node, request};
use super::sim::pending;

impl Clock for Node {
    fn now(&self) -> Timestamp {
        self.cluster.sim.now()
    }

    async fn sleep_us(&self, us: u64) {
        self.cluster.sim.sleep_us(us).await;
    }
}

impl Random for Node {
    fn next_u64(&self) -> u64 {
        self.cluster.sim.random()
    }
}

impl Log for Node {
    fn line(&self, text: &str) {
        assert!(is_logfmt(text), "{text}");
        self.cluster.log.borrow_mut().push(text.to_owned());
    }
}

impl Outbound for Node {
    async fn post(&self, post: Post<'_>) -> Result<PostAnswer, PostError> {
        self.cluster.sim.gate().await;
        match self.cluster.receiver.delay_ms.get() {
            0 => {}
            delay_ms => self.cluster.sim.sleep_us(delay_ms * 1000).await,
        }
        let result = self.cluster.receiver.answer(&self.cluster.sim, &post);
        self.cluster.sim.gate().await;
        result
    }

    async fn get(&self, url: &str, _timeout_ms: u64) -> Result<PostAnswer, PostError> {
        self.cluster.sim.gate().await;
        self.cluster.fetched.borrow_mut().push(url.to_owned());
        Ok(PostAnswer { status: self.cluster.fetch_status.get(), ..PostAnswer::default() })
    }
}

impl Wake for Node {
    async fn wake(&self, company: bool) -> Option<Seen> {
        if self.cluster.sim.happens(self.cluster.lost_wakes.get()) {
            return None;
        }
        let data = self.chained(if company { "/wake?company=1" } else { "/wake" }).await?;
        serde_json::from_value(data.get("seen")?.clone()).ok()
    }
}

impl Relay for Node {
    async fn deliver(&self, channel: i64, token: u64) -> Option<DeliveryReport> {
        if self.cluster.sim.happens(self.cluster.lost_wakes.get()) {
            return None;
        }
        let data = self.chained(&format!("/deliver?channel={channel}&token={token}")).await?;
        serde_json::from_value(data).ok()
    }

    async fn retry(&self) -> Option<DeliveryReport> {
        serde_json::from_value(self.chained("/retry").await?).ok()
    }

    async fn run_action(&self, action: i64, run: Vec<u8>) -> Option<String> {
        if self.cluster.sim.happens(self.cluster.lost_wakes.get()) {
            return None;
        }
        let (components, store) = (self.cluster.components.borrow().clone(), self.cluster.store_handle());
        let config = components.webhooks.config(&self.cluster).await;
        let request = request("POST", &format!("/action?id={action}"), &String::from_utf8(run).ok()?);
        let (answer, _) = components.webhooks.component.handle(&store, self, config.as_deref(), &request).await;
        let body: Value = serde_json::from_slice(&answer.body).ok()?;
        body["data"]["message"].as_str().map(str::to_owned)
    }
}

impl Advice for Node {
    async fn ask(&self, path: &str, body: Vec<u8>) -> Option<(u16, Vec<u8>)> {
        let (ingest, store) = (self.cluster.ingests.borrow()[0].clone(), self.cluster.store_handle());
        let request = request("POST", path, &String::from_utf8(body).ok()?);
        let (answer, _) = ingest.take(&self.cluster, &store, self, &request).await;
        Some((answer.status, answer.body))
    }
}

impl Admission for Node {
    async fn decline(&self) {}

    fn accept(&self) {}
}

/// Whether a line is `key=value` pairs that begin with its level and what happened.
pub fn is_logfmt(line: &str) -> bool {
    let mut rest = line;
    let mut names = Vec::new();
    loop {
        let Some((name, value)) = rest.split_once('=') else { return false };
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
            return false;
        }
        names.push(name);
        let end = match value.strip_prefix('"') {
            Some(quoted) => {
                let mut escaped = false;
                let end = quoted.find(|c| {
                    let ends = c == '"' && !escaped;
                    escaped = c == '\\' && !escaped;
                    ends
                });
                let Some(end) = end else { return false };
                end + 2
            }
            None => value.find(' ').unwrap_or(value.len()),
        };
        if value[..end].is_empty() || value.chars().any(char::is_control) {
            return false;
        }
        if end == value.len() {
            return names.starts_with(&["level", "msg"]);
        }
        let Some(next) = value[end..].strip_prefix(' ') else { return false };
        rest = next;
    }
}

impl Node {
    /// Calls some instance that folds or delivers, and waits for its answer. Whoever waits for one that crashes gets none: the host
    /// then ends the call with an error.
    async fn chained(&self, target: &str) -> Option<Value> {
        let answered = Rc::new(RefCell::new(None));
        let slot = Rc::downgrade(&answered);
        let guard = Rc::new(());
        let alive = Rc::downgrade(&guard);
        let answered_with = move |answer| {
            let _guard = guard;
            if let Some(slot) = slot.upgrade() {
                *slot.borrow_mut() = Some(answer);
            }
        };
        match target.starts_with("/wake") {
            true => self.cluster.fanout(target, answered_with),
            false => self.cluster.courier(target, answered_with),
        }
        poll_fn(|cx| if alive.strong_count() == 0 { Poll::Ready(()) } else { pending(cx) }).await;
        let answer: Answer = answered.take()?;
        let body: Value = serde_json::from_slice(&answer.body).ok()?;
        body.get("data").cloned()
    }
}
