//! Key-value storage with the semantics of Spin's default store, quirks included: the application has to live with them
//! in production, so it has to meet them here.
//!
//! Every call blocks its thread until it is done, under one lock for all stores and all components. Callers on a tokio
//! thread go through `block_in_place`, which stops the calling instance as Spin does.

mod memory;
mod sqlite;

pub use memory::MemoryStore;
pub use sqlite::SqliteStore;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use thiserror::Error;

/// A call that the store could not do. The text goes to the component as it is.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct StoreError(pub String);

/// The operations of a key-value store; `label` is the name under which a component opened it.
pub trait Store: Send + Sync {
    /// The value of a key, if there is one.
    fn get(&self, label: &str, key: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Several values at once. Keys without a value are left out, each key comes at most once, in no promised order.
    fn get_many(&self, label: &str, keys: &[String]) -> Result<Vec<(String, Vec<u8>)>, StoreError>;

    /// All keys, in no promised order.
    fn keys(&self, label: &str) -> Result<Vec<String>, StoreError>;

    /// Stores a value, replacing what was there.
    fn set(&self, label: &str, key: &str, value: &[u8]) -> Result<(), StoreError>;

    /// Stores several values in one commit.
    fn set_many(&self, label: &str, pairs: &[(String, Vec<u8>)]) -> Result<(), StoreError>;

    /// Removes a key, if it is there.
    fn delete(&self, label: &str, key: &str) -> Result<(), StoreError>;

    /// Removes several keys in one commit.
    fn delete_many(&self, label: &str, keys: &[String]) -> Result<(), StoreError>;

    /// Adds to a counter, which is eight bytes, little-endian, and starts at 0; it wraps around at the ends of an i64.
    ///
    /// # Errors
    /// A value that is not eight bytes long. Spin's own store panics on it and is unusable until a restart; here the
    /// call fails, which shows the mistake just as well.
    fn increment(&self, label: &str, key: &str, delta: i64) -> Result<i64, StoreError>;

    /// Stores `new` if the value still is `old`, and says whether it did. Without `old` (the key was missing, or was
    /// never read) it stores `new` whatever is there by now: of two racing creators both are told that they won. That
    /// is what Spin's default store does.
    fn swap(&self, label: &str, key: &str, old: Option<&[u8]>, new: &[u8]) -> Result<bool, StoreError>;

    /// The commits so far.
    fn commits(&self) -> &Commits;
}

/// Counts and, if asked, slows down the commits of a store.
#[derive(Debug, Default)]
pub struct Commits {
    count: AtomicU64,
    micros: AtomicU64,
    delay: Duration,
}

impl Commits {
    /// A counter whose every commit takes `delay` longer, for trying out how an application does on a slow disk.
    pub fn new(delay: Duration) -> Commits {
        Commits { delay, ..Commits::default() }
    }

    /// Number of commits since the start or the last reset.
    pub fn count(&self) -> u64 {
        self.count.load(Relaxed)
    }

    /// The time they took together in µs, the wait for the lock not counted.
    pub fn micros(&self) -> u64 {
        self.micros.load(Relaxed)
    }

    /// Starts counting from zero.
    pub fn reset(&self) {
        self.count.store(0, Relaxed);
        self.micros.store(0, Relaxed);
    }

    /// Runs a write while the caller holds the store's lock. `write` also says whether it changed anything: a call that
    /// changed nothing commits nothing, takes no disk time and is not counted.
    fn run<T>(&self, write: impl FnOnce() -> Result<(T, bool), StoreError>) -> Result<T, StoreError> {
        let start = Instant::now();
        let (value, changed) = write()?;
        if changed {
            if !self.delay.is_zero() {
                std::thread::sleep(self.delay);
            }
            self.count.fetch_add(1, Relaxed);
            self.micros.fetch_add(u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX), Relaxed);
        }
        Ok(value)
    }
}

