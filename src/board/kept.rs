//! Which of a board's trees a key stands in: its first letter says so.

/// Which tree something stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    Open,
    Index,
    Closed,
    Due,
    Alike,
}

impl Kept {
    /// By its key.
    pub fn of(key: &str) -> Self {
        match key.as_bytes().first() {
            Some(b'o' | b'p' | b'g') => Self::Index,
            Some(b'c' | b'x' | b'y') => Self::Closed,
            Some(b'd') => Self::Due,
            Some(b'l') => Self::Alike,
            _ => Self::Open,
        }
    }
}
