//! `spin:key-value@3.0.0`.

use super::bindings::Bucket;
use super::bindings::spin::key_value::key_value::{self, Error};
use super::{Ctx, Host};
use crate::component::ComponentInfo;
use crate::stats::Call;
use crate::store::{Store, StoreError};
use std::sync::Arc;
use tokio::task::block_in_place;
use wasmtime::component::{Accessor, FutureReader, Resource, StreamReader};

type Outcome<T> = wasmtime::Result<Result<T, Error>>;

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Error {
        Error::Other(error.0)
    }
}

impl Ctx {
    /// Opens a store, for both interfaces; `None` if the component may not.
    pub(super) fn open_bucket(&mut self, label: String) -> wasmtime::Result<Option<Resource<Bucket>>> {
        let allowed = self.component.key_value_stores.contains(&label);
        Ok(if allowed { Some(self.table.push(Bucket { label })?) } else { None })
    }
}

/// What one call needs, taken out of the instance so that nothing of it is borrowed meanwhile.
struct Opened {
    component: Arc<ComponentInfo>,
    store: Arc<dyn Store>,
    label: String,
}

fn opened<T>(accessor: &Accessor<T, Host>, bucket: &Resource<Bucket>, call: Call) -> wasmtime::Result<Opened> {
    accessor.with(|mut access| {
        let ctx = access.get();
        let label = ctx.table.get(bucket)?.label.clone();
        ctx.component.stats.kv.count(call, &ctx.counts);
        Ok(Opened { component: ctx.component.clone(), store: ctx.store.clone(), label })
    })
}

impl key_value::Host for Ctx {}

impl key_value::HostStore for Ctx {
    fn drop(&mut self, bucket: Resource<Bucket>) -> wasmtime::Result<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}

// The calls are asynchronous for the component and yet block its instance until they are done: Spin's default store
// works that way, and how requests spread over instances depends on it.
impl<T: Send> key_value::HostStoreWithStore<T> for Host {
    async fn open(accessor: &Accessor<T, Self>, label: String) -> Outcome<Resource<Bucket>> {
        let opened = accessor.with(|mut access| access.get().open_bucket(label))?;
        Ok(opened.ok_or(Error::AccessDenied))
    }

    async fn get(accessor: &Accessor<T, Self>, bucket: Resource<Bucket>, key: String) -> Outcome<Option<Vec<u8>>> {
        let on = opened(accessor, &bucket, Call::Get)?;
        let value = block_in_place(|| on.store.get(&on.label, &key));
        if let Ok(Some(value)) = &value {
            on.component.stats.kv.read(value.len());
        }
        Ok(value.map_err(Error::from))
    }

    async fn set(accessor: &Accessor<T, Self>, bucket: Resource<Bucket>, key: String, value: Vec<u8>) -> Outcome<()> {
        let on = opened(accessor, &bucket, Call::Set)?;
        on.component.stats.kv.wrote(1, value.len());
        Ok(block_in_place(|| on.store.set(&on.label, &key, &value)).map_err(Error::from))
    }

    async fn delete(accessor: &Accessor<T, Self>, bucket: Resource<Bucket>, key: String) -> Outcome<()> {
        let on = opened(accessor, &bucket, Call::Delete)?;
        on.component.stats.kv.wrote(1, 0);
        Ok(block_in_place(|| on.store.delete(&on.label, &key)).map_err(Error::from))
    }

    async fn exists(accessor: &Accessor<T, Self>, bucket: Resource<Bucket>, key: String) -> Outcome<bool> {
        let on = opened(accessor, &bucket, Call::Exists)?;
        Ok(block_in_place(|| on.store.get(&on.label, &key)).map(|value| value.is_some()).map_err(Error::from))
    }

    /// Spin streams the keys while it holds the store's lock, which can deadlock with another call of the same
    /// instance. Here they are collected first: there is nothing to learn from a runner that hangs.
    async fn get_keys(
        accessor: &Accessor<T, Self>,
        bucket: Resource<Bucket>,
    ) -> wasmtime::Result<(StreamReader<String>, FutureReader<Result<(), Error>>)> {
        let on = opened(accessor, &bucket, Call::GetKeys)?;
        let (keys, outcome) = match block_in_place(|| on.store.keys(&on.label)) {
            Ok(keys) => (keys, Ok(())),
            Err(error) => (Vec::new(), Err(Error::from(error))),
        };
        on.component.stats.kv.read(keys.iter().map(String::len).sum());
        accessor.with(|mut access| {
            let keys = StreamReader::new(&mut access, keys)?;
            let outcome = FutureReader::new(&mut access, async move { wasmtime::error::Ok(outcome) })?;
            Ok((keys, outcome))
        })
    }
}
