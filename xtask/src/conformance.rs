//! `cargo xtask conformance`: does a deployment, wherever it runs, do what the protocol and the promises ask for?

use crate::config::keys;
use crate::console;
use anyhow::{Context as _, Result, ensure};
use blackbox::Client;
use blackbox::conformance::{Target, run as run_suite};
use std::env;
use std::time::Duration;

/// After so long nothing more is begun.
const LIMIT: Duration = Duration::from_secs(50);

/// Which deployment, and the keys to it. A key that is not given is taken from the environment.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Where the deployment is, for example https://alarum.example.net [or ALARUM_URL].
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Where pushes go to, if not there.
    #[arg(long, value_name = "URL")]
    push_url: Option<String>,
    /// A key to the Open API [or ALARUM_APP_KEY].
    #[arg(long, value_name = "KEY")]
    app_key: Option<String>,
    /// The key of a private integration; best one of a channel without rules [or ALARUM_PUSH_KEY].
    #[arg(long, value_name = "KEY")]
    integration_key: Option<String>,
    /// The key of a shared integration [or ALARUM_SHARED_KEY].
    #[arg(long, value_name = "KEY")]
    shared_integration_key: Option<String>,
    /// The key that /tick asks for, if it does [or ALARUM_TICK_KEY].
    #[arg(long, value_name = "KEY")]
    tick_key: Option<String>,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// Runs the suite and prints what came of it.
///
/// # Errors
/// When a key is missing, or something failed.
pub async fn run(options: Options) -> Result<()> {
    let Options { url, push_url, app_key, integration_key, shared_integration_key, tick_key, json } = options;
    let given =
        |option: Option<String>, name: &str| option.or_else(|| env::var(name).ok().filter(|key| !key.is_empty()));
    let url = given(url, "ALARUM_URL").context("--url is missing")?;
    let app_key = given(app_key, "ALARUM_APP_KEY").context("--app-key is missing")?;
    let push_key = given(integration_key, "ALARUM_PUSH_KEY").context("--integration-key is missing")?;
    let shared_key = given(shared_integration_key, "ALARUM_SHARED_KEY").unwrap_or_default();
    let target = Target {
        client: Client::new(&url, &push_key, &shared_key, &app_key),
        push_url,
        tick_key: given(tick_key, "ALARUM_TICK_KEY"),
        prefix: keys::token()?.chars().take(10).collect(),
    };
    let report =
        tokio::task::spawn_blocking(move || run_suite(&target, LIMIT)).await.context("the suite ended early")?;
    if json {
        console::result(&serde_json::to_string_pretty(&report.json()).context("the report is no JSON")?);
    } else {
        console::result(&report.table());
    }
    let failed = report.failed().count();
    ensure!(failed == 0, "failed: {failed}");
    Ok(())
}
