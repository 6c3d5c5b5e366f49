//! The subscriber: takes webhooks and notes when each came.

use anyhow::{Context as _, Result};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

/// A subscriber on a free port of this machine. It ends when this is dropped.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    server: JoinHandle<()>,
}

/// What has come.
#[derive(Debug, Default)]
struct Seen {
    /// Webhooks, repeats included.
    count: usize,
    /// What could not be read as a webhook.
    unreadable: usize,
    /// When the first one of a new incident came, by its alert key.
    first: HashMap<String, Instant>,
}

impl Receiver {
    /// Starts it.
    ///
    /// # Errors
    /// When there is no port to listen on.
    pub async fn start() -> Result<Receiver> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("no free port for the receiver")?;
        let address = listener.local_addr().context("the receiver has no address")?;
        let seen = Arc::new(Mutex::new(Seen::default()));
        let server = tokio::spawn(serve(listener, seen.clone()));
        Ok(Receiver { address, seen, server })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many webhooks have come.
    pub fn count(&self) -> usize {
        lock(&self.seen).count
    }

    /// How many requests were no webhooks.
    pub fn unreadable(&self) -> usize {
        lock(&self.seen).unreadable
    }

    /// When the webhook of a new incident with this alert key came.
    pub fn arrival(&self, key: &str) -> Option<Instant> {
        lock(&self.seen).first.get(key).copied()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    // Nothing under the lock leaves it half changed.
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: TcpListener, seen: Arc<Mutex<Seen>>) {
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
                let service = service_fn(move |request| take(request, seen.clone()));
                connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
            Some(_ended) = connections.join_next() => {}
        }
    }
}

async fn take(request: Request<Incoming>, seen: Arc<Mutex<Seen>>) -> Result<Response<Empty<Bytes>>, hyper::Error> {
    let body = request.into_body().collect().await?.to_bytes();
    let now = Instant::now();
    let webhook: Option<Value> = serde_json::from_slice(&body).ok();
    let read = webhook.as_ref().and_then(|webhook| {
        let event_type = webhook["event_type"].as_str()?;
        Some((event_type, webhook.pointer("/incident/dedup_key")?.as_str()?))
    });
    let status = {
        let mut seen = lock(&seen);
        match read {
            Some((event_type, key)) => {
                seen.count += 1;
                if event_type == "i_new" {
                    seen.first.entry(key.to_string()).or_insert(now);
                }
                StatusCode::OK
            }
            None => {
                seen.unreadable += 1;
                StatusCode::BAD_REQUEST
            }
        }
    };
    let mut response = Response::new(Empty::new());
    *response.status_mut() = status;
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::super::client::Client;
    use super::*;
    use hyper::Method;

    #[tokio::test]
    async fn the_first_arrival_of_a_key_is_kept() {
        let receiver = Receiver::start().await.unwrap();
        let mut client = Client::connect(receiver.address()).await.unwrap();
        let body = Bytes::from_static(br#"{"event_type":"i_new","incident":{"dedup_key":"k"}}"#);
        let before = Instant::now();
        assert_eq!(client.send(Method::POST, "/", body.clone()).await.unwrap().0, StatusCode::OK);
        let arrival = receiver.arrival("k").unwrap();
        client.send(Method::POST, "/", body).await.unwrap();
        assert_eq!((receiver.arrival("k"), receiver.count()), (Some(arrival), 2));
        assert!(arrival >= before && receiver.arrival("other").is_none());
    }

    #[tokio::test]
    async fn what_is_no_webhook_is_refused_and_counted() {
        let receiver = Receiver::start().await.unwrap();
        let mut client = Client::connect(receiver.address()).await.unwrap();
        let (status, _) = client.send(Method::POST, "/", Bytes::from_static(b"{}")).await.unwrap();
        assert_eq!((status, receiver.count(), receiver.unreadable()), (StatusCode::BAD_REQUEST, 0, 1));
    }
}
