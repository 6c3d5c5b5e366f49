//! Why a fold did not end.

use crate::ports::StoreError;

/// Why a fold or a reading did not end. Nothing is lost by it: the journal holds everything that was answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was read is older than what others have stored since; begin again.
    #[error("others were faster")]
    Stale,
    /// Others were faster again and again.
    #[error("too many others change {0} at the same time")]
    Contention(String),
    /// A stored document cannot be read.
    #[error("{key} cannot be read: {problem}")]
    Unreadable {
        /// Its key.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
}
