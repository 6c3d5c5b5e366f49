//! The way without rustup's server: Debian's own compiler, and a standard library built from Debian's source of it.
//!
//! Debian 12 follows the current Rust in the packages `rustc-web`, `cargo-web` and `rust-web-src`, but has no library for
//! [`TARGET`]. It is built here, once, into a private sysroot in the target directory:
//!
//! * [`packages`] installs compiler, source and linker with apt,
//! * [`libc`] takes the C library out of Debian's `wasi-libc` without installing it,
//! * [`sysroot`] builds the standard library and puts everything in place,
//! * [`check`] builds a small program and looks at the result.
//!
//! A wrapper `rustc --sysroot …` makes a plain cargo use it. Nothing of this touches the usual toolchain: it goes to
//! `/usr/bin`, behind a rustup in the home directory, and builds into a target directory of its own.

mod check;
mod compiler;
mod libc;
mod linker;
mod packages;
mod sysroot;

use crate::console;
use crate::shutdown::Shutdown;
use crate::toolchain::TARGET;
use crate::toolchain::probe::holds_std;
use crate::workspace::Workspace;
use anyhow::{Context as _, Result, ensure};
use compiler::Compiler;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// Counted up whenever what is built here changes, so that an older one is not taken for it.
const RECIPE: u32 = 1;

/// A private toolchain that is complete.
#[derive(Debug)]
pub struct Private {
    home: PathBuf,
}

/// The one that an earlier run has built, if it still fits the installed compiler.
///
/// # Errors
/// When its files cannot be read.
pub async fn present(workspace: &Workspace) -> Result<Option<Private>> {
    let private = Private::of(workspace);
    if !private.stamp_file().is_file() {
        return Ok(None);
    }
    // Without a compiler there is nothing that it could fit.
    let Ok(compiler) = Compiler::installed().await else {
        return Ok(None);
    };
    let stamp = fs::read_to_string(private.stamp_file()).context("cannot read the private toolchain's stamp")?;
    let fits = stamp == private.stamp(&compiler) && holds_std(&private.library());
    Ok(fits.then_some(private))
}

/// Installs and builds one.
///
/// # Errors
/// When this is not Debian, not root, or one of the steps fails.
pub async fn install(workspace: &Workspace, shutdown: &Shutdown) -> Result<Private> {
    packages::possible()?;
    console::progress("rustup cannot provide it; putting a toolchain together from Debian's packages instead");
    let private = Private::of(workspace);
    packages::install_compiler(workspace, shutdown).await?;
    let compiler = Compiler::installed().await?;
    compiler.check_version()?;
    packages::install_linker(workspace, shutdown, &compiler).await?;
    if private.home.exists() {
        fs::remove_dir_all(&private.home).with_context(|| format!("cannot clear {}", private.home.display()))?;
    }
    linker::place(&private, &compiler, workspace, shutdown).await?;
    let libc = libc::fetch(&private, workspace, shutdown).await?;
    sysroot::build(&private, &compiler, &libc, workspace, shutdown).await?;
    check::run(&private).await?;
    fs::write(private.stamp_file(), private.stamp(&compiler)).context("cannot write the private toolchain's stamp")?;
    Ok(private)
}

impl Private {
    fn of(workspace: &Workspace) -> Private {
        Private { home: workspace.target_dir.join("debian-wasm") }
    }

    /// A target directory that only this compiler uses.
    pub fn target_dir(&self) -> PathBuf {
        self.home.join("target")
    }

    /// Debian's cargo with the private sysroot.
    pub fn cargo(&self) -> Command {
        self.prepared(compiler::CARGO)
    }

    /// Debian's `cargo clippy` with the private sysroot. It is called by its own name: cargo looks for subcommands in
    /// the home directory first, where another toolchain's may be.
    ///
    /// # Errors
    /// When it has to be installed and cannot be.
    pub async fn clippy(&self, workspace: &Workspace, shutdown: &Shutdown) -> Result<Command> {
        packages::install_clippy(workspace, shutdown).await?;
        let mut command = self.prepared(compiler::CLIPPY);
        command.arg("clippy").env("CARGO", compiler::CARGO).env("SYSROOT", self.sysroot());
        Ok(command)
    }

    fn prepared(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        isolate(&mut command);
        command.env("RUSTC", self.wrapper()).env("PATH", self.path());
        command
    }

    fn sysroot(&self) -> PathBuf {
        self.home.join("sysroot")
    }

    fn library(&self) -> PathBuf {
        self.sysroot().join("lib/rustlib").join(TARGET).join("lib")
    }

    fn wrapper(&self) -> PathBuf {
        self.home.join("bin/rustc")
    }

    fn stamp_file(&self) -> PathBuf {
        self.home.join("complete")
    }

    /// What the wrapper and the library depend on.
    fn stamp(&self, compiler: &Compiler) -> String {
        format!("recipe {RECIPE}\n{}\n{}", self.home.display(), compiler.version_text)
    }

    /// The search path with the private programs in front.
    fn path(&self) -> OsString {
        let mut path = self.home.join("bin").into_os_string();
        if let Some(usual) = env::var_os("PATH") {
            path.push(":");
            path.push(usual);
        }
        path
    }
}

/// Takes out of a command's environment what belongs to another toolchain.
fn isolate(command: &mut Command) {
    for name in [
        "CARGO",
        "CARGO_BUILD_TARGET",
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTC",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTC_WRAPPER",
        "RUSTDOC",
        "RUSTFLAGS",
        "RUSTUP_TOOLCHAIN",
    ] {
        command.env_remove(name);
    }
}

/// Makes a symbolic link in a folder that is created when missing.
fn link(to: &Path, at: &Path) -> Result<()> {
    let make = || {
        fs::create_dir_all(at.parent().unwrap_or(at))?;
        std::os::unix::fs::symlink(to, at)
    };
    make().with_context(|| format!("cannot link {} to {}", at.display(), to.display()))
}

/// Copies a file into a folder, which is created when missing.
fn copy_into(from: &Path, folder: &Path) -> Result<PathBuf> {
    let name = from.file_name().with_context(|| format!("{} is no file", from.display()))?;
    let to = folder.join(name);
    let make = || {
        fs::create_dir_all(folder)?;
        fs::copy(from, &to)
    };
    make().with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    ensure!(to.is_file(), "{} was not copied", from.display());
    Ok(to)
}
