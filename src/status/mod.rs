//! The status component's handler: whether the deployment lives, whether it is ready, its figures, and the description of
//! all that is served.
//!
//! For orchestrators, load balancers, Prometheus, and whoever makes a client. `/healthz` asks nothing of anybody; `/readyz` tries what the store
//! promises, at most once in ten seconds for an instance.

mod metrics;
mod ready;
mod text;

use std::cell::{Cell, RefCell};

pub use self::ready::Check;
use self::ready::Probing;
use crate::call::Failure;
use crate::call::answered;
use crate::config::Config;
use crate::error::{ApiError, Code};
use crate::http::{Answer, Request, answer};
use crate::ingest::configured;
use crate::ingest::request_id;
use crate::ports::{Clock, Log, Random, Store};
use crate::time::Timestamp;

/// The paths; the manifest leads them to the status component.
pub const STATUS: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// The store is tried out at most once in this time, milliseconds.
const FRESH_MS: u64 = 10_000;
/// How often who waits for somebody else's probe looks again, microseconds.
const LOOK_US: u64 = 5_000;

/// What an instance of the component keeps between its requests.
#[derive(Default)]
pub struct Status {
    /// What the latest probe found, and when.
    found: RefCell<Option<(Timestamp, Vec<Check>)>>,
    probing: Cell<bool>,
}

impl Status {
    /// Answers a request. `config` is the configuration, or what is wrong with it.
    pub async fn handle<S: Store, P: Clock + Random + Log>(
        &self,
        store: &S,
        ports: &P,
        config: Result<&Config, &str>,
        request: &Request,
    ) -> Answer {
        let path = request.path.as_str();
        let answered = match path {
            path if STATUS.contains(&path) => request.expect_method("GET"),
            _ => Err(ApiError::new(Code::RouteNotFound, "there is no such path")),
        };
        if let Err(error) = answered {
            return answer::<()>(&request_id(ports), Err(error));
        }
        match path {
            "/healthz" => plain(200, TEXT, b"ok".to_vec()),
            "/metrics" => self.metrics(store, ports, config.ok(), request).await,
            _ => self.ready(store, ports, config).await,
        }
    }

    async fn ready<S: Store, P: Clock + Random + Log>(
        &self,
        store: &S,
        ports: &P,
        config: Result<&Config, &str>,
    ) -> Answer {
        let mut checks = vec![ready::configuration(config)];
        checks.extend(self.probed(store, ports).await);
        let ready = checks.iter().all(|check| check.ok);
        let body = serde_json::json!({"ready": ready, "checks": checks});
        plain(if ready { 200 } else { 503 }, "application/json", body.to_string().into_bytes())
    }

    async fn metrics<S: Store, P: Clock + Random + Log>(
        &self,
        store: &S,
        ports: &P,
        config: Option<&Config>,
        request: &Request,
    ) -> Answer {
        let text = match allowed(config, request) {
            Ok(config) => metrics::metrics(store, ports, config).await.map_err(Failure::from),
            Err(error) => Err(error.into()),
        };
        match text {
            Ok(text) => plain(200, text::CONTENT_TYPE, text.into_bytes()),
            Err(failure) => answered::<()>(ports, request, Err(failure)),
        }
    }

    /// What a probe of the store found: the latest one, if that is fresh. Several who ask at once have one probe made.
    async fn probed<S: Store, P: Clock + Random + Log>(&self, store: &S, ports: &P) -> Vec<Check> {
        loop {
            let found = self.found.borrow().clone();
            if let Some((_, checks)) = found.filter(|(at, _)| ports.now().millis_since(*at) < FRESH_MS) {
                return checks;
            }
            if !self.probing.replace(true) {
                break;
            }
            ports.sleep_us(LOOK_US).await;
        }
        let _probing = Flag(&self.probing);
        let checks = Probing { store, ports, slot: ports.next_u64() }.run().await;
        for check in checks.iter().filter(|check| !check.ok) {
            let (name, problem) = (check.name, &check.message);
            ports.line(&format!("level=error msg=\"not ready\" check={name} problem={problem:?}"));
        }
        *self.found.borrow_mut() = Some((ports.now(), checks.clone()));
        checks
    }
}

/// The configuration, where who asks may see the figures: with the key of `[metrics]` as `?key=` or as a bearer token,
/// where there is one. Where the configuration is not valid it is not known whether there is.
fn allowed<'a>(config: Option<&'a Config>, request: &Request) -> Result<&'a Config, ApiError> {
    let config = configured(config)?;
    let header = request.authorization.as_ref().and_then(|header| header.expose().strip_prefix("Bearer "));
    let given = header.map(str::to_owned).or_else(|| request.query_value("key")).unwrap_or_default();
    match &config.metrics.key {
        Some(key) if !key.matches(given.trim()) => Err(ApiError::new(Code::Unauthorized, "key is not a valid one")),
        _ => Ok(config),
    }
}

/// That somebody probes, as long as this lives: a request that is broken off must not keep the others waiting.
struct Flag<'a>(&'a Cell<bool>);

impl Drop for Flag<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

const TEXT: &str = "text/plain; charset=utf-8";

/// An answer without the envelope: those who ask know nothing of it.
fn plain(status: u16, content_type: &str, body: Vec<u8>) -> Answer {
    Answer { status, headers: vec![("content-type", content_type.to_owned())], body }
}
