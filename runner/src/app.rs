//! A loaded application: its components, and the way of a request to one of them.

use crate::activity::Activity;
use crate::allowed_hosts::AllowedHosts;
use crate::component::{ComponentInfo, Instances, RequestTag};
use crate::host::{self, NetworkClient};
use crate::manifest::{Component, Manifest};
use crate::options::Options;
use crate::routes::{RouteMatch, Router, WELL_KNOWN_PREFIX};
use crate::stats::{self, ComponentStats};
use crate::store::{MemoryStore, SqliteStore, Store};
use crate::variables::Variables;
use crate::{engine, headers, mounts};
use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty, Full};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use wasmtime_wasi_http::handler::{self, ProxyHandler, TrapOrPanicError};
use wasmtime_wasi_http::p3::bindings::ServicePre;

/// The body of a request on its way to a component.
pub type RequestBody = UnsyncBoxBody<Bytes, handler::ErrorCode>;
/// The body of a component's answer.
pub type ResponseBody = UnsyncBoxBody<Bytes, wasmtime::Error>;

/// The client address that a chained request has.
const NO_CLIENT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// An application that can answer requests.
pub struct App {
    router: Router,
    components: BTreeMap<String, Loaded>,
    store: Arc<dyn Store>,
    network: NetworkClient,
    activity: Activity,
    address: OnceLock<SocketAddr>,
    log_requests: bool,
}

struct Loaded {
    handler: ProxyHandler<Instances>,
    stats: Arc<ComponentStats>,
}

impl App {
    /// Loads the application that `options` names, compiling what was not compiled before. This takes seconds of
    /// processor time and blocks.
    ///
    /// # Errors
    /// Everything that is wrong with the manifest, the wasm files, the variables, the mounts or the state directory.
    pub fn load(options: &Options) -> Result<Arc<App>> {
        let manifest = Manifest::read(&options.manifest)?;
        let variables = Variables::resolve(&manifest, &options.variable, |name| std::env::var(name).ok())?;
        let routes = manifest.routes.iter().map(|(route, component)| (route.as_str(), component.as_str()));
        let router = Router::build(routes)?;
        let engine = engine::new()?;
        let linker = host::linker(&engine)?;
        let mut parts = Vec::new();
        for (id, component) in &manifest.components {
            let info = describe(id, component, &manifest, &variables, &options.state_dir)?;
            let advice = || build_advice(component);
            let compiled = engine::load(&engine, &component.source, &options.state_dir.join("cache"), advice)
                .with_context(|| format!("component.{id}.source"))?;
            let pre = linker
                .instantiate_pre(&compiled)
                .and_then(ServicePre::new)
                .map_err(anyhow::Error::from)
                .with_context(|| format!("component.{id} imports or exports what the runner does not have"))?;
            parts.push((info, pre));
        }
        let store = open_store(options)?;
        let network = host::network_client()?;
        let activity = Activity::default();
        Ok(Arc::new_cyclic(|app| {
            let component = |(info, pre): (ComponentInfo, ServicePre<host::Ctx>)| {
                let (id, stats) = (info.id.clone(), info.stats.clone());
                let instances = Instances {
                    info: Arc::new(info),
                    pre,
                    store: store.clone(),
                    app: app.clone(),
                    reuse: options.reuse(),
                    activity: activity.clone(),
                };
                (id, Loaded { handler: ProxyHandler::new(instances), stats })
            };
            App {
                router,
                components: parts.into_iter().map(component).collect(),
                store: store.clone(),
                network,
                activity: activity.clone(),
                address: OnceLock::new(),
                log_requests: options.log_requests,
            }
        }))
    }

    /// Answers a request from outside. Never fails: what goes wrong is an answer with status 4xx or 5xx.
    pub async fn serve(&self, mut request: Request<RequestBody>, client: SocketAddr) -> Response<ResponseBody> {
        headers::strip(request.headers_mut());
        let path = request.uri().path();
        if let Some(well_known) = path.strip_prefix(WELL_KNOWN_PREFIX) {
            return match well_known {
                "health" => plain(StatusCode::OK, "OK"),
                _ => plain(StatusCode::NOT_FOUND, ""),
            };
        }
        let Some(route) = self.router.route(path) else {
            return plain(StatusCode::NOT_FOUND, "");
        };
        match headers::absolute_uri(request.uri(), request.headers()) {
            Ok(uri) => *request.uri_mut() = uri,
            Err(reason) => return plain(StatusCode::BAD_REQUEST, reason),
        }
        match self.components.get(&route.component) {
            Some(component) => self.call(component, &route, request, client).await,
            None => plain(StatusCode::INTERNAL_SERVER_ERROR, ""),
        }
    }

    /// Answers a request that a component sent to `http://<callee>.spin.internal`.
    ///
    /// # Errors
    /// There is no such component; Spin makes that a trap of the caller.
    pub async fn chain(&self, callee: &str, request: Request<RequestBody>) -> wasmtime::Result<Response<ResponseBody>> {
        let component = self
            .components
            .get(callee)
            .ok_or_else(|| wasmtime::format_err!("no component {callee:?} for a request to {callee}.spin.internal"))?;
        let route = RouteMatch::chained(callee, request.uri().path());
        Ok(self.call(component, &route, request, NO_CLIENT).await)
    }

