//! How much is under way, so that a stop can wait for it: open connections, requests without an answer, and instances
//! that still work after their answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use tokio::sync::watch;

/// Counts what is under way. Clones share the count.
#[derive(Debug, Clone, Default)]
pub struct Activity(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    count: watch::Sender<usize>,
    over: AtomicBool,
}

/// Something under way; it ends when this is dropped.
#[derive(Debug)]
pub struct Running(Activity);

/// Something that is under way at times, such as an instance.
#[derive(Debug)]
pub struct Switch {
    activity: Activity,
    on: AtomicBool,
}

impl Activity {
    /// Notes that something has begun.
    pub fn begin(&self) -> Running {
        self.0.count.send_modify(|count| *count += 1);
        Running(self.clone())
    }

    /// A switch that is off.
    pub fn switch(&self) -> Switch {
        Switch { activity: self.clone(), on: AtomicBool::new(false) }
    }

    /// How many things are under way.
    pub fn count(&self) -> usize {
        *self.0.count.borrow()
    }

    /// Notes that the application is being thrown away: what ends from now on was cut off and did not fail.
    pub fn end(&self) {
        self.0.over.store(true, Relaxed);
    }

    /// Whether [`Activity::end`] was called.
    pub fn is_over(&self) -> bool {
        self.0.over.load(Relaxed)
    }

    /// Waits until nothing is under way.
    pub async fn quiet(&self) {
        // The sender lives in `self`, so the channel cannot be closed while this waits.
        let _ = self.0.count.subscribe().wait_for(|count| *count == 0).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.0.count.send_modify(|count| *count -= 1);
    }
}

impl Switch {
    /// The count that it belongs to.
    pub fn activity(&self) -> &Activity {
        &self.activity
    }

    /// Turns it on or off; turning it to what it is already changes nothing.
    pub fn set(&self, on: bool) {
        if self.on.swap(on, Relaxed) != on {
            self.activity.0.count.send_modify(|count| if on { *count += 1 } else { *count -= 1 });
        }
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        self.set(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn quiet_waits_for_everything_that_began() {
        let activity = Activity::default();
        let running = activity.begin();
        let switch = activity.switch();
        switch.set(true);
        switch.set(true);
        assert_eq!(activity.count(), 2);
        drop(running);
        switch.set(false);
        activity.quiet().await;
        switch.set(true);
        drop(switch);
        activity.quiet().await;
        assert_eq!(activity.count(), 0);
    }
}
