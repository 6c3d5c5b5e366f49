//! The bundled runner.

use crate::host::{Serve, Store};
use crate::shutdown::Shutdown;
use crate::step::Step;
use crate::workspace::Workspace;
use anyhow::{Result, ensure};
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// The runner's package and binary.
pub const PACKAGE: &str = "alarum-runner";

/// Builds it; the answer is the binary.
///
/// # Errors
/// When the build fails.
pub async fn build(workspace: &Workspace, shutdown: &Shutdown) -> Result<PathBuf> {
    let mut command = workspace.cargo();
    command.args(["build", "--package", PACKAGE]);
    let binary = workspace.target_dir.join("debug").join(PACKAGE);
    let first = if binary.exists() { "" } else { " (the first time this takes 5 to 20 minutes)" };
    Step::quiet(workspace, &format!("building the runner{first}"), command).run(shutdown).await?;
    ensure!(binary.is_file(), "cargo built no {}; is build.target set somewhere?", binary.display());
    Ok(binary)
}

/// The runner, with a scheduler of its own.
pub fn command(binary: &Path, serve: Serve<'_>) -> Command {
    let mut command = Command::new(binary);
    command.arg("--manifest").arg(serve.manifest);
    command.arg("--listen").arg(serve.listen.to_string());
    command.arg("--state-dir").arg(serve.state_dir);
    command.arg("--store").arg(match serve.store {
        Store::Sqlite => "sqlite",
        Store::Memory => "memory",
    });
    command.args(["--tick", serve.tick, "--tick-every-ms", "1000"]);
    command
}
