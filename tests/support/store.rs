//! A store in memory, as hostile as the real ones: a swap of a missing key lets everybody win, batches tear, and any
//! call may fail before or after it took effect.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use alarum::ports::{Store, StoreCall, StoreCalls, StoreError, Swap};

use super::sim::Sim;

/// What is stored, and how often it was called.
#[derive(Default)]
pub struct MemoryStore {
    values: RefCell<BTreeMap<String, Vec<u8>>>,
    pub reads: Cell<usize>,
    pub writes: Cell<usize>,
    /// How many bytes were read in all.
    pub bytes_read: Cell<usize>,
    /// How many bytes were written in all.
    pub bytes_written: Cell<usize>,
    /// How many bytes were read in batches since something was written, and the most that ever were.
    pub read_on: Cell<usize>,
    pub most_read: Cell<usize>,
    /// Of a thousand calls, how many fail before, and how many after they took effect.
    pub fail_before: Cell<u64>,
    pub fail_after: Cell<u64>,
    /// The calls by kind, and whether instances may know them.
    pub calls: Cell<StoreCalls>,
    pub tells_calls: Cell<bool>,
    /// How often it went back to an earlier state.
    lineage: Cell<u64>,
}

impl MemoryStore {
    pub fn keys(&self) -> Vec<String> {
        self.values.borrow().keys().cloned().collect()
    }

    pub fn value(&self, key: &str) -> Option<Vec<u8>> {
        self.values.borrow().get(key).cloned()
    }

    pub fn put(&self, key: &str, value: Vec<u8>) {
        self.bytes_written.set(self.bytes_written.get() + value.len());
        self.values.borrow_mut().insert(key.to_owned(), value);
    }

    pub fn forget(&self, key: &str) {
        self.values.borrow_mut().remove(key);
    }

    fn called(&self, kind: StoreCall) {
        let mut calls = self.calls.get();
        calls[kind as usize] += 1;
        self.calls.set(calls);
    }

    /// What is stored now.
    pub fn snapshot(&self) -> BTreeMap<String, Vec<u8>> {
        self.values.borrow().clone()
    }

    /// Forgets what was written since `snapshot`, as a store does that crashed or was replaced by another.
    pub fn go_back(&self, snapshot: BTreeMap<String, Vec<u8>>) {
        *self.values.borrow_mut() = snapshot;
        self.lineage.set(self.lineage.get() + 1);
    }

    fn read(&self) {
        self.reads.set(self.reads.get() + 1);
    }

    fn count_bytes<'v>(&self, values: impl Iterator<Item = &'v Vec<u8>>) {
        self.bytes_read.set(self.bytes_read.get() + values.map(Vec::len).sum::<usize>());
    }

    fn wrote(&self) {
        self.writes.set(self.writes.get() + 1);
        self.read_on.set(0);
    }
}

/// The store as one instance calls it.
#[derive(Clone)]
pub struct StoreHandle {
    pub sim: Rc<Sim>,
    pub store: Rc<MemoryStore>,
}

impl StoreHandle {
    /// One call: control goes back before it and after it, and it may fail at either place; and it does where the store
    /// goes back meanwhile.
    async fn call<T>(&self, effect: impl FnOnce(&MemoryStore, bool) -> T) -> Result<T, StoreError> {
        let lineage = self.lineage();
        self.sim.gate().await;
        if self.sim.happens(self.store.fail_before.get()) {
            return Err(StoreError("it failed before it took effect".into()));
        }
        let fails = self.sim.happens(self.store.fail_after.get());
        let result = effect(&self.store, fails);
        self.sim.gate().await;
        if fails || lineage != self.lineage() {
            return Err(StoreError("it failed after it took effect".into()));
        }
        Ok(result)
    }
}

impl StoreHandle {
    async fn value(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.call(|store, _| {
            store.read();
            let value = store.value(key);
            store.count_bytes(value.iter());
            value
        })
        .await
    }
}

impl Store for StoreHandle {
    type Handle = (String, Option<Vec<u8>>, u64);

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.called(StoreCall::Get);
        self.value(key).await
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.store.called(StoreCall::GetMany);
        self.call(|store, _| {
            store.read();
            let values: Vec<_> = keys.iter().map(|key| store.value(key)).collect();
            store.count_bytes(values.iter().flatten());
            store.read_on.set(store.read_on.get() + values.iter().flatten().map(Vec::len).sum::<usize>());
            store.most_read.set(store.most_read.get().max(store.read_on.get()));
            values
        })
        .await
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.store.called(StoreCall::Set);
        assert!(key.len() <= 255 && key.bytes().all(|b| b.is_ascii_alphanumeric() || b":._-".contains(&b)), "{key}");
        assert!(value.len() <= alarum::ports::VALUE_LIMIT, "{key} has {} bytes", value.len());
        self.call(|store, _| {
            store.wrote();
            store.put(key, value.to_vec());
        })
        .await
    }

    async fn set_many(&self, entries: &[(String, Vec<u8>)]) -> Result<(), StoreError> {
        self.store.called(StoreCall::SetMany);
        self.call(|store, torn| {
            store.wrote();
            let count = if torn { self.sim.below(entries.len() + 1) } else { entries.len() };
            for (key, value) in &entries[..count] {
                assert!(value.len() <= alarum::ports::VALUE_LIMIT, "{key} has {} bytes", value.len());
                store.put(key, value.clone());
            }
        })
        .await
    }

    async fn delete_many(&self, keys: &[String]) -> Result<(), StoreError> {
        self.store.called(StoreCall::DeleteMany);
        self.call(|store, torn| {
            store.wrote();
            let count = if torn { self.sim.below(keys.len() + 1) } else { keys.len() };
            for key in &keys[..count] {
                store.values.borrow_mut().remove(key);
            }
        })
        .await
    }

    async fn increment(&self, key: &str, by: i64) -> Result<i64, StoreError> {
        self.store.called(StoreCall::Increment);
        self.call(|store, _| {
            store.wrote();
            let old = store.value(key).map_or(0, |bytes| i64::from_le_bytes(bytes.try_into().expect("a counter")));
            store.put(key, (old + by).to_le_bytes().to_vec());
            old + by
        })
        .await
    }

    async fn counter(&self, key: &str) -> Result<i64, StoreError> {
        let value = self.get(key).await?;
        Ok(value.map_or(0, |bytes| i64::from_le_bytes(bytes.try_into().expect("a counter"))))
    }

    async fn read_to_swap(&self, key: &str) -> Result<(Option<Vec<u8>>, Self::Handle), StoreError> {
        self.store.called(StoreCall::ReadToSwap);
        let lineage = self.lineage();
        let value = self.value(key).await?;
        Ok((value.clone(), (key.to_owned(), value, lineage)))
    }

    async fn swap(&self, (key, old, lineage): Self::Handle, value: &[u8]) -> Result<Swap, StoreError> {
        self.store.called(StoreCall::Swap);
        if lineage != self.lineage() {
            return Err(StoreError("the connection on which it was read is gone".into()));
        }
        assert!(value.len() <= alarum::ports::VALUE_LIMIT, "{key} has {} bytes", value.len());
        self.call(|store, _| {
            if old.is_some() && store.value(&key) != old {
                return Swap::Conflict;
            }
            store.wrote();
            store.put(&key, value.to_vec());
            Swap::Stored
        })
        .await
    }

    fn calls(&self) -> StoreCalls {
        if self.store.tells_calls.get() { self.store.calls.get() } else { StoreCalls::default() }
    }

    fn lineage(&self) -> u64 {
        self.store.lineage.get()
    }
}
