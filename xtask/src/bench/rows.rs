//! The rows of a session: loads measured with the floor before and after each.

use super::figures::{At, Figure, Mode, percentile, ratio};
use super::push::{BATCH, Kind};
use super::receiver::Receiver;
use super::session::{Measured, Session};
use super::stats::Stats;
use super::verify;
use anyhow::Result;
use std::time::Duration;

/// How long is sent without and with measuring.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// Without.
    pub warm_up: Duration,
    /// With.
    pub measured: Duration,
}

/// Measures loads of some kinds; the floor comes first, last, and between them.
///
/// # Errors
/// An answer was wrong, or an alert that was answered is not there afterwards.
pub async fn measure(session: &mut Session, connections: usize, kinds: &[Kind], times: Times) -> Result<Vec<Figure>> {
    let Times { warm_up, measured } = times;
    let at = |session: &Session, kind| {
        let mode = Mode::Connections(connections);
        At { store: session.store, open_alerts: session.open_alerts, mode, kind }
    };
    let mut floors = vec![session.measure(Kind::Floor, connections, warm_up, measured).await?];
    let mut rows = Vec::new();
    for &kind in kinds {
        let load = session.measure(kind, connections, warm_up, measured).await?;
        let floor = session.measure(Kind::Floor, connections, warm_up, measured).await?;
        let around = [floors.last(), Some(&floor)].into_iter().flatten().map(speed);
        rows.push(row(at(session, kind), &load, mean(around), &session.app.receiver));
        floors.push(floor);
        // After the floor: whatever it takes is not what is measured.
        verify::listed(session, &load.sent).await?;
    }
    let mut floor = Figure::new(at(session, Kind::Floor));
    let speed = mean(floors.iter().map(speed));
    floor.put("pushes_per_s", speed.pushes_per_s);
    floor.put("p50_ms", speed.p50_ms);
    floor.put("p99_ms", speed.p99_ms);
    floor.put("commit_ms", speed.commit_ms);
    rows.insert(0, floor);
    Ok(rows)
}

/// How fast pushes were answered.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Speed {
    pushes_per_s: f64,
    p50_ms: f64,
    p99_ms: f64,
    /// A commit, while this was measured.
    commit_ms: f64,
}

fn speed(load: &Measured) -> Speed {
    let (from, to) = load.window;
    let answered = load.sent.between(from, to);
    let mut ms: Vec<f64> = answered.iter().map(|a| a.ms()).collect();
    Speed {
        pushes_per_s: answered.len() as f64 / (to - from).as_secs_f64(),
        p50_ms: percentile(&mut ms, 50.0).unwrap_or(0.0),
        p99_ms: percentile(&mut ms, 99.0).unwrap_or(0.0),
        commit_ms: load.counted.commit_ms(),
    }
}

fn mean(speeds: impl Iterator<Item = Speed>) -> Speed {
    let all: Vec<Speed> = speeds.collect();
    let mean = |number: fn(&Speed) -> f64| all.iter().map(number).sum::<f64>() / all.len().max(1) as f64;
    Speed {
        pushes_per_s: mean(|s| s.pushes_per_s),
        p50_ms: mean(|s| s.p50_ms),
        p99_ms: mean(|s| s.p99_ms),
        commit_ms: mean(|s| s.commit_ms),
    }
}

