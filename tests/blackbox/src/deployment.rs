//! A deployment that a test starts for itself: real components on the runner, or on a real Spin.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

use crate::client::Client;
use crate::redis::Redis;

const CONFIG: &str = include_str!("../../support/demo.toml");
const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

/// What runs the components.
#[derive(Clone, Debug)]
pub enum Host {
    /// The bundled runner.
    Runner(PathBuf),
    /// A `spin` command.
    Spin(PathBuf),
}

/// How a deployment is to be.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where its subscribers are.
    pub receivers: Vec<String>,
    /// Integrations besides those that every deployment has, as they stand in the configuration.
    pub integrations: String,
    /// Whether something calls tick every half second.
    pub tick: bool,
    /// Whether the store is in memory, where the host has such: nothing waits for a disk.
    pub memory: bool,
    /// The Redis to keep everything in, and the components that do; it can be shared. By default there is one where
    /// `ALARUM_STORE=redis` is set.
    pub redis: Option<Arc<Redis>>,
    /// What is given for the variables of the manifest besides.
    pub variables: Vec<(&'static str, String)>,
    /// Whether to run the component that tests stores, instead of the application.
    pub store_fixture: bool,
    /// Whether that one may call nobody, not even its Redis.
    pub denied: bool,
}

/// A running deployment; killed when it is dropped.
pub struct Deployment {
    /// A client for it.
    pub client: Client,
    /// The secret that signs its webhooks.
    pub secret: &'static str,
    control: Option<String>,
    host: Host,
    options: Options,
    dir: TempDir,
    child: Child,
    ticker: Option<mpsc::Sender<()>>,
}

impl Host {
    /// What the environment names.
    ///
    /// # Panics
    /// It names nothing that is there.
    pub fn from_env() -> Self {
        if let Some(spin) = std::env::var_os("ALARUM_SPIN") {
            return Self::Spin(spin.into());
        }
        let built = || workspace().join("target/debug/alarum-runner");
        let runner = std::env::var_os("ALARUM_RUNNER").map_or_else(built, PathBuf::from);
        assert!(runner.exists(), "there is no {}; run `cargo xtask test`", runner.display());
        Self::Runner(runner)
    }
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace")
}

impl Deployment {
    /// Starts one with an empty store; `None` where the environment names a running one: that is not killed, its
    /// subscribers are not ours, and what is in it is not known.
    pub fn start(mut options: Options) -> Option<Self> {
        if std::env::var_os("ALARUM_URL").is_some() {
            eprintln!("not run against a running deployment: it needs one of its own");
            return None;
        }
        if options.redis.is_none() && std::env::var("ALARUM_STORE").is_ok_and(|store| store == "redis") {
            options.redis = Some(Redis::start()?);
        }
        // One at a time: starting compiles the components where they are not cached yet, and a machine has few cores.
        static STARTING: Mutex<()> = Mutex::new(());
        let _starting = STARTING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::create_dir(dir.path().join("config")).expect("a directory");
        std::fs::write(dir.path().join("config/alarum.toml"), config(&options)).expect("written");
        std::fs::write(dir.path().join("spin.toml"), manifest(dir.path(), &options)).expect("written");
        let host = Host::from_env();
        share_cache(&host, dir.path());
        let (child, url, control) = launch(&host, dir.path(), &options);
        let client = client(&url);
        let mut deployment = Self { client, secret: SECRET, control, host, options, dir, child, ticker: None };
        deployment.begin();
        Some(deployment)
    }

    /// Kills it, as a power cut would.
    pub fn kill(&mut self) {
        self.ticker = None;
        // It may have ended by itself.
        let _ = killpg(Pid::from_raw(self.child.id() as i32), Signal::SIGKILL);
        let _ = self.child.wait();
    }

    /// Kills it and starts it again on what it had stored.
    pub fn restart(&mut self) {
        self.kill();
        let (child, url, control) = launch(&self.host, self.dir.path(), &self.options);
        (self.child, self.control, self.client) = (child, control, client(&url));
        self.begin();
    }

