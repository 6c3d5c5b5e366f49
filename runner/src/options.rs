//! The command line.

use crate::component::Reuse;
use clap::{ArgAction, Parser, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Runs a Spin application natively, for trying out and for tests. In production, run it with Spin.
#[derive(Debug, Clone, Parser)]
#[command(name = "alarum-runner", version)]
pub struct Options {
    /// The application's manifest.
    #[arg(long, default_value = "spin.toml")]
    pub manifest: PathBuf,

    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,

    /// Directory for the key-value store and compiled components; created when missing.
    #[arg(long, default_value = ".alarum")]
    pub state_dir: PathBuf,

    /// Where key-value data is kept.
    #[arg(long, value_enum, default_value_t = StoreKind::Sqlite)]
    pub store: StoreKind,

    /// Makes every commit of the store take this much longer, in ms, to see the application on a slow disk.
    #[arg(long, default_value_t = 0, value_name = "MS")]
    pub commit_delay_ms: u64,

    /// Sets an application variable: name=value, or name=@file to read it from a file. `SPIN_VARIABLE_NAME` wins.
    #[arg(long, value_name = "NAME=VALUE")]
    pub variable: Vec<String>,

    /// Requests that one instance serves at once.
    #[arg(long, default_value_t = 16, value_parser = at_least_one)]
    pub max_concurrent: usize,

    /// Requests that one instance serves in its life.
    #[arg(long, default_value_t = 128, value_parser = at_least_one)]
    pub max_requests: usize,

    /// How long an instance without work is kept, in ms.
    #[arg(long, default_value_t = 1000, value_name = "MS")]
    pub idle_ms: u64,

    /// Whether to set TCP_NODELAY on accepted connections. Spin does not: a client that keeps its connection can then
    /// see pauses of 40 ms.
    #[arg(long, default_value_t = true, action = ArgAction::Set)]
    pub nodelay: bool,

    /// A second address to listen on, loopback only: GET /stats shows counters, POST /stats/reset zeroes them.
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = loopback)]
    pub control: Option<SocketAddr>,

    /// Prints a line for every request to stderr.
    #[arg(long)]
    pub log_requests: bool,

    /// A path to POST to after the start and then at intervals, as a scheduler would.
    #[arg(long, value_name = "PATH", value_parser = absolute_path)]
    pub tick: Option<String>,

    /// The interval for --tick, in ms.
    #[arg(long, default_value_t = 1000, value_name = "MS")]
    pub tick_every_ms: u64,

    /// How long a stop waits for requests and for work after their answers, in ms. Spin does not wait.
    #[arg(long, default_value_t = 2000, value_name = "MS")]
    pub grace_ms: u64,
}

/// Kinds of key-value stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StoreKind {
    /// A file in the state directory, as in Spin.
    Sqlite,
    /// Memory only; everything is gone with the runner.
    Memory,
}

impl Options {
    /// The defaults of the command line for the manifest at `manifest`, listening on a free port.
    pub fn new(manifest: impl Into<PathBuf>) -> Options {
        let mut options = Options::parse_from(["alarum-runner"]);
        options.manifest = manifest.into();
        options.listen.set_port(0);
        options
    }

    /// How instances are used again.
    pub fn reuse(&self) -> Reuse {
        Reuse { concurrent: self.max_concurrent, total: self.max_requests, idle: Duration::from_millis(self.idle_ms) }
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("must be a number from 1".to_string()),
        Ok(number) => Ok(number),
    }
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text.parse().map_err(|e| format!("{e}; write for example 127.0.0.1:3001"))?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("must be a loopback address such as 127.0.0.1".to_string())
    }
}

fn absolute_path(text: &str) -> Result<String, String> {
    if text.starts_with('/') { Ok(text.to_string()) } else { Err("must start with /".to_string()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_definition_is_sound() {
        Options::command().debug_assert();
    }

    #[test]
    fn wrong_values_are_refused() {
        for arguments in [["--max-requests", "0"], ["--control", "0.0.0.0:1"], ["--tick", "x"], ["--listen", "3000"]] {
            assert!(Options::try_parse_from([&["alarum-runner"][..], &arguments].concat()).is_err(), "{arguments:?}");
        }
    }
}
