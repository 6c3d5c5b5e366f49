//! The private sysroot: Debian's host part, a standard library for the target, its C library, and the wrapper.

use crate::shutdown::Shutdown;
use crate::step::{Step, query};
use crate::toolchain::TARGET;
use crate::toolchain::debian::compiler::{CARGO, Compiler, RUSTC};
use crate::toolchain::debian::{Private, copy_into, isolate, link};
use crate::workspace::Workspace;
use anyhow::{Context as _, Result, ensure};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::process::Command;

const LIMIT: Duration = Duration::from_secs(1800);
/// An empty package: it is built only to have its standard library built.
const PACKAGE: &str = "std-for-components";

/// Builds and fills it.
pub async fn build(
    private: &Private,
    compiler: &Compiler,
    libc: &Path,
    workspace: &Workspace,
    shutdown: &Shutdown,
) -> Result<()> {
    let host = Path::new("lib/rustlib").join(&compiler.host);
    link(&Path::new("/usr").join(&host), &private.sysroot().join(&host))?;
    place_c_library(private, compiler, libc).await?;
    let built = build_std(private, workspace, shutdown).await?;
    for library in rlibs(&built)? {
        copy_into(&library, &private.library())?;
    }
    fs::remove_dir_all(private.home.join(PACKAGE)).context("cannot remove the standard library's build folder")?;
    write_wrapper(private)
}

async fn place_c_library(private: &Private, compiler: &Compiler, libc: &Path) -> Result<()> {
    let own = private.library().join("self-contained");
    let archive = copy_into(&libc.join("libc.a"), &own)?;
    for start_file in ["crt1-command.o", "crt1-reactor.o"] {
        copy_into(&libc.join(start_file), &own)?;
    }
    // Threads that do nothing but let std link; part of libc.a in later versions.
    let threads = libc.join("libwasi-emulated-pthread.a");
    if threads.is_file() {
        let mut command = Command::new(format!("/usr/bin/llvm-ar-{}", compiler.llvm));
        command.arg("qL").arg(&archive).arg(&threads);
        query(command).await?;
    }
    Ok(())
}

/// Builds the standard library; the answer is the folder of its parts.
async fn build_std(private: &Private, workspace: &Workspace, shutdown: &Shutdown) -> Result<PathBuf> {
    let folder = private.home.join(PACKAGE);
    let manifest = format!("[package]\nname = \"{PACKAGE}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n");
    let prepare = || {
        fs::create_dir_all(folder.join("src"))?;
        fs::write(folder.join("Cargo.toml"), manifest)?;
        fs::write(folder.join("src/lib.rs"), "#![no_std]\n")
    };
    prepare().with_context(|| format!("cannot prepare {}", folder.display()))?;
    let mut command = Command::new(CARGO);
    isolate(&mut command);
    command
        .args(["build", "--release", "--target", TARGET, "-Zbuild-std=std,panic_abort"])
        .current_dir(&folder)
        .env("RUSTC", RUSTC)
        .env("PATH", private.path())
        .env("RUSTC_BOOTSTRAP", "1")
        // The components are linked with fat LTO.
        .env("RUSTFLAGS", "-Cembed-bitcode=yes")
        .env("CARGO_TARGET_DIR", folder.join("target"));
    let title = format!("building the standard library for {TARGET}");
    Step::quiet(workspace, &title, command).limit(LIMIT).run(shutdown).await?;
    Ok(folder.join("target").join(TARGET).join("release/deps"))
}

fn rlibs(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let ours = format!("lib{}-", PACKAGE.replace('-', "_"));
    let libraries: Vec<_> = entries
        .flatten()
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with(&ours))
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rlib"))
        .collect();
    ensure!(!libraries.is_empty(), "no library in {}", folder.display());
    Ok(libraries)
}

fn write_wrapper(private: &Private) -> Result<()> {
    let sysroot = private.sysroot();
    let sysroot = sysroot.to_str().context("the target directory's path is not UTF-8")?;
    let script = format!("#!/bin/sh\nexec {RUSTC} --sysroot {} \"$@\"\n", quoted(sysroot));
    let wrapper = private.wrapper();
    let write = || {
        fs::create_dir_all(wrapper.parent().unwrap_or(&wrapper))?;
        fs::write(&wrapper, script)?;
        fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755))
    };
    write().with_context(|| format!("cannot write {}", wrapper.display()))
}

/// A shell word.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_survives_the_shell() {
        assert_eq!(quoted("/a b/it's"), r"'/a b/it'\''s'");
    }

    #[test]
    fn the_empty_package_itself_is_left_out() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["libstd-1.rlib", "libstd-1.rmeta", "libstd_for_components-2.rlib"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        assert_eq!(rlibs(dir.path()).unwrap(), [dir.path().join("libstd-1.rlib")]);
    }
}
