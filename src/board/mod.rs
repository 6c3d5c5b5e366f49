//! The board of a channel: what follows from the journal. Open alerts, open incidents, and the outbox of events that
//! are not delivered yet.
//!
//! [`apply`] is a pure function: the same records give the same board, however they are cut into folds. How a board of
//! any size is stored so that one swap changes it as a whole is told in [`head`].

mod ahead;
mod alert;
mod alert_ref;
mod archive;
mod change;
mod event_type;
mod feed;
mod filter;
mod flaps;
mod flush;
mod handling;
pub mod head;
mod incident;
mod kept;
mod leaving;
mod listing;
mod migrate;
mod outbox;
mod page;
mod past;
mod retention;
mod silence;
mod sources;
mod step;
mod storing;
mod tally;
mod terms;
mod told;
pub mod totals;
mod tree;
mod turn;

pub use ahead::PageAhead;
pub use alert::{Alert, Effect, Muted, MutedBy, Opened};
pub use alert_ref::{AlertRef, key_hash};
pub use archive::{ClosedIncident, ClosedRef, Left, label_hash};
pub use change::{Change, NO_CHANNEL};
pub use event_type::EventType;
pub use feed::FeedItem;
pub use flaps::Flaps;
pub use handling::{Assignment, Handling, Responder};
pub use head::{Board, Missing, Unread};
pub use incident::{ALERTS, Group, Incident, Progress, num_of};
pub use listing::{Listed, ListedAlert, PastAlert, Placed, Places, Shelf, Spot};
pub use outbox::{Batch, Event, ToldAlert, decode_events};
pub use page::{Page, Whose, first_slot, last_slot, slot_of};
pub use past::KeptEvent;
pub use retention::Oldest;
pub use silence::{QUICK_SILENCES, QuickSilence};
pub use sources::Inhibitor;
pub use step::{Changes, Step};
pub use storing::Encoded;
pub use terms::{About, Asked, of_num, of_severity};
pub use turn::Turn;
