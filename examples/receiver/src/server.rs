//! What the receiver needs of HTTP: it reads a request within limits, asks [`decide`], hands over what is new and
//! answers. Nobody waits for the work.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::header::{ALLOW, HeaderValue};
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::receiver::{Event, State, Verdict, decide};

/// The path that takes webhooks.
pub const PATH: &str = "/webhook";

/// What a request may cost before it is known who sent it.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The largest body, bytes.
    pub body_bytes: usize,
    /// How long the head may take to come, and then the body.
    pub time: Duration,
    /// Connections at the same time; further ones wait.
    pub connections: usize,
}

impl Default for Limits {
    /// A mebibyte holds every webhook; the sender gives up after a second as a rule.
    fn default() -> Self {
        Self { body_bytes: 1 << 20, time: Duration::from_secs(2), connections: 256 }
    }
}

struct Receiver {
    state: Mutex<State>,
    events: mpsc::Sender<Event>,
    limits: Limits,
}

/// Takes webhooks for ever and hands what is new over to `events`. Dropped, it breaks its connections off.
pub async fn serve(listener: TcpListener, state: State, events: mpsc::Sender<Event>, limits: Limits) {
    let receiver = Arc::new(Receiver { state: Mutex::new(state), events, limits });
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        if connections.len() >= limits.connections {
            connections.join_next().await;
        }
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                eprintln!("cannot accept a connection: {error}");
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let receiver = Arc::clone(&receiver);
        connections.spawn(async move {
            let service = service_fn(|request| async { Ok::<_, Infallible>(receiver.answer(request).await) });
            let mut server = hyper::server::conn::http1::Builder::new();
            server.timer(TokioTimer::new()).header_read_timeout(receiver.limits.time);
            // A sender that goes away in the middle of a request has its reasons; it comes again.
            let _broken_off = server.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

impl Receiver {
    async fn answer(&self, request: Request<Incoming>) -> Response<Empty<Bytes>> {
        let mut response = Response::new(Empty::new());
        *response.status_mut() = match (request.uri().path(), request.method()) {
            (PATH, &Method::POST) => self.read(request).await,
            (PATH, _) => {
                response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
                StatusCode::METHOD_NOT_ALLOWED
            }
            _ => StatusCode::NOT_FOUND,
        };
        response
    }

    async fn read(&self, request: Request<Incoming>) -> StatusCode {
        let Limits { body_bytes, time, .. } = self.limits;
        if request.body().size_hint().lower() > body_bytes as u64 {
            return StatusCode::PAYLOAD_TOO_LARGE;
        }
        let (parts, body) = request.into_parts();
        match timeout(time, Limited::new(body, body_bytes).collect()).await {
            Ok(Ok(body)) => self.take(&parts.headers, &body.to_bytes(), unix_now()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => StatusCode::PAYLOAD_TOO_LARGE,
            Ok(Err(_)) => StatusCode::BAD_REQUEST,
            Err(_) => StatusCode::REQUEST_TIMEOUT,
        }
    }

    fn take(&self, headers: &HeaderMap, body: &[u8], now: i64) -> StatusCode {
        // Held to the end: of two attempts at the same moment only one may be new. Nothing below waits.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let verdict = decide(headers, body, now, &state);
        match &verdict {
            Verdict::Take(event) => {
                // No room for it: what is not noted may come again, and this status asks for it.
                if self.events.try_send(event.clone()).is_err() {
                    return StatusCode::SERVICE_UNAVAILABLE;
                }
                state.note(event);
            }
            Verdict::Refuse(error) => eprintln!("refused: {error}"),
            Verdict::Unreadable(problem) => eprintln!("signed, but not understood: {problem}"),
            Verdict::Repeat | Verdict::Outdated | Verdict::Unwanted => {}
        }
        verdict.status()
    }
}

fn unix_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    // A clock before 1970 is taken as 1970: then everything is refused, and it is told why.
    since.ok().and_then(|since| i64::try_from(since.as_secs()).ok()).unwrap_or(0)
}
