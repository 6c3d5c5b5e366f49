//! Random keys, from the operating system.

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const BASE62: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const LENGTH: usize = 32;

/// The secrets of one configuration.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    /// For the Open API.
    pub app: String,
    /// For pushes to one channel.
    pub private: String,
    /// For pushes that are routed.
    pub shared: String,
    /// Signs webhooks: `whsec_` and base64.
    pub webhook: String,
}

impl Keys {
    /// Draws new ones.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn draw() -> Result<Keys> {
        Ok(Keys { app: token()?, private: token()?, shared: token()?, webhook: webhook_secret()? })
    }
}

/// A key of 32 letters and digits: 190 bits.
///
/// # Errors
/// When the operating system gives no random bytes.
pub fn token() -> Result<String> {
    let mut token = String::with_capacity(LENGTH);
    while token.len() < LENGTH {
        let bytes: [u8; LENGTH] = random()?;
        token.extend(letters(&bytes).take(LENGTH - token.len()));
    }
    Ok(token)
}

/// Letters and digits, all equally likely: bytes past the last multiple of 62 are left out.
fn letters(bytes: &[u8]) -> impl Iterator<Item = char> {
    bytes.iter().filter(|byte| **byte < 248).map(|byte| char::from(BASE62[usize::from(byte % 62)]))
}

/// A secret that signs webhooks.
///
/// # Errors
/// When the operating system gives no random bytes.
pub fn webhook_secret() -> Result<String> {
    let bytes: [u8; 32] = random()?;
    Ok(format!("whsec_{}", STANDARD.encode(bytes)))
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).context("the operating system gives no random bytes")?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_their_form_and_differ() {
        let keys = Keys::draw().unwrap();
        for key in [&keys.app, &keys.private, &keys.shared] {
            assert!(key.len() == 32 && key.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{key}");
        }
        assert!(keys.app != keys.private && keys.private != keys.shared);
        let secret = keys.webhook.strip_prefix("whsec_").unwrap();
        assert_eq!(STANDARD.decode(secret).unwrap().len(), 32);
    }

    #[test]
    fn no_letter_is_likelier_than_another() {
        let all: Vec<u8> = (0..=255).collect();
        let drawn: Vec<char> = letters(&all).collect();
        assert_eq!(drawn.len(), 248);
        for letter in BASE62 {
            assert_eq!(drawn.iter().filter(|drawn| **drawn == char::from(*letter)).count(), 4);
        }
    }
}
