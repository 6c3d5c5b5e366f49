//! The HTTP/1.1 listener.

use crate::app::{App, ResponseBody};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use wasmtime_wasi_http::p3::bindings::http::types::ErrorCode;

/// A body that hyper can send.
pub type SentBody = UnsyncBoxBody<Bytes, io::Error>;

/// The pause after a failed `accept`, which fails again at once while, say, file descriptors are short.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves `app` on `listener` until `stop` becomes true, then lets each connection finish what it is doing. The returned
/// future ends when nothing is accepted any more; connections end on their own and count as activity until then, so that
/// a stop does not cut off an answer between the component and the socket.
pub async fn serve(app: Arc<App>, listener: TcpListener, nodelay: bool, stop: watch::Receiver<bool>) {
    accept(listener, stop, |stream, client, stop| {
        if nodelay {
            // Without the option the connection still works, only slower.
            let _ = stream.set_nodelay(true);
        }
        let (app, open) = (app.clone(), app.activity().begin());
        let service = service_fn(move |request: Request<Incoming>| {
            let app = app.clone();
            async move {
                let request =
                    request.map(|body| body.map_err(|e| ErrorCode::from_hyper_request_error(e).into()).boxed_unsync());
                Ok::<_, Infallible>(sendable(app.serve(request, client).await))
            }
        });
        tokio::spawn(async move {
            let mut connection = pin!(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            // A connection that breaks concerns its client only, and hyper has already answered what it could.
            let _ = match finish_or(connection.as_mut(), stop).await {
                Some(result) => result,
                None => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            drop(open);
        });
    })
    .await;
}

/// Accepts connections until `stop` becomes true.
pub async fn accept(
    listener: TcpListener,
    mut stop: watch::Receiver<bool>,
    each: impl Fn(TcpStream, SocketAddr, watch::Receiver<bool>),
) {
    loop {
        let Some(accepted) = finish_or(listener.accept(), stop.clone()).await else {
            return;
        };
        match accepted {
            Ok((stream, client)) => each(stream, client, stop.clone()),
            Err(_) => {
                if finish_or(tokio::time::sleep(ACCEPT_PAUSE), stop.clone()).await.is_none() {
                    return;
                }
            }
        }
        stop.mark_unchanged();
    }
}

/// The outcome of `work`, or `None` if `stop` comes first.
async fn finish_or<T>(work: impl Future<Output = T>, mut stop: watch::Receiver<bool>) -> Option<T> {
    tokio::select! {
        outcome = work => Some(outcome),
        // An error means that the runner is gone, which is a stop as well.
        _ = stop.wait_for(|stop| *stop) => None,
    }
}

fn sendable(response: Response<ResponseBody>) -> Response<SentBody> {
    response.map(|body| body.map_err(|e| io::Error::other(e.to_string())).boxed_unsync())
}
