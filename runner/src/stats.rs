//! What the components did, counted by the host: nothing a component says or forgets can change these numbers.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The counters of one component.
#[derive(Debug, Default)]
pub struct ComponentStats {
    /// Requests it got: from outside, by chaining, from the ticker.
    pub requests: AtomicU64,
    /// Instances started for it.
    pub instances_started: AtomicU64,
    /// Bytes of memory of the largest of them.
    pub memory_max: AtomicU64,
    /// Its key-value calls.
    pub kv: KvStats,
    /// Its outbound requests to other components.
    pub chained: AtomicU64,
    /// Its outbound requests that went to the network.
    pub network: AtomicU64,
    /// Its outbound requests that its `allowed_outbound_hosts` forbid.
    pub denied: AtomicU64,
}

/// Key-value calls of one component. Calls that failed are counted too.
#[derive(Debug, Default)]
pub struct KvStats {
    calls: [AtomicU64; Call::ALL.len()],
    swap_conflict: AtomicU64,
    keys_written: AtomicU64,
    bytes_read: AtomicU64,
    bytes_written: AtomicU64,
}

/// The kinds of key-value calls, named as in the interfaces. `Cas::current` counts as [`Call::CasRead`], also the one
/// that the host makes by itself after a swap that lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Get,
    GetMany,
    Exists,
    GetKeys,
    CasRead,
    Set,
    SetMany,
    Delete,
    DeleteMany,
    Increment,
    Swap,
}

impl Call {
    /// All kinds, reads first.
    pub const ALL: [Call; 11] = [
        Call::Get,
        Call::GetMany,
        Call::Exists,
        Call::GetKeys,
        Call::CasRead,
        Call::Set,
        Call::SetMany,
        Call::Delete,
        Call::DeleteMany,
        Call::Increment,
        Call::Swap,
    ];

    /// Whether it may change the store. One such call is at most one commit.
    pub fn is_write(self) -> bool {
        self as usize >= Call::Set as usize
    }

    fn name(self) -> &'static str {
        match self {
            Call::Get => "get",
            Call::GetMany => "get_many",
            Call::Exists => "exists",
            Call::GetKeys => "get_keys",
            Call::CasRead => "cas_read",
            Call::Set => "set",
            Call::SetMany => "set_many",
            Call::Delete => "delete",
            Call::DeleteMany => "delete_many",
            Call::Increment => "increment",
            Call::Swap => "swap",
        }
    }
}

/// Reads and writes of one instance since its last line in the request log.
#[derive(Debug, Default)]
pub struct InstanceCounts {
    /// Reading key-value calls.
    pub reads: AtomicU64,
    /// Writing key-value calls.
    pub writes: AtomicU64,
}

impl KvStats {
    /// Counts one call.
    pub fn count(&self, call: Call, instance: &InstanceCounts) {
        self.calls[call as usize].fetch_add(1, Relaxed);
        let side = if call.is_write() { &instance.writes } else { &instance.reads };
        side.fetch_add(1, Relaxed);
    }

    /// Adds to the values read.
    pub fn read(&self, bytes: usize) {
        self.bytes_read.fetch_add(bytes as u64, Relaxed);
    }

    /// Adds to the values written or keys removed.
    pub fn wrote(&self, keys: usize, bytes: usize) {
        self.keys_written.fetch_add(keys as u64, Relaxed);
        self.bytes_written.fetch_add(bytes as u64, Relaxed);
    }

    /// Counts a swap that found another value.
    pub fn lost_swap(&self) {
        self.swap_conflict.fetch_add(1, Relaxed);
    }

    fn sum(&self, writes: bool) -> u64 {
        Call::ALL.iter().filter(|c| c.is_write() == writes).map(|c| self.calls[*c as usize].load(Relaxed)).sum()
    }

    fn to_json(&self) -> Value {
        let mut all: Map<String, Value> =
            Call::ALL.iter().map(|c| (c.name().to_string(), self.calls[*c as usize].load(Relaxed).into())).collect();
        all.extend([
            ("swap_conflict".to_string(), self.swap_conflict.load(Relaxed).into()),
            ("reads".to_string(), self.sum(false).into()),
            ("writes".to_string(), self.sum(true).into()),
            ("keys_written".to_string(), self.keys_written.load(Relaxed).into()),
            ("bytes_read".to_string(), self.bytes_read.load(Relaxed).into()),
            ("bytes_written".to_string(), self.bytes_written.load(Relaxed).into()),
        ]);
        Value::Object(all)
    }

    fn reset(&self) {
        self.calls.iter().for_each(|c| c.store(0, Relaxed));
        for counter in [&self.swap_conflict, &self.keys_written, &self.bytes_read, &self.bytes_written] {
            counter.store(0, Relaxed);
        }
    }
}

impl ComponentStats {
    /// Sets every counter to zero.
    pub fn reset(&self) {
        self.kv.reset();
        let calls = [&self.requests, &self.chained, &self.network, &self.denied];
        for counter in calls.into_iter().chain([&self.instances_started, &self.memory_max]) {
            counter.store(0, Relaxed);
        }
    }

    fn to_json(&self) -> Value {
        json!({
            "requests": self.requests.load(Relaxed),
            "instances_started": self.instances_started.load(Relaxed),
            "memory_max": self.memory_max.load(Relaxed),
            "kv": self.kv.to_json(),
            "outbound": {
                "chained": self.chained.load(Relaxed),
                "network": self.network.load(Relaxed),
                "denied": self.denied.load(Relaxed),
            },
        })
    }
}

/// The counters of all components as one document, with the store's commits and the time they took in µs.
pub fn report(components: &BTreeMap<String, Arc<ComponentStats>>, commits: u64, commit_us_total: u64) -> Value {
    let components: Map<String, Value> = components.iter().map(|(id, stats)| (id.clone(), stats.to_json())).collect();
    json!({ "components": components, "commits": commits, "commit_us_total": commit_us_total })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_are_sums_of_calls() {
        let (stats, instance) = (KvStats::default(), InstanceCounts::default());
        for call in Call::ALL {
            stats.count(call, &instance);
        }
        let json = stats.to_json();
        assert_eq!((json["reads"].as_u64(), json["writes"].as_u64()), (Some(5), Some(6)));
        assert_eq!((instance.reads.load(Relaxed), instance.writes.load(Relaxed)), (5, 6));
        assert!(Call::ALL.iter().all(|c| json[c.name()] == 1), "{json}");
        stats.reset();
        assert_eq!(stats.to_json()["reads"], 0);
    }

    #[test]
    fn every_kind_of_call_has_its_own_counter() {
        for (index, call) in Call::ALL.into_iter().enumerate() {
            assert_eq!(call as usize, index);
        }
    }
}
