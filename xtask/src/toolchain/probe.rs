//! Is a standard library for the target there?

use crate::toolchain::TARGET;
use crate::workspace::Workspace;
use anyhow::{Context as _, Result};
use std::path::Path;
use tokio::process::Command;

/// Whether the `rustc` that cargo would use has one.
///
/// # Errors
/// When there is no `rustc` at all.
pub async fn has_std(workspace: &Workspace) -> Result<bool> {
    let mut command = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    // In the workspace: which toolchain rustup picks depends on the folder.
    command.args(["--print", "target-libdir", "--target", TARGET]).current_dir(&workspace.root);
    let output = command.output().await.context("cannot start rustc; is Rust installed?")?;
    // A compiler that does not know the target fails here.
    Ok(output.status.success() && holds_std(Path::new(String::from_utf8_lossy(&output.stdout).trim())))
}

/// Whether the folder holds a `libstd-….rlib`.
pub fn holds_std(dir: &Path) -> bool {
    let Ok(entries) = dir.read_dir() else { return false };
    entries.flatten().any(|entry| {
        let name = entry.file_name();
        name.to_str().is_some_and(|name| name.starts_with("libstd-") && name.ends_with(".rlib"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_std_counts() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!holds_std(&dir.path().join("missing")));
        std::fs::write(dir.path().join("libcore-1.rlib"), "").unwrap();
        assert!(!holds_std(dir.path()));
        std::fs::write(dir.path().join("libstd-1.rlib"), "").unwrap();
        assert!(holds_std(dir.path()));
    }
}
