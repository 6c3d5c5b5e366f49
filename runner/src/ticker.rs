//! Stands in for the scheduler that an application expects: POSTs to a path of it, in process, at intervals.

use crate::app::App;
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Empty};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

const CLIENT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// POSTs to `path` now and then every `every`, one request at a time, for ever. The first failure of a row of failures
/// is reported.
pub async fn run(app: Arc<App>, path: Uri, every: Duration) {
    let mut ticks = interval(every.max(Duration::from_millis(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        ticks.tick().await;
        let status = post(&app, &path).await;
        let failed = !status.is_success();
        if failed && !failing {
            eprintln!(
                "alarum-runner: the tick at {} was answered with {status}; said once until it works again",
                path.path()
            );
        }
        failing = failed;
    }
}

async fn post(app: &App, path: &Uri) -> StatusCode {
    let mut request = Request::new(Empty::new().map_err(|never| match never {}).boxed_unsync());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = path.clone();
    let host = app.address().and_then(|address| HeaderValue::from_str(&address.to_string()).ok());
    request.headers_mut().insert(http::header::HOST, host.unwrap_or(HeaderValue::from_static("localhost")));
    let response = app.serve(request, CLIENT).await;
    let status = response.status();
    // The body is read to its end, so that the component can finish writing it.
    match response.into_body().collect().await {
        Ok(_) => status,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
