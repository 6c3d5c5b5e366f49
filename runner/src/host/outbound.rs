//! Where outbound requests go: to another component, to the network, or nowhere because the manifest forbids it.

use super::timeouts::BetweenBytes;
use crate::allowed_hosts::chained_component;
use crate::app::App;
use crate::component::ComponentInfo;
use bytes::Bytes;
use http::header::HOST;
use http::uri::{Authority, Scheme};
use http::{Request, Response, Uri};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower_service::Service;
use url::Url;
use wasmtime_wasi::TrappableError;
use wasmtime_wasi_http::handler;
use wasmtime_wasi_http::p3::bindings::http::types::{DnsErrorPayload, ErrorCode};
use wasmtime_wasi_http::p3::{RequestOptions, WasiHttpHooks};

/// How long each phase of a request may take if the component sets nothing; Spin's default.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(600);

type Body = UnsyncBoxBody<Bytes, ErrorCode>;
type Failure = TrappableError<ErrorCode>;
type Done = Box<dyn Future<Output = Result<(), ErrorCode>> + Send>;

/// The client for the network: HTTP/1.1 with kept connections, TLS with built-in roots, no redirects followed.
pub type NetworkClient = Client<HttpsConnector<Connect>, Body>;

/// A client, to be shared by all components.
///
/// # Errors
/// TLS cannot be set up, which only a wrong build can cause.
pub fn network_client() -> anyhow::Result<NetworkClient> {
    // Named rather than left to the default: the default is ambiguous as soon as another package of the workspace
    // builds rustls with another provider.
    let provider = rustls::crypto::ring::default_provider();
    let connector = hyper_rustls::HttpsConnectorBuilder::new()
        .with_provider_and_webpki_roots(provider)?
        .https_or_http()
        .enable_http1()
        .wrap_connector(Connect);
    Ok(Client::builder(TokioExecutor::new()).build(connector))
}

/// The outbound side of one instance.
pub struct Outbound {
    component: Arc<ComponentInfo>,
    app: Weak<App>,
}

impl Outbound {
    /// The outbound side of an instance of `component`.
    pub fn new(component: Arc<ComponentInfo>, app: Weak<App>) -> Outbound {
        Outbound { component, app }
    }
}

impl WasiHttpHooks for Outbound {
    fn send_request(
        &mut self,
        request: Request<Body>,
        options: Option<RequestOptions>,
        // The component's trouble with the response; dropping the response says enough to the other side.
        _: Done,
    ) -> Box<dyn Future<Output = Result<(Response<Body>, Done), Failure>> + Send> {
        let (component, app) = (self.component.clone(), self.app.clone());
        Box::new(async move {
            let Some(app) = app.upgrade() else {
                return Err(ErrorCode::ConnectionTerminated.into());
            };
            let response = send(&component, app, request, options.unwrap_or_default()).await?;
            Ok((response, Box::new(async { Ok(()) }) as Done))
        })
    }
}

async fn send(
    component: &ComponentInfo,
    app: Arc<App>,
    mut request: Request<Body>,
    options: RequestOptions,
) -> Result<Response<Body>, Failure> {
    let host = request.uri().authority().ok_or(ErrorCode::HttpRequestUriInvalid)?.host();
    let own = host.is_empty() || host == "self.alt";
    let callee = chained_component(host).map(str::to_string);
    let allowed = if own {
        component.allowed_hosts.allows_own()
    } else {
        Url::parse(&request.uri().to_string()).is_ok_and(|url| component.allowed_hosts.allows(&url))
    };
    if !allowed {
        component.stats.denied.fetch_add(1, Relaxed);
        return Err(ErrorCode::HttpRequestDenied.into());
    }
    // Whoever sends the request on writes this header anew.
    request.headers_mut().remove(HOST);

    let between = options.between_bytes_timeout.unwrap_or(DEFAULT_TIMEOUT);
    if let Some(callee) = callee {
        component.stats.chained.fetch_add(1, Relaxed);
        let request = request.map(|body| body.map_err(handler::ErrorCode::from).boxed_unsync());
        let response = app.chain(&callee, request).await.map_err(Failure::trap)?;
        return Ok(response.map(|body| BetweenBytes::new(body.map_err(body_error), between).boxed_unsync()));
    }
    if own {
        *request.uri_mut() = own_uri(&app, request.uri()).ok_or(ErrorCode::HttpRequestUriInvalid)?;
    }
    component.stats.network.fetch_add(1, Relaxed);
    let connect = options.connect_timeout.unwrap_or(DEFAULT_TIMEOUT);
    let sent = CONNECT_TIMEOUT.scope(connect, app.network().request(request));
    let response = timeout(options.first_byte_timeout.unwrap_or(DEFAULT_TIMEOUT), sent)
        .await
        .map_err(|_| ErrorCode::ConnectionReadTimeout)?
        .map_err(|e| error_code(&e))?;
    let body = |body: hyper::body::Incoming| body.map_err(|e| error_code(&e));
    Ok(response.map(|incoming| BetweenBytes::new(body(incoming), between).boxed_unsync()))
}

