//! The stores that are measured on.

use clap::ValueEnum;

/// Where the runner keeps key-value data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Store {
    /// A file on this machine's disk, as Spin's default store.
    Sqlite,
    /// Memory, with commits made to take as long as on a slow disk.
    Slow,
    /// Memory: commits cost nothing, so this shows what the processor has to do.
    Memory,
}

/// What a commit of the slow store takes longer, milliseconds.
const SLOW_COMMIT_MS: &str = "12";

impl Store {
    /// All of them.
    pub const ALL: [Store; 3] = [Store::Sqlite, Store::Slow, Store::Memory];

    /// Its name in tables and files.
    pub fn name(self) -> &'static str {
        match self {
            Store::Sqlite => "sqlite",
            Store::Slow => "slow",
            Store::Memory => "memory",
        }
    }

    /// The runner's arguments for it.
    pub fn arguments(self) -> &'static [&'static str] {
        match self {
            Store::Sqlite => &["--store", "sqlite"],
            Store::Slow => &["--store", "memory", "--commit-delay-ms", SLOW_COMMIT_MS],
            Store::Memory => &["--store", "memory"],
        }
    }
}
