//! Secrets: keys and signing secrets, which are compared in constant time and never printed.

use serde::Deserialize;
use sha2::{Digest, Sha256};

/// A secret text.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Secret {
    text: String,
    digest: [u8; 32],
}

/// A text that may be a secret, ready to be compared with many.
pub struct Candidate([u8; 32]);

impl Candidate {
    /// Takes a text.
    pub fn new(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        let digest = Sha256::digest(&text).into();
        Self { text, digest }
    }
}

impl Secret {
    /// Takes a text as a secret.
    pub fn new(text: impl Into<String>) -> Self {
        text.into().into()
    }

    /// The text itself; for signing, never for showing.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// Its length in bytes.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether `candidate` is this secret, in a time that says nothing about where they differ: digests of one
    /// length are compared, every byte of them.
    pub fn is(&self, candidate: &Candidate) -> bool {
        let pairs = self.digest.iter().zip(&candidate.0);
        pairs.fold(0, |differences, (a, b)| differences | (a ^ b)) == 0
    }

    /// The same for a text.
    pub fn matches(&self, candidate: &str) -> bool {
        self.is(&Candidate::new(candidate))
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
