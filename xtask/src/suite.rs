//! `cargo xtask test`: all tests, in order.

use crate::bench::redis;
use crate::components::{self, APPLICATION, FIXTURE, STORE_FIXTURE, Store};
use crate::console;
use crate::host::runner;
use crate::shutdown::{Interrupted, Shutdown};
use crate::step::{Step, seconds};
use crate::toolchain;
use crate::workspace::Workspace;
use anyhow::{Result, ensure};
use std::env;
use std::io::IsTerminal as _;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::Instant;

/// The steps and what cargo is to test in each; without a package the domain's. What is tested on Redis needs one.
const STEPS: [(&str, &[&str]); 6] = [
    ("domain tests", &[]),
    ("xtask tests", &["--package", "xtask"]),
    ("runner tests", &["--package", runner::PACKAGE]),
    ("receiver tests", &["--package", "receiver"]),
    ("black-box tests", &["--package", "blackbox"]),
    (ON_REDIS, &["--package", "blackbox", "--test", "it"]),
];
const ON_REDIS: &str = "black-box tests on Redis";
/// The step after them: the console in a real browser.
const IN_BROWSER: &str = "console tests";

/// Builds what the tests need and runs them; a failing step does not keep the next from running.
///
/// # Errors
/// When something cannot be built, or tests fail; names the failed steps.
pub async fn run(filters: &[String], workspace: &Workspace, shutdown: &Shutdown) -> Result<()> {
    let started = Instant::now();
    let toolchain = toolchain::ensure(workspace, shutdown).await?;
    components::build(workspace, &toolchain, &APPLICATION, shutdown).await?;
    components::build(workspace, &toolchain, &[FIXTURE], shutdown).await?;
    components::build(workspace, &toolchain, &[STORE_FIXTURE], shutdown).await?;
    let redis = toolchain::is_installed(redis::SERVER) || std::env::var_os("ALARUM_REQUIRE_REDIS").is_some();
    if redis {
        components::build_for(Store::Redis, workspace, &toolchain, &APPLICATION, shutdown).await?;
        components::build_for(Store::Redis, workspace, &toolchain, &[STORE_FIXTURE], shutdown).await?;
    } else {
        console::progress("there is no redis-server: what needs one is not tested");
    }
    let binary = runner::build(workspace, shutdown).await?;
    let mut commands = Vec::new();
    for (title, packages) in STEPS {
        if title == ON_REDIS && !redis {
            continue;
        }
        let mut command = workspace.cargo();
        command.arg("test").args(packages);
        if !filters.is_empty() {
            command.arg("--").args(filters);
        }
        if std::io::stderr().is_terminal() {
            // Piped through this program, cargo would not colour by itself.
            command.env("CARGO_TERM_COLOR", "always");
        }
        if title == ON_REDIS {
            command.env("ALARUM_STORE", "redis");
        }
        commands.push((title, command));
    }
    commands.extend(in_browser(filters, workspace)?.map(|command| (IN_BROWSER, command)));
    let mut results = Vec::new();
    for (title, mut command) in commands {
        command.env("ALARUM_RUNNER", &binary).env("ALARUM_WASM_DIR", toolchain.wasm_dir(Store::KeyValue));
        command.env("ALARUM_REDIS_WASM_DIR", toolchain.wasm_dir(Store::Redis));
        command.env("ALARUM_MANIFEST", workspace.manifest());
        let step_started = Instant::now();
        let outcome = Step::shown(title, command).run(shutdown).await;
        match outcome {
            Ok(_) => results.push(Finished { title, passed: true, took: step_started.elapsed() }),
            Err(error) if error.is::<Interrupted>() => return Err(error),
            Err(error) => {
                console::progress(&format!("{error:#}"));
                results.push(Finished { title, passed: false, took: step_started.elapsed() });
            }
        }
    }
    console::result(&format!("\n{}all steps: {}", table(&results), seconds(started.elapsed())));
    verdict(&results)
}

/// The tests of the console, as node runs them; `None` where there is no node to run them.
///
/// # Errors
/// When there is none although `ALARUM_REQUIRE_BROWSER` asks for the browser.
fn in_browser(filters: &[String], workspace: &Workspace) -> Result<Option<Command>> {
    let path = env::var_os("PATH").unwrap_or_default();
    if !env::split_paths(&path).any(|dir| dir.join("node").is_file()) {
        let missing = "there is no node; Debian's package nodejs has it";
        ensure!(env::var_os("ALARUM_REQUIRE_BROWSER").is_none(), "{IN_BROWSER}: {missing}");
        console::progress(&format!("not run: {IN_BROWSER}: {missing}"));
        return Ok(None);
    }
    let mut command = Command::new("node");
    command.arg("tests/console/run.js").args(filters).current_dir(&workspace.root);
    command.env("ALARUM_SCREENSHOTS", workspace.target_dir.join("console-screenshots"));
    command.env("ALARUM_RUNNER_CACHE", workspace.target_dir.join("console-tests-cache"));
    Ok(Some(command))
}

struct Finished {
    title: &'static str,
    passed: bool,
    took: Duration,
}

/// A line for each step.
fn table(results: &[Finished]) -> String {
    let line = |step: &Finished| {
        let verdict = if step.passed { "ok" } else { "FAILED" };
        format!("{verdict:<7} {:<24} {}\n", step.title, seconds(step.took))
    };
    results.iter().map(line).collect()
}

fn verdict(results: &[Finished]) -> Result<()> {
    let failed: Vec<&str> = results.iter().filter(|step| !step.passed).map(|step| step.title).collect();
    ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_steps_are_named() {
        let step = |title, passed| Finished { title, passed, took: Duration::from_secs(2) };
        assert!(verdict(&[step("a", true), step("b", true)]).is_ok());
        let results = [step("a", false), step("b", true), step("c", false)];
        assert_eq!(verdict(&results).unwrap_err().to_string(), "failed: a, c");
        assert!(table(&results).starts_with("FAILED  a                        2.0 s\nok      b "));
    }
}
