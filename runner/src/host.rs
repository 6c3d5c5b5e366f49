//! What a component can call: WASI, outbound HTTP, outbound Redis, key-value stores, variables.

mod bindings;
mod key_value;
mod outbound;
mod redis;
mod timeouts;
mod variables;
mod wasi_key_value;

pub use outbound::{NetworkClient, Outbound, network_client};

use crate::component::ComponentInfo;
use crate::guest_output::GuestOutput;
use crate::stats::InstanceCounts;
use crate::store::Store;
use anyhow::{Context as _, Result};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use wasmtime::ResourceLimiter;
use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi::{DirPerms, FilePerms, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::WasiHttpCtx;
use wasmtime_wasi_http::p3::{WasiHttpCtxView, WasiHttpView};

/// The state of one instance.
pub struct Ctx {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    table: ResourceTable,
    outbound: Outbound,
    component: Arc<ComponentInfo>,
    store: Arc<dyn Store>,
    counts: Arc<InstanceCounts>,
}

/// Marks [`Ctx`] as what the generated bindings call.
struct Host;

impl HasData for Host {
    type Data<'a> = &'a mut Ctx;
}

/// Nothing is limited here: what instances grow to is only noted.
impl ResourceLimiter for Ctx {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        self.component.stats.memory_max.fetch_max(desired as u64, Relaxed);
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(true)
    }
}

impl Ctx {
    /// A fresh instance's state.
    ///
    /// # Errors
    /// A mounted directory that cannot be opened any more.
    pub fn new(
        component: Arc<ComponentInfo>,
        store: Arc<dyn Store>,
        outbound: Outbound,
        counts: Arc<InstanceCounts>,
    ) -> Result<Ctx> {
        let mut wasi = WasiCtx::builder();
        wasi.stdout(GuestOutput::new(&component.id)).stderr(GuestOutput::new(&component.id));
        for (name, value) in &component.environment {
            wasi.env(name, value);
        }
        for (directory, guest_path) in &component.mounts {
            wasi.preopened_dir(directory, guest_path, DirPerms::READ, FilePerms::READ)
                .map_err(anyhow::Error::from)
                .with_context(|| format!("cannot mount {}", directory.display()))?;
        }
        Ok(Ctx {
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            table: ResourceTable::new(),
            outbound,
            component,
            store,
            counts,
        })
    }
}

impl WasiView for Ctx {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for Ctx {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.outbound, table: &mut self.table, ctx: &mut self.http }
    }
}

/// A linker with everything that the runner offers.
///
/// # Errors
/// None that a caller can cause.
pub fn linker(engine: &wasmtime::Engine) -> Result<Linker<Ctx>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
    bindings::Host_::add_to_linker::<_, Host>(&mut linker, |ctx| ctx)?;
    Ok(linker)
}
