//! The WebAssembly components: building them and checking them with clippy.

use crate::console;
use crate::shutdown::Shutdown;
use crate::step::Step;
use crate::toolchain::{TARGET, Toolchain};
use crate::workspace::Workspace;
use anyhow::{Context as _, Result};

/// The packages that make up the application.
pub const APPLICATION: [&str; 10] =
    ["ingest", "fanout", "courier", "actions", "api", "alerts", "settings", "webhooks", "status", "console"];
/// The tests of stores use this one.
pub const STORE_FIXTURE: &str = "store-fixture";
/// The runner's tests use this one.
pub const FIXTURE: &str = "runner-fixture";
/// What else links for the target alone: parts of the bench.
const BENCH: [&str; 2] = ["floor", "guest"];

/// All packages that know several stores.
fn storing() -> impl Iterator<Item = &'static str> {
    APPLICATION.into_iter().chain([STORE_FIXTURE])
}

/// All packages that link for the target alone; clippy looks at them there.
fn for_target_only() -> impl Iterator<Item = &'static str> {
    storing().chain([FIXTURE]).chain(BENCH)
}

/// What the application keeps its data in: another feature, other files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Store {
    /// Spin's key-value store.
    KeyValue,
    /// A Redis that several machines share, by Spin's outbound Redis.
    Redis,
}

impl Store {
    /// The feature of the components that is for it.
    fn feature(self) -> Option<&'static str> {
        match self {
            Store::KeyValue => None,
            Store::Redis => Some("redis"),
        }
    }
}

/// Builds packages for the target, in release.
///
/// # Errors
/// When the build fails.
pub async fn build(workspace: &Workspace, toolchain: &Toolchain, packages: &[&str], shutdown: &Shutdown) -> Result<()> {
    build_for(Store::KeyValue, workspace, toolchain, packages, shutdown).await
}

/// The same for a store.
///
/// # Errors
/// When the build fails.
pub async fn build_for(
    store: Store,
    workspace: &Workspace,
    toolchain: &Toolchain,
    packages: &[&str],
    shutdown: &Shutdown,
) -> Result<()> {
    let mut command = toolchain.cargo();
    command.args(["build", "--release", "--target", TARGET]);
    for package in packages {
        command.args(["--package", package]);
    }
    let mut title = format!("building components ({})", packages.join(", "));
    if let Some(feature) = store.feature() {
        command.args(["--features", feature]).arg("--target-dir").arg(toolchain.target_dir(store));
        title += &format!(" for {feature}");
    }
    Step::quiet(workspace, &title, command).run(shutdown).await?;
    Ok(())
}

/// Prints each package's file and its size.
///
/// # Errors
/// When a file is missing.
pub fn print_sizes(store: Store, toolchain: &Toolchain, packages: &[&str]) -> Result<()> {
    for package in packages {
        let path = toolchain.wasm_of(store, package);
        let length = path.metadata().with_context(|| format!("{} was not built", path.display()))?.len();
        console::result(&format!("{package:<8} {:>6.1} kB  {}", length as f64 / 1000.0, path.display()));
    }
    Ok(())
}

/// Clippy for what links for the target alone; every warning is an error.
///
/// # Errors
/// When clippy finds something or cannot run.
pub async fn lint(workspace: &Workspace, toolchain: &Toolchain, shutdown: &Shutdown) -> Result<()> {
    let mut command = toolchain.clippy(workspace, shutdown).await?;
    command.args(["--release", "--target", TARGET]);
    for package in for_target_only() {
        command.args(["--package", package]);
    }
    command.args(["--", "-D", "warnings"]);
    Step::shown("clippy for the components", command).run(shutdown).await?;
    let mut command = toolchain.clippy(workspace, shutdown).await?;
    command.args(["--release", "--target", TARGET, "--features", "redis"]);
    for package in storing() {
        command.args(["--package", package]);
    }
    command.args(["--", "-D", "warnings"]);
    Step::shown("clippy for the components for redis", command).run(shutdown).await?;
    Ok(())
}
