//! Several machines on one Redis: pushes a second with one and with two runners, each new alert with all that follows,
//! by how soon the Redis brings to its disk what it has answered.

use super::app::{App, Places};
use super::figures::{percentile, ratio, rounded};
use super::load::{Order, Sent};
use super::push::Kind;
use super::stats::{Counts, Stats};
use crate::process::Group;
use anyhow::{Context as _, Result, ensure};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::sleep;

/// The program.
pub const SERVER: &str = "redis-server";
/// When it brings to its disk what it answers: before it answers, or within a second.
const FSYNCS: [&str; 2] = ["always", "everysec"];
/// How many runners share it.
const MACHINES: [usize; 2] = [1, 2];
/// Connections to all of them together.
const CONNECTIONS: usize = 64;
const WARM_UP: Duration = Duration::from_secs(3);
const MEASURED: Duration = Duration::from_secs(5);
/// How long the Redis may take to listen.
const START_LIMIT: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(200);
/// They are at rest when hardly anything was written for this long.
const REST: Duration = Duration::from_millis(1300);
/// So many writes between two looks are no work, only ticks that tidy.
const TIDYING: u64 = 8;
/// Longer is not waited for rest.
const PATIENCE: Duration = Duration::from_secs(60);

/// The numbers of a row with their columns.
const NUMBERS: [(&str, &str); 6] = [
    ("pushes/s", "pushes_per_s"),
    ("p50 ms", "p50_ms"),
    ("p99 ms", "p99_ms"),
    ("all w/push", "all_writes_per_push"),
    ("lost swaps", "swap_conflicts"),
    ("× one machine", "ratio"),
];

/// What was measured with so many machines.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// How many runners shared the Redis.
    pub machines: usize,
    /// Its `appendfsync`.
    pub fsync: &'static str,
    /// The numbers by name.
    pub numbers: BTreeMap<&'static str, f64>,
}

/// A Redis of its own in a folder of its own. Dropped, it is killed.
struct Redis {
    address: SocketAddr,
    folder: PathBuf,
    _group: Group,
}

impl Drop for Redis {
    fn drop(&mut self) {
        // What cannot be removed is left in the target directory, where it costs room and nothing else.
        let _left = std::fs::remove_dir_all(&self.folder);
    }
}

impl Redis {
    async fn start(dir: &Path, fsync: &str) -> Result<Redis> {
        let folder = dir.join(format!("redis-{}", std::process::id()));
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let address = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).context("no free port")?;
        let mut command = Command::new(SERVER);
        command.args(["--bind", "127.0.0.1", "--port", &address.port().to_string()]).arg("--dir").arg(&folder);
        command.args(["--save", "", "--appendonly", "yes", "--appendfsync", fsync, "--daemonize", "no"]);
        let (group, mut lines) = Group::spawn(command).with_context(|| format!("cannot start {SERVER}"))?;
        // Read, so that it never waits to write them.
        tokio::spawn(async move { while lines.recv().await.is_some() {} });
        let redis = Redis { address, folder, _group: group };
        let begun = Instant::now();
        while TcpStream::connect(address).await.is_err() {
            ensure!(begun.elapsed() < START_LIMIT, "{SERVER} does not listen after {START_LIMIT:?}");
            sleep(LOOK / 10).await;
        }
        Ok(redis)
    }
}

/// Measures all rows.
///
/// # Errors
/// When something does not start, or an answer is wrong.
pub async fn measure(places: &Places) -> Result<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    for fsync in FSYNCS {
        for machines in MACHINES {
            let mut row = one(places, machines, fsync).await?;
            let single = rows.iter().find(|row| row.fsync == fsync).unwrap_or(&row);
            let compared = ratio(row.numbers["pushes_per_s"], single.numbers["pushes_per_s"]);
            row.numbers.extend(compared.map(|compared| ("ratio", compared)));
            rows.push(row);
        }
    }
    Ok(rows)
}

