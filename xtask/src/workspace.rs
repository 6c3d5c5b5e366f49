//! Where things are, and how cargo is called.

use crate::step::query;
use anyhow::{Context as _, Result};
use std::env;
use std::path::PathBuf;
use tokio::process::Command;

/// The checkout and its target directory.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// The folder of the root `Cargo.toml`.
    pub root: PathBuf,
    /// Where cargo puts what it builds.
    pub target_dir: PathBuf,
}

impl Workspace {
    /// Asks cargo.
    ///
    /// # Errors
    /// When the current folder is in no cargo workspace.
    pub async fn find() -> Result<Workspace> {
        let mut command = cargo();
        command.args(["metadata", "--no-deps", "--format-version", "1"]);
        // Set by `cargo run`, and so by `cargo xtask`, whatever folder it is called in.
        if let Some(folder) = env::var_os("CARGO_MANIFEST_DIR") {
            command.current_dir(folder);
        }
        let metadata = query(command).await.context("cannot find the workspace")?;
        let metadata: serde_json::Value = serde_json::from_str(&metadata).context("cargo metadata: not JSON")?;
        let path =
            |key: &str| metadata[key].as_str().map(PathBuf::from).with_context(|| format!("cargo metadata: no {key}"));
        Ok(Workspace { root: path("workspace_root")?, target_dir: path("target_directory")? })
    }

    /// The cargo that runs this program, for native builds.
    pub fn cargo(&self) -> Command {
        let mut command = cargo();
        command.current_dir(&self.root);
        command
    }

    /// Where the output of quiet steps is kept.
    pub fn logs(&self) -> PathBuf {
        self.target_dir.join("xtask")
    }

    /// The repository's manifest.
    pub fn manifest(&self) -> PathBuf {
        self.root.join("spin.toml")
    }
}

fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    remove_own_variables(&mut command);
    command
}

/// Takes out what cargo told this program about itself: build scripts that look at such variables would be run again
/// by each change between a cargo called here and one called by hand.
pub fn remove_own_variables(command: &mut Command) {
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_own_variable) {
            command.env_remove(name);
        }
    }
}

fn is_own_variable(name: &str) -> bool {
    let prefixes = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"];
    let names = ["CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "OUT_DIR"];
    prefixes.iter().any(|prefix| name.starts_with(prefix)) || names.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_describes_this_package_is_taken_out() {
        assert!(
            is_own_variable("CARGO_PKG_NAME") && is_own_variable("CARGO_MANIFEST_DIR") && is_own_variable("OUT_DIR")
        );
        assert!(
            !is_own_variable("CARGO_HOME") && !is_own_variable("CARGO_TARGET_DIR") && !is_own_variable("RUSTFLAGS")
        );
    }

    #[tokio::test]
    async fn the_workspace_is_found_from_one_of_its_packages() {
        let workspace = Workspace::find().await.unwrap();
        assert!(workspace.manifest().is_file());
    }
}
