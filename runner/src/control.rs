//! The second listener, for tests and benches: counters out, counters to zero.

use crate::app::App;
use crate::server::accept;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Serves the counters of `app` until `stop` becomes true.
pub async fn serve(app: Arc<App>, listener: TcpListener, stop: watch::Receiver<bool>) {
    accept(listener, stop, |stream, _, _| {
        let app = app.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let response = answer(&app, request.method(), request.uri().path());
            async move { Ok::<_, Infallible>(response) }
        });
        tokio::spawn(async move {
            // A broken connection concerns its client only.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    })
    .await;
}

fn answer(app: &App, method: &Method, path: &str) -> Response<Full<Bytes>> {
    let (status, body) = match (method, path) {
        (&Method::GET, "/stats") => (StatusCode::OK, app.report().to_string()),
        (&Method::POST, "/stats/reset") => {
            app.reset_counters();
            (StatusCode::OK, "{}".to_string())
        }
        _ => (StatusCode::NOT_FOUND, r#"{"error":"there are GET /stats and POST /stats/reset"}"#.to_string()),
    };
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    response
}
