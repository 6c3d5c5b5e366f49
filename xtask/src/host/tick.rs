//! The scheduler for Spin, which has none of its own: POSTs to the tick path once a second, one request at a time.

use crate::console;
use crate::host::ready::request;
use hyper::Method;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

const EVERY: Duration = Duration::from_secs(1);
const LIMIT: Duration = Duration::from_secs(60);

/// Ticks for ever. Of failures in a row the first is told, and the end of them.
pub async fn run(address: SocketAddr, path: &str) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        ticks.tick().await;
        let problem = match request(address, Method::POST, path, LIMIT).await {
            Ok(status) if status.is_success() => None,
            Ok(status) => Some(format!("it answered {status}")),
            Err(error) => Some(format!("{error:#}")),
        };
        match &problem {
            Some(problem) if !failing => console::progress(&format!("tick fails: {problem}; told again when it works")),
            None if failing => console::progress("tick works again"),
            _ => {}
        }
        failing = problem.is_some();
    }
}
