//! One long step: says that it starts, that it is still at it, how long it took; and, when it fails, why.

use crate::console;
use crate::process::{GRACE, Group, Line};
use crate::shutdown::{Interrupted, Shutdown};
use crate::workspace::Workspace;
use anyhow::{Context as _, Result, anyhow, bail};
use std::collections::VecDeque;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

const HEARTBEAT: Duration = Duration::from_secs(15);
/// Lines of a failed step's output that are shown; the whole is in its log.
const TAIL: usize = 50;

/// A command that takes long enough to want an explanation.
pub struct Step {
    title: String,
    command: Command,
    limit: Option<Duration>,
    log: Option<PathBuf>,
}

impl Step {
    /// A step whose output goes to a log; the end of it is shown when the step fails.
    pub fn quiet(workspace: &Workspace, title: &str, command: Command) -> Step {
        let log = workspace.logs().join(format!("{}.log", slug(title)));
        Step { title: title.to_string(), command, limit: None, log: Some(log) }
    }

    /// A step whose output is passed on as it comes.
    pub fn shown(title: &str, command: Command) -> Step {
        Step { title: title.to_string(), command, limit: None, log: None }
    }

    /// Ends the step as failed after `limit`.
    pub fn limit(mut self, limit: Duration) -> Step {
        self.limit = Some(limit);
        self
    }