    /// The host's counters for a component, where the host has such.
    pub fn stats(&self, component: &str) -> Option<Value> {
        let control = self.control.as_ref()?;
        let answer = Client::new(control, "", "", "").send("GET", "/stats", "application/json", b"").ok()?;
        Some(answer.body["components"][component].clone())
    }

    /// The files of its components, by their names.
    ///
    /// # Panics
    /// The manifest that was written for it is gone.
    pub fn components(&self) -> BTreeMap<String, PathBuf> {
        let text = std::fs::read_to_string(self.dir.path().join("spin.toml")).expect("the manifest");
        let manifest: toml::Table = text.parse().expect("a manifest");
        let components = manifest["component"].as_table().expect("components").iter();
        let source = |component: &toml::Value| component["source"].as_str().map(PathBuf::from).expect("a source");
        components.map(|(name, component)| (name.clone(), source(component))).collect()
    }

    fn begin(&mut self) {
        let up = self.client.wait(60, |client| {
            client.send("GET", "/.well-known/spin/health", "text/plain", b"").ok().filter(|a| a.status == 200)
        });
        assert!(up.is_some(), "the deployment does not answer");
        if self.options.tick {
            let (stop, stopped) = mpsc::channel();
            let client = self.client.clone();
            std::thread::spawn(move || {
                while stopped.recv_timeout(Duration::from_millis(500)) == Err(mpsc::RecvTimeoutError::Timeout) {
                    // While it is killed and started again, nobody answers.
                    let _ = client.send("POST", "/tick", "application/json", b"");
                }
            });
            self.ticker = Some(stop);
        }
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        self.kill();
    }
}

fn client(url: &str) -> Client {
    Client::new(url, "private-key-0123456789", "shared-key-0123456789", "app-key-0123456789abcdef")
}

fn config(options: &Options) -> String {
    let (before, rest) = CONFIG.split_once("[[subscriptions]]").expect("subscriptions");
    let (_, after) = rest.split_once("[delivery]").expect("delivery");
    let mut text = format!("{before}{}\n", options.integrations);
    for (nth, url) in options.receivers.iter().enumerate() {
        let id = nth + 1;
        text += &format!("[[subscriptions]]\nid = {id}\nname = \"{id}\"\nurl = \"{url}\"\nsecret = \"{SECRET}\"\n\n");
    }
    text + "[delivery]\nallow_http = true\nallow_private_targets = true" + after
}

/// The project's manifest for the store, with absolute paths to the components and the configuration of this deployment.
fn manifest(dir: &Path, options: &Options) -> String {
    let (file, variable, built) = match options.redis {
        None => ("spin.toml", "ALARUM_WASM_DIR", "target/wasm32-wasip2/release"),
        Some(_) => ("deploy/redis/spin.toml", "ALARUM_REDIS_WASM_DIR", "target/redis/wasm32-wasip2/release"),
    };
    let mut text = std::fs::read_to_string(workspace().join(file)).expect("the manifest");
    if options.store_fixture {
        text = of_store_fixture(&text, options.denied);
    }
    let wasm_dir = std::env::var_os(variable).map_or_else(|| workspace().join(built), PathBuf::from);
    let mut manifest: toml::Table = text.parse().expect("a manifest");
    let components = manifest.get_mut("component").and_then(toml::Value::as_table_mut).expect("components");
    for (_, component) in components.iter_mut() {
        let component = component.as_table_mut().expect("a component");
        let source = component.get("source").and_then(toml::Value::as_str).expect("a source");
        let wasm = wasm_dir.join(Path::new(source).file_name().expect("a file name"));
        let build = if options.redis.is_some() { "cargo xtask build --store redis" } else { "cargo xtask build" };
        assert!(wasm.exists(), "there is no {}; run `{build}`", wasm.display());
        component.insert("source".into(), wasm.display().to_string().into());
        component.remove("build");
        let mount: toml::Table = [
            ("source".into(), dir.join("config").display().to_string().into()),
            ("destination".into(), "/config".into()),
        ]
        .into_iter()
        .collect();
        component.insert("files".into(), toml::Value::Array(vec![mount.into()]));
    }
    manifest.to_string()
}

