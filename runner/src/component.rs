//! One component of the application: what it may do, and the life of its instances.

use crate::activity::{Activity, Switch};
use crate::allowed_hosts::AllowedHosts;
use crate::app::App;
use crate::host::{Ctx, Outbound};
use crate::stats::{ComponentStats, InstanceCounts};
use crate::store::Store as KvStore;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, OnceLock, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::time::Sleep;
use wasmtime::component::GuestTaskId;
use wasmtime::{Store, StoreContextMut};
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, ProxyPre, ShouldAccept, ViewFn, WorkerExpiration, WorkerState, WorkerStatus,
};
use wasmtime_wasi_http::p3::WasiHttpView as _;

/// What is fixed about a component once the application has started.
pub struct ComponentInfo {
    /// Its id.
    pub id: String,
    /// Where it may send requests.
    pub allowed_hosts: AllowedHosts,
    /// The labels of the stores it may open.
    pub key_value_stores: BTreeSet<String>,
    /// Its variables with their values.
    pub variables: BTreeMap<String, String>,
    /// Its environment.
    pub environment: BTreeMap<String, String>,
    /// Directories it can read, with their paths inside.
    pub mounts: Vec<(PathBuf, String)>,
    /// Its counters.
    pub stats: Arc<ComponentStats>,
}

/// How instances are used again; Spin's defaults are 16, 128 and 1 s.
#[derive(Debug, Clone, Copy)]
pub struct Reuse {
    /// Requests that one instance serves at once.
    pub concurrent: usize,
    /// Requests that one instance serves in its life.
    pub total: usize,
    /// How long an instance without work is kept.
    pub idle: Duration,
}

/// Starts instances of one component.
pub struct Instances {
    /// The component.
    pub info: Arc<ComponentInfo>,
    /// Its compiled and linked code.
    pub pre: wasmtime_wasi_http::p3::bindings::ServicePre<Ctx>,
    /// The key-value store.
    pub store: Arc<dyn KvStore>,
    /// The application, for service chaining.
    pub app: Weak<App>,
    /// How instances are used again.
    pub reuse: Reuse,
    /// Where work under way is counted.
    pub activity: Activity,
}

/// Goes with a request into the instance that takes it and brings back which one that was.
pub type RequestTag = Arc<OnceLock<Arc<InstanceCounts>>>;

/// The rules and counts of one instance.
pub struct InstanceState {
    component: String,
    reuse: Reuse,
    counts: Arc<InstanceCounts>,
    busy: Arc<Switch>,
}

/// Ends an instance that has been idle for long enough.
pub struct Expiration {
    idle: Duration,
    sleep: Pin<Box<Sleep>>,
    busy: Arc<Switch>,
}

impl HandlerState for Instances {
    type StoreData = Ctx;
    type WorkerExpiration = Expiration;
    type WorkerState = InstanceState;

    async fn instantiate(&self) -> wasmtime::Result<Instance<Ctx, Expiration, InstanceState>> {
        let counts = Arc::new(InstanceCounts::default());
        let outbound = Outbound::new(self.info.clone(), self.app.clone());
        let ctx = Ctx::new(self.info.clone(), self.store.clone(), outbound, counts.clone())
            .map_err(wasmtime::Error::from_anyhow)?;
        let mut store = Store::new(self.pre.engine(), ctx);
        store.limiter(|ctx| ctx);
        let service = ProxyPre::P3(self.pre.clone()).instantiate_async(&mut store).await?;
        self.info.stats.instances_started.fetch_add(1, Relaxed);
        let busy = Arc::new(self.activity.switch());
        Ok(Instance {
            store,
            proxy: service,
            view: ViewFn::P3(Ctx::http),
            expiration: Expiration {
                idle: self.reuse.idle,
                sleep: Box::pin(tokio::time::sleep(self.reuse.idle)),
                busy: busy.clone(),
            },
            state: InstanceState { component: self.info.id.clone(), reuse: self.reuse, counts, busy },
        })
    }
}

impl WorkerState for InstanceState {
    type StoreData = Ctx;
    type RequestId = RequestTag;

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        if total >= self.reuse.total {
            ShouldAccept::Never
        } else if concurrent >= self.reuse.concurrent {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        _: StoreContextMut<'_, Ctx>,
        tag: RequestTag,
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        // Busy from here on: the answer may be out before the instance is next asked whether it has expired.
        self.busy.set(true);
        // A tag belongs to one request, so it is still empty.
        let _ = tag.set(self.counts.clone());
        Box::pin(std::future::pending())
    }

    fn drop(&self, store: Store<Ctx>, result: wasmtime::Result<()>) {
        // An instance that is thrown away with the runtime looks like one that panicked.
        if let (Err(error), false) = (result, self.busy.activity().is_over()) {
            // The innermost cause is the trap's message; the rest are addresses in a stripped file. What a panic has to
            // say, the component has already printed itself.
            eprintln!("alarum-runner: an instance of {} failed: {}", self.component, error.root_cause());
        }
        drop(store);
        self.busy.set(false);
    }
}

impl WorkerExpiration for Expiration {
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>, status: WorkerStatus, since: Instant) -> Poll<()> {
        let idle = status == WorkerStatus::Idle;
        self.busy.set(!idle);
        if !idle {
            return Poll::Pending;
        }
        let deadline = tokio::time::Instant::from_std(since + self.idle);
        if deadline != self.sleep.deadline() {
            self.sleep.as_mut().reset(deadline);
        }
        self.sleep.as_mut().poll(cx)
    }
}
