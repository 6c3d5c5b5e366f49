//! The command itself: what it prints, how it ends.

use crate::support::workplace;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alarum-runner"));
    command.current_dir(directory).args(["--state-dir", "state"]).args(arguments).kill_on_drop(true);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

struct Started {
    child: Child,
    base: String,
    notice: String,
}

async fn start(directory: &Path, arguments: &[&str]) -> Started {
    let mut child = command(directory, &[&["--listen", "127.0.0.1:0"], arguments].concat()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let notice = lines.next_line().await.unwrap().unwrap();
    loop {
        let line = lines.next_line().await.unwrap().expect("the runner ended before it listened");
        if let Some(base) = line.strip_prefix("listening=") {
            return Started { child, base: base.to_string(), notice };
        }
    }
}

impl Started {
    async fn get(&self, path: &str) -> String {
        let address = self.base.trim_start_matches("http://");
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    /// Sends SIGTERM; returns the exit status and what was on stderr.
    async fn stop(mut self) -> (ExitStatus, String) {
        let id = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).await.unwrap();
        (self.child.wait().await.unwrap(), stderr)
    }
}

async fn failure(directory: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = command(directory, arguments).output().await.unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[tokio::test]
async fn it_says_what_it_is_and_where_it_listens() {
    let directory = workplace();
    let started = start(directory.path(), &[]).await;
    assert!(started.notice.contains("spin up"), "{}", started.notice);
    assert!(started.get("/do/path").await.contains("\r\n/do/path\r\n"));
    let (status, stderr) = started.stop().await;
    assert!(status.success() && !stderr.contains("failed"), "{stderr}");
}

#[tokio::test]
async fn a_port_in_use_is_one_line_with_a_remedy() {
    let directory = workplace();
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, stderr) = failure(directory.path(), &["--listen", &address]).await;
    assert_eq!(code, Some(2));
    assert!(stderr.contains("already in use") && stderr.contains("--listen"), "{stderr}");
    assert_eq!(stderr.trim().lines().count(), 1, "{stderr}");
}

#[tokio::test]
async fn a_missing_component_says_how_to_build_it() {
    let directory = workplace();
    let manifest = directory.path().join("spin.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replacen("runner_fixture.wasm", "none.wasm", 3)).unwrap();
    let (code, stderr) = failure(directory.path(), &["--listen", "127.0.0.1:0"]).await;
    assert_eq!(code, Some(2));
    let last = stderr.trim().lines().last().unwrap_or_default();
    assert!(last.contains("none.wasm") && stderr.contains("build it with"), "{stderr}");
}

#[tokio::test]
async fn a_stop_lets_requests_and_after_answer_work_finish() {
    let directory = workplace();
    let started = start(directory.path(), &[]).await;
    started.get("/do/later?key=k&value=done&ms=700").await;
    let (base, begun) = (started.base.clone(), Instant::now());
    let slow = tokio::spawn(async move {
        let address = base.trim_start_matches("http://").to_string();
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        let request = format!("GET /do/sleep?ms=500 HTTP/1.1\r\nHost: {address}\r\n\r\n");
        tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    });
    tokio::time::sleep(Duration::from_millis(150)).await;
    let (status, stderr) = started.stop().await;
    assert!(status.success(), "{stderr}");
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    let answer = slow.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let started = start(directory.path(), &[]).await;
    assert!(started.get("/do/get?key=k").await.contains("\r\ndone\r\n"));
}

#[tokio::test]
async fn a_stop_does_not_wait_longer_than_asked() {
    let directory = workplace();
    let started = start(directory.path(), &["--grace-ms", "200"]).await;
    started.get("/do/later?key=k&value=done&ms=60000").await;
    let begun = Instant::now();
    let (status, stderr) = started.stop().await;
    assert!(status.success() && stderr.contains("unfinished"), "{stderr}");
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn components_that_never_pause_cannot_keep_it_running() {
    let directory = workplace();
    let started = start(directory.path(), &["--grace-ms", "100"]).await;
    let threads = std::thread::available_parallelism().unwrap().get();
    let mut streams = Vec::new();
    for _ in 0..2 * threads {
        let address = started.base.trim_start_matches("http://");
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = b"GET /do/spin?ms=60000 HTTP/1.1\r\nHost: h\r\n\r\n";
        tokio::io::AsyncWriteExt::write_all(&mut stream, request).await.unwrap();
        streams.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let begun = Instant::now();
    let (status, stderr) = started.stop().await;
    assert!(status.success() && stderr.contains("unfinished"), "{stderr}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn output_traps_ticks_and_requests_are_reported() {
    let directory = workplace();
    let tick = ["--tick", "/do/nothing", "--tick-every-ms", "50", "--log-requests"];
    let started = start(directory.path(), &tick).await;
    started.get("/do/print?text=line&secret=hush").await;
    started.get("/do/set?key=k&value=hush").await;
    started.get("/do/trap").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (_, stderr) = started.stop().await;
    for expected in [
        "[front] out line\n",
        "[front] err line\n",
        "front GET /do/set 200 ",
        " reads=0 writes=1\n",
        "an instance of front failed: wasm trap: ",
    ] {
        assert!(stderr.contains(expected), "{expected:?} is not in {stderr}");
    }
    assert!(!stderr.contains("hush"), "{stderr}");
    assert!(stderr.matches("front POST /do/nothing 599").count() > 2, "{stderr}");
    assert_eq!(stderr.matches("the tick at").count(), 1, "{stderr}");
}

#[tokio::test]
async fn the_second_start_compiles_nothing() {
    let directory = workplace();
    std::fs::remove_file(directory.path().join("state/cache")).unwrap();
    let (_, first) = start(directory.path(), &[]).await.stop().await;
    assert!(first.contains("compiling"), "{first}");
    let (_, second) = start(directory.path(), &[]).await.stop().await;
    assert!(!second.contains("compiling"), "{second}");
}
