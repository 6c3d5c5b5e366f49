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
/// The runner's tests use this one.
pub const FIXTURE: &str = "runner-fixture";
/// All packages that link for the target alone; clippy looks at them there.
const FOR_TARGET_ONLY: [&str; 13] = [
    "ingest", "fanout", "courier", "actions", "api", "alerts", "settings", "webhooks", "status", "console", FIXTURE,
    "floor", "guest",
];

/// Builds packages for the target, in release.
///
/// # Errors
/// When the build fails.
pub async fn build(workspace: &Workspace, toolchain: &Toolchain, packages: &[&str], shutdown: &Shutdown) -> Result<()> {
    let mut command = toolchain.cargo();
    command.args(["build", "--release", "--target", TARGET]);
    for package in packages {
        command.args(["--package", package]);
    }
    let title = format!("building components ({})", packages.join(", "));
    Step::quiet(workspace, &title, command).run(shutdown).await?;
    Ok(())
}

/// Prints each package's file and its size.
///
/// # Errors
/// When a file is missing.
pub fn print_sizes(toolchain: &Toolchain, packages: &[&str]) -> Result<()> {
    for package in packages {
        let path = toolchain.wasm_of(package);
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
    for package in FOR_TARGET_ONLY {
        command.args(["--package", package]);
    }
    command.args(["--", "-D", "warnings"]);
    Step::shown("clippy for the components", command).run(shutdown).await?;
    Ok(())
}
