//! Signatures by Standard Webhooks 1.0: HMAC-SHA256 over `{id}.{timestamp}.{body}`, base64, prefixed `v1,`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::secret::Secret;

/// The shortest and the longest key that the specification allows, bytes.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// The signature headers of one attempt: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
///
/// # Errors
/// The secret is not one; it was checked when it was stored.
pub fn headers(secret: &Secret, id: &str, timestamp: u64, body: &[u8]) -> Result<Vec<(String, String)>, SecretError> {
    let key = decode(secret)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| SecretError)?;
    mac.update(id.as_bytes());
    mac.update(b".");
    mac.update(timestamp.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    Ok(vec![
        ("webhook-id".to_owned(), id.to_owned()),
        ("webhook-timestamp".to_owned(), timestamp.to_string()),
        ("webhook-signature".to_owned(), signature),
    ])
}

/// A text that is not a signing secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be whsec_ and the base64 of 24 to 64 random bytes")]
pub struct SecretError;

/// Refuses what is not a signing secret.
pub fn check_secret(secret: &Secret) -> Result<(), SecretError> {
    decode(secret).map(|_| ())
}

fn decode(secret: &Secret) -> Result<Vec<u8>, SecretError> {
    let encoded = secret.expose().strip_prefix("whsec_").ok_or(SecretError)?;
    let key = STANDARD.decode(encoded).map_err(|_| SecretError)?;
    if KEY_BYTES.contains(&key.len()) { Ok(key) } else { Err(SecretError) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_official_verifier_accepts_the_signature() {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
        let body = br#"{"event_type":"i_new"}"#;
        let mut headers = http::HeaderMap::new();
        for (name, value) in super::headers(&secret, "msg_1", now, body).expect("signed") {
            let name: http::HeaderName = name.parse().expect("a name");
            headers.insert(name, value.parse().expect("a value"));
        }
        let verifier = standardwebhooks::Webhook::new(secret.expose()).expect("a secret");
        verifier.verify(body, &headers).expect("accepted");
        verifier.verify(b"{}", &headers).expect_err("another body is refused");
    }

    #[test]
    fn the_vector_of_the_specification_s_libraries_is_met() {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let headers = headers(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        let signature = &headers.expect("signed")[2].1;
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        for text in ["", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_no base64 at all, sorry"] {
            assert!(check_secret(&Secret::new(text)).is_err(), "{text}");
        }
    }
}
