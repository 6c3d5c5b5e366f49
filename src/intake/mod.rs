//! Intake: what senders push becomes alert events.

mod event;
mod push;

pub use event::{AlertEvent, Image, Severity, Status};
pub use push::read_push;
