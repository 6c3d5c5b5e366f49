//! A real Alertmanager and its `amtool`, as Debian's package `prometheus-alertmanager` has them.
//!
//! Where they are not installed, a test that needs them says so and passes; where `ALARUM_REQUIRE_ALERTMANAGER` is set,
//! it fails. Both talk to this machine alone.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

use crate::client::Client;

/// A running Alertmanager; killed when it is dropped.
pub struct Alertmanager {
    api: Client,
    log: Arc<Mutex<String>>,
    child: Child,
    _dir: TempDir,
}

impl Alertmanager {
    /// Starts one that notifies `receiver`, the YAML of one entry of `receivers` but for its name. A group is what has
    /// one `alertname`; it is told of at once and then every second. `None` where there is none to start.
    ///
    /// # Panics
    /// It is required and not installed, or does not listen after 30 seconds.
    pub fn start(receiver: &Value) -> Option<Self> {
        let binary = installed(&["prometheus-alertmanager", "alertmanager"])?;
        let dir = tempfile::tempdir().expect("a directory");
        let mut receiver = receiver.clone();
        receiver["name"] = "alarum".into();
        // JSON is YAML.
        let config = serde_json::json!({
            "route": {"receiver": "alarum", "group_by": ["alertname"], "group_wait": "100ms",
                "group_interval": "1s", "repeat_interval": "1h"},
            "receivers": [receiver],
        });
        let file = dir.path().join("alertmanager.yml");
        std::fs::write(&file, config.to_string()).expect("written");
        let mut command = bare(&binary, dir.path());
        command.arg("--config.file").arg(&file).arg("--storage.path").arg(dir.path().join("data"));
        // Port 0 rather than one that was free a moment ago: it says in its log which one it took.
        command.args(["--web.listen-address=127.0.0.1:0", "--web.external-url=http://am.example.net:9093"]);
        command.args(["--web.route-prefix=/", "--cluster.listen-address="]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn().expect("the Alertmanager starts");
        let log = keep_lines(&mut child);
        let nowhere = Client::new("", "", "", "");
        let mut started = Self { api: nowhere.clone(), log, child, _dir: dir };
        let address = nowhere.wait(30, |_| listening(&started.log()));
        let address = address.unwrap_or_else(|| panic!("the Alertmanager does not listen:\n{}", started.log()));
        started.api = Client::new(&format!("http://{address}"), "", "", "");
        Some(started)
    }

    /// Gives it alerts, as its API takes them.
    ///
    /// # Panics
    /// It does not take them.
    pub fn post(&self, alerts: &Value) {
        let body = alerts.to_string();
        let answer = self.api.send("POST", "/api/v2/alerts", "application/json", body.as_bytes()).expect("answered");
        assert_eq!(answer.status, 200, "{}\n{}", answer.body, self.log());
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = killpg(Pid::from_raw(self.child.id() as i32), Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

/// The command-line client of Alertmanager's API.
pub struct Amtool {
    binary: PathBuf,
    dir: TempDir,
}

impl Amtool {
    /// Finds it; `None` where it is not installed.
    ///
    /// # Panics
    /// It is required and not installed.
    pub fn find() -> Option<Self> {
        Some(Self { binary: installed(&["amtool"])?, dir: tempfile::tempdir().expect("a directory") })
    }

    /// A file for its `--http.config.file`, with this key as bearer token.
    pub fn http_config(&self, key: &str) -> PathBuf {
        let file = self.dir.path().join("http.yml");
        let config = serde_json::json!({"authorization": {"credentials": key}});
        std::fs::write(&file, config.to_string()).expect("written");
        file
    }

    /// Runs it; it gives up by itself after 20 seconds.
    pub fn run(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
        let mut command = bare(&self.binary, self.dir.path());
        command.arg("--timeout=20s").args(args).stdin(Stdio::null()).output().expect("amtool runs")
    }
}

/// A command that knows nothing of this machine: neither its proxies nor its user's settings.
fn bare(binary: &Path, dir: &Path) -> Command {
    let mut command = Command::new(binary);
    command.env_clear().env("HOME", dir).current_dir(dir);
    command
}

/// The first of these programs on the `PATH`.
fn installed(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let dirs: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let found = names.iter().flat_map(|name| dirs.iter().map(move |dir| dir.join(name))).find(|file| file.is_file());
    if found.is_none() {
        let missing = format!("there is no {}; Debian's package prometheus-alertmanager has it", names.join(" or "));
        assert!(std::env::var_os("ALARUM_REQUIRE_ALERTMANAGER").is_none(), "{missing}");
        let test = std::thread::current().name().unwrap_or("a test").to_owned();
        // Past the test harness, which shows only what failing tests print. Where nobody reads it, nothing is lost.
        let _ = writeln!(std::io::stderr(), "not run: {test}: {missing}");
    }
    found
}

/// What it writes to its standard error; read to the end, so that it never blocks on writing.
fn keep_lines(child: &mut Child) -> Arc<Mutex<String>> {
    let stderr = child.stderr.take().expect("standard error");
    let kept: Arc<Mutex<String>> = Arc::default();
    let keeping = kept.clone();
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            let mut log = keeping.lock().unwrap_or_else(PoisonError::into_inner);
            log.push_str(&line);
            log.push('\n');
        }
    });
    kept
}

/// The address in the line of the log that says where it listens.
fn listening(log: &str) -> Option<String> {
    let line = log.lines().find(|line| line.contains("Listening on"))?;
    let address = line.split_whitespace().find_map(|word| word.strip_prefix("address="))?;
    Some(address.trim_matches('"').to_owned())
}
