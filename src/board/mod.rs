//! The board of a channel: what follows from the journal. Open alerts, open incidents, and the outbox of events that
//! are not delivered yet.
//!
//! [`apply`] is a pure function: the same records give the same board, however they are cut into folds. How a board of
//! any size is stored so that one swap changes it as a whole is told in [`head`].

mod alert;
mod apply;
mod archive;
mod change;
pub mod head;
mod incident;
mod outbox;
mod page;
mod sources;
mod storing;
mod tree;
mod turn;

pub use alert::Alert;
pub use apply::Applying;
pub use archive::{ClosedIncident, ClosedRef};
pub use change::{Change, NO_CHANNEL};
pub use head::{Board, Missing};
pub use incident::{Incident, Note, Progress};
pub use outbox::{Batch, Event, EventType};
pub use page::Page;
pub use storing::Encoded;
pub use turn::Turn;
