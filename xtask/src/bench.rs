//! `cargo xtask bench`: measures the application against the floor and says which budgets are met.
//!
//! Everything is measured in one run on one machine, on the bundled runner, which counts what the components do. No
//! absolute time decides anything: what is compared is the floor, a component that does nothing but store the push,
//! measured before and after each load. A budget that is not met is printed as such and is no failure; a wrong answer
//! or a lost alert is.

pub mod app;
pub mod budgets;
pub mod client;
pub mod config;
pub mod exact;
pub mod fanout;
pub mod figures;
pub mod fold;
pub mod intake;
pub mod listing;
pub mod load;
pub mod plan;
pub mod push;
pub mod receiver;
pub mod redis;
pub mod report;
pub mod rows;
pub mod session;
pub mod stats;
pub mod store;
pub mod subscribers;
pub mod verify;

use crate::components::{self, APPLICATION};
use crate::console;
use crate::host::runner;
use crate::shutdown::{Interrupted, Shutdown};
use crate::toolchain::{self, Toolchain};
use crate::workspace::Workspace;
use anyhow::{Context as _, Result, ensure};
use app::Places;
use budgets::Size;
use clap::{Args, ValueEnum};
use std::fs;
use std::path::PathBuf;
use store::Store;

/// What to measure, and for how long.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// How long each load is measured; before that it warms up for as long.
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u64).range(1..), value_name = "SECONDS")]
    pub seconds: u64,

    /// How often everything is measured; the medians are reported.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..), value_name = "TIMES")]
    pub repeat: u64,

    /// Only the most important rows, each for a second, on two stores: two minutes in all.
    #[arg(long, conflicts_with_all = ["seconds", "repeat"])]
    pub quick: bool,

    /// Measure only this part.
    #[arg(long, value_enum)]
    pub only: Option<Part>,

    /// Measure on this store only; may be given several times.
    #[arg(long, value_enum)]
    pub store: Vec<Store>,

    /// Where to write the figures [default: bench.json in the target directory].
    #[arg(long, value_name = "PATH")]
    pub json: Option<PathBuf>,
}

/// What can be measured alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Loads on the application, against the floor.
    Application,
    /// What a push costs in the guest, without the store.
    Intake,
    /// What a fold costs in the guest, without the store.
    Fold,
    /// What lists of very many incidents cost.
    Listing,
    /// Events to many subscribers.
    Fanout,
    /// One and two runners on one Redis.
    Redis,
}

impl Options {
    /// Whether a part is to be measured. What takes long is no part of a quick run, and what needs a Redis is none where
    /// there is no Redis, unless it is asked for.
    fn wants(&self, part: Part) -> bool {
        match part {
            _ if self.only.is_some() => self.only == Some(part),
            Part::Redis => !self.quick && toolchain::is_installed(redis::SERVER),
            _ => true,
        }
    }
}

impl Part {
    /// The packages that it needs, by what is built together.
    fn packages(self) -> &'static [&'static [&'static str]] {
        match self {
            Part::Application | Part::Fanout => &[&APPLICATION, &[config::FLOOR]],
            Part::Intake | Part::Fold | Part::Listing => &[&[config::GUEST]],
            Part::Redis => &[&APPLICATION],
        }
    }

    /// The store that its packages are built for.
    fn store(self) -> components::Store {
        if self == Part::Redis { components::Store::Redis } else { components::Store::KeyValue }
    }
}

/// Builds everything, measures, prints and writes the report.
///
/// # Errors
/// When something cannot be built or started, an answer was wrong, or an alert that was answered is not there.
pub async fn run(options: Options, workspace: &Workspace, shutdown: &Shutdown) -> Result<()> {
    let toolchain = toolchain::ensure(workspace, shutdown).await?;
    for part in Part::value_variants().iter().filter(|part| options.wants(**part)) {
        for packages in part.packages() {
            components::build_for(part.store(), workspace, &toolchain, packages, shutdown).await?;
        }
    }
    let places = Places {
        root: workspace.root.clone(),
        wasm_dir: toolchain.wasm_dir(components::Store::KeyValue),
        redis_wasm_dir: toolchain.wasm_dir(components::Store::Redis),
        runner: runner::build(workspace, shutdown).await?,
        dir: workspace.target_dir.join("bench"),
    };
    places.prepare()?;
    let plan = plan::Plan::new(&options);
    // Whatever is running then is dropped, which ends it.
    let measured = tokio::select! {
        measured = plan.run(&places) => measured,
        () = shutdown.requested() => return Err(Interrupted.into()),
    };
    let sizes = if options.wants(Part::Application) { sizes(&toolchain)? } else { Vec::new() };
    let budgets = budgets::all(&measured, &sizes);
    let tables = report::tables(&measured);
    console::result(&format!("\n{tables}\n{}", report::list(&budgets)));
    let path = options.json.unwrap_or_else(|| workspace.target_dir.join("bench.json"));
    let text = format!("{:#}\n", budgets::document(&budgets, &measured));
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    console::progress(&format!("wrote {}", path.display()));
    let problems = measured.problems.join("; ");
    ensure!(problems.is_empty(), "{problems}; what the runner said is in {}", places.log().display());
    Ok(())
}

fn sizes(toolchain: &Toolchain) -> Result<Vec<Size>> {
    let size = |component: &str| {
        let path = toolchain.wasm_of(components::Store::KeyValue, component);
        let metadata = path.metadata().with_context(|| format!("{} was not built", path.display()))?;
        Ok(Size { component: component.to_string(), bytes: metadata.len() })
    };
    APPLICATION.iter().map(|component| size(component)).collect()
}
