//! The linker for components: `wasm-component-ld`, which calls `wasm-ld` and wraps what comes out.

use crate::console;
use crate::shutdown::Shutdown;
use crate::step::{Step, query};
use crate::toolchain::debian::compiler::{CARGO, Compiler};
use crate::toolchain::debian::{Private, copy_into, isolate, link};
use crate::workspace::Workspace;
use anyhow::{Result, ensure};
use std::path::{Path, PathBuf};
use tokio::process::Command;

const NAME: &str = "wasm-component-ld";

/// Puts both where the compiler will look for them.
pub async fn place(private: &Private, compiler: &Compiler, workspace: &Workspace, shutdown: &Shutdown) -> Result<()> {
    let bin = private.home.join("bin");
    let wasm_ld = PathBuf::from(format!("/usr/bin/wasm-ld-{}", compiler.llvm));
    ensure!(wasm_ld.is_file(), "package lld-{} has no {}", compiler.llvm, wasm_ld.display());
    link(&wasm_ld, &bin.join("wasm-ld"))?;
    let host_programs = format!("lib/rustlib/{}/bin/{NAME}", compiler.host);
    let debian = Path::new("/usr").join(&host_programs);
    if debian.is_file() {
        return link(&debian, &bin.join(NAME));
    }
    if let Some(theirs) = of_usual_toolchain(workspace, &host_programs).await {
        copy_into(&theirs, &bin)?;
        return Ok(());
    }
    let mut command = Command::new(CARGO);
    isolate(&mut command);
    command.args(["install", "--locked", "--root"]).arg(&private.home).arg(NAME);
    Step::quiet(workspace, &format!("building {NAME}"), command).run(shutdown).await?;
    Ok(())
}

/// The one that comes with a toolchain of rustup, if this machine has one.
async fn of_usual_toolchain(workspace: &Workspace, host_programs: &str) -> Option<PathBuf> {
    let mut command = Command::new("rustc");
    command.args(["--print", "sysroot"]).current_dir(&workspace.root);
    match query(command).await {
        Ok(sysroot) => Some(Path::new(sysroot.trim()).join(host_programs)).filter(|program| program.is_file()),
        Err(error) => {
            console::progress(&format!("no {NAME} from another toolchain: {error:#}"));
            None
        }
    }
}
