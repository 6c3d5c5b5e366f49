//! Delivery: events become signed webhooks, and what fails is tried again.
//!
//! A board's outbox is delivered by whoever holds its lease; what was told, and what came of it, goes to the channel's
//! log. What a subscriber does not take waits in the subscriber's own queue, with everything later of the same incident
//! behind it. Of a subscriber that fares badly the queue says so ([`breaker`]), and the board notes from which place in
//! the log on it is to be told later: so a bad one delays nobody and costs nothing, and each gets the events of an
//! incident in order.

mod account;
mod action;
mod attempt;
pub mod breaker;
mod catching_up;
mod delivering;
mod line;
pub mod log;
mod payload;
mod queue;
mod queues;
mod reading;
mod report;
pub mod retry;
mod retrying;
mod sample;
pub mod segment;
mod sending;
pub mod sign;
pub mod target;
mod telling;
pub mod template;
mod wants;

pub use action::ActionRun;
pub use delivering::{Delivering, SEND_MS};
pub use payload::{IncidentInfo, IncidentView, custom_action, payload};
pub use queue::{Item, Queue, REPLAYS, Replay};
pub use report::DeliveryReport;
pub use retry::{Schedule, Success, WAITS_S};
pub use sample::sample;
pub use template::Template;
