//! Debian's packages: installed with apt, only where that takes nothing away.

use crate::shutdown::Shutdown;
use crate::step::{Step, query};
use crate::toolchain::debian::compiler::Compiler;
use crate::workspace::Workspace;
use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::geteuid;
use std::fs;
use std::time::Duration;
use tokio::process::Command;

const LIMIT: Duration = Duration::from_secs(900);

/// Whether packages can be installed here at all.
///
/// # Errors
/// Says what is missing.
pub fn possible() -> Result<()> {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    ensure!(is_debian(&release), "this is not Debian");
    ensure!(geteuid().is_root(), "only root may install them");
    Ok(())
}

fn is_debian(os_release: &str) -> bool {
    os_release.lines().any(|line| line.trim() == "ID=debian")
}

/// Compiler, cargo and the source of the standard library.
pub async fn install_compiler(workspace: &Workspace, shutdown: &Shutdown) -> Result<()> {
    install(workspace, shutdown, &["rustc-web", "cargo-web", "rust-web-src"]).await
}

/// The linker and the archiver of the compiler's LLVM, and `wasm-component-ld` where Debian has it.
pub async fn install_linker(workspace: &Workspace, shutdown: &Shutdown, compiler: &Compiler) -> Result<()> {
    let (lld, llvm) = (format!("lld-{}", compiler.llvm), format!("llvm-{}", compiler.llvm));
    let mut names = vec![lld.as_str(), llvm.as_str()];
    if is_known("rust-web-llvm").await? {
        names.push("rust-web-llvm");
    }
    install(workspace, shutdown, &names).await
}

/// Clippy of the same version.
pub async fn install_clippy(workspace: &Workspace, shutdown: &Shutdown) -> Result<()> {
    install(workspace, shutdown, &["rust-web-clippy"]).await
}

async fn install(workspace: &Workspace, shutdown: &Shutdown, names: &[&str]) -> Result<()> {
    if are_installed(names).await? {
        return Ok(());
    }
    let title = "reading Debian's package lists";
    Step::quiet(workspace, title, apt(&["update"])).limit(LIMIT).run(shutdown).await?;
    let install = ["install", "--yes", "--no-install-recommends"];
    let plan = query(apt(&[&install[..], &["--simulate"], names].concat())).await?;
    let removed = removals(&plan);
    if !removed.is_empty() {
        bail!("installing {} would remove {}", names.join(", "), removed.join(", "));
    }
    let title = format!("installing Debian's {}", names.join(", "));
    Step::quiet(workspace, &title, apt(&[&install[..], names].concat())).limit(LIMIT).run(shutdown).await?;
    Ok(())
}

/// `apt-get` that asks nothing.
pub fn apt(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").args(arguments);
    command
}

/// The packages that a simulated installation would remove.
fn removals(plan: &str) -> Vec<&str> {
    plan.lines().filter_map(|line| line.strip_prefix("Remv ")?.split_whitespace().next()).collect()
}

async fn are_installed(names: &[&str]) -> Result<bool> {
    let mut command = Command::new("dpkg-query");
    command.args(["--show", "--showformat", "${db:Status-Status}\\n"]).args(names);
    // It fails when it has never heard of one of them.
    let output = command.output().await.context("cannot start dpkg-query")?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(output.status.success() && text.lines().all(|status| status == "installed"))
}

async fn is_known(name: &str) -> Result<bool> {
    let mut command = Command::new("apt-cache");
    command.args(["show", "--no-all-versions", name]);
    let output = command.output().await.context("cannot start apt-cache")?;
    Ok(output.status.success() && !output.stdout.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_is_recognised_and_its_descendants_are_not() {
        assert!(is_debian("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n"));
        assert!(!is_debian("ID=ubuntu\nID_LIKE=debian\n"));
    }

    #[test]
    fn removals_are_found_in_a_plan() {
        let plan = "Inst cargo-web (1.96.0 Debian-Security:12 [amd64])\nRemv rustc [1.63.0]\nConf cargo-web\n";
        assert_eq!(removals(plan), ["rustc"]);
    }
}
