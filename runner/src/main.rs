//! The command `alarum-runner`.

use alarum_runner::{NOTICE, Options, Runner};
use anyhow::{Context as _, Result};
use clap::Parser as _;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;
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
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    let grace = Duration::from_millis(options.grace_ms);
    let outcome = runtime.block_on(async {
        // From here on a signal ends the runner in order, also while it still loads.
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        say(NOTICE)?;
        let runner = tokio::select! {
            runner = Runner::start(options) => runner?,
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
        let cut_off = runner.stop(grace).await;
        if cut_off > 0 {
            eprintln!(
                "alarum-runner: stopped with {cut_off} requests or after-answer tasks unfinished; see --grace-ms"
            );
        }
        Ok(())
    });
    // A component that never pauses must not keep the process.
    runtime.shutdown_timeout(Duration::from_millis(100));
    outcome
}

/// Prints a line to stdout at once: whoever started the runner may wait for it.
fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).context("cannot write to stdout")
}
