//! Adapters: the ports on Spin. With the components, the only place that names `spin_sdk`.

mod config;
mod http;
mod outbound;
mod platform;
mod store;

pub use config::configuration;
pub use http::{read, respond};
pub use platform::Spin;
pub use store::SpinStore;

/// Lets work go on after the answer. It must be work that stored state can redo: it is lost when the host stops.
pub fn spawn(work: impl Future<Output = ()> + 'static) {
    spin_sdk::wasip3::spawn(work);
}
