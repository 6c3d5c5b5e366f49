//! A compiler that can build for `wasm32-wasip2`.
//!
//! Three ways, the first that works is taken: the target is there already; rustup adds it; Debian's packages, from
//! which a private one is put together (for machines that reach a Debian mirror and a crate registry, but not rustup's
//! server). There is no `rust-toolchain.toml` on purpose: where rustup cannot download what such a file names, every
//! cargo command fails.

mod debian;
mod probe;
mod rustup;

use crate::components::Store;
use crate::shutdown::{Interrupted, Shutdown};
use crate::workspace::{Workspace, remove_own_variables};
use anyhow::{Result, bail};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::Command;

/// The target of the components.
pub const TARGET: &str = "wasm32-wasip2";

/// How to call a compiler for [`TARGET`].
#[derive(Debug)]
pub struct Toolchain {
    kind: Kind,
    root: PathBuf,
    /// Never shared by two compilers.
    target_dir: PathBuf,
}

#[derive(Debug)]
enum Kind {
    /// The one that everything else is built with.
    Usual,
    /// Put together from Debian's packages.
    Debian(debian::Private),
}

/// Finds or installs a toolchain.
///
/// # Errors
/// When there is no way; says why not and what to do.
pub async fn ensure(workspace: &Workspace, shutdown: &Shutdown) -> Result<Toolchain> {
    let usual =
        || Toolchain { kind: Kind::Usual, root: workspace.root.clone(), target_dir: workspace.target_dir.clone() };
    if probe::has_std(workspace).await? {
        return Ok(usual());
    }
    let debian = |private: debian::Private| Toolchain {
        target_dir: private.target_dir(),
        kind: Kind::Debian(private),
        root: workspace.root.clone(),
    };
    if let Some(private) = debian::present(workspace).await? {
        return Ok(debian(private));
    }
    let no_rustup = match rustup::add_target(workspace, shutdown).await {
        Ok(()) if probe::has_std(workspace).await? => return Ok(usual()),
        Ok(()) => "rustup added it to another toolchain than the rustc in use".to_string(),
        Err(error) if error.is::<Interrupted>() => return Err(error),
        Err(error) => format!("{error:#}"),
    };
    let no_debian = match debian::install(workspace, shutdown).await {
        Ok(private) => return Ok(debian(private)),
        Err(error) if error.is::<Interrupted>() => return Err(error),
        Err(error) => format!("{error:#}"),
    };
    bail!(
        "there is no Rust for {TARGET} (rustup: {no_rustup}; Debian's packages: {no_debian}); \
         run `rustup target add {TARGET}` where rustup reaches its server, then this command again"
    )
}

/// Whether a program is there that some tests and measurements need.
pub fn is_installed(program: &str) -> bool {
    let mut command = std::process::Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

impl Toolchain {
    /// Cargo, set up to build for [`TARGET`] in the workspace.
    pub fn cargo(&self) -> Command {
        self.prepared(match &self.kind {
            Kind::Usual => Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())),
            Kind::Debian(private) => private.cargo(),
        })
    }

    /// `cargo clippy`, set up to check for [`TARGET`] in the workspace.
    ///
    /// # Errors
    /// When Debian's clippy has to be installed and cannot be.
    pub async fn clippy(&self, workspace: &Workspace, shutdown: &Shutdown) -> Result<Command> {
        Ok(match &self.kind {
            Kind::Usual => {
                let mut command = self.cargo();
                command.arg("clippy");
                command
            }
            Kind::Debian(private) => self.prepared(private.clippy(workspace, shutdown).await?),
        })
    }

    fn prepared(&self, mut command: Command) -> Command {
        remove_own_variables(&mut command);
        command.current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target_dir);
        command
    }

    /// Where cargo builds the components for a store: in directories of their own, so that they stand side by side.
    pub fn target_dir(&self, store: Store) -> PathBuf {
        match store {
            Store::KeyValue => self.target_dir.clone(),
            Store::Redis => self.target_dir.join("redis"),
        }
    }

    /// Where the built `.wasm` files are.
    pub fn wasm_dir(&self, store: Store) -> PathBuf {
        self.target_dir(store).join(TARGET).join("release")
    }

    /// The built file of a package.
    pub fn wasm_of(&self, store: Store, package: &str) -> PathBuf {
        wasm_file(&self.wasm_dir(store), package)
    }
}

/// The file in `dir` that cargo builds from a `cdylib` package.
fn wasm_file(dir: &Path, package: &str) -> PathBuf {
    dir.join(format!("{}.wasm", package.replace('-', "_")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dash_in_the_package_is_an_underscore_in_the_file() {
        assert_eq!(wasm_file(Path::new("d"), "runner-fixture"), Path::new("d/runner_fixture.wasm"));
    }
}
