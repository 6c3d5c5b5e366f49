//! Secrets: keys and signing secrets, which are compared in constant time and never printed.

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::id::hex;

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

    /// Whether it has this digest: every byte of both is looked at.
    fn has(&self, digest: &[u8; 32]) -> bool {
        digest.iter().zip(&self.0).fold(0, |differences, (a, b)| differences | (a ^ b)) == 0
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
        candidate.has(&self.digest)
    }

    /// The same for a text.
    pub fn matches(&self, candidate: &str) -> bool {
        self.is(&Candidate::new(candidate))
    }
}

/// A key that is compared and never needed itself: kept as its hash. Read from the key, or from `sha256:` and the hash
/// in 64 hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Key {
    digest: [u8; 32],
    is_strong: bool,
}

/// How a hash begins.
const HASHED: &str = "sha256:";

impl From<String> for Key {
    fn from(text: String) -> Self {
        match text.strip_prefix(HASHED) {
            Some(digits) => match digest(digits) {
                Some(digest) => Self { digest, is_strong: true },
                None => Self { digest: [0; 32], is_strong: false },
            },
            None => Self { digest: Sha256::digest(&text).into(), is_strong: text.len() >= 16 },
        }
    }
}

/// Reads a digest from its digits.
fn digest(digits: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if pairs.len() != digest.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in digest.iter_mut().zip(pairs) {
        let digit = |ascii: &u8| char::from(*ascii).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        *byte = digit(high)? * 16 + digit(low)?;
    }
    Some(digest)
}

impl Key {
    /// Whether it is long enough, or a hash as it should be.
    pub const fn is_strong(&self) -> bool {
        self.is_strong
    }

    /// Whether `candidate` is this key, in a time that says nothing about where they differ.
    pub fn is(&self, candidate: &Candidate) -> bool {
        candidate.has(&self.digest)
    }

    /// The same for a text.
    pub fn matches(&self, candidate: &str) -> bool {
        self.is(&Candidate::new(candidate))
    }

    /// The key as it is stored: its hash. One that is a hash stays as it is.
    pub fn stored(text: &str) -> String {
        match text.starts_with(HASHED) {
            true => text.to_owned(),
            false => [HASHED, &hex(&Sha256::digest(text))].concat(),
        }
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn a_key_and_its_hash_are_one() {
        let (key, stored) = (Key::from("a-key-0123456789".to_owned()), Key::stored("a-key-0123456789"));
        assert!(stored.starts_with("sha256:") && stored.len() == 71 && !stored.contains("0123456789"));
        assert_eq!(Key::stored(&stored), stored);
        let hashed = Key::from(stored);
        assert!(key == hashed && hashed.is_strong() && hashed.matches("a-key-0123456789"));
        assert!(!hashed.matches("a-key-0123456788") && !hashed.matches(""));
        assert_eq!(format!("{hashed:?}"), "[secret]");
    }

    #[test]
    fn a_short_key_and_what_only_looks_like_a_hash_are_weak() {
        let digits = "0f".repeat(32);
        for weak in [
            "",
            "123456789012345",
            "sha256:",
            "sha256:00",
            &format!("sha256:{digits}0"),
            &format!("sha256:{}", digits.replace('f', "g")),
        ] {
            assert!(!Key::from(weak.to_owned()).is_strong(), "{weak}");
        }
        assert!(!Key::from("sha256:".to_owned()).matches("sha256:"));
        assert!(Key::from(format!("sha256:{}", digits.to_uppercase())).is_strong());
    }
}
