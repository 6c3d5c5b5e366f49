//! What a fold costs: reading the journal, decoding the board, applying one record, encoding the board again.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use alarum::config::{Config, Document};
use alarum::delivery::Delivering;
use alarum::fold::{Folder, PageCache};
use alarum::intake::{AlertEvent, Status};
use alarum::journal::{Accepted, Arrival, Grouping, Record, Ruling, What};
use alarum::ports::Store;
use alarum::time::Timestamp;
use serde_json::{Value, json};

use crate::clock::{percentiles, step_us, us_since};
use crate::memory::Memory;

/// When everything begins, Unix seconds.
pub const BEGIN: u64 = 1_772_366_400;
/// Alerts in one record while the board is filled.
const FILL: usize = 100;
/// How the storm is compared: so many folds at its beginning and at its end.
const STORM: usize = 100;
/// The only channel.
pub const CHANNEL: i64 = 101;
/// Nobody subscribes.
pub const CONFIG: &str = "version = 1\naccount = { id = 1, name = 'bench' }\nchannels = [{ id = 101, name = 'bench' }]";

/// Folds `n` records of one alert each into a board with `open` open alerts.
///
/// # Errors
/// When there is no such case or a fold fails.
pub fn measure(case: &str, open: usize, kept: bool, n: usize) -> Result<Value, String> {
    let mut journal = Journal::new()?;
    let fill: Vec<usize> = (0..open).collect();
    for some in fill.chunks(FILL) {
        let events = some.iter().map(|nth| event(&format!("open/{nth}"), Status::Warning, "open"));
        journal.append(events.map(|event| accepted(event, None)).collect())?;
        journal.fold(&PageCache::default())?;
    }
    let (written, pages) = (journal.memory.written.get(), PageCache::default());
    let mut samples = Vec::with_capacity(n);
    for nth in 0..n {
        journal.append(vec![record(case, open, nth)?])?;
        let cold = PageCache::default();
        samples.push(journal.fold(if kept { &pages } else { &cold })?);
    }
    let written = (journal.memory.written.get() - written) / n;
    if case == "storm" {
        return Ok(storm(samples));
    }
    let mean = samples.iter().sum::<f64>() / samples.len() as f64;
    let [p50, p90, p99] = percentiles(samples, [50, 90, 99]);
    Ok(json!({"n": n, "p50_us": p50, "p90_us": p90, "p99_us": p99, "mean_us": mean, "bytes": written,
        "clock_us": step_us()}))
}

/// The first and the last folds of a storm.
fn storm(samples: Vec<f64>) -> Value {
    let median = |some: &[f64]| percentiles(some.to_vec(), [50])[0];
    let first = samples.iter().skip(STORM).take(STORM).copied().collect::<Vec<_>>();
    let last = samples.iter().rev().take(STORM).copied().collect::<Vec<_>>();
    json!({"n": samples.len(), "first_us": median(&first), "last_us": median(&last), "clock_us": step_us()})
}

fn record(case: &str, open: usize, nth: usize) -> Result<Accepted, String> {
    let some = format!("open/{}", nth * 37 % open.max(1));
    Ok(match case {
        "new" => accepted(event(&format!("new/{nth}"), Status::Critical, "new"), None),
        "changed" => accepted(event(&some, Status::Warning, &format!("changed {nth}")), None),
        "recovery" => accepted(event(&some, Status::Ok, ""), None),
        "storm" => {
            let grouping = Some(Grouping { marks: vec![1], ..Grouping::default() });
            let ruling = Ruling { channel_id: CHANNEL, grouping, storms: vec![10, 1000], ..Ruling::default() };
            accepted(event(&format!("storm/{nth}"), Status::Critical, "storm"), Some(ruling))
        }
        _ => return Err(format!("case: there is no {case}")),
    })
}

fn accepted(event: AlertEvent, ruling: Option<Ruling>) -> Accepted {
    let what = What::Event(Arrival { event, rulings: ruling.into_iter().collect(), ..Arrival::default() });
    Accepted { integration_id: 9001, channel_ids: vec![CHANNEL], what, ..Accepted::default() }
}

/// An alert as monitoring systems send them, about 600 bytes.
fn event(key: &str, status: Status, description: &str) -> AlertEvent {
    let labels = [
        ("alertname", "DiskAlmostFull"),
        ("cluster", "eu-central-1"),
        ("env", "production"),
        ("service", "orders-db"),
        ("instance", "db-07.orders.example.net:9100"),
        ("mountpoint", "/var/lib/postgresql"),
        ("team", "storage"),
        ("runbook", "https://wiki.example.net/runbooks/disk-almost-full"),
        ("job", "node-exporter"),
    ];
    AlertEvent {
        alert_key: key.to_owned(),
        status,
        title: "Disk of a database node is almost full".to_owned(),
        description: format!("{description}: 3 % left, 12 h to go at the rate of the last day"),
        labels: labels.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        ..AlertEvent::default()
    }
}

/// One stream of a journal, and the folder of it.
pub struct Journal {
    /// What stores it.
    pub memory: Memory,
    records: u64,
    config: Config,
}

impl Journal {
    fn new() -> Result<Self, String> {
        let config = Document::parse(CONFIG).and_then(Config::read_without_rules).map_err(|error| error.to_string())?;
        Ok(Self { memory: Memory::default(), records: 0, config })
    }

    /// One of which a record is folded that opened an alert.
    ///
    /// # Errors
    /// When the fold fails.
    pub fn with_one_alert() -> Result<Self, String> {
        let mut journal = Self::new()?;
        journal.append(vec![accepted(event("first", Status::Warning, "first"), None)])?;
        journal.fold(&PageCache::default())?;
        Ok(journal)
    }

    /// Appends a record, a second after the last.
    fn append(&mut self, accepted: Vec<Accepted>) -> Result<(), String> {
        self.records += 1;
        let received = Timestamp::from_secs(BEGIN + self.records);
        let mut value = vec![b'w'];
        value.extend(Record { v: Record::FORMAT, received, again: None, accepted }.encode());
        let key = alarum::keys::record(1, self.records);
        if self.records == 1 {
            ready(self.memory.increment(alarum::keys::STREAMS, 1)).and_then(|done| done.map_err(|e| e.to_string()))?;
        }
        self.memory.at(received.plus_millis(1));
        ready(self.memory.set(&key, &value)).and_then(|done| done.map_err(|e| e.to_string()))
    }

    /// Folds what waits. Returns what that took, microseconds: without the delivery after it, to nobody.
    fn fold(&self, pages: &PageCache) -> Result<f64, String> {
        let memory = &self.memory;
        let folder = Folder { store: memory, clock: memory, random: memory, pages, lease_ms: 1000 };
        let begun = Instant::now();
        let folded = ready(folder.fold(false))?.map_err(|error| error.to_string())?;
        let took = us_since(begun);
        let delivering = Delivering { folder: &folder, outbound: memory, log: memory, config: &self.config };
        for (channel, token) in folded.to_deliver {
            ready(delivering.deliver(channel, token))?.map_err(|error| error.to_string())?;
        }
        Ok(took)
    }
}

/// The result of something that never waits.
///
/// # Errors
/// When it waits.
pub fn ready<T>(future: impl Future<Output = T>) -> Result<T, String> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => Ok(done),
        Poll::Pending => Err("the memory waited".to_owned()),
    }
}
