//! The store without a disk: the same semantics, nothing kept after the end.

use super::{Commits, Store, StoreError, counter};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A store that lives in memory only.
pub struct MemoryStore {
    values: Mutex<BTreeMap<(String, String), Vec<u8>>>,
    commits: Commits,
}

impl MemoryStore {
    /// An empty store whose commits take `delay` longer.
    pub fn new(delay: Duration) -> MemoryStore {
        MemoryStore { values: Mutex::default(), commits: Commits::new(delay) }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(String, String), Vec<u8>>> {
        // No code under the lock leaves a map half changed, so a panic elsewhere need not take the store down.
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn at(label: &str, key: &str) -> (String, String) {
    (label.to_string(), key.to_string())
}

impl Store for MemoryStore {
    fn get(&self, label: &str, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.lock().get(&at(label, key)).cloned())
    }

    fn get_many(&self, label: &str, keys: &[String]) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let values = self.lock();
        let wanted: BTreeSet<&String> = keys.iter().collect();
        let found = wanted.into_iter().filter_map(|key| Some((key.clone(), values.get(&at(label, key))?.clone())));
        Ok(found.collect())
    }

    fn keys(&self, label: &str) -> Result<Vec<String>, StoreError> {
        Ok(self.lock().keys().filter(|(l, _)| l == label).map(|(_, key)| key.clone()).collect())
    }

    fn set(&self, label: &str, key: &str, value: &[u8]) -> Result<(), StoreError> {
        let mut values = self.lock();
        self.commits.run(|| {
            values.insert(at(label, key), value.to_vec());
            Ok(((), true))
        })
    }

    fn set_many(&self, label: &str, pairs: &[(String, Vec<u8>)]) -> Result<(), StoreError> {
        let mut values = self.lock();
        self.commits.run(|| {
            values.extend(pairs.iter().map(|(key, value)| (at(label, key), value.clone())));
            Ok(((), !pairs.is_empty()))
        })
    }

    fn delete(&self, label: &str, key: &str) -> Result<(), StoreError> {
        let mut values = self.lock();
        self.commits.run(|| Ok(((), values.remove(&at(label, key)).is_some())))
    }

    fn delete_many(&self, label: &str, keys: &[String]) -> Result<(), StoreError> {
        let mut values = self.lock();
        self.commits.run(|| {
            let before = values.len();
            keys.iter().for_each(|key| drop(values.remove(&at(label, key))));
            Ok(((), values.len() < before))
        })
    }

    fn increment(&self, label: &str, key: &str, delta: i64) -> Result<i64, StoreError> {
        let mut values = self.lock();
        self.commits.run(|| {
            let old = values.get(&at(label, key));
            let new = counter(key, old.map(Vec::as_slice))?.wrapping_add(delta);
            values.insert(at(label, key), new.to_le_bytes().to_vec());
            Ok((new, true))
        })
    }

    fn swap(&self, label: &str, key: &str, old: Option<&[u8]>, new: &[u8]) -> Result<bool, StoreError> {
        let mut values = self.lock();
        self.commits.run(|| {
            let fits = old.is_none() || old == values.get(&at(label, key)).map(Vec::as_slice);
            if fits {
                values.insert(at(label, key), new.to_vec());
            }
            Ok((fits, fits))
        })
    }

    fn commits(&self) -> &Commits {
        &self.commits
    }
}