/// A manifest with one component instead of all, which has the rights that the first of them has.
fn of_store_fixture(text: &str, denied: bool) -> String {
    let mut manifest: toml::Table = text.parse().expect("a manifest");
    let mut component = manifest["component"]["ingest"].as_table().expect("a component").clone();
    component.insert("source".into(), "store_fixture.wasm".into());
    let hosts = component["allowed_outbound_hosts"].as_array().expect("hosts").iter();
    let hosts =
        hosts.filter(|host| host.as_str().is_some_and(|host| !denied && !host.starts_with("http"))).cloned().collect();
    component.insert("allowed_outbound_hosts".into(), toml::Value::Array(hosts));
    let one = |name: &str, value: toml::Table| toml::Table::from_iter([(name.to_owned(), toml::Value::Table(value))]);
    manifest.insert("component".into(), one("store-fixture", component).into());
    let trigger = [("route".into(), "/...".into()), ("component".into(), "store-fixture".into())].into_iter().collect();
    manifest.insert(
        "trigger".into(),
        toml::Table::from_iter([("http".into(), vec![toml::Value::Table(trigger)].into())]).into(),
    );
    manifest.to_string()
}

/// Compiled components are kept beside the runner from test to test: compiling them takes longer than most tests.
fn share_cache(host: &Host, dir: &Path) {
    let Host::Runner(runner) = host else { return };
    let cache = runner.canonicalize().expect("the runner").with_file_name("blackbox-cache");
    std::fs::create_dir_all(&cache).expect("a directory");
    std::fs::create_dir(dir.join("state")).expect("a directory");
    std::os::unix::fs::symlink(cache, dir.join("state/cache")).expect("a link");
}

/// Starts the host; returns it with the base URL and the URL of its counters.
fn launch(host: &Host, dir: &Path, options: &Options) -> (Child, String, Option<String>) {
    let (manifest, state) = (dir.join("spin.toml"), dir.join("state"));
    let (mut command, url) = match host {
        Host::Runner(path) => {
            let mut command = Command::new(path);
            command.arg("--manifest").arg(&manifest).args(["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"]);
            command.args(options.memory.then_some(["--store", "memory"]).into_iter().flatten());
            (command, None)
        }
        Host::Spin(path) => {
            // Spin does not say which port it took of itself.
            let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port");
            let mut command = Command::new(path);
            command.args(["up", "--quiet", "--from"]).arg(&manifest).args(["--listen", &free.to_string()]);
            (command, Some(format!("http://{free}")))
        }
    };
    let host = options.redis.iter().map(|redis| ("redis_host", redis.host()));
    for (name, value) in host.chain(options.variables.iter().cloned()) {
        command.env(format!("SPIN_VARIABLE_{}", name.to_uppercase()), value);
    }
    command.arg("--state-dir").arg(&state).stdin(Stdio::null()).stdout(Stdio::piped()).process_group(0);
    let mut child = command.spawn().expect("the host starts");
    let lines = read_lines(&mut child);
    if let Some(url) = url {
        return (child, url, None);
    }
    let (mut control, end) = (None, Instant::now() + Duration::from_secs(120));
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let line = lines.recv_timeout(left).expect("the runner says where it listens");
        if let Some(url) = line.strip_prefix("control=") {
            control = Some(url.to_owned());
        }
        if let Some(url) = line.strip_prefix("listening=") {
            return (child, url.to_owned(), control);
        }
    }
}

/// The lines of its standard output; read to the end, so that it never blocks on writing.
fn read_lines(child: &mut Child) -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel();
    let stdout = child.stdout.take().expect("standard output");
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            // Nobody reads them any more once it listens.
            let _ = sender.send(line);
        }
    });
    lines
}
