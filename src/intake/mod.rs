//! Intake: a sender's alert on its way from a draft to an event that is routed.

mod admit;
pub(crate) mod bounded;
mod change;
mod comment;
mod derived;
mod draft;
pub mod enrichment;
mod event;
pub mod fields;
pub mod mapping;
pub mod pipeline;
mod rule;
mod step;

pub use admit::{Admitted, Admitting, Overrides, Steps};
pub use change::{ChangeEvent, ChangeStatus};
pub use comment::Comment;
pub use draft::Draft;
pub use enrichment::{Enrichment, MappingTable};
pub use event::{AlertEvent, Image, Severity, Status};
pub use mapping::Mapping;
pub use pipeline::{Outcome, Pipeline, mark_of_equals};
pub use step::{Shown, Step};
