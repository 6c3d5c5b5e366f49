//! Black-box tests: a deployment is reached by its URL alone.
//!
//! By default each test starts a deployment of its own with the runner; where `ALARUM_SPIN` names a `spin` command,
//! with that. With `ALARUM_STORE=redis` it has a Redis of its own for its store, and the components built for that.
//! Where `ALARUM_URL` names a running one, the tests that need no more than that run against it (with
//! `ALARUM_PUSH_KEY`, `ALARUM_SHARED_KEY`, `ALARUM_APP_KEY`), and the others say that they did not. What `cargo xtask
//! conformance` runs is here as well ([`conformance`]).

#[cfg(feature = "hosts")]
mod alertmanager;
mod client;
pub mod conformance;
#[cfg(feature = "hosts")]
mod deployment;
#[cfg(feature = "hosts")]
mod odd;
#[cfg(feature = "hosts")]
mod receiver;
#[cfg(feature = "hosts")]
mod redis;
#[cfg(feature = "hosts")]
mod schemathesis;

#[cfg(feature = "hosts")]
pub use alertmanager::{Alertmanager, Amtool};
pub use client::{Answer, Client};
#[cfg(feature = "hosts")]
pub use deployment::{Deployment, Host, Options};
#[cfg(feature = "hosts")]
pub use odd::{Behaviour, Odd};
#[cfg(feature = "hosts")]
pub use receiver::{Received, Receiver};
#[cfg(feature = "hosts")]
pub use redis::Redis;
#[cfg(feature = "hosts")]
pub use schemathesis::Schemathesis;