/// The same path at the address this application listens on.
fn own_uri(app: &App, uri: &Uri) -> Option<Uri> {
    let mut parts = uri.clone().into_parts();
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Some(app.address()?.to_string().parse::<Authority>().ok()?);
    Uri::from_parts(parts).ok()
}

/// What a component is told when the body of a chained response breaks off.
fn body_error(error: wasmtime::Error) -> ErrorCode {
    error.downcast::<ErrorCode>().unwrap_or_else(|e| ErrorCode::InternalError(Some(e.to_string())))
}

/// The interface's code for an error of the client: the one that our own connector gave if it was that; TLS if the
/// connection stood but was not good enough; else the other side did not speak HTTP properly.
fn error_code(error: &(dyn StdError + 'static)) -> ErrorCode {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(code) = error.downcast_ref::<ErrorCode>() {
            return code.clone();
        }
        cause = error.source();
    }
    match error.downcast_ref::<hyper_util::client::legacy::Error>() {
        Some(e) if e.is_connect() => ErrorCode::TlsProtocolError,
        _ => ErrorCode::HttpProtocolError,
    }
}

tokio::task_local! {
    /// How long the request under way may take to connect. The client has no parameter for it; it calls the connector
    /// in the task that sends the request, so the value can be handed over here.
    static CONNECT_TIMEOUT: Duration;
}

/// Opens TCP connections and says precisely why it could not.
#[derive(Debug, Clone, Copy)]
pub struct Connect;

impl Service<Uri> for Connect {
    type Response = TokioIo<TcpStream>;
    type Error = ErrorCode;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ErrorCode>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ErrorCode>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let limit = CONNECT_TIMEOUT.try_with(|limit| *limit).unwrap_or(DEFAULT_TIMEOUT);
        Box::pin(async move {
            match timeout(limit, connect(&uri)).await {
                Ok(connected) => connected,
                Err(_) => Err(ErrorCode::ConnectionTimeout),
            }
        })
    }
}

async fn connect(uri: &Uri) -> Result<TokioIo<TcpStream>, ErrorCode> {
    let host = uri.host().ok_or(ErrorCode::HttpRequestUriInvalid)?;
    let port = uri.port_u16().unwrap_or(if uri.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 });
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let unresolved = || {
        let rcode = Some("address not available".to_string());
        ErrorCode::DnsError(DnsErrorPayload { rcode, info_code: Some(0) })
    };
    let addresses: Vec<_> = tokio::net::lookup_host((host, port)).await.map_err(|_| unresolved())?.collect();
    let stream = TcpStream::connect(&*addresses).await.map_err(|e| match e.kind() {
        std::io::ErrorKind::AddrNotAvailable => unresolved(),
        _ => ErrorCode::ConnectionRefused,
    })?;
    // Requests are short and written in two pieces; without this the second could wait for an acknowledgement. A
    // socket that does not know the option is used as it is.
    let _ = stream.set_nodelay(true);
    Ok(TokioIo::new(stream))
}
