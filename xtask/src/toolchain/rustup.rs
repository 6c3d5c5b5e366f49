//! The usual way: rustup downloads the target, once.

use crate::shutdown::Shutdown;
use crate::step::{Step, query};
use crate::toolchain::TARGET;
use crate::workspace::Workspace;
use anyhow::{Context as _, Result};
use std::time::Duration;
use tokio::process::Command;

/// Enough for a slow line; a closed one is noticed long before most tools would give up.
const LIMIT: Duration = Duration::from_secs(60);

/// Runs `rustup target add`.
///
/// # Errors
/// When there is no rustup, it fails, or it takes too long.
pub async fn add_target(workspace: &Workspace, shutdown: &Shutdown) -> Result<()> {
    let mut version = Command::new("rustup");
    version.arg("--version");
    query(version).await.context("not there")?;
    let mut command = Command::new("rustup");
    command.args(["target", "add", TARGET]).current_dir(&workspace.root);
    let title = format!("rustup target add {TARGET}");
    Step::quiet(workspace, &title, command).limit(LIMIT).run(shutdown).await?;
    Ok(())
}
