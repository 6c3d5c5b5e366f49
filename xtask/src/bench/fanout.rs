//! Events to many subscribers: how soon those that live have one when others are dead, and how many get through to a
//! few, compared with a loop that does nothing but send.

use super::app::{App, Places};
use super::client::Client;
use super::config::APP_KEY;
use super::figures::{percentile, ratio, rounded};
use super::load::Order;
use super::push::{BATCH, Kind};
use super::receiver::Receiver;
use super::stats::Stats;
use super::store::Store;
use super::subscribers::Subscribers;
use anyhow::{Context as _, Result, ensure};
use hyper::body::Bytes;
use hyper::{Method, StatusCode};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// The case of one event to many, some of them dead.
pub const MANY: &str = "one event, 1000 subscribers, 100 dead";
/// The case of many events to a few.
pub const STREAM: &str = "10000 events, 10 subscribers";

/// Subscribers of the first case, and how many of them are dead.
const SUBSCRIBERS: usize = 1000;
const DEAD: usize = 100;
/// Subscribers of the second case.
const FEW: usize = 10;
/// Its events: each alert of a batch goes to two channels.
const EVENTS: usize = 10_000;
const SENDERS: usize = 2;
/// How long nothing may come before it will not come.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(20);
/// Bytes of memory are shown in these.
const MIB: f64 = 1_048_576.0;

/// The numbers of a row with their columns.
const NUMBERS: [(&str, &str); 9] = [
    ("p50 ms", "p50_ms"),
    ("p99 ms", "p99_ms"),
    ("longest attempt ms", "longest_ms"),
    ("missing", "missing"),
    ("repeated", "repeated"),
    ("events/s", "events_per_s"),
    ("plain loop/s", "plain_per_s"),
    ("× loop", "ratio"),
    ("courier MiB", "memory_mib"),
];

/// What was measured of one case.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The case.
    pub case: &'static str,
    /// The numbers by name. Events per second are sends to all subscribers together.
    pub numbers: BTreeMap<&'static str, f64>,
}

/// Measures both cases, in memory: what is measured is the courier, not a disk.
///
/// # Errors
/// When the application does not start, or an answer is wrong.
pub async fn measure(places: &Places) -> Result<Vec<Row>> {
    Ok(vec![many(places).await?, stream(places).await?])
}

async fn many(places: &Places) -> Result<Row> {
    let subscribers = Subscribers::start(SUBSCRIBERS, DEAD).await?;
    let app = App::start_for(places, Store::Memory, Receiver::start().await?, &subscribers.urls()).await?;
    let living = SUBSCRIBERS - DEAD;
    // The first event starts the instances; it is not measured.
    push(&app, Kind::New, 1, 1, 1).await?;
    arrived(&subscribers, living).await;
    // Until the attempts to the dead are over as well.
    sleep(Duration::from_secs(2)).await;
    subscribers.forget();
    let answered = push(&app, Kind::New, 2, 1, 1).await?;
    let came = arrived(&subscribers, living).await;
    sleep(Duration::from_secs(2)).await;
    let mut ms: Vec<f64> =
        subscribers.arrivals().iter().map(|at| at.saturating_duration_since(answered).as_secs_f64() * 1000.0).collect();
    let mut row = Row { case: MANY, numbers: BTreeMap::new() };
    row.put("p50_ms", percentile(&mut ms, 50.0));
    row.put("p99_ms", percentile(&mut ms, 99.0));
    row.put("missing", Some((living - came.min(living)) as f64));
    row.put("repeated", Some(subscribers.repeated() as f64));
    row.put("longest_ms", Some(longest_ms(&app).await?));
    row.put("memory_mib", Some(memory_mib(&app).await?));
    app.stop().await?;
    Ok(row)
}

async fn stream(places: &Places) -> Result<Row> {
    let subscribers = Subscribers::start(FEW, 0).await?;
    let app = App::start_for(places, Store::Memory, Receiver::start().await?, &subscribers.urls()).await?;
    push(&app, Kind::New, 1, 1, 1).await?;
    arrived(&subscribers, FEW).await;
    let bytes = subscribers.bytes();
    subscribers.forget();
    let begun = Instant::now();
    push(&app, Kind::Batch, 2, SENDERS, EVENTS / 2 / BATCH / SENDERS).await?;
    let came = arrived(&subscribers, EVENTS * FEW).await;
    let last = subscribers.arrivals().into_iter().max().unwrap_or(begun);
    let own = came as f64 / last.saturating_duration_since(begun).as_secs_f64();
    let mut row = Row { case: STREAM, numbers: BTreeMap::new() };
    row.put("missing", Some((EVENTS * FEW - came) as f64));
    row.put("repeated", Some(subscribers.repeated() as f64));
    row.put("memory_mib", Some(memory_mib(&app).await?));
    app.stop().await?;
    let plain = plain_per_s(&subscribers, bytes).await?;
    row.put("events_per_s", Some(own));
    row.put("plain_per_s", Some(plain));
    row.put("ratio", ratio(own, plain));
    Ok(row)
}

