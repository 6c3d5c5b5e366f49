//! Many subscribers on one port, told apart by their paths: some take what they are sent, the others never answer.

use anyhow::{Context as _, Result};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

/// The subscribers. They end when this is dropped.
#[derive(Debug)]
pub struct Subscribers {
    address: SocketAddr,
    count: usize,
    seen: Arc<Mutex<Seen>>,
    server: JoinHandle<()>,
}

/// What those that live have taken.
#[derive(Debug, Default)]
struct Seen {
    /// When each event first came to each subscriber, by its id.
    first: BTreeMap<(usize, String), Instant>,
    /// How many came that had come before.
    repeated: usize,
    /// The size of one.
    bytes: usize,
}

impl Subscribers {
    /// Starts them. The first `dead` of `count` never answer.
    ///
    /// # Errors
    /// When there is no port to listen on.
    pub async fn start(count: usize, dead: usize) -> Result<Subscribers> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("no free port for the subscribers")?;
        let address = listener.local_addr().context("the subscribers have no address")?;
        let seen = Arc::new(Mutex::new(Seen::default()));
        let server = tokio::spawn(serve(listener, dead, seen.clone()));
        Ok(Subscribers { address, count, seen, server })
    }

    /// Where they listen.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where each of them is.
    pub fn urls(&self) -> Vec<String> {
        (0..self.count).map(|nth| format!("http://{}/{nth}", self.address)).collect()
    }

    /// How many events have come, each counted once for each subscriber.
    pub fn count(&self) -> usize {
        lock(&self.seen).first.len()
    }

    /// How many came that had come before.
    pub fn repeated(&self) -> usize {
        lock(&self.seen).repeated
    }

    /// The size of a webhook, bytes.
    pub fn bytes(&self) -> usize {
        lock(&self.seen).bytes
    }

    /// When each came, in no order.
    pub fn arrivals(&self) -> Vec<Instant> {
        lock(&self.seen).first.values().copied().collect()
    }

    /// Forgets what has come.
    pub fn forget(&self) {
        *lock(&self.seen) = Seen::default();
    }
}

impl Drop for Subscribers {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    // Nothing under the lock leaves it half changed.
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: TcpListener, dead: usize, seen: Arc<Mutex<Seen>>) {
    // Dropped with this future, which ends all connections.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // One that failed before it was taken is the sender's to try again.
                let Ok((stream, _)) = accepted else { continue };
                // Without the option it works as well, only slower.
                let _slower = stream.set_nodelay(true);
                let seen = seen.clone();
                let service = service_fn(move |request| take(request, dead, seen.clone()));
                connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
            Some(_ended) = connections.join_next() => {}
        }
    }
}

async fn take(
    request: Request<Incoming>,
    dead: usize,
    seen: Arc<Mutex<Seen>>,
) -> Result<Response<Empty<Bytes>>, hyper::Error> {
    let nth = request.uri().path().trim_start_matches('/').parse().unwrap_or(usize::MAX);
    if nth < dead {
        return std::future::pending().await;
    }
    let id = request.headers().get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_string();
    let bytes = request.into_body().collect().await?.to_bytes().len();
    let now = Instant::now();
    let mut seen = lock(&seen);
    let mut new = false;
    seen.first.entry((nth, id)).or_insert_with(|| {
        new = true;
        now
    });
    seen.repeated += usize::from(!new);
    seen.bytes = bytes;
    Ok(Response::new(Empty::new()))
}

#[cfg(test)]
mod tests {
    use super::super::client::Client;
    use super::*;
    use hyper::Method;
    use std::time::Duration;

    #[tokio::test]
    async fn the_dead_never_answer_and_the_others_count_each_event_once() {
        let subscribers = Subscribers::start(2, 1).await.unwrap();
        assert!(subscribers.urls()[1].ends_with("/1"));
        let mut client = Client::connect(subscribers.address()).await.unwrap();
        for _ in 0..2 {
            client.send(Method::POST, "/1", Bytes::from_static(b"{}")).await.unwrap();
        }
        assert_eq!((subscribers.count(), subscribers.repeated(), subscribers.bytes()), (1, 1, 2));
        let hangs = client.send(Method::POST, "/0", Bytes::new());
        assert!(tokio::time::timeout(Duration::from_millis(100), hangs).await.is_err());
        subscribers.forget();
        assert_eq!(subscribers.count(), 0);
    }
}
