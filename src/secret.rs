//! Secrets: keys and signing secrets, which are compared in constant time and never printed.

use serde::Deserialize;
use sha2::{Digest, Sha256};

/// A secret text.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Takes a text as a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself; for signing, never for showing.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Its length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `candidate` is this secret, in a time that says nothing about where they differ: digests of one
    /// length are compared, every byte of them.
    pub fn matches(&self, candidate: &str) -> bool {
        let (mine, theirs) = (Sha256::digest(&self.0), Sha256::digest(candidate));
        mine.iter().zip(theirs.iter()).fold(0, |differences, (a, b)| differences | (a ^ b)) == 0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn only_the_same_text_matches() {
        let secret = Secret::new("abc");
        assert!(secret.matches("abc"));
        assert!(!secret.matches("abd") && !secret.matches("ab") && !secret.matches(""));
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("abc")), "[secret]");
    }
}
