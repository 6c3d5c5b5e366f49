//! A running application for one test, gone with its end.

use alarum_runner::{Options, Runner};
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// The manifest of the tests: a public component, a private one, and one that may call anything.
const MANIFEST: &str = r#"
spin_manifest_version = 2

[application]
name = "runner-test"

[variables]
greeting = { default = "hello" }
token = { default = "t0ken", secret = true }
upstream = { default = "" }

[[trigger.http]]
route = "/do/..."
component = "front"

[[trigger.http]]
route = { private = true }
component = "back"

[[trigger.http]]
route = "/wide/..."
component = "wide"

[component.front]
source = "WASM"
allowed_outbound_hosts = ["http://back.spin.internal", "{{ upstream }}"]
key_value_stores = ["default"]
environment = { PLACE = "front" }
files = [
    { source = "config", destination = "/config" },
    { source = "single.txt", destination = "/etc/app/single.txt" },
]
[component.front.variables]
message = "{{ greeting }}, {{ greeting }}"
[component.front.build]
command = "cargo build -p runner-fixture --target wasm32-wasip2 --release"

[component.back]
source = "WASM"
key_value_stores = ["default"]

[component.wide]
source = "WASM"
allowed_outbound_hosts = ["http://*:*"]
"#;

/// The fixture's wasm file.
///
/// # Panics
/// It was not built.
pub fn fixture() -> PathBuf {
    let directory = std::env::var_os("ALARUM_WASM_DIR").map(PathBuf::from).unwrap_or_else(|| {
        let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        let target = target.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"));
        target.join("wasm32-wasip2/release")
    });
    let path = directory.join("runner_fixture.wasm");
    let advice = "run: cargo build -p runner-fixture --target wasm32-wasip2 --release";
    path.canonicalize().unwrap_or_else(|_| panic!("{} is missing; {advice}", path.display()))
}

/// Writes the tests' manifest and its files into a new directory. Compiled components are shared by all tests.
pub fn workplace() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    std::fs::write(here.join("spin.toml"), MANIFEST.replace("WASM", fixture().to_str().unwrap())).unwrap();
    std::fs::create_dir(here.join("config")).unwrap();
    std::fs::write(here.join("config/routes.toml"), "the routes").unwrap();
    std::fs::write(here.join("single.txt"), "the file").unwrap();
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled");
    std::fs::create_dir_all(&cache).unwrap();
    std::fs::create_dir(here.join("state")).unwrap();
    std::os::unix::fs::symlink(cache, here.join("state/cache")).unwrap();
    directory
}

/// A running application.
pub struct App {
    runner: Option<Runner>,
    client: Client<HttpConnector, Full<Bytes>>,
    directory: TempDir,
    base: String,
}

impl App {
    /// Starts the tests' manifest with the command line's defaults.
    pub async fn start() -> App {
        App::with(|_| ()).await
    }

    /// Starts it with other options.
    pub async fn with(change: impl Fn(&mut Options)) -> App {
        App::in_directory(workplace(), change).await
    }

    /// Starts it in a directory that was prepared before.
    pub async fn in_directory(directory: TempDir, change: impl Fn(&mut Options)) -> App {
        let mut options = Options::new(directory.path().join("spin.toml"));
        options.state_dir = directory.path().join("state");
        change(&mut options);
        let runner = Runner::start(options).await.unwrap();
        let base = format!("http://{}", runner.address());
        App { runner: Some(runner), client: Client::builder(TokioExecutor::new()).build_http(), directory, base }
    }

    /// Stops it in order and gives back its directory.
    pub async fn stop(mut self) -> TempDir {
        let cut_off = self.runner.take().unwrap().stop(Duration::from_secs(5)).await;
        assert_eq!(cut_off, 0);
        self.directory
    }

    /// `host:port` of the application.
    pub fn authority(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    /// The base address of its counters, which must have been asked for.
    pub fn control(&self) -> String {
        format!("http://{}", self.runner.as_ref().unwrap().control_address().unwrap())
    }

    /// Its state directory.
    pub fn state_dir(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    /// Status and body of a GET.
    pub async fn get(&self, path: &str) -> (u16, String) {
        self.send(Request::builder().method(Method::GET).uri(format!("{}{path}", self.base)), "").await
    }

    /// The body of a GET that must be answered with 200.
    pub async fn ok(&self, path: &str) -> String {
        let (status, body) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// The error text of a GET whose call must fail inside the component.
    pub async fn fails(&self, path: &str) -> String {
        let (status, body) = self.get(path).await;
        assert_eq!(status, 599, "{path}: {body}");
        body
    }

    /// Status and body of any request.
    pub async fn send(&self, request: http::request::Builder, body: &str) -> (u16, String) {
        let request = request.body(Full::from(body.to_string())).unwrap();
        let response = self.client.request(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    /// The counters.
    pub fn stats(&self) -> serde_json::Value {
        self.runner.as_ref().unwrap().stats()
    }

    /// One number of a component's counters, by its path inside.
    pub fn count(&self, component: &str, pointer: &str) -> u64 {
        let stats = self.stats();
        let value = stats["components"][component].pointer(pointer).and_then(serde_json::Value::as_u64);
        value.unwrap_or_else(|| panic!("no number at {pointer} of {component} in {stats}"))
    }
}

/// Waits until `check` holds, at most five seconds.
pub async fn eventually(what: &str, mut check: impl AsyncFnMut() -> bool) {
    for _ in 0..250 {
        if check().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("waited in vain for: {what}");
}
