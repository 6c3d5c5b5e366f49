//! `cargo xtask up`: everything that a first look needs, until a signal.

mod banner;
mod listen;

use crate::components::{self, APPLICATION};
use crate::config::demo::{Addresses, Files};
use crate::config::facts::Facts;
use crate::console;
use crate::host::{Host, Serve, Store, Wanted, ready, tick};
use crate::manifest::{self, Places};
use crate::process::{GRACE, Group, Line};
use crate::shutdown::Shutdown;
use crate::state::StateDir;
use crate::step::seconds;
use crate::subscriber::server::{WEBHOOK_PATH, serve};
use crate::subscriber::signature::Secret;
use crate::toolchain;
use crate::workspace::Workspace;
use anyhow::{Context as _, Result, bail, ensure};
use banner::{Banner, query_value};
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long a host may take to answer its first request.
const START_LIMIT: Duration = Duration::from_secs(120);

/// What `up` is asked for.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Where the application listens; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:3000", value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,

    /// Keys and data are kept here from run to run [default: .alarum in the repository].
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,

    /// A configuration of your own instead of the demo's; copied at each start.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// What runs the application [default: spin where it is installed, else the bundled runner].
    #[arg(long, value_enum)]
    pub host: Option<Wanted>,

    /// Where key-value data is kept; only for the bundled runner [default: sqlite].
    #[arg(long, value_enum)]
    pub store: Option<Store>,
}

/// Runs until a signal.
///
/// # Errors
/// When something cannot be built or started, or dies; when a signal comes before the host is started, that is an error too.
pub async fn run(options: Options, workspace: &Workspace, shutdown: &Shutdown) -> Result<()> {
    // What can be refused is refused before the long steps.
    let listen = listen::resolve(options.listen)?;
    let state = StateDir::open(&options.state_dir.unwrap_or_else(|| workspace.root.join(".alarum")))?;
    let toolchain = toolchain::ensure(workspace, shutdown).await?;
    components::build(workspace, &toolchain, &APPLICATION, shutdown).await?;
    let host = Host::choose(options.host, workspace, shutdown).await?;
    ensure!(
        options.store.is_none() || matches!(host, Host::Runner(_)),
        "--store is for the bundled runner, and this would run on Spin; add --host runner, or leave --store out"
    );

    let (listener, subscriber) = state.subscriber_listener().await?;
    let (base_url, webhook_url) =
        (format!("http://{}", listen::reached(listen)), format!("http://{subscriber}{WEBHOOK_PATH}"));
    let files = Files::new(state.path());
    let config = match &options.config {
        None => files.use_demo(Addresses { base_url: &base_url, webhook_url: &webhook_url })?,
        Some(file) => files.use_file(file)?,
    };
    let facts = Facts::read(&config).with_context(|| format!("{}: cannot be used", files.mounted().display()))?;
    let text = fs::read_to_string(workspace.manifest()).context("cannot read spin.toml")?;
    let places = Places {
        root: &workspace.root,
        wasm_dir: &toolchain.wasm_dir(components::Store::KeyValue),
        config_dir: files.folder(),
    };
    let manifest = state.manifest();
    fs::write(&manifest, manifest::derive(&text, places)?)
        .with_context(|| format!("cannot write {}", manifest.display()))?;

    let secrets = facts.secrets.iter().filter_map(|secret| Secret::parse(secret)).collect();
    let subscriber_task = tokio::spawn(serve(listener, secrets, console::result));
    let tick = match &facts.tick_key {
        Some(key) => format!("/tick?key={}", query_value(key)),
        None => "/tick".to_string(),
    };
    let serve = Serve {
        manifest: &manifest,
        listen,
        state_dir: state.path(),
        store: options.store.unwrap_or(Store::Sqlite),
        tick: &tick,
    };
    let banner = Banner {
        host: &host,
        base_url: &base_url,
        facts: &facts,
        config: files.mounted(),
        subscriber,
        subscribed: facts.targets.contains(&webhook_url),
    };
    let outcome = attend(&host, serve, banner, shutdown).await;
    subscriber_task.abort();
    outcome
}

/// Starts the host, says when it is ready, passes on what it prints, and stops it at the end.
async fn attend(host: &Host, serve: Serve<'_>, banner: Banner<'_>, shutdown: &Shutdown) -> Result<()> {
    shutdown.check()?;
    let label = host.label();
    let started = Instant::now();
    console::progress(&format!("starting {label} ..."));
    let (mut group, mut lines) = Group::spawn(host.command(serve)).with_context(|| format!("cannot start {label}"))?;
    let address = listen::reached(serve.listen);
    let mut ticking = None;
    let mut waiting = true;
    let ready = ready::wait(address);
    tokio::pin!(ready);
    let ended = loop {
        tokio::select! {
            Some(line) = lines.recv() => show(&line),
            status = group.wait() => {
                let status = status.context("cannot wait for the host")?;
                break Ended::ByItself(status);
            }
            () = &mut ready, if waiting => {
                waiting = false;
                console::progress(&format!("starting {label}: done in {}", seconds(started.elapsed())));
                banner.print();
                if !host.ticks() {
                    let path = serve.tick.to_string();
                    ticking = Some(tokio::spawn(async move { tick::run(address, &path).await }));
                }
            }
            () = sleep(START_LIMIT.saturating_sub(started.elapsed())), if waiting => {
                break Ended::NotReady;
            }
            () = shutdown.requested() => break Ended::Asked,
        }
    };
    if let Some(ticking) = ticking {
        ticking.abort();
    }
    match ended {
        Ended::ByItself(status) => {
            group.clear(&mut lines, show).await;
            bail!("{label} ended by itself ({status}); see its lines above");
        }
        Ended::NotReady => {
            group.stop(&mut lines, GRACE, show).await;
            bail!("{label} does not answer at {address} after {}; see its lines above", seconds(START_LIMIT));
        }
        Ended::Asked => {
            console::progress(&format!("stopping {label} ..."));
            // Spin reports each idle instance that it drops while stopping as a failure, which would look like one.
            let quiet = matches!(host, Host::Spin(_));
            group
                .stop(&mut lines, GRACE, |line| {
                    if !quiet {
                        show(line)
                    }
                })
                .await;
            Ok(())
        }
    }
}

enum Ended {
    ByItself(ExitStatus),
    NotReady,
    Asked,
}

/// Passes on what the host printed, set off from what this program says.
fn show(line: &Line) {
    console::progress(&format!("| {}", line.text()));
}