/// The counter's value in `stored`, 0 if there is none.
fn counter(key: &str, stored: Option<&[u8]>) -> Result<i64, StoreError> {
    let Some(bytes) = stored else { return Ok(0) };
    let bytes = bytes.try_into().map_err(|_| {
        StoreError(format!("the value of {key:?} is {} bytes long, a counter must be 8; Spin panics here", bytes.len()))
    })?;
    Ok(i64::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn stores() -> [(&'static str, Arc<dyn Store>, Option<tempfile::TempDir>); 2] {
        let directory = tempfile::tempdir().unwrap();
        let sqlite = SqliteStore::open(directory.path(), Duration::ZERO).unwrap();
        [("sqlite", Arc::new(sqlite), Some(directory)), ("memory", Arc::new(MemoryStore::new(Duration::ZERO)), None)]
    }

    fn strings(keys: &[&str]) -> Vec<String> {
        keys.iter().map(|k| k.to_string()).collect()
    }

    #[test]
    fn values_are_kept_replaced_and_removed_per_label() {
        for (name, store, _directory) in stores() {
            store.set("default", "k", b"1").unwrap();
            store.set("default", "k", b"2").unwrap();
            assert_eq!(store.get("default", "k").unwrap().as_deref(), Some(&b"2"[..]), "{name}");
            assert_eq!(store.get("other", "k").unwrap(), None, "{name}");
            store.delete("default", "k").unwrap();
            assert_eq!(store.keys("default").unwrap(), Vec::<String>::new(), "{name}");
        }
    }

    #[test]
    fn many_values_are_one_commit_and_missing_keys_are_left_out() {
        for (name, store, _directory) in stores() {
            let pairs = [("a".to_string(), b"1".to_vec()), ("b".to_string(), b"2".to_vec())];
            store.set_many("default", &pairs).unwrap();
            assert_eq!(store.commits().count(), 1, "{name}");
            let mut found = store.get_many("default", &strings(&["b", "none", "a", "a"])).unwrap();
            found.sort();
            assert_eq!(found, pairs, "{name}");
            store.delete_many("default", &strings(&["a", "none"])).unwrap();
            assert_eq!(store.keys("default").unwrap(), ["b"], "{name}");
            assert_eq!(store.commits().count(), 2, "{name}");
        }
    }

    #[test]
    fn counters_count_and_refuse_other_values() {
        for (name, store, _directory) in stores() {
            assert_eq!(store.increment("default", "n", 5), Ok(5), "{name}");
            assert_eq!(store.increment("default", "n", -7), Ok(-2), "{name}");
            assert_eq!(store.get("default", "n").unwrap().unwrap(), (-2i64).to_le_bytes(), "{name}");
            store.set("default", "n", b"not 8").unwrap();
            assert!(store.increment("default", "n", 1).is_err(), "{name}");
            assert_eq!(store.get("default", "n").unwrap().unwrap(), b"not 8", "{name} still works");
        }
    }

    #[test]
    fn a_swap_needs_the_old_value_unless_the_key_was_missing() {
        for (name, store, _directory) in stores() {
            assert_eq!(store.swap("default", "k", None, b"first"), Ok(true), "{name}");
            assert_eq!(store.swap("default", "k", None, b"second"), Ok(true), "{name}: both creators win");
            assert_eq!(store.swap("default", "k", Some(b"first"), b"third"), Ok(false), "{name}");
            assert_eq!(store.swap("default", "k", Some(b"second"), b"third"), Ok(true), "{name}");
            assert_eq!(store.swap("default", "gone", Some(b"x"), b"y"), Ok(false), "{name}");
            assert_eq!(store.commits().count(), 3, "{name}: what failed committed nothing");
        }
    }

    #[test]
    fn a_delay_makes_every_commit_slower_and_no_read() {
        let store = MemoryStore::new(Duration::from_millis(20));
        let start = Instant::now();
        store.set("default", "k", b"1").unwrap();
        assert!(start.elapsed() >= Duration::from_millis(20));
        assert!(store.commits().micros() >= 20_000);
        let start = Instant::now();
        store.get("default", "k").unwrap();
        store.delete("default", "none").unwrap();
        assert!(start.elapsed() < Duration::from_millis(20));
    }
}
