//! The application on a Redis that several machines share. One binary, a module for each subject.

mod contract;
mod machines;
mod outage;
mod status;

use std::sync::atomic::{AtomicBool, Ordering};

/// Has senders stop when it goes, also by a panic: the scope that they run in waits for them.
struct Stopping<'a>(&'a AtomicBool);

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
