//! The command `alarum-runner`.

use alarum_runner::{NOTICE, Options, Runner};
use anyhow::{Context as _, Result};
use clap::Parser as _;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    let options = Options::parse();
    match run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("alarum-runner: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(options: Options) -> Result<()> {
    let grace = Duration::from_millis(options.grace_ms);
    let workers = Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    // Signals have a runtime of their own, so that components which never pause cannot keep a stop from being heard.
    let main = Builder::new_current_thread().enable_all().build().context("cannot start the main thread")?;
    let outcome = main.block_on(async {
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        say(NOTICE)?;
        let runner = tokio::select! {
            runner = workers.spawn(Runner::start(options)) => runner.context("the start was cut off")??,
            _ = interrupt.recv() => return Ok(()),
            _ = terminate.recv() => return Ok(()),
        };
        if let Some(address) = runner.control_address() {
            say(&format!("control=http://{address}"))?;
        }
        say(&format!("listening=http://{}", runner.address()))?;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        let unfinished = runner.stop(grace).await;
        if unfinished > 0 {
            eprintln!("alarum-runner: stopped with work unfinished after {} ms; see --grace-ms", grace.as_millis());
        }
        Ok(())
    });
    workers.shutdown_timeout(Duration::from_millis(100));
    outcome
}

/// Prints a line to stdout at once: whoever started the runner may wait for it.
fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).context("cannot write to stdout")
}
