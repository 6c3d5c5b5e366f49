//! Delivery: events become signed webhooks, and what fails is tried again.
//!
//! A board's outbox is delivered by whoever holds its lease. What a subscriber does not take goes to the subscriber's
//! own retry queue, with everything later of the same incident behind it; so a bad one delays nobody, and each gets the
//! events of an incident in order.

mod attempt;
mod delivering;
mod payload;
mod queue;
mod retry;
pub mod sign;
pub mod target;
pub mod template;

pub use delivering::{Delivering, DeliveryReport};
pub use payload::{IncidentInfo, IncidentView, body, custom_action, payload};
pub use queue::Queue;
