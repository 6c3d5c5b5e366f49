//! What a delivery did.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// What was delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryReport {
    /// Webhooks that a subscriber took.
    pub delivered: usize,
    /// Webhooks that will be tried again.
    pub put_off: usize,
    /// Webhooks that were given up.
    pub given_up: usize,
    /// When the next retry is due.
    pub next_at: Option<Timestamp>,
}

impl DeliveryReport {
    /// Adds up two reports.
    pub fn add(&mut self, other: Self) {
        self.delivered += other.delivered;
        self.put_off += other.put_off;
        self.given_up += other.given_up;
        self.next_at = [self.next_at, other.next_at].into_iter().flatten().min();
    }
}
