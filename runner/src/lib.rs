//! Runs a Spin application natively: the same `.wasm` files, the same `spin.toml`, the semantics of Spin 4.1's defaults.
//!
//! It is there for trying the application out and for tests, where the `spin` command is not installed, and it counts
//! what components do. It is no production host: no TLS, no other trigger than HTTP, no other key-value store
//! than Spin's default one, no runtime configuration.
//!
//! What it takes from Spin's own ground: wasmtime and its proxy handler, which decides which instance takes a request
//! and when one ends; the crate that matches routes. What differs on purpose is said where it differs (search for
//! "Spin" in the comments).

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test that fails may say so by panicking"))]

mod activity;
mod allowed_hosts;
mod app;
mod component;
mod control;
mod engine;
mod guest_output;
mod headers;
mod host;
mod manifest;
mod mounts;
mod options;
mod routes;
mod server;
mod stats;
mod store;
mod template;
mod ticker;
mod variables;

pub use options::{Options, StoreKind};

use anyhow::{Context as _, Result};
use app::App;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The line that tells what this is.
pub const NOTICE: &str =
    "alarum-runner: native stand-in for Spin, for trying out and tests; in production run `spin up`";

/// A running application. It stops at once when it is dropped; [`Runner::stop`] waits for work under way.
pub struct Runner {
    app: Arc<App>,
    address: SocketAddr,
    control: Option<SocketAddr>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Runner {
    /// Loads the application and starts serving it. Must be called on a multi-thread tokio runtime: store calls block
    /// their thread.
    ///
    /// # Errors
    /// One line on what is wrong: the manifest, a missing wasm file, a variable, the state directory, a port in use.
    pub async fn start(options: Options) -> Result<Runner> {
        // The port first: it is wrong more often than anything else, and compiling takes a while.
        let listener = bind(options.listen, "--listen").await?;
        let control = match options.control {
            Some(address) => Some(bind(address, "--control").await?),
            None => None,
        };
        let tick = options.tick.as_deref().map(|path| path.parse().context("--tick is not a path")).transpose()?;
        let every = Duration::from_millis(options.tick_every_ms);
        let nodelay = options.nodelay;
        let app = tokio::task::spawn_blocking(move || App::load(&options)).await.context("loading was cut off")??;

        let address = listener.local_addr().context("the listener has no address")?;
        app.set_address(address);
        let (stop, stopped) = watch::channel(false);
        let mut tasks = vec![tokio::spawn(server::serve(app.clone(), listener, nodelay, stopped.clone()))];
        let mut control_address = None;
        if let Some(listener) = control {
            control_address = Some(listener.local_addr().context("the control listener has no address")?);
            tasks.push(tokio::spawn(control::serve(app.clone(), listener, stopped)));
        }
        if let Some(path) = tick {
            tasks.push(tokio::spawn(ticker::run(app.clone(), path, every)));
        }
        Ok(Runner { app, address, control: control_address, stop, tasks })
    }

    /// Where the application listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the counters can be read, if that was asked for.
    pub fn control_address(&self) -> Option<SocketAddr> {
        self.control
    }

    /// The counters, as `GET /stats` shows them.
    pub fn stats(&self) -> serde_json::Value {
        self.app.report()
    }

    /// Stops accepting, waits up to `grace` for requests under way and for work after their answers, and returns how
    /// many connections, requests and busy instances that left over. May be called on another runtime than the start.
    pub async fn stop(mut self, grace: Duration) -> usize {
        self.stop.send_replace(true);
        for task in self.tasks.drain(..) {
            task.abort();
        }
        let activity = self.app.activity().clone();
        match tokio::time::timeout(grace, activity.quiet()).await {
            Ok(()) => 0,
            Err(_) => activity.count(),
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        self.tasks.iter().for_each(JoinHandle::abort);
        self.app.activity().end();
    }
}

async fn bind(address: SocketAddr, option: &str) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|e| match e.kind() {
        ErrorKind::AddrInUse => anyhow::anyhow!(
            "{address} is already in use; stop what listens there or give another address with {option} (port 0 takes a free one)"
        ),
        ErrorKind::PermissionDenied => {
            anyhow::anyhow!("not allowed to listen on {address}; give a port from 1024 up with {option}")
        }
        _ => anyhow::anyhow!("cannot listen on {address} ({e}); give another address with {option}"),
    })
}