/// Pushes, and returns when the last answer came.
async fn push(app: &App, kind: Kind, load: usize, connections: usize, pushes: usize) -> Result<Instant> {
    let order = Order { kind, load, connections, pushes, pause: Duration::ZERO };
    let sent = order.start(app.address).end().await?;
    sent.answered.iter().flatten().map(|answered| answered.at).max().context("nothing was answered")
}

/// Waits until so many events have come; returns how many have.
async fn arrived(subscribers: &Subscribers, wanted: usize) -> usize {
    let (mut count, mut since) = (0, Instant::now());
    loop {
        let now = subscribers.count();
        if now >= wanted || since.elapsed() > PATIENCE {
            return now;
        }
        if now > count {
            (count, since) = (now, Instant::now());
        }
        sleep(LOOK).await;
    }
}

/// The longest attempt in the delivery history, milliseconds.
async fn longest_ms(app: &App) -> Result<f64> {
    let mut client = Client::connect(app.address).await?;
    let (mut after, mut longest) = (String::new(), 0.0_f64);
    loop {
        let query =
            json!({"limit": 100, "start_time": 0, "end_time": 9_999_999_999_999_u64, "search_after_ctx": after});
        let path = format!("/webhook/history/list?app_key={APP_KEY}");
        let (status, body) = client.send(Method::POST, &path, Bytes::from(query.to_string())).await?;
        let shown = || String::from_utf8_lossy(&body).into_owned();
        ensure!(status == StatusCode::OK, "{path} answered {status}: {}", shown());
        let page: Value = serde_json::from_slice(&body).with_context(shown)?;
        let items = page["data"]["items"].as_array().with_context(shown)?;
        longest = items.iter().filter_map(|item| item["duration"].as_f64()).fold(longest, f64::max);
        after = page["data"]["search_after_ctx"].as_str().unwrap_or_default().to_string();
        if after.is_empty() {
            return Ok(longest);
        }
    }
}

async fn memory_mib(app: &App) -> Result<f64> {
    Ok(Stats::fetch(app.control).await?.of("courier").memory as f64 / MIB)
}

/// What a loop of nothing but sends gets through: one kept connection for each subscriber, one webhook after the other.
async fn plain_per_s(subscribers: &Subscribers, bytes: usize) -> Result<f64> {
    let body = Bytes::from(vec![b' '; bytes]);
    let begun = Instant::now();
    let mut senders = JoinSet::new();
    for nth in 0..FEW {
        let (address, body) = (subscribers.address(), body.clone());
        senders.spawn(async move {
            let mut client = Client::connect(address).await?;
            for _ in 0..EVENTS {
                client.send(Method::POST, &format!("/{nth}"), body.clone()).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = senders.join_next().await {
        ended.context("a sender was broken off")??;
    }
    Ok((EVENTS * FEW) as f64 / begun.elapsed().as_secs_f64())
}

impl Row {
    fn put(&mut self, name: &'static str, number: Option<f64>) {
        if let Some(number) = number.filter(|number| number.is_finite()) {
            self.numbers.insert(name, number);
        }
    }

    /// As an object of the JSON document.
    pub fn to_json(&self) -> Value {
        let numbers = self.numbers.iter().map(|(name, number)| ((*name).to_string(), json!(rounded(*number))));
        let mut row: Map<String, Value> = numbers.collect();
        row.insert("case".to_string(), json!(self.case));
        Value::Object(row)
    }
}

/// The cells of the table, the headings first.
pub fn cells(rows: &[Row]) -> Vec<Vec<String>> {
    let headings = ["fan-out"].into_iter().chain(NUMBERS.map(|(heading, _)| heading));
    let mut lines = vec![headings.map(str::to_string).collect::<Vec<_>>()];
    lines.extend(rows.iter().map(|row| {
        let shown = |name| row.numbers.get(name).map_or("·".to_string(), |number| format!("{number:.1}"));
        [row.case.to_string()].into_iter().chain(NUMBERS.iter().map(|(_, name)| shown(name))).collect()
    }));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_shows_its_numbers_and_where_there_are_none() {
        let row = Row { case: MANY, numbers: [("p99_ms", 812.25), ("missing", 0.0)].into_iter().collect() };
        let cells = cells(std::slice::from_ref(&row));
        assert_eq!(cells[1][..5], [MANY, "·", "812.2", "·", "0.0"].map(str::to_string));
        assert_eq!(cells[0].len(), cells[1].len());
        assert_eq!((&row.to_json()["p99_ms"], &row.to_json()["case"]), (&json!(812.25), &json!(MANY)));
    }
}
