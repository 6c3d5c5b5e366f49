//! A Redis of a test's own, as Debian's package `redis-server` has it.
//!
//! Where none is installed, a test that needs one says so and passes; where `ALARUM_REQUIRE_REDIS` is set, it fails. It
//! listens on this machine alone and keeps what it is told in a directory that goes with it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// A running Redis that keeps everything on its disk; killed when the last who has it drops it.
#[derive(Debug)]
pub struct Redis {
    address: SocketAddr,
    password: Option<&'static str>,
    dir: TempDir,
    child: Mutex<Child>,
}

impl Redis {
    /// Starts one, empty. `None` where there is none to start.
    ///
    /// # Panics
    /// It is required and not installed, or does not answer after 30 seconds.
    pub fn start() -> Option<Arc<Self>> {
        Self::start_with(None)
    }

    /// The same with a password that everybody has to give.
    ///
    /// # Panics
    /// As [`Redis::start`].
    pub fn start_with(password: Option<&'static str>) -> Option<Arc<Self>> {
        if Command::new("redis-server").arg("--version").stdout(Stdio::null()).status().is_err() {
            let required = std::env::var_os("ALARUM_REQUIRE_REDIS").is_some();
            assert!(!required, "there is no redis-server; install Debian's package redis-server");
            eprintln!("not run: there is no redis-server");
            return None;
        }
        let dir = tempfile::tempdir().expect("a directory");
        // Somebody else may take the port between this and its start; then another one is tried.
        for _ in 0..5 {
            let free = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port");
            if let Some(child) = launch(free, password, dir.path()) {
                return Some(Arc::new(Self { address: free, password, dir, child: Mutex::new(child) }));
            }
        }
        panic!("redis-server does not start");
    }

    /// Its host and port.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Kills it, as a power cut would.
    pub fn kill(&self) {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        // It may have been killed before.
        let _ = child.kill();
        let _ = child.wait();
    }

    /// Starts it again, after [`Redis::kill`], with what it has on its disk.
    ///
    /// # Panics
    /// It does not answer after 30 seconds.
    pub fn restart(&self) {
        self.kill();
        let child = launch(self.address, self.password, self.dir.path()).expect("redis-server starts again");
        *self.child.lock().unwrap_or_else(PoisonError::into_inner) = child;
    }

    /// Stops it where it is, with all connections open.
    pub fn pause(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// What it answers to a command of words without blanks, as it stands on the wire.
    pub fn ask(&self, words: &str) -> String {
        ask(self.address, self.password, words).unwrap_or_else(|error| panic!("{words}: {error}"))
    }

    fn signal(&self, signal: Signal) {
        let id = self.child.lock().unwrap_or_else(PoisonError::into_inner).id();
        kill(Pid::from_raw(id as i32), signal).expect("it runs");
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

fn launch(address: SocketAddr, password: Option<&str>, dir: &std::path::Path) -> Option<Child> {
    let mut command = Command::new("redis-server");
    command.args(["--bind", "127.0.0.1", "--port", &address.port().to_string()]).arg("--dir").arg(dir);
    command.args(["--save", "", "--appendonly", "yes", "--appendfsync", "always", "--daemonize", "no"]);
    command.args(password.into_iter().flat_map(|password| ["--requirepass", password]));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    let mut child = command.spawn().expect("redis-server starts");
    let end = Instant::now() + Duration::from_secs(30);
    while Instant::now() < end {
        if child.try_wait().expect("its state").is_some() {
            return None;
        }
        if ask(address, password, "PING").is_ok_and(|answer| answer.contains("+PONG")) {
            return Some(child);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}

fn ask(address: SocketAddr, password: Option<&str>, words: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    if let Some(password) = password {
        write!(stream, "AUTH \"{password}\"\r\n")?;
    }
    write!(stream, "{words}\r\nQUIT\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