fn row(at: At, load: &Measured, floor: Speed, receiver: &Receiver) -> Figure {
    let mut row = Figure::new(at);
    let own = speed(load);
    row.put("pushes_per_s", own.pushes_per_s);
    row.put("p50_ms", own.p50_ms);
    row.put("p99_ms", own.p99_ms);
    row.put("own_commit_ms", own.commit_ms);
    if at.kind == Kind::Batch {
        row.put("alerts_per_s", own.pushes_per_s * BATCH as f64);
    }
    row.put("floor_per_s", floor.pushes_per_s);
    row.put("floor_p50_ms", floor.p50_ms);
    row.put("floor_p99_ms", floor.p99_ms);
    row.put("commit_ms", floor.commit_ms);
    row.put("ratio", ratio(own.pushes_per_s, floor.pushes_per_s));
    row.put("p50_ratio", ratio(own.p50_ms, floor.p50_ms));
    row.put("p99_ratio", ratio(own.p99_ms, floor.p99_ms));

    let (from, to) = load.window;
    let (pushes, counted) = (load.sent.between(from, to).len() as f64, &load.counted);
    put_components(&mut row, counted, pushes);
    row.put("all_writes_per_push", ratio(load.all.application().writes as f64, load.sent.pushes() as f64));
    row.put("rest_s", load.rest_s);
    if at.kind.has_own_keys() {
        let fired = load.sent.fired().filter(|(_, answered)| answered.at >= from && answered.at < to);
        let webhooks = fired.map(|(key, answered)| receiver.arrival(&key).map(|arrival| (arrival, answered.at)));
        put_webhooks(&mut row, webhooks.map(|w| w.map(|(came, at)| came.saturating_duration_since(at))));
    }
    row
}

/// Adds what the components did.
pub fn put_components(row: &mut Figure, counted: &Stats, pushes: f64) {
    let [ingest, fanout, courier] = ["ingest", "fanout", "courier"].map(|name| counted.of(name));
    row.put("ingest_writes_per_push", ratio(ingest.writes as f64, pushes));
    row.put("ingest_reads_per_push", ratio(ingest.reads as f64, pushes));
    row.put("ingest_instances", ingest.instances as f64);
    row.put("fanout_writes_per_push", ratio(fanout.writes as f64, pushes));
    row.put("fanout_reads_per_push", ratio(fanout.reads as f64, pushes));
    row.put("fanout_instances", fanout.instances as f64);
    row.put("fanout_requests", fanout.requests as f64);
    row.put("courier_writes_per_push", ratio(courier.writes as f64, pushes));
    row.put("courier_reads_per_push", ratio(courier.reads as f64, pushes));
    row.put("courier_instances", courier.instances as f64);
    row.put("courier_requests", courier.requests as f64);
    row.put("swap_conflicts", counted.application().conflicts as f64);
    row.put("webhooks_sent", counted.application().network as f64);
}

/// Adds how long after the answers the webhooks came; `None` for one that has not come.
pub fn put_webhooks(row: &mut Figure, delays: impl Iterator<Item = Option<Duration>>) {
    let (came, missing): (Vec<_>, Vec<_>) = delays.partition(Option::is_some);
    let mut ms: Vec<f64> = came.into_iter().flatten().map(|delay| delay.as_secs_f64() * 1000.0).collect();
    row.put("webhook_p50_ms", percentile(&mut ms, 50.0));
    row.put("webhook_p99_ms", percentile(&mut ms, 99.0));
    row.put("webhooks_missing", missing.len() as f64);
}

#[cfg(test)]
mod tests {
    use super::super::store::Store;
    use super::*;

    #[test]
    fn the_floor_is_the_mean_of_both() {
        let one = Speed { pushes_per_s: 400.0, p50_ms: 2.0, p99_ms: 8.0, commit_ms: 2.0 };
        let two = Speed { pushes_per_s: 500.0, p50_ms: 3.0, p99_ms: 4.0, commit_ms: 3.0 };
        let both = Speed { pushes_per_s: 450.0, p50_ms: 2.5, p99_ms: 6.0, commit_ms: 2.5 };
        assert_eq!(mean([one, two].into_iter()), both);
    }

    #[test]
    fn a_webhook_that_has_not_come_is_counted_apart() {
        let at = At { store: Store::Slow, open_alerts: 0, mode: Mode::Alone, kind: Kind::New };
        let mut row = Figure::new(at);
        let ms = |ms| Some(Duration::from_millis(ms));
        put_webhooks(&mut row, [ms(30), None, ms(10), ms(20)].into_iter());
        let number = |name| row.get(name);
        assert_eq!((number("webhook_p50_ms"), number("webhook_p99_ms")), (Some(20.0), Some(30.0)));
        assert_eq!(number("webhooks_missing"), Some(1.0));
    }
}
