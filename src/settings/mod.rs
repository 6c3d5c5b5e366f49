//! The configuration as it changes: what is stored of it, which one holds, its history.
//!
//! The mounted file is where it begins. The first change by call stores the whole document, and from then on that one
//! holds, in all instances within a second. `docs/configuration.md` tells all of it.

mod cache;
mod changes;
pub mod edits;
mod root;
mod secrets;
mod versions;

pub use self::cache::{Cache, File, Reader};
pub use self::changes::changes;
pub use self::root::Root;
pub use self::secrets::{exported, hash_keys, kept};
pub use self::versions::{Author, Change, Committed, HISTORY, Versions, prepared};
