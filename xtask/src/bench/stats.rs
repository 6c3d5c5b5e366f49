//! The runner's counters: what the components did, counted by the host.

use super::client::Client;
use super::config::FLOOR;
use anyhow::{Context as _, Result, ensure};
use hyper::body::Bytes;
use hyper::{Method, StatusCode};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// The counters at one time, or what they grew by between two.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// Commits of the store.
    pub commits: u64,
    /// What they took together, without waiting for the store, microseconds.
    pub commit_us: u64,
    components: BTreeMap<String, Counts>,
}

/// The counters of one component.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests it got.
    pub requests: u64,
    /// Instances started for it.
    pub instances: u64,
    /// Bytes of memory of the largest of them, ever.
    pub memory: u64,
    /// Reading key-value calls.
    pub reads: u64,
    /// Writing key-value calls; each is at most one commit.
    pub writes: u64,
    /// Swaps that found another value.
    pub conflicts: u64,
    /// Requests it sent to the network.
    pub network: u64,
}

impl Stats {
    /// Asks the runner.
    ///
    /// # Errors
    /// When it does not answer, or with something else.
    pub async fn fetch(control: SocketAddr) -> Result<Stats> {
        let (status, body) = Client::connect(control).await?.send(Method::GET, "/stats", Bytes::new()).await?;
        ensure!(status == StatusCode::OK, "/stats answered {status}");
        Stats::parse(&serde_json::from_slice(&body).context("/stats is not JSON")?)
    }

    fn parse(report: &Value) -> Result<Stats> {
        let number = |pointer: &str| {
            report.pointer(pointer).and_then(Value::as_u64).with_context(|| format!("/stats has no {pointer}"))
        };
        let names = report["components"].as_object().context("/stats has no components")?.keys();
        let counts = |name: &String| {
            let of = |pointer: &str| number(&format!("/components/{name}/{pointer}"));
            let (requests, instances) = (of("requests")?, of("instances_started")?);
            let memory = of("memory_max")?;
            let (reads, writes) = (of("kv/reads")?, of("kv/writes")?);
            let (conflicts, network) = (of("kv/swap_conflict")?, of("outbound/network")?);
            anyhow::Ok((name.clone(), Counts { requests, instances, memory, reads, writes, conflicts, network }))
        };
        let components = names.map(counts).collect::<Result<_>>()?;
        Ok(Stats { commits: number("/commits")?, commit_us: number("/commit_us_total")?, components })
    }

    /// The counters of a component; zeros for one that does not exist.
    pub fn of(&self, component: &str) -> Counts {
        self.components.get(component).copied().unwrap_or_default()
    }

    /// The counters of the whole application together; the floor is no part of it.
    pub fn application(&self) -> Counts {
        let components = self.components.iter().filter(|(name, _)| *name != FLOOR);
        components.fold(Counts::default(), |sum, (_, counts)| Counts {
            requests: sum.requests + counts.requests,
            instances: sum.instances + counts.instances,
            memory: sum.memory.max(counts.memory),
            reads: sum.reads + counts.reads,
            writes: sum.writes + counts.writes,
            conflicts: sum.conflicts + counts.conflicts,
            network: sum.network + counts.network,
        })
    }

    /// What a commit took in the mean, milliseconds; 0 if there was none.
    pub fn commit_ms(&self) -> f64 {
        if self.commits == 0 { 0.0 } else { self.commit_us as f64 / self.commits as f64 / 1000.0 }
    }

    /// What the counters grew by since `before`.
    pub fn since(&self, before: &Stats) -> Stats {
        let grown = |(name, now): (&String, &Counts)| {
            let then = before.of(name);
            let counts = Counts {
                requests: now.requests - then.requests,
                instances: now.instances - then.instances,
                memory: now.memory,
                reads: now.reads - then.reads,
                writes: now.writes - then.writes,
                conflicts: now.conflicts - then.conflicts,
                network: now.network - then.network,
            };
            (name.clone(), counts)
        };
        Stats {
            commits: self.commits - before.commits,
            commit_us: self.commit_us - before.commit_us,
            components: self.components.iter().map(grown).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn report(writes: u64, commits: u64) -> Value {
        let component = |writes: u64| {
            json!({"requests": 9, "instances_started": 1, "memory_max": 65536, "outbound": {"network": 3},
                "kv": {"reads": 4, "writes": writes, "swap_conflict": 0}})
        };
        json!({"commits": commits, "commit_us_total": commits * 2500,
            "components": {"ingest": component(writes), "fanout": component(2 * writes), "floor": component(100)}})
    }

    #[test]
    fn a_difference_counts_the_application_without_the_floor() {
        let (before, after) = (Stats::parse(&report(1, 4)).unwrap(), Stats::parse(&report(6, 24)).unwrap());
        let grown = after.since(&before);
        assert_eq!((grown.of("ingest").writes, grown.application().writes, grown.of("api").writes), (5, 15, 0));
        assert_eq!((grown.commits, grown.commit_ms()), (20, 2.5));
    }

    #[test]
    fn a_report_without_a_counter_is_refused() {
        let mut report = report(1, 1);
        report["components"]["ingest"]["kv"] = json!({});
        assert!(Stats::parse(&report).unwrap_err().to_string().contains("ingest/kv/reads"));
    }
}
