//! Delivery: events become signed webhooks, and what fails is tried again.
//!
//! A board's outbox is delivered by whoever holds its lease. What a subscriber does not take goes to the subscriber's
//! own retry queue, with everything later of the same incident behind it; so a bad one delays nobody, and each gets the
//! events of an incident in order.

mod attempt;
pub mod breaker;
mod delivering;
pub mod log;
mod payload;
mod queue;
pub mod retry;
pub mod segment;
pub mod sign;
pub mod target;

pub use delivering::{Delivering, DeliveryReport};
pub use payload::{IncidentInfo, IncidentView, incident_webhook};
pub use queue::Queue;
