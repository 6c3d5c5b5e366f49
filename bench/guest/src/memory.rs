//! The ports that a fold needs, in the guest's own memory: a store that costs nothing, a clock that is set.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use alarum::ports::{Advice, Clock, Log, Outbound, Post, PostAnswer, PostError, Random, Store, StoreError, Swap, Whom};
use alarum::time::Timestamp;

/// A store, a clock and numbers that are all different.
#[derive(Debug, Default)]
pub struct Memory {
    values: RefCell<BTreeMap<String, Vec<u8>>>,
    /// Microseconds.
    now: Cell<u64>,
    drawn: Cell<u64>,
    /// Bytes written.
    pub written: Cell<usize>,
    /// Calls that read.
    pub reads: Cell<usize>,
}

impl Memory {
    /// Sets the clock.
    pub fn at(&self, now: Timestamp) {
        self.now.set(now.0);
    }

    /// Stores a value.
    pub fn put(&self, key: &str, value: &[u8]) {
        self.written.set(self.written.get() + value.len());
        self.values.borrow_mut().insert(key.to_owned(), value.to_vec());
    }

    fn value(&self, key: &str) -> Option<Vec<u8>> {
        self.values.borrow().get(key).cloned()
    }
}

impl Clock for Memory {
    fn now(&self) -> Timestamp {
        Timestamp(self.now.get())
    }

    async fn sleep_us(&self, us: u64) {
        self.now.set(self.now.get() + us);
    }
}

impl Random for Memory {
    fn next_u64(&self) -> u64 {
        self.drawn.set(self.drawn.get() + 1);
        self.drawn.get()
    }
}

impl Log for Memory {
    fn line(&self, _: &str) {}
}

impl Advice for Memory {
    async fn ask(&self, _: Whom, _: &str, _: Vec<u8>) -> Option<(u16, Vec<u8>)> {
        None
    }
}

impl Outbound for Memory {
    async fn post(&self, _: Post<'_>) -> Result<PostAnswer, PostError> {
        Err(PostError::Denied("nobody is called here".to_owned()))
    }

    async fn get(&self, _: &str, _: u64) -> Result<PostAnswer, PostError> {
        Err(PostError::Denied("nobody is called here".to_owned()))
    }
}

impl Store for Memory {
    type Handle = (String, Option<Vec<u8>>);

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.reads.set(self.reads.get() + 1);
        Ok(self.value(key))
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.reads.set(self.reads.get() + 1);
        Ok(keys.iter().map(|key| self.value(key)).collect())
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.put(key, value);
        Ok(())
    }

    async fn set_many(&self, entries: &[(String, Vec<u8>)]) -> Result<(), StoreError> {
        entries.iter().for_each(|(key, value)| self.put(key, value));
        Ok(())
    }

    async fn delete_many(&self, keys: &[String]) -> Result<(), StoreError> {
        keys.iter().for_each(|key| drop(self.values.borrow_mut().remove(key)));
        Ok(())
    }

    async fn increment(&self, key: &str, by: i64) -> Result<i64, StoreError> {
        let sum = self.counter(key).await? + by;
        self.put(key, &sum.to_le_bytes());
        Ok(sum)
    }

    async fn counter(&self, key: &str) -> Result<i64, StoreError> {
        self.reads.set(self.reads.get() + 1);
        Ok(self.value(key).and_then(|bytes| bytes.try_into().ok()).map_or(0, i64::from_le_bytes))
    }

    async fn read_to_swap(&self, key: &str) -> Result<(Option<Vec<u8>>, Self::Handle), StoreError> {
        self.reads.set(self.reads.get() + 1);
        let value = self.value(key);
        Ok((value.clone(), (key.to_owned(), value)))
    }

    async fn swap(&self, (key, old): Self::Handle, value: &[u8]) -> Result<Swap, StoreError> {
        if self.value(&key) != old {
            return Ok(Swap::Conflict);
        }
        self.put(&key, value);
        Ok(Swap::Stored)
    }
}
