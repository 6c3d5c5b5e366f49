//! A suite for any deployment, over HTTP alone: what the protocol and the promises ask for, each with a verdict.
//!
//! It is harmless to what is there. Its alerts have keys with a random prefix and severity Info; it closes what it
//! opened and changes no configuration. What it cannot see in a deployment it says it did not check.

mod actions;
mod asking;
mod doors;
mod errors;
mod promises;
mod report;
mod run;
mod standard;

use std::time::{Duration, Instant};

pub use report::{Check, Report, Verdict};
use run::{Problem, Run};

use crate::client::Client;

/// What is looked at.
#[derive(Clone)]
pub struct Target {
    /// A client for the Open API and for pushes to a private integration.
    pub client: Client,
    /// Where pushes go to, if not to where the Open API is.
    pub push_url: Option<String>,
    /// The key that `/tick` asks for, if it does.
    pub tick_key: Option<String>,
    /// Tells this run's alerts from any other's: letters and digits.
    pub prefix: String,
}

/// One thing to look at: its section, what it is, and how it is found out.
type Test = (&'static str, &'static str, fn(&Run) -> Result<(), Problem>);

/// Everything, in order. After `limit` nothing more is begun.
pub fn run(target: &Target, limit: Duration) -> Report {
    let (started, run) = (Instant::now(), Run::new(target));
    let mut checks = Vec::new();
    let tests = [standard::TESTS, errors::TESTS, doors::TESTS, asking::TESTS, actions::TESTS, promises::TESTS];
    for (section, name, test) in tests.into_iter().flatten() {
        let begun = Instant::now();
        let verdict = if started.elapsed() > limit {
            Verdict::NotChecked("the time was over".to_owned())
        } else {
            match test(&run) {
                Ok(()) => Verdict::Passed,
                Err(Problem::Wrong(why)) => Verdict::Failed(why),
                Err(Problem::Missing(why)) => Verdict::NotChecked(why),
            }
        };
        checks.push(Check { section, name, verdict, took: begun.elapsed() });
    }
    let begun = Instant::now();
    let verdict = run.close_all().map_or_else(Verdict::Failed, |()| Verdict::Passed);
    let (section, name) = ("Afterwards", "what was opened is closed");
    checks.push(Check { section, name, verdict, took: begun.elapsed() });
    Report { url: target.client.url.clone(), checks, took: started.elapsed() }
}
