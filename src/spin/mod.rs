//! Adapters: the ports on Spin. With the components, the only place that names `spin_sdk`.
//!
//! The store is Spin's key-value store, or with the feature `redis` a Redis that several machines share.

mod config;
mod http;
mod outbound;
mod platform;
#[cfg(feature = "redis")]
mod redis;
#[cfg(not(feature = "redis"))]
mod store;

pub use config::configuration;
pub use http::{read, respond};
pub use platform::Spin;
#[cfg(feature = "redis")]
pub use redis::SpinStore;
#[cfg(not(feature = "redis"))]
pub use store::SpinStore;

/// Lets work go on after the answer. It must be work that stored state can redo: it is lost when the host stops.
pub fn spawn(work: impl Future<Output = ()> + 'static) {
    spin_sdk::wasip3::spawn(work);
}
