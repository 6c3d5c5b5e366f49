//! `cargo xtask import-alertmanager`: an Alertmanager's configuration as one of Alarum, and an account of what became of
//! each part of it (Alertmanager, "Configuration").

pub mod convert;
pub mod inhibit;
pub mod matcher;
pub mod mute;
pub mod notes;
pub mod receiver;
pub mod route;
pub mod routing;
pub mod times;
pub mod write;
pub mod yaml;

use crate::config::keys::Keys;
use crate::console;
use anyhow::{Context as _, Result};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

/// What is imported, and to where.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The Alertmanager's configuration, usually alertmanager.yml.
    file: PathBuf,
    /// Where the configuration is written to; never over a file that is there [default: standard output].
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Imports a file: the configuration goes to where `out` says, the account to standard output, or to standard error
/// where the configuration goes to standard output.
///
/// # Errors
/// When the file cannot be read, or not be followed, or the result not be written.
pub fn run(options: &Options) -> Result<()> {
    let name = options.file.display().to_string();
    let text = fs::read_to_string(&options.file).with_context(|| format!("cannot read {name}"))?;
    let imported = convert::convert(&text, &Keys::draw()?).with_context(|| name.clone())?;
    let report = imported.notes.report(&name);
    let Some(path) = &options.out else {
        console::result(imported.config.trim_end());
        console::progress(report.trim_end());
        return Ok(());
    };
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(imported.config.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
    console::result(report.trim_end());
    console::result(&format!("wrote {} with new keys, readable by you alone", path.display()));
    Ok(())
}
