//! Intake: a sender's alert on its way from a draft to an event that is routed.

pub(crate) mod bounded;
mod draft;
mod event;
pub mod fields;
mod mapping;

pub use draft::Draft;
pub use event::{AlertEvent, Image, Severity, Status};
pub use mapping::Mapping;