async fn one(places: &Places, machines: usize, fsync: &'static str) -> Result<Row> {
    let redis = Redis::start(&places.dir, fsync).await?;
    let mut apps: Vec<App> = Vec::new();
    for _ in 0..machines {
        let subscriber = apps.first().map(|first| first.receiver.address());
        apps.push(App::start_on_redis(places, redis.address, subscriber).await?);
    }
    let mut running = Vec::new();
    for (nth, app) in apps.iter().enumerate() {
        let (connections, pushes, pause) = (CONNECTIONS / machines, usize::MAX, Duration::ZERO);
        running.push(Order { kind: Kind::New, load: nth + 1, connections, pushes, pause }.start(app.address));
    }
    for load in &mut running {
        // The others go on meanwhile.
        load.go_on(WARM_UP / u32::try_from(machines)?).await?;
    }
    let from = Instant::now();
    sleep(MEASURED).await;
    let to = Instant::now();
    let mut sent: Vec<Sent> = Vec::new();
    for load in running {
        sent.push(load.stop().await?);
    }
    let counted = rest(&apps).await?;
    let answered: Vec<_> = sent.iter().flat_map(|sent| sent.between(from, to)).collect();
    let mut ms: Vec<f64> = answered.iter().map(|answered| answered.ms()).collect();
    let pushes: usize = sent.iter().map(Sent::pushes).sum();
    let numbers = [
        ("pushes_per_s", Some(answered.len() as f64 / (to - from).as_secs_f64())),
        ("p50_ms", percentile(&mut ms, 50.0)),
        ("p99_ms", percentile(&mut ms, 99.0)),
        ("all_writes_per_push", ratio(counted.writes as f64, pushes as f64)),
        ("swap_conflicts", Some(counted.conflicts as f64)),
    ];
    for app in apps {
        app.stop().await?;
    }
    let numbers = numbers.into_iter().filter_map(|(name, number)| Some((name, number?))).collect();
    Ok(Row { machines, fsync, numbers })
}

/// What all have done when they have come to rest.
async fn rest(apps: &[App]) -> Result<Counts> {
    let (begun, mut busy, mut before) = (Instant::now(), Instant::now(), Counts::default());
    loop {
        let mut now = Counts::default();
        for app in apps {
            let counts = Stats::fetch(app.control).await?.application();
            now.writes += counts.writes;
            now.conflicts += counts.conflicts;
        }
        if now.writes > before.writes + TIDYING {
            busy = Instant::now();
        }
        before = now;
        if busy.elapsed() >= REST || begun.elapsed() > PATIENCE {
            return Ok(now);
        }
        sleep(LOOK).await;
    }
}

impl Row {
    /// As an object of the JSON document.
    pub fn to_json(&self) -> Value {
        let numbers = self.numbers.iter().map(|(name, number)| ((*name).to_string(), json!(rounded(*number))));
        let mut row: Map<String, Value> = numbers.collect();
        row.insert("machines".to_string(), json!(self.machines));
        row.insert("fsync".to_string(), json!(self.fsync));
        Value::Object(row)
    }
}

/// The cells of the table, the headings first.
pub fn cells(rows: &[Row]) -> Vec<Vec<String>> {
    let headings = ["on one Redis", "machines"].into_iter().chain(NUMBERS.map(|(heading, _)| heading));
    let mut lines = vec![headings.map(str::to_string).collect::<Vec<_>>()];
    lines.extend(rows.iter().map(|row| {
        let shown = |name| row.numbers.get(name).map_or("·".to_string(), |number| format!("{number:.2}"));
        let title = [format!("fsync {}", row.fsync), row.machines.to_string()];
        title.into_iter().chain(NUMBERS.iter().map(|(_, name)| shown(name))).collect()
    }));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_shows_its_numbers_and_where_there_are_none() {
        let row = Row { machines: 2, fsync: "always", numbers: [("pushes_per_s", 512.25)].into_iter().collect() };
        let cells = cells(std::slice::from_ref(&row));
        assert_eq!(cells[1][..4], ["fsync always", "2", "512.25", "·"].map(str::to_string));
        assert_eq!(cells[0].len(), cells[1].len());
        assert_eq!((&row.to_json()["machines"], &row.to_json()["fsync"]), (&json!(2), &json!("always")));
    }
}
