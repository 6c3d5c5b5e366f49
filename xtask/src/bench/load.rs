//! The load driver: connections that each send one push after the other, as fast as they are answered.

use super::client::Client;
use super::push::Kind;
use anyhow::{Context as _, Result, bail, ensure};
use hyper::body::Bytes;
use hyper::{Method, StatusCode};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::task::{JoinHandle, JoinSet};

/// What is to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    /// The kind of pushes.
    pub kind: Kind,
    /// A number that no other load of the same application has: it makes the keys different.
    pub load: usize,
    /// How many connections send.
    pub connections: usize,
    /// After how many pushes each of them ends by itself.
    pub pushes: usize,
    /// How long each waits between an answer and its next push.
    pub pause: Duration,
}

/// A push that was answered with 200, and as it must be.
#[derive(Debug, Clone, Copy)]
pub struct Answered {
    /// When it was sent.
    pub begun: Instant,
    /// When the answer was complete.
    pub at: Instant,
}

impl Answered {
    /// What the sender waited, milliseconds.
    pub fn ms(&self) -> f64 {
        (self.at - self.begun).as_secs_f64() * 1000.0
    }
}

/// A load that runs. It ends when this is dropped.
#[derive(Debug)]
pub struct Running {
    order: Order,
    stop: Arc<AtomicBool>,
    senders: JoinHandle<Result<Vec<Vec<Answered>>>>,
}

/// A load that has ended.
#[derive(Debug)]
pub struct Sent {
    /// What was sent.
    pub order: Order,
    /// What was answered, by connection and in order.
    pub answered: Vec<Vec<Answered>>,
}

impl Order {
    /// Starts to send.
    pub fn start(self, address: SocketAddr) -> Running {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let senders = tokio::spawn(async move {
            let mut senders = JoinSet::new();
            for connection in 0..self.connections {
                let stop = stopped.clone();
                senders.spawn(async move { (connection, self.send(address, connection, &stop).await) });
            }
            let mut all = vec![Vec::new(); self.connections];
            while let Some(ended) = senders.join_next().await {
                let (connection, answered) = ended.context("a connection was broken off")?;
                all[connection] = answered?;
            }
            Ok(all)
        });
        Running { order: self, stop, senders }
    }

    async fn send(self, address: SocketAddr, connection: usize, stop: &AtomicBool) -> Result<Vec<Answered>> {
        let (kind, path) = (self.kind, self.kind.path());
        let mut client = Client::connect(address).await?;
        let mut answered = Vec::new();
        while answered.len() < self.pushes && !stop.load(Relaxed) {
            let nth = answered.len();
            let body = kind.body(self.load, connection, nth);
            let begun = Instant::now();
            let (status, body) = client.send(Method::POST, &path, body).await?;
            let at = Instant::now();
            check(kind, &kind.key(self.load, connection, nth), status, &body)?;
            answered.push(Answered { begun, at });
            if !self.pause.is_zero() {
                tokio::time::sleep(self.pause).await;
            }
        }
        Ok(answered)
    }
}

impl Running {
    /// Lets it go on for a time.
    ///
    /// # Errors
    /// When it has ended meanwhile: an answer was wrong, or a connection broke.
    pub async fn go_on(&mut self, time: Duration) -> Result<()> {
        match tokio::time::timeout(time, &mut self.senders).await {
            Err(_still_running) => Ok(()),
            Ok(ended) => match ended.context("the load was broken off")? {
                Err(error) => Err(error),
                Ok(_) => bail!("the load ended before it was measured"),
            },
        }
    }

    /// Lets the pushes under way be answered and ends.
    ///
    /// # Errors
    /// An answer was wrong, or a connection broke.
    pub async fn stop(self) -> Result<Sent> {
        self.stop.store(true, Relaxed);
        self.end().await
    }

    /// Waits until all connections have sent what they were to send.
    ///
    /// # Errors
    /// An answer was wrong, or a connection broke.
    pub async fn end(mut self) -> Result<Sent> {
        let answered = (&mut self.senders).await.context("the load was broken off")??;
        Ok(Sent { order: self.order, answered })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.senders.abort();
    }
}

impl Sent {
    /// How many pushes were answered.
    pub fn pushes(&self) -> usize {
        self.answered.iter().map(Vec::len).sum()
    }

    /// The pushes that fired, each with its alert key.
    pub fn fired(&self) -> impl Iterator<Item = (String, Answered)> {
        let Order { kind, load, .. } = self.order;
        self.answered.iter().enumerate().flat_map(move |(connection, answered)| {
            let fired = answered.iter().enumerate().filter(move |(nth, _)| kind.fires(*nth));
            fired.map(move |(nth, answered)| (kind.key(load, connection, nth), *answered))
        })
    }

    /// What was answered between two times.
    pub fn between(&self, from: Instant, to: Instant) -> Vec<Answered> {
        self.answered.iter().flatten().filter(|a| a.at >= from && a.at < to).copied().collect()
    }
}

fn check(kind: Kind, key: &str, status: StatusCode, body: &Bytes) -> Result<()> {
    let shown = || String::from_utf8_lossy(body);
    ensure!(status == StatusCode::OK, "a {} push was answered with {status}: {}", kind.name(), shown());
    let answer: Value = serde_json::from_slice(body).with_context(|| format!("an answer is not JSON: {}", shown()))?;
    let right = match kind {
        Kind::Floor => answer["request_id"].is_string(),
        Kind::Batch => !answer["data"].is_null(),
        _ => answer["data"]["alert_key"] == key,
    };
    ensure!(right, "a {} push with the key {key} was answered with {}", kind.name(), shown());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_must_name_the_key_that_was_pushed() {
        let answer = |body: &'static str| Bytes::from_static(body.as_bytes());
        let ok = answer(r#"{"request_id":"r","data":{"alert_key":"k"}}"#);
        assert!(check(Kind::New, "k", StatusCode::OK, &ok).is_ok());
        assert!(check(Kind::New, "other", StatusCode::OK, &ok).is_err());
        assert!(check(Kind::New, "k", StatusCode::ACCEPTED, &ok).is_err());
        assert!(check(Kind::Merge, "k", StatusCode::OK, &answer("{}")).is_err());
        assert!(check(Kind::Floor, "k", StatusCode::OK, &answer(r#"{"request_id":"floor"}"#)).is_ok());
    }

    #[test]
    fn what_fired_has_its_key_and_its_time() {
        let now = Instant::now();
        let order = Order { kind: Kind::Recovery, load: 2, connections: 1, pushes: 4, pause: Duration::ZERO };
        let at = |ms| Answered { begun: now, at: now + Duration::from_millis(ms) };
        let sent = Sent { order, answered: vec![vec![at(1), at(2), at(3), at(4)]] };
        let keys: Vec<_> = sent.fired().map(|(key, _)| key).collect();
        assert_eq!((keys, sent.pushes()), (vec!["load-2/0/0".to_string(), "load-2/0/1".to_string()], 4));
        assert_eq!(sent.between(now + Duration::from_millis(2), now + Duration::from_millis(4)).len(), 2);
    }
}
