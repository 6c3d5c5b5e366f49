//! `receiver PORT`: takes Alarum's webhooks at `http://127.0.0.1:PORT/webhook` and prints a line for each new event.
//!
//! The secret stands in the environment as `ALARUM_SECRET`; while it is being changed, the next one as
//! `ALARUM_SECRET_NEXT`. TLS is left to a proxy in front of it.

#![forbid(unsafe_code)]

use std::env;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use receiver::receiver::{Event, State};
use receiver::server::{Limits, PATH, serve};
use receiver::signature::Secrets;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// Events that may wait for the worker. Where they must survive a crash, this is a table or a queue on disk.
const WAITING: usize = 1024;
/// Events, and incidents, that are remembered.
const MEMORY: usize = 100_000;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("receiver: {problem:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let port = env::args().nth(1).and_then(|port| port.parse::<u16>().ok()).context("usage: receiver PORT")?;
    let secrets = read_secrets()?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await.context("cannot listen")?;
    println!("listening at http://{}{PATH}", listener.local_addr()?);
    let (sender, events) = mpsc::channel(WAITING);
    let worker = tokio::spawn(work(events));
    tokio::select! {
        () = serve(listener, State::new(secrets, MEMORY), sender, Limits::default()) => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    // Nobody hands anything over any more; what is there was answered for.
    worker.await.context("the worker failed")
}

fn read_secrets() -> Result<Secrets> {
    // An empty variable counts as none: that is how most people unset one.
    let read = |name| env::var(name).ok().filter(|text| !text.is_empty());
    let secret = read("ALARUM_SECRET").context("ALARUM_SECRET is not set")?;
    let next = read("ALARUM_SECRET_NEXT");
    Secrets::new([Some(secret.as_str()), next.as_deref()].into_iter().flatten())
        .context("ALARUM_SECRET, ALARUM_SECRET_NEXT")
}

/// Works on one event after the other, however long that takes. Here stands what a receiver is for.
async fn work(mut events: mpsc::Receiver<Event>) {
    while let Some(event) = events.recv().await {
        let incident = &event.incident;
        // Quoted: a title may hold anything, also what a terminal would obey.
        println!(
            "{:?} {:?} {:?} {:?} incident {:?}",
            event.event_type, incident.incident_severity, incident.progress, incident.title, incident.incident_id
        );
    }
}
