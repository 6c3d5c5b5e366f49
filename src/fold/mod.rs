//! Folding: reading what the journal has beyond the boards, applying it, and storing the boards.
//!
//! Folding needs no lock. A board is replaced by compare-and-swap, with how far it has read inside the very value; a
//! fold that loses the race throws its work away, and nothing is lost, because the journal is the truth.

mod acting;
mod archive;
mod error;
mod first;
mod folder;
mod gather;
mod lease;
mod ledger;
mod pages;
mod root;
mod stored;
mod sweep;

pub use acting::{ActError, Acted};
pub use archive::FoundAlert;
pub use error::FoldError;
pub(crate) use first::create;
pub use folder::{Folded, Folder};
pub use gather::{Gathered, gather};
pub use lease::Turns;
pub use ledger::{Ledger, RETIRE_MS};
pub use pages::PageCache;
pub use root::{ensure, key_of};
pub(crate) use sweep::load_index;
