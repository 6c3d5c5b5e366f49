//! Rust sides of the interfaces in `wit/`.

/// An open key-value store of either interface.
pub struct Bucket {
    /// The label it was opened with.
    pub label: String,
}

/// A compare-and-swap in preparation.
pub struct Swap {
    /// The store's label.
    pub label: String,
    /// The key.
    pub key: String,
    /// What was read for the key; `None` until it was read and as long as it is missing.
    pub current: Option<Vec<u8>>,
    /// The handle's store, which has to be still open when a lost swap asks for a new handle.
    pub bucket: u32,
}

/// An open connection to a Redis server; calls share it.
pub struct RedisConnection(pub redis::aio::MultiplexedConnection);

wasmtime::component::bindgen!({
    path: "wit",
    world: "alarum:runner/host",
    imports: { default: trappable },
    with: {
        "spin:key-value/key-value.store": Bucket,
        "spin:redis/redis.connection": RedisConnection,
        "wasi:keyvalue/store.bucket": Bucket,
        "wasi:keyvalue/atomics.cas": Swap,
    },
});
