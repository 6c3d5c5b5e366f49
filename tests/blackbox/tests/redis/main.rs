//! The application on a Redis that several machines share. One binary, a module for each subject.

mod contract;
mod machines;
mod outage;
mod status;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use blackbox::{Deployment, Options, Redis};

/// Two machines on one Redis, which tell some receivers; `None` where there is nothing to run them with.
fn two_machines(redis: &Arc<Redis>, receivers: Vec<String>) -> Option<(Deployment, Deployment)> {
    let options = Options { receivers, tick: true, redis: Some(redis.clone()), ..Options::default() };
    let one = Deployment::start(options.clone())?;
    Some((one, Deployment::start(options).expect("as the first")))
}

/// Has senders stop when it goes, also by a panic: the scope that they run in waits for them.
struct Stopping<'a>(&'a AtomicBool);

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
