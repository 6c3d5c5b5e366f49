//! Proof that the private toolchain works: a small program becomes a component.

use crate::step::query;
use crate::toolchain::TARGET;
use crate::toolchain::debian::{Private, isolate};
use anyhow::{Context as _, Result, ensure};
use std::fs;
use tokio::process::Command;

const PROGRAM: &str = "fn main() { println!(\"{:?}\", std::time::SystemTime::now()) }\n";
/// The magic number, and the version that says "component" where a core module has `01 00 00 00`.
const COMPONENT: [u8; 8] = [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00];

/// Builds it and looks at the first bytes.
pub async fn run(private: &Private) -> Result<()> {
    let folder = private.home.join("check");
    let source = folder.join("program.rs");
    let prepare = || {
        fs::create_dir_all(&folder)?;
        fs::write(&source, PROGRAM)
    };
    prepare().with_context(|| format!("cannot prepare {}", folder.display()))?;
    let mut command = Command::new(private.wrapper());
    isolate(&mut command);
    command.args(["--edition", "2024", "-O", "--target", TARGET, "-o", "program.wasm"]).arg(&source);
    command.env("PATH", private.path()).current_dir(&folder);
    query(command).await.context("the new toolchain does not build")?;
    let wasm = fs::read(folder.join("program.wasm")).context("the new toolchain builds no program")?;
    ensure!(wasm.starts_with(&COMPONENT), "the new toolchain does not build components");
    fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))
}
