//! Exact counts of a few pushes on one connection, and what follows from a push that comes alone.

use super::figures::{At, Figure, Mode, ratio};
use super::push::Kind;
use super::rows::{put_components, put_webhooks};
use super::session::Session;
use super::stats::{Counts, Stats};
use anyhow::{Result, ensure};
use std::time::Duration;
use tokio::time::sleep;

/// After this time without a push there is no instance left of the component that takes them.
const FORGOTTEN: Duration = Duration::from_millis(2500);
/// The pause between pushes that come alone: folding and delivery have ended by then.
const ALONE: Duration = Duration::from_millis(300);

/// Counts what the first push of a new instance reads and writes before its answer, and what some after it do.
///
/// # Errors
/// An answer was wrong, or an instance of before was still there.
pub async fn count(session: &mut Session, kind: Kind, pushes: usize) -> Result<[Figure; 2]> {
    sleep(FORGOTTEN).await;
    let before = session.stats().await?;
    session.send(kind, 1, 1, Duration::ZERO).await?;
    let between = session.stats().await?;
    session.send(kind, 1, pushes, Duration::ZERO).await?;
    let after = session.stats().await?;
    // Nothing else of this component touches the store, so what it did by now it did before the answers.
    let (first, further) = (ingest(&between, &before), ingest(&after, &between));
    ensure!(
        first.instances == 1,
        "the first {} push was to start an instance, {} started",
        kind.name(),
        first.instances
    );
    let figure = |mode, counts: Counts, pushes: usize| {
        let mut row = Figure::new(At { store: session.store, open_alerts: session.open_alerts, mode, kind });
        // An instance that starts meanwhile has a first push too, which may write twice.
        let started = if mode == Mode::Counted { counts.instances } else { 0 };
        row.put("ingest_writes_per_push", ratio((counts.writes - started) as f64, pushes as f64));
        row.put("ingest_reads_per_push", ratio(counts.reads as f64, pushes as f64));
        row.put("ingest_instances", counts.instances as f64);
        row
    };
    Ok([figure(Mode::First, first, 1), figure(Mode::Counted, further, pushes)])
}

fn ingest(after: &Stats, before: &Stats) -> Counts {
    after.since(before).of("ingest")
}

/// Sends pushes of new alerts, each when everything that followed from the one before has ended, and counts until
/// nothing follows any more, and for `tail` beyond: the records of the journal are deleted later.
///
/// # Errors
/// An answer was wrong.
pub async fn alone(session: &mut Session, pushes: usize, tail: Duration) -> Result<Figure> {
    session.rest().await?;
    let before = session.stats().await?;
    let sent = session.send(Kind::New, 1, pushes, ALONE).await?;
    // The cost of a commit while pushes came.
    let commit_ms = session.stats().await?.since(&before).commit_ms();
    session.rest().await?;
    sleep(tail).await;
    let all = session.stats().await?.since(&before);
    let (store, open_alerts) = (session.store, session.open_alerts);
    let mut row = Figure::new(At { store, open_alerts, mode: Mode::Alone, kind: Kind::New });
    row.put("commit_ms", commit_ms);
    let each = |count: u64| ratio(count as f64, sent.pushes() as f64);
    row.put("all_writes_per_push", each(all.application().writes));
    put_components(&mut row, &all, sent.pushes() as f64);
    let receiver = &session.app.receiver;
    let delay = |(key, at): (String, super::load::Answered)| {
        receiver.arrival(&key).map(|arrival| arrival.saturating_duration_since(at.at))
    };
    put_webhooks(&mut row, sent.fired().map(delay));
    Ok(row)
}
