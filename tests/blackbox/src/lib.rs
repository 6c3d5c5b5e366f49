//! Black-box tests: a deployment is reached by its URL alone.
//!
//! By default each test starts a deployment of its own with the runner; where `ALARUM_SPIN` names a `spin` command,
//! with that. With `ALARUM_STORE=redis` it has a Redis of its own for its store, and the components built for that. Where `ALARUM_URL` names a running one, the tests that need no more than that run against it (with
//! `ALARUM_PUSH_KEY`, `ALARUM_SHARED_KEY`, `ALARUM_APP_KEY`), and the others say that they did not.

mod alertmanager;
mod client;
mod deployment;
mod odd;
mod receiver;
mod redis;

pub use alertmanager::{Alertmanager, Amtool};
pub use client::{Answer, Client};
pub use deployment::{Deployment, Host, Options};
pub use odd::{Behaviour, Odd};
pub use receiver::{Received, Receiver};
pub use redis::Redis;
