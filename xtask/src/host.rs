//! The host that runs the application: Spin, or the bundled runner where there is no Spin.

pub mod ready;
pub mod runner;
pub mod spin;
pub mod tick;

use crate::console;
use crate::shutdown::Shutdown;
use crate::workspace::Workspace;
use anyhow::{Result, bail};
use clap::ValueEnum;
use spin::Version;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// Which host is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Wanted {
    /// The `spin` command.
    Spin,
    /// The bundled runner, a stand-in for Spin.
    Runner,
}

/// Where the runner keeps key-value data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Store {
    /// A file in the state directory.
    Sqlite,
    /// Memory: gone with the runner.
    Memory,
}

/// A host that is ready to be started.
#[derive(Debug)]
pub enum Host {
    /// The `spin` command of this version.
    Spin(Version),
    /// The built runner.
    Runner(PathBuf),
}

/// What a host is to serve.
#[derive(Debug, Clone, Copy)]
pub struct Serve<'a> {
    /// The derived manifest.
    pub manifest: &'a Path,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where the host keeps its data.
    pub state_dir: &'a Path,
    /// The runner's kind of store.
    pub store: Store,
    /// The path that a scheduler is to POST to.
    pub tick: &'a str,
}

impl Host {
    /// Takes the wanted one; without a wish Spin if it is there, else the runner, which is built if need be.
    ///
    /// # Errors
    /// When Spin is wanted and not there, or the runner cannot be built.
    pub async fn choose(wanted: Option<Wanted>, workspace: &Workspace, shutdown: &Shutdown) -> Result<Host> {
        if wanted != Some(Wanted::Runner) {
            match spin::find().await {
                Some(version) if version.is_enough() => return Ok(Host::Spin(version)),
                found if wanted == Some(Wanted::Spin) => bail!(
                    "{}; install that, or leave --host out to use the bundled runner",
                    spin::missing(found.as_ref())
                ),
                found => console::progress(&format!("{}; using the bundled runner", spin::missing(found.as_ref()))),
            }
        }
        Ok(Host::Runner(runner::build(workspace, shutdown).await?))
    }

    /// The command that serves.
    pub fn command(&self, serve: Serve<'_>) -> Command {
        match self {
            Host::Spin(_) => spin::command(serve),
            Host::Runner(binary) => runner::command(binary, serve),
        }
    }

    /// What it is called.
    pub fn label(&self) -> &'static str {
        match self {
            Host::Spin(_) => "spin",
            Host::Runner(_) => "the runner",
        }
    }

    /// Whether it calls `tick` by itself.
    pub fn ticks(&self) -> bool {
        matches!(self, Host::Runner(_))
    }
}