    async fn call(
        &self,
        component: &Loaded,
        route: &RouteMatch,
        mut request: Request<RequestBody>,
        client: SocketAddr,
    ) -> Response<ResponseBody> {
        let _running = self.activity.begin();
        component.stats.requests.fetch_add(1, Relaxed);
        let (start, tag) = (Instant::now(), RequestTag::default());
        let uri = request.uri().clone();
        let logged = self.log_requests.then(|| (request.method().clone(), uri.path().to_string()));
        let response = match headers::append(request.headers_mut(), &uri, route, client) {
            Ok(()) => answer(&route.component, component.handler.handle(tag.clone(), request).await),
            Err(error) => {
                eprintln!("alarum-runner: a request to {} failed: {error:#}", route.component);
                plain(StatusCode::INTERNAL_SERVER_ERROR, "")
            }
        };
        if let Some((method, path)) = logged {
            let counts = tag.get();
            let (reads, writes) = counts.map_or((0, 0), |c| (c.reads.swap(0, Relaxed), c.writes.swap(0, Relaxed)));
            let (id, status) = (&route.component, response.status().as_u16());
            let ms = start.elapsed().as_secs_f64() * 1000.0;
            eprintln!("{id} {method} {path} {status} {ms:.1}ms reads={reads} writes={writes}");
        }
        response
    }

    /// The client for outbound requests.
    pub fn network(&self) -> &NetworkClient {
        &self.network
    }

    /// Where the application listens, once it does.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address.get().copied()
    }

    /// Notes where the application listens; only the first call counts.
    pub fn set_address(&self, address: SocketAddr) {
        self.address.get_or_init(|| address);
    }

    /// What is under way.
    pub fn activity(&self) -> &Activity {
        &self.activity
    }

    /// All counters, as the control listener shows them.
    pub fn report(&self) -> serde_json::Value {
        let components = self.components.iter().map(|(id, c)| (id.clone(), c.stats.clone())).collect();
        stats::report(&components, self.store.commits().count(), self.store.commits().micros())
    }

    /// Sets all counters to zero.
    pub fn reset_counters(&self) {
        self.components.values().for_each(|c| c.stats.reset());
        self.store.commits().reset();
    }
}

/// A component's answer, or 500 when there is none. A trap was already reported with the instance it ended.
fn answer(component: &str, outcome: wasmtime::Result<Response<ResponseBody>>) -> Response<ResponseBody> {
    outcome.unwrap_or_else(|error| {
        if !error.is::<TrapOrPanicError>() && !error.is::<wasmtime::Trap>() {
            eprintln!("alarum-runner: a request to {component} failed: {error:#}");
        }
        plain(StatusCode::INTERNAL_SERVER_ERROR, "")
    })
}

/// An answer of the host itself.
pub fn plain(status: StatusCode, text: &'static str) -> Response<ResponseBody> {
    let body = if text.is_empty() {
        Empty::new().map_err(|never| match never {}).boxed_unsync()
    } else {
        Full::from(text).map_err(|never| match never {}).boxed_unsync()
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}

fn describe(
    id: &str,
    component: &Component,
    manifest: &Manifest,
    variables: &Variables,
    state_dir: &Path,
) -> Result<ComponentInfo> {
    let ids: Vec<String> = manifest.components.keys().cloned().collect();
    let inside = || format!("component.{id}");
    let hosts = variables.of_hosts(&component.allowed_outbound_hosts).with_context(inside)?;
    let allowed_hosts = AllowedHosts::parse(&hosts, &ids).with_context(inside)?;
    for callee in allowed_hosts.chained_components() {
        ensure!(
            manifest.components.contains_key(callee),
            "component.{id}.allowed_outbound_hosts names {callee}.spin.internal, but no trigger has a component {callee:?}"
        );
    }
    Ok(ComponentInfo {
        id: id.to_string(),
        allowed_hosts,
        key_value_stores: component.key_value_stores.clone(),
        variables: variables.of_component(&component.variables).with_context(inside)?,
        environment: component.environment.clone(),
        mounts: mounts::prepare(&component.files, state_dir).with_context(inside)?,
        stats: Arc::new(ComponentStats::default()),
    })
}

fn build_advice(component: &Component) -> String {
    match &component.build_command {
        Some(command) => format!("build it with: {command}"),
        None => "build it with cargo for the target wasm32-wasip2".to_string(),
    }
}

fn open_store(options: &Options) -> Result<Arc<dyn Store>> {
    let delay = Duration::from_millis(options.commit_delay_ms);
    Ok(match options.store {
        crate::options::StoreKind::Sqlite => Arc::new(SqliteStore::open(&options.state_dir, delay)?),
        crate::options::StoreKind::Memory => Arc::new(MemoryStore::new(delay)),
    })
}
