//! Debian's compiler, as it is installed.

use crate::step::query;
use crate::toolchain::debian::isolate;
use anyhow::{Context as _, Result, ensure};
use tokio::process::Command;

/// Debian's cargo.
pub const CARGO: &str = "/usr/bin/cargo";
/// Debian's rustc.
pub const RUSTC: &str = "/usr/bin/rustc";
/// Debian's clippy.
pub const CLIPPY: &str = "/usr/bin/cargo-clippy";

/// What `rustc -vV` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiler {
    /// All of it.
    pub version_text: String,
    /// For example `1.96.0`.
    pub release: String,
    /// The host's target name.
    pub host: String,
    /// The major version of its LLVM, which the linker has to match.
    pub llvm: u32,
}

impl Compiler {
    /// Asks Debian's rustc.
    ///
    /// # Errors
    /// When it is not installed.
    pub async fn installed() -> Result<Compiler> {
        let mut command = Command::new(RUSTC);
        isolate(&mut command);
        command.arg("-vV");
        Compiler::parse(&query(command).await?)
    }

    fn parse(text: &str) -> Result<Compiler> {
        let field = |name: &str| {
            let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            value.map(str::to_string).with_context(|| format!("{RUSTC} -vV: no {name}"))
        };
        let llvm = field("LLVM version")?;
        let llvm = llvm.split('.').next().and_then(|major| major.parse().ok());
        Ok(Compiler {
            release: field("release")?,
            host: field("host")?,
            llvm: llvm.with_context(|| format!("{RUSTC} -vV: no LLVM version"))?,
            version_text: text.to_string(),
        })
    }

    /// Whether it is new enough for this project.
    ///
    /// # Errors
    /// When it is not.
    pub fn check_version(&self) -> Result<()> {
        let wanted = env!("CARGO_PKG_RUST_VERSION");
        ensure!(
            numbers(&self.release) >= numbers(wanted),
            "Debian's compiler is {}, this project needs {wanted}; is the security archive among the apt sources?",
            self.release
        );
        Ok(())
    }
}

fn numbers(version: &str) -> Vec<u32> {
    version.split(['.', '-']).map_while(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)\nbinary: rustc\n\
        host: x86_64-unknown-linux-gnu\nrelease: 1.96.0\nLLVM version: 22.1.8\n";

    #[test]
    fn the_version_is_taken_apart() {
        let compiler = Compiler::parse(TEXT).unwrap();
        assert_eq!((compiler.release.as_str(), compiler.llvm), ("1.96.0", 22));
        assert_eq!(compiler.host, "x86_64-unknown-linux-gnu");
        assert!(Compiler::parse("rustc 1.96.0").is_err());
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        let of = |release: &str| Compiler { release: release.to_string(), ..Compiler::parse(TEXT).unwrap() };
        assert!(of("1.100.0").check_version().is_ok());
        assert!(of("2.0.0-beta").check_version().is_ok());
        assert!(of("1.85.0").check_version().is_err());
    }
}
