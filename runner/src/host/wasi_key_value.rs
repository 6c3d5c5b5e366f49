//! `wasi:keyvalue@0.2.0-draft2`: `store`, `batch` and `atomics`, over the same stores as `spin:key-value`.

use super::Ctx;
use super::bindings::wasi::keyvalue::atomics::{self, CasError};
use super::bindings::wasi::keyvalue::batch;
use super::bindings::wasi::keyvalue::store::{self, Error, KeyResponse};
use super::bindings::{Bucket, Swap};
use crate::stats::{Call, KvStats};
use crate::store::StoreError;
use tokio::task::block_in_place;
use wasmtime::component::Resource;

type Outcome<T> = wasmtime::Result<Result<T, Error>>;

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Error {
        Error::Other(error.0)
    }
}

impl Ctx {
    fn kv(&self) -> &KvStats {
        &self.component.stats.kv
    }

    fn label(&self, bucket: &Resource<Bucket>, call: Call) -> wasmtime::Result<String> {
        self.kv().count(call, &self.counts);
        Ok(self.table.get(bucket)?.label.clone())
    }

    /// A new compare-and-swap handle on an open store.
    fn new_swap(&mut self, bucket: u32, key: String) -> Outcome<Resource<Swap>> {
        let Ok(open) = self.table.get(&Resource::<Bucket>::new_borrow(bucket)) else {
            return Ok(Err(Error::NoSuchStore));
        };
        let label = open.label.clone();
        Ok(Ok(self.table.push(Swap { label, key, current: None, bucket })?))
    }

    fn read_current(&mut self, swap: &Resource<Swap>) -> Outcome<Option<Vec<u8>>> {
        self.kv().count(Call::CasRead, &self.counts);
        let Swap { label, key, .. } = self.table.get(swap)?;
        let value = match block_in_place(|| self.store.get(label, key)) {
            Ok(value) => value,
            Err(error) => return Ok(Err(error.into())),
        };
        self.kv().read(value.as_ref().map_or(0, Vec::len));
        self.table.get_mut(swap)?.current.clone_from(&value);
        Ok(Ok(value))
    }
}

impl store::Host for Ctx {
    fn open(&mut self, identifier: String) -> Outcome<Resource<Bucket>> {
        Ok(self.open_bucket(identifier)?.ok_or(Error::AccessDenied))
    }
}

impl store::HostBucket for Ctx {
    fn get(&mut self, bucket: Resource<Bucket>, key: String) -> Outcome<Option<Vec<u8>>> {
        let label = self.label(&bucket, Call::Get)?;
        let value = block_in_place(|| self.store.get(&label, &key));
        if let Ok(Some(value)) = &value {
            self.kv().read(value.len());
        }
        Ok(value.map_err(Error::from))
    }

    fn set(&mut self, bucket: Resource<Bucket>, key: String, value: Vec<u8>) -> Outcome<()> {
        let label = self.label(&bucket, Call::Set)?;
        self.kv().wrote(1, value.len());
        Ok(block_in_place(|| self.store.set(&label, &key, &value)).map_err(Error::from))
    }

    fn delete(&mut self, bucket: Resource<Bucket>, key: String) -> Outcome<()> {
        let label = self.label(&bucket, Call::Delete)?;
        self.kv().wrote(1, 0);
        Ok(block_in_place(|| self.store.delete(&label, &key)).map_err(Error::from))
    }

    fn exists(&mut self, bucket: Resource<Bucket>, key: String) -> Outcome<bool> {
        let label = self.label(&bucket, Call::Exists)?;
        Ok(block_in_place(|| self.store.get(&label, &key)).map(|value| value.is_some()).map_err(Error::from))
    }

    fn list_keys(&mut self, bucket: Resource<Bucket>, cursor: Option<String>) -> Outcome<KeyResponse> {
        if cursor.is_some() {
            return Ok(Err(Error::Other("list_keys: cursor not supported".to_string())));
        }
        let label = self.label(&bucket, Call::GetKeys)?;
        let keys = block_in_place(|| self.store.keys(&label));
        if let Ok(keys) = &keys {
            self.kv().read(keys.iter().map(String::len).sum());
        }
        Ok(keys.map(|keys| KeyResponse { keys, cursor: None }).map_err(Error::from))
    }

    fn drop(&mut self, bucket: Resource<Bucket>) -> wasmtime::Result<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}

impl batch::Host for Ctx {
    fn get_many(&mut self, bucket: Resource<Bucket>, keys: Vec<String>) -> Outcome<Vec<(String, Option<Vec<u8>>)>> {
        let label = self.label(&bucket, Call::GetMany)?;
        let found = match block_in_place(|| self.store.get_many(&label, &keys)) {
            Ok(found) => found,
            Err(error) => return Ok(Err(error.into())),
        };
        self.kv().read(found.iter().map(|(_, value)| value.len()).sum());
        Ok(Ok(found.into_iter().map(|(key, value)| (key, Some(value))).collect()))
    }

    fn set_many(&mut self, bucket: Resource<Bucket>, pairs: Vec<(String, Vec<u8>)>) -> Outcome<()> {
        let label = self.label(&bucket, Call::SetMany)?;
        self.kv().wrote(pairs.len(), pairs.iter().map(|(_, value)| value.len()).sum());
        Ok(block_in_place(|| self.store.set_many(&label, &pairs)).map_err(Error::from))
    }

    fn delete_many(&mut self, bucket: Resource<Bucket>, keys: Vec<String>) -> Outcome<()> {
        let label = self.label(&bucket, Call::DeleteMany)?;
        self.kv().wrote(keys.len(), 0);
        Ok(block_in_place(|| self.store.delete_many(&label, &keys)).map_err(Error::from))
    }
}

impl atomics::HostCas for Ctx {
    fn new(&mut self, bucket: Resource<Bucket>, key: String) -> Outcome<Resource<Swap>> {
        self.new_swap(bucket.rep(), key)
    }

    fn current(&mut self, swap: Resource<Swap>) -> Outcome<Option<Vec<u8>>> {
        self.read_current(&swap)
    }

    fn drop(&mut self, swap: Resource<Swap>) -> wasmtime::Result<()> {
        self.table.delete(swap)?;
        Ok(())
    }
}

impl atomics::Host for Ctx {
    fn increment(&mut self, bucket: Resource<Bucket>, key: String, delta: i64) -> Outcome<i64> {
        let label = self.label(&bucket, Call::Increment)?;
        self.kv().wrote(1, 8);
        Ok(block_in_place(|| self.store.increment(&label, &key, delta)).map_err(Error::from))
    }

    fn swap(&mut self, swap: Resource<Swap>, value: Vec<u8>) -> wasmtime::Result<Result<(), CasError>> {
        self.kv().count(Call::Swap, &self.counts);
        let Swap { label, key, current, bucket } = self.table.delete(swap)?;
        match block_in_place(|| self.store.swap(&label, &key, current.as_deref(), &value)) {
            Ok(true) => {
                self.kv().wrote(1, value.len());
                Ok(Ok(()))
            }
            Ok(false) => {
                self.kv().lost_swap();
                // The handle for the next attempt already knows the value that won.
                let next = match self.new_swap(bucket, key)? {
                    Ok(next) => next,
                    Err(error) => return Ok(Err(CasError::StoreError(error))),
                };
                let read = self.read_current(&next)?;
                Ok(Err(read.map_or_else(CasError::StoreError, |_| CasError::CasFailed(next))))
            }
            Err(error) => Ok(Err(CasError::StoreError(error.into()))),
        }
    }
}
