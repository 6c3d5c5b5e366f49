//! The store on Spin: `spin:key-value` for reading and writing, `wasi:keyvalue` for counters, swaps and batches.

use std::cell::OnceCell;
use std::rc::Rc;

use spin_sdk::experimental::wasi::keyvalue::{atomics, batch, store};
use spin_sdk::key_value;

use super::platform::{begin_call, calls};
use crate::ports::{Store, StoreCall, StoreCalls, StoreError, Swap};
use crate::sorted::SortedMap;

/// The label of the store; the only one that needs no runtime configuration.
const LABEL: &str = "default";

/// The default key-value store.
#[derive(Clone, Copy, Debug, Default)]
pub struct SpinStore;

thread_local! {
    static STORE: OnceCell<Rc<key_value::Store>> = const { OnceCell::new() };
    static BUCKET: OnceCell<Rc<store::Bucket>> = const { OnceCell::new() };
}

async fn opened() -> Result<Rc<key_value::Store>, StoreError> {
    if let Some(store) = STORE.with(|cell| cell.get().cloned()) {
        return Ok(store);
    }
    let opened = Rc::new(key_value::Store::open(LABEL).await.map_err(failed)?);
    // Another request of the instance may have been faster; either serves.
    Ok(STORE.with(|cell| cell.get_or_init(|| opened).clone()))
}

fn bucket() -> Result<Rc<store::Bucket>, StoreError> {
    if let Some(bucket) = BUCKET.with(|cell| cell.get().cloned()) {
        return Ok(bucket);
    }
    let opened = Rc::new(store::open(LABEL).map_err(failed)?);
    Ok(BUCKET.with(|cell| cell.get_or_init(|| opened).clone()))
}

fn failed(error: impl std::fmt::Debug) -> StoreError {
    StoreError(format!("{error:?}"))
}

impl Store for SpinStore {
    type Handle = atomics::Cas;

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        begin_call(StoreCall::Get);
        opened().await?.get(key).await.map_err(failed)
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        begin_call(StoreCall::GetMany);
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        // Some stores leave absent keys out.
        let found = batch::get_many(&*bucket()?, keys).map_err(failed)?;
        let mut by_key: SortedMap<String, Option<Vec<u8>>> = SortedMap::new();
        by_key.extend(found);
        Ok(keys.iter().map(|key| by_key.remove(key).flatten()).collect())
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        begin_call(StoreCall::Set);
        opened().await?.set(key, value).await.map_err(failed)
    }

    async fn set_many(&self, entries: &[(String, Vec<u8>)]) -> Result<(), StoreError> {
        match entries {
            [] => Ok(()),
            [(key, value)] => self.set(key, value).await,
            several => {
                begin_call(StoreCall::SetMany);
                batch::set_many(&*bucket()?, several).map_err(failed)
            }
        }
    }

    async fn delete_many(&self, keys: &[String]) -> Result<(), StoreError> {
        begin_call(StoreCall::DeleteMany);
        if keys.is_empty() { Ok(()) } else { batch::delete_many(&*bucket()?, keys).map_err(failed) }
    }

    async fn increment(&self, key: &str, by: i64) -> Result<i64, StoreError> {
        begin_call(StoreCall::Increment);
        atomics::increment(&*bucket()?, key, by).map_err(failed)
    }

    async fn counter(&self, key: &str) -> Result<i64, StoreError> {
        match self.get(key).await? {
            None => Ok(0),
            Some(bytes) => decode_counter(&bytes).ok_or_else(|| StoreError(format!("{key} is not a counter"))),
        }
    }

    async fn read_to_swap(&self, key: &str) -> Result<(Option<Vec<u8>>, Self::Handle), StoreError> {
        begin_call(StoreCall::ReadToSwap);
        let handle = atomics::Cas::new(&*bucket()?, key).map_err(failed)?;
        let value = handle.current().map_err(failed)?;
        Ok((value, handle))
    }

    async fn swap(&self, handle: Self::Handle, value: &[u8]) -> Result<Swap, StoreError> {
        begin_call(StoreCall::Swap);
        match atomics::swap(handle, value) {
            Ok(()) => Ok(Swap::Stored),
            Err(atomics::CasError::CasFailed(_)) => Ok(Swap::Conflict),
            Err(atomics::CasError::StoreError(error)) => Err(failed(error)),
        }
    }

    fn calls(&self) -> StoreCalls {
        calls()
    }
}

/// Reads a counter's stored form without the write that an increment by 0 would be. Stores keep it as decimal digits
/// or as eight bytes, least significant first; eight bytes that are all digits would be a count beyond 10^18.
fn decode_counter(bytes: &[u8]) -> Option<i64> {
    if !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit) {
        return std::str::from_utf8(bytes).ok()?.parse().ok();
    }
    Some(i64::from_le_bytes(bytes.try_into().ok()?))
}
