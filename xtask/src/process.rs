//! Child processes, each the leader of a process group of its own, so that stopping one stops all that it started.

use rustix::process::{Pid, Signal, kill_process_group};
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

/// How long a process group may take to stop before it is killed.
pub const GRACE: Duration = Duration::from_secs(5);
/// How long the output of an ended process is still read: something that it left behind may keep it open.
const DRAIN: Duration = Duration::from_secs(2);

/// A child process and everything in its process group. Dropping it kills the group.
#[derive(Debug)]
pub struct Group {
    child: Child,
    id: Option<Pid>,
}

/// A line that a child printed, with its line end.
#[derive(Debug)]
pub struct Line {
    /// Whether it came from stderr.
    pub stderr: bool,
    /// What was printed.
    pub bytes: Vec<u8>,
}

impl Line {
    /// The line as text without its end.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).trim_end().to_string()
    }
}

impl Group {
    /// Starts `command` without stdin; what it prints comes out of the channel, line by line.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn spawn(mut command: Command) -> io::Result<(Group, mpsc::Receiver<Line>)> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
        let mut child = command.spawn()?;
        let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let (sender, lines) = mpsc::channel(256);
        if let Some(stdout) = child.stdout.take() {
            tokio::spawn(read_lines(stdout, false, sender.clone()));
        }
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(read_lines(stderr, true, sender));
        }
        Ok((Group { child, id }, lines))
    }

    /// Waits for the leader's end. Others of its group may still run.
    ///
    /// # Errors
    /// When the operating system does not tell.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Asks the group to end, waits for it, and kills what is left after `grace`. Whatever it still prints is taken.
    pub async fn stop(mut self, lines: &mut mpsc::Receiver<Line>, grace: Duration, mut take: impl FnMut(&Line)) {
        let deadline = Instant::now() + grace;
        self.signal(Signal::TERM);
        loop {
            tokio::select! {
                // Its end means that nobody of the group holds the pipes any more. To ask whether the group is there
                // would not do: those who ended count until somebody reaps them, in a container maybe nobody.
                line = lines.recv() => match line {
                    Some(line) => take(&line),
                    None => break,
                },
                () = sleep_until(deadline) => break,
            }
        }
        // Past the deadline or not, what comes next makes it end.
        let _ended = timeout_at(deadline, self.child.wait()).await;
        self.kill().await;
    }

    /// After the leader's end: takes what it printed last, and kills what it left behind.
    pub async fn clear(self, lines: &mut mpsc::Receiver<Line>, mut take: impl FnMut(&Line)) {
        // Running into the limit is fine: the lines that count were printed before the end.
        let _all = timeout(DRAIN, async {
            while let Some(line) = lines.recv().await {
                take(&line);
            }
        })
        .await;
        self.kill().await;
    }

    async fn kill(mut self) {
        self.signal(Signal::KILL);
        if self.child.wait().await.is_ok() {
            self.id = None;
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(id) = self.id {
            // Fails only when the group is gone, which is what is wanted.
            let _gone = kill_process_group(id, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

async fn read_lines(from: impl AsyncRead + Unpin, stderr: bool, to: mpsc::Sender<Line>) {
    let mut from = BufReader::new(from);
    loop {
        let mut bytes = Vec::new();
        match from.read_until(b'\n', &mut bytes).await {
            Ok(1..) if to.send(Line { stderr, bytes }).await.is_ok() => {}
            // The end, a broken pipe, or nobody who listens.
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[tokio::test]
    async fn lines_arrive_with_their_stream() {
        let (mut group, mut lines) = Group::spawn(shell("echo one; echo two >&2")).unwrap();
        let mut seen = Vec::new();
        while let Some(line) = lines.recv().await {
            seen.push((line.stderr, line.text()));
        }
        seen.sort();
        assert_eq!(seen, [(false, "one".to_string()), (true, "two".to_string())]);
        assert!(group.wait().await.unwrap().success());
    }

    #[tokio::test]
    async fn stopping_ends_what_the_child_started() {
        let (group, mut lines) = Group::spawn(shell("sleep 600 & echo $!; wait")).unwrap();
        let grandchild: i32 = lines.recv().await.unwrap().text().parse().unwrap();
        group.stop(&mut lines, Duration::from_secs(5), |_| {}).await;
        assert!(!is_running(grandchild));
    }

    #[tokio::test]
    async fn the_last_words_of_a_stopped_one_are_taken() {
        let script = "trap 'echo bye; exit' TERM; echo ready; while :; do sleep 0.05; done";
        let (group, mut lines) = Group::spawn(shell(script)).unwrap();
        assert_eq!(lines.recv().await.unwrap().text(), "ready");
        let mut last = String::new();
        group.stop(&mut lines, Duration::from_secs(5), |line| last = line.text()).await;
        assert_eq!(last, "bye");
    }

    #[tokio::test]
    async fn one_that_does_not_listen_is_killed() {
        let (group, mut lines) = Group::spawn(shell("trap '' TERM; echo ready; while :; do sleep 0.05; done")).unwrap();
        assert_eq!(lines.recv().await.unwrap().text(), "ready");
        let started = Instant::now();
        group.stop(&mut lines, Duration::from_millis(300), |_| {}).await;
        assert!(started.elapsed() < Duration::from_secs(5));
    }

    /// A process that ended but was not reaped by whoever adopted it does not count.
    fn is_running(id: i32) -> bool {
        let state = std::process::Command::new("ps").args(["-o", "stat=", "-p", &id.to_string()]).output().unwrap();
        let state = String::from_utf8_lossy(&state.stdout).trim().to_string();
        !state.is_empty() && !state.starts_with('Z')
    }
}
