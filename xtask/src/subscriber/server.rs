//! The HTTP server of the demo subscriber.

use crate::console;
use crate::subscriber::event::{Received, Summary};
use crate::subscriber::log::Log;
use crate::subscriber::signature::{Secret, check};
use crate::subscriber::{line, page};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::Value;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio::sync::Mutex;

/// The path that takes webhooks.
pub const WEBHOOK_PATH: &str = "/webhook";
/// More than any webhook needs.
const MAX_BODY: usize = 4 << 20;

/// Takes webhooks for ever, and gives `print` a line for each.
pub async fn serve(listener: TcpListener, secrets: Vec<Secret>, print: impl Fn(&str) + Send + Sync + 'static) {
    let subscriber = Arc::new(Subscriber { secrets, log: Mutex::default(), print: Box::new(print) });
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                console::progress(&format!("demo subscriber: cannot accept a connection: {error}"));
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let subscriber = Arc::clone(&subscriber);
        tokio::spawn(async move {
            let service = service_fn(|request| async { Ok::<_, Infallible>(subscriber.answer(request).await) });
            let mut server = hyper::server::conn::http1::Builder::new();
            server.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(30));
            // A client that goes away in the middle of a request has its reasons.
            let _broken_off = server.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

struct Subscriber {
    secrets: Vec<Secret>,
    log: Mutex<Log>,
    print: Box<dyn Fn(&str) + Send + Sync>,
}

impl Subscriber {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path().to_string();
        match (request.method(), path.as_str()) {
            (&Method::POST, WEBHOOK_PATH) => self.take(request).await,
            (&Method::GET, "/") => self.page().await,
            (&Method::GET, "/events") => self.events().await,
            (_, WEBHOOK_PATH) => not_allowed("POST"),
            (_, "/" | "/events") => not_allowed("GET"),
            _ => plain(StatusCode::NOT_FOUND, "not found\n"),
        }
    }

    /// A bad signature is told and still answered with 200: a demo that makes the sender repeat for hours helps nobody.
    async fn take(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        if request.body().size_hint().lower() > MAX_BODY as u64 {
            return plain(StatusCode::PAYLOAD_TOO_LARGE, "too large\n");
        }
        let (parts, body) = request.into_parts();
        let body = match Limited::new(body, MAX_BODY).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => return plain(StatusCode::PAYLOAD_TOO_LARGE, "too large\n"),
            Err(error) => return plain(StatusCode::BAD_REQUEST, &format!("cannot read the body: {error}\n")),
        };
        let Ok(json) = serde_json::from_slice::<Value>(&body) else {
            return plain(StatusCode::BAD_REQUEST, "the body is not JSON\n");
        };
        let now = unix_now();
        let received = Received {
            at: now,
            summary: Summary::of(&json),
            signature: check(&parts.headers, &body, &self.secrets, now),
            deliveries: 1,
            body: json,
        };
        let received = self.log.lock().await.add(received);
        (self.print)(&line::of(&received, now));
        plain(StatusCode::OK, "ok\n")
    }

    async fn page(&self) -> Response<Full<Bytes>> {
        let page = page::render(self.log.lock().await.newest_first());
        let mut response = response(StatusCode::OK, "text/html; charset=utf-8", page);
        let policy = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'");
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
        response
    }

    async fn events(&self) -> Response<Full<Bytes>> {
        let events: Vec<Value> = self.log.lock().await.newest_first().map(Received::to_json).collect();
        response(StatusCode::OK, "application/json", Value::from(events).to_string())
    }
}

fn not_allowed(method: &'static str) -> Response<Full<Bytes>> {
    let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "method not allowed\n");
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(method));
    response
}

fn plain(status: StatusCode, text: &str) -> Response<Full<Bytes>> {
    response(status, "text/plain; charset=utf-8", text.to_string())
}

fn response(status: StatusCode, content_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The clock.
pub fn unix_now() -> u64 {
    // A clock before 1970 is taken as 1970: then every signature is too old, which is told.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
