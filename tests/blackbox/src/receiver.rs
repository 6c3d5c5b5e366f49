//! A subscriber on this machine that keeps what it receives.

use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tiny_http::{Response, Server};

/// A webhook as it arrived.
#[derive(Clone, Debug)]
pub struct Received {
    /// The request's headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub bytes: Vec<u8>,
    /// The body.
    pub body: Value,
    /// When it had arrived.
    pub at: Instant,
}

impl Received {
    /// What happened.
    pub fn event_type(&self) -> &str {
        self.body["event_type"].as_str().unwrap_or_default()
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// The subscriber; stops when it is dropped.
pub struct Receiver {
    /// Where events are to be sent.
    pub url: String,
    server: Arc<Server>,
    received: Arc<(Mutex<Vec<Received>>, Condvar)>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Receiver {
    /// Starts one on a free port. `status` is its answer to everything, after `delay`.
    pub fn start(status: u16, delay: Duration) -> Self {
        let server = Arc::new(Server::http("127.0.0.1:0").expect("a free port"));
        let url = format!("http://{}/webhook", server.server_addr().to_ip().expect("an address"));
        let received: Arc<(Mutex<Vec<Received>>, Condvar)> = Arc::default();
        let (serving, keeping) = (server.clone(), received.clone());
        let thread = std::thread::spawn(move || {
            for mut request in serving.incoming_requests() {
                let mut bytes = Vec::new();
                if request.as_reader().read_to_end(&mut bytes).is_err() {
                    continue;
                }
                let header = |h: &tiny_http::Header| (h.field.as_str().as_str().to_lowercase(), h.value.to_string());
                let headers = request.headers().iter().map(header).collect();
                let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
                let (list, changed) = &*keeping;
                list.lock().expect("no panic").push(Received { headers, bytes, body, at: Instant::now() });
                changed.notify_all();
                std::thread::sleep(delay);
                // The sender may have given up meanwhile.
                let _ = request.respond(Response::empty(status));
            }
        });
        Self { url, server, received, thread: Some(thread) }
    }

    /// What has arrived so far.
    pub fn received(&self) -> Vec<Received> {
        self.received.0.lock().expect("no panic").clone()
    }

    /// Waits until `enough` says so of what has arrived; returns it in any case.
    pub fn wait(&self, seconds: u64, enough: impl Fn(&[Received]) -> bool) -> Vec<Received> {
        let (list, changed) = &*self.received;
        let end = Instant::now() + Duration::from_secs(seconds);
        let mut list = list.lock().expect("no panic");
        while !enough(&list) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            list = changed.wait_timeout(list, left).expect("no panic").0;
        }
        list.clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.unblock();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
