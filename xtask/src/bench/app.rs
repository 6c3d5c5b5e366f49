//! The application that is measured, in a runner of its own with a state of its own.

use super::config;
use super::receiver::Receiver;
use super::store::Store;
use crate::process::{GRACE, Group, Line};
use anyhow::{Context as _, Result, bail};
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use tokio::process::Command;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long the runner may take to listen; compiling the components is the most of it.
const START_LIMIT: Duration = Duration::from_secs(180);

/// Where things are.
#[derive(Debug, Clone)]
pub struct Places {
    /// The repository's root.
    pub root: PathBuf,
    /// The folder of the built components.
    pub wasm_dir: PathBuf,
    /// The folder of those that keep their data in a Redis.
    pub redis_wasm_dir: PathBuf,
    /// The runner.
    pub runner: PathBuf,
    /// A folder for the states, the cache of compiled components, and the log.
    pub dir: PathBuf,
}

impl Places {
    /// Where what the runner says is kept.
    pub fn log(&self) -> PathBuf {
        self.dir.join("runner.log")
    }

    /// Makes the folder, with an empty log.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn prepare(&self) -> Result<()> {
        let made = fs::create_dir_all(&self.dir).and_then(|()| File::create(self.log()));
        made.map(|_| ()).with_context(|| format!("cannot use {}", self.dir.display()))
    }
}

/// A running application with its subscriber. Dropped, it is killed and its state removed.
#[derive(Debug)]
pub struct App {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where its counters are.
    pub control: SocketAddr,
    /// Its subscriber.
    pub receiver: Receiver,
    stop: Option<oneshot::Sender<()>>,
    keeper: JoinHandle<()>,
    _state: State,
}

/// A folder that is removed with this.
#[derive(Debug)]
struct State(PathBuf);

impl Drop for State {
    fn drop(&mut self) {
        // What cannot be removed is left in the target directory, where it costs room and nothing else.
        let _left = fs::remove_dir_all(&self.0);
    }
}

impl App {
    /// Starts it with an empty store.
    ///
    /// # Errors
    /// When the runner does not start; with what it said.
    pub async fn start(places: &Places, store: Store) -> Result<App> {
        let receiver = Receiver::start().await?;
        let subscribers = [format!("http://{}/", receiver.address())];
        App::start_for(places, store, receiver, &subscribers).await
    }

    /// The same with other subscribers than its receiver.
    ///
    /// # Errors
    /// When the runner does not start; with what it said.
    pub async fn start_for(places: &Places, store: Store, receiver: Receiver, subscribers: &[String]) -> Result<App> {
        let Places { root, wasm_dir, .. } = places;
        let state = prepare(places, |dir| config::write(dir, root, wasm_dir, subscribers))?;
        App::launch(places, store, &["--tick", "/tick", "--tick-every-ms", "1000"], receiver, state).await
    }

    /// Starts the component that measures in the guest, and nothing else.
    ///
    /// # Errors
    /// When the runner does not start; with what it said.
    pub async fn start_guest(places: &Places) -> Result<App> {
        let state = prepare(places, |dir| config::write_guest(dir, &places.root, &places.wasm_dir))?;
        App::launch(places, Store::Memory, &[], Receiver::start().await?, state).await
    }

    /// Starts it on the Redis at this address; with the subscriber of another one that shares it.
    ///
    /// # Errors
    /// When the runner does not start; with what it said.
    pub async fn start_on_redis(places: &Places, redis: SocketAddr, subscriber: Option<SocketAddr>) -> Result<App> {
        let receiver = Receiver::start().await?;
        let subscribers = [format!("http://{}/", subscriber.unwrap_or_else(|| receiver.address()))];
        let state =
            prepare(places, |dir| config::write_redis(dir, &places.root, &places.redis_wasm_dir, &subscribers))?;
        let host = format!("redis_host={redis}");
        let arguments = ["--tick", "/tick", "--tick-every-ms", "1000", "--variable", &host];
        App::launch(places, Store::Memory, &arguments, receiver, state).await
    }

    async fn launch(places: &Places, store: Store, ticker: &[&str], receiver: Receiver, state: State) -> Result<App> {
        let mut command = Command::new(&places.runner);
        command.arg("--manifest").arg(state.0.join("spin.toml")).arg("--state-dir").arg(state.0.join("state"));
        command.args(["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--nodelay", "true"]);
        command.args(ticker).args(store.arguments());
        let (group, mut lines) = Group::spawn(command).context("cannot start the runner")?;
        let log = OpenOptions::new().create(true).append(true).open(places.log());
        let mut log = log.context("cannot write the runner's log")?;
        let started = timeout(START_LIMIT, addresses(&mut lines, &mut log)).await;
        let (address, control) = started.with_context(|| format!("the runner did not start in {START_LIMIT:?}"))??;
        let (stop, stopped) = oneshot::channel();
        let keeper = tokio::spawn(keep(group, lines, log, stopped));
        Ok(App { address, control, receiver, stop: Some(stop), keeper, _state: state })
    }

    /// Stops it in order.
    ///
    /// # Errors
    /// When that is broken off.
    pub async fn stop(mut self) -> Result<()> {
        drop(self.stop.take());
        (&mut self.keeper).await.context("stopping the runner was broken off")
    }
}

impl Drop for App {
    fn drop(&mut self) {
        // The process group goes with its keeper, which kills it.
        self.keeper.abort();
    }
}

/// A new state, with the manifest that `write` writes.
fn prepare(places: &Places, write: impl Fn(&Path) -> Result<()>) -> Result<State> {
    let cache = places.dir.join("cache");
    // Several may run at once.
    static NTH: AtomicUsize = AtomicUsize::new(0);
    let nth = NTH.fetch_add(1, Relaxed);
    let state = State(places.dir.join(format!("run-{}-{nth}", std::process::id())));
    let prepare = || {
        if state.0.exists() {
            fs::remove_dir_all(&state.0)?;
        }
        fs::create_dir_all(&cache)?;
        fs::create_dir_all(state.0.join("state"))?;
        std::os::unix::fs::symlink(&cache, state.0.join("state/cache"))?;
        write(&state.0)
    };
    prepare().with_context(|| format!("cannot prepare {}", state.0.display()))?;
    Ok(state)
}

/// The addresses for pushes and for counters, which the runner prints.
async fn addresses(lines: &mut mpsc::Receiver<Line>, log: &mut File) -> Result<(SocketAddr, SocketAddr)> {
    let (mut control, mut said) = (None, Vec::new());
    while let Some(line) = lines.recv().await {
        log.write_all(&line.bytes)?;
        let text = line.text();
        if let Some(address) = text.strip_prefix("control=http://") {
            control = Some(address.parse()?);
        } else if let Some(address) = text.strip_prefix("listening=http://") {
            return Ok((address.parse()?, control.context("the runner named no control address")?));
        }
        said.push(text);
    }
    bail!("the runner did not start: {}", said.join(" | "))
}

/// Writes the runner's lines to the log until it ends or is to be stopped.
async fn keep(group: Group, mut lines: mpsc::Receiver<Line>, mut log: File, mut stopped: oneshot::Receiver<()>) {
    let mut write = move |line: &Line| {
        // A line less in a log is no reason to end a measurement.
        let _lost = log.write_all(&line.bytes);
    };
    loop {
        tokio::select! {
            line = lines.recv() => match line {
                Some(line) => write(&line),
                // It has ended by itself. Whoever asks it next finds out.
                None => return,
            },
            _ = &mut stopped => break,
        }
    }
    group.stop(&mut lines, GRACE, write).await;
}