    /// Runs the step to its end and says how long it took.
    ///
    /// # Errors
    /// When it cannot be started, fails, takes too long, or is interrupted ([`Interrupted`]).
    pub async fn run(self, shutdown: &Shutdown) -> Result<Duration> {
        shutdown.check()?;
        let started = Instant::now();
        console::progress(&format!("{} ...", self.title));
        let mut output = Output::open(self.log)?;
        let program = self.command.as_std().get_program().to_string_lossy().into_owned();
        let (mut group, mut lines) =
            Group::spawn(self.command).with_context(|| format!("{}: cannot start {program}", self.title))?;
        let mut beat = interval(Duration::from_secs(1));
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let limit = async {
            match self.limit {
                Some(limit) => tokio::time::sleep(limit).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(limit);
        let ended = loop {
            tokio::select! {
                Some(line) = lines.recv() => output.take(&line),
                status = group.wait() => break Ended::By(status.context("cannot wait for a child process")?),
                () = shutdown.requested() => break Ended::Interrupted,
                () = &mut limit => break Ended::TooLong,
                _ = beat.tick() => output.heartbeat(&self.title, started),
            }
        };
        match ended {
            Ended::By(_) => group.clear(&mut lines, |line| output.take(line)).await,
            _ => group.stop(&mut lines, GRACE, |line| output.take(line)).await,
        }
        let elapsed = started.elapsed();
        match ended {
            Ended::By(status) if status.success() => {
                console::progress(&format!("{}: done in {}", self.title, seconds(elapsed)));
                Ok(elapsed)
            }
            Ended::Interrupted => bail!(Interrupted),
            Ended::By(status) => Err(output.failed(&self.title, &format!("{status} after {}", seconds(elapsed)))),
            Ended::TooLong => Err(output.failed(&self.title, &format!("not done after {}", seconds(elapsed)))),
        }
    }
}

enum Ended {
    By(ExitStatus),
    Interrupted,
    TooLong,
}

/// What becomes of the lines.
struct Output {
    log: Option<(PathBuf, File)>,
    tail: VecDeque<String>,
    last_printed: Instant,
}

impl Output {
    fn open(log: Option<PathBuf>) -> Result<Output> {
        let log = match log {
            None => None,
            Some(path) => {
                let create = || {
                    std::fs::create_dir_all(path.parent().unwrap_or(&path))?;
                    File::create(&path)
                };
                let file = create().with_context(|| format!("cannot write {}", path.display()))?;
                Some((path, file))
            }
        };
        Ok(Output { log, tail: VecDeque::new(), last_printed: Instant::now() })
    }

    fn take(&mut self, line: &Line) {
        let Some((path, file)) = &mut self.log else {
            self.last_printed = Instant::now();
            return if line.stderr {
                console::pass_to_stderr(&line.bytes)
            } else {
                console::pass_to_stdout(&line.bytes)
            };
        };
        if let Err(error) = file.write_all(&line.bytes) {
            console::progress(&format!("cannot write {}: {error}; its output is shown instead", path.display()));
            self.log = None;
            return self.take(line);
        }
        if self.tail.len() == TAIL {
            self.tail.pop_front();
        }
        self.tail.push_back(line.text());
    }

    fn heartbeat(&mut self, title: &str, started: Instant) {
        if self.last_printed.elapsed() >= HEARTBEAT {
            self.last_printed = Instant::now();
            let doing = self.tail.iter().rev().find(|line| !line.trim().is_empty());
            let doing = doing.map(|line| format!(" ({})", line.trim())).unwrap_or_default();
            console::progress(&format!("{title}: {} so far{doing}", seconds(started.elapsed())));
        }
    }

    fn failed(&self, title: &str, how: &str) -> anyhow::Error {
        for line in &self.tail {
            console::progress(&format!("  | {line}"));
        }
        match &self.log {
            Some((path, _)) => anyhow!("{title} failed ({how}); all it printed is in {}", path.display()),
            None => anyhow!("{title} failed ({how})"),
        }
    }
}

/// Seconds as people read them: `4.2 s`, `12 min 5 s`.
pub fn seconds(elapsed: Duration) -> String {
    match elapsed.as_secs() {
        0..60 => format!("{:.1} s", elapsed.as_secs_f64()),
        whole => format!("{} min {} s", whole / 60, whole % 60),
    }
}

/// Runs a quick command and returns what it printed to stdout.
///
/// # Errors
/// When it cannot be started, takes longer than a minute, or fails; with what it printed to stderr.
pub async fn query(mut command: Command) -> Result<String> {
    let shown = format!("{:?}", command.as_std().get_program()).replace('"', "");
    command.stdin(std::process::Stdio::null()).kill_on_drop(true);
    let output = timeout(Duration::from_secs(60), command.output())
        .await
        .with_context(|| format!("{shown}: no answer within a minute"))?
        .with_context(|| format!("cannot start {shown}"))?;
    if !output.status.success() {
        bail!("{shown} failed ({}): {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn slug(title: &str) -> String {
    let words = title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn times_read_well() {
        assert_eq!(seconds(Duration::from_millis(4_230)), "4.2 s");
        assert_eq!(seconds(Duration::from_secs(725)), "12 min 5 s");
    }

    #[test]
    fn log_names_are_plain() {
        assert_eq!(slug("building the runner (first time: 10 min)"), "building-the-runner-first-time-10-min");
    }

    #[tokio::test]
    async fn a_failing_step_names_itself_and_its_status() {
        let (_keep, shutdown) = Shutdown::manual();
        let error = Step::shown("failing", shell("exit 3")).run(&shutdown).await.unwrap_err().to_string();
        assert!(error.starts_with("failing failed (exit status: 3 after"), "{error}");
    }

    #[tokio::test]
    async fn a_step_past_its_limit_fails() {
        let (_keep, shutdown) = Shutdown::manual();
        let step = Step::shown("waiting", shell("sleep 60")).limit(Duration::from_millis(100));
        let error = step.run(&shutdown).await.unwrap_err().to_string();
        assert!(error.starts_with("waiting failed (not done after "), "{error}");
    }

    #[tokio::test]
    async fn a_requested_stop_interrupts_a_step() {
        let (stop, shutdown) = Shutdown::manual();
        let run = Step::shown("waiting", shell("sleep 60")).run(&shutdown);
        let (outcome, ()) = tokio::join!(run, async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            stop.send_replace(true);
        });
        assert!(outcome.unwrap_err().is::<Interrupted>());
    }

    #[tokio::test]
    async fn output_left_open_by_a_grandchild_does_not_hold_the_step() {
        let (_keep, shutdown) = Shutdown::manual();
        let took = Step::shown("leaving", shell("sleep 60 & echo done")).run(&shutdown).await.unwrap();
        assert!(took < Duration::from_secs(20));
    }
}
