//! The command line: `cargo xtask <command>`.

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use xtask::components::{self, APPLICATION, Store};
use xtask::manifest::redis;
use xtask::shutdown::{Interrupted, Shutdown};
use xtask::workspace::Workspace;
use xtask::{bench, check, conformance, console, import, init, suite, toolchain, up};

/// Alarum's commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build everything and run it, with a configuration, a scheduler and a webhook subscriber to look at.
    Up(up::Options),
    /// Run all tests.
    Test {
        /// Given to each test program, for example a part of the tests' names.
        #[arg(last = true, value_name = "FILTERS")]
        filters: Vec<String>,
    },
    /// Measure the application against a component that does nothing but store, and judge the budgets.
    Bench(bench::Options),
    /// Build the components, and install what that needs.
    Build {
        /// What they are to keep their data in.
        #[arg(long, value_enum, default_value_t = Store::KeyValue)]
        store: Store,
    },
    /// Write deploy/redis/spin.toml anew, after a change of spin.toml.
    Manifest,
    /// Check the components with clippy, for their target; a warning is an error.
    Lint,
    /// Write a configuration with new keys, for starting Spin by hand.
    Init {
        /// The folder to write alarum.toml to [default: config in the repository].
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
    /// Make a configuration out of an Alertmanager's, and say of each part what became of it.
    ImportAlertmanager(import::Options),
    /// Run the protocol's calls and Alarum's promises against any deployment; it closes what it opens.
    Conformance(conformance::Options),
    /// Say whether a configuration is valid, every problem with its line, and what in it is surely not meant.
    CheckConfig {
        /// The file [default: config/alarum.toml in the repository].
        file: Option<PathBuf>,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let command = Cli::parse().command;
    // To be stopped is how `up` is meant to end.
    let interrupted = if matches!(command, Command::Up(_)) { ExitCode::SUCCESS } else { ExitCode::from(130) };
    match run(command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<Interrupted>() => {
            console::progress("stopped");
            interrupted
        }
        Err(error) => {
            console::progress(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<()> {
    let shutdown = Shutdown::on_signals()?;
    let workspace = Workspace::find().await?;
    match command {
        Command::Up(options) => up::run(options, &workspace, &shutdown).await,
        Command::Test { filters } => suite::run(&filters, &workspace, &shutdown).await,
        Command::Bench(options) => bench::run(options, &workspace, &shutdown).await,
        Command::Build { store } => {
            let toolchain = toolchain::ensure(&workspace, &shutdown).await?;
            components::build_for(store, &workspace, &toolchain, &APPLICATION, &shutdown).await?;
            components::print_sizes(store, &toolchain, &APPLICATION)
        }
        Command::Manifest => {
            let path = workspace.root.join(redis::PATH);
            let text = redis::derive(&fs::read_to_string(workspace.manifest())?)?;
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
            console::result(&format!("wrote {}", path.display()));
            Ok(())
        }
        Command::Lint => {
            let toolchain = toolchain::ensure(&workspace, &shutdown).await?;
            components::lint(&workspace, &toolchain, &shutdown).await
        }
        Command::CheckConfig { file } => check::run(&file.unwrap_or_else(|| workspace.root.join("config/alarum.toml"))),
        Command::ImportAlertmanager(options) => import::run(&options),
        Command::Conformance(options) => conformance::run(options).await,
        Command::Init { dir } => {
            let path = init::run(&dir.unwrap_or_else(|| workspace.root.join("config")))?;
            console::result(&format!("wrote {} with new keys, readable by you alone", path.display()));
            console::result("next: add a subscription there, then `spin up --build`");
            Ok(())
        }
    }
}
