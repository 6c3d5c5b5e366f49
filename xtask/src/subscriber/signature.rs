//! Checking a webhook's signature, by Standard Webhooks: `webhook-signature` holds, among others, `v1,` and the base64 of
//! an HMAC-SHA256 over `{webhook-id}.{webhook-timestamp}.{body}`. Written here anew, not taken from the application: a
//! receiver that shares the sender's code proves nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hyper::HeaderMap;
use sha2::Sha256;
use std::fmt;

/// How far a timestamp may be from now, in seconds: replays of old requests are not taken.
const TOLERANCE: u64 = 300;

/// The secret of a subscription. Never printed.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Reads `whsec_` and base64.
    pub fn parse(text: &str) -> Option<Secret> {
        STANDARD.decode(text.strip_prefix("whsec_")?).ok().map(Secret)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Why a signature is not good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A header is missing or not readable.
    #[error("no {0}")]
    Missing(&'static str),
    /// The timestamp is not a number or not of now.
    #[error("webhook-timestamp is not within 5 minutes of now")]
    Time,
    /// None of the signatures was made with one of the secrets.
    #[error("made with another secret, or the body was changed")]
    Mismatch,
}

/// Checks a request's signature at the Unix second `now`; it is good when it was made with any of the secrets.
///
/// # Errors
/// Says what is wrong with it.
pub fn check(headers: &HeaderMap, body: &[u8], secrets: &[Secret], now: u64) -> Result<(), Problem> {
    let header =
        |name: &'static str| headers.get(name).and_then(|value| value.to_str().ok()).ok_or(Problem::Missing(name));
    let (id, timestamp) = (header("webhook-id")?, header("webhook-timestamp")?);
    let signatures = header("webhook-signature")?;
    let sent: u64 = timestamp.parse().map_err(|_| Problem::Time)?;
    if sent.abs_diff(now) > TOLERANCE {
        return Err(Problem::Time);
    }
    let given = signatures.split(' ').filter_map(|signature| signature.strip_prefix("v1,"));
    let good = given
        .filter_map(|signature| STANDARD.decode(signature).ok())
        .any(|signature| secrets.iter().any(|secret| verify(secret, id, timestamp, body, &signature)));
    if good { Ok(()) } else { Err(Problem::Mismatch) }
}

fn verify(secret: &Secret, id: &str, timestamp: &str, body: &[u8], signature: &[u8]) -> bool {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&secret.0) else {
        return false;
    };
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    mac.verify_slice(signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of the Standard Webhooks documentation.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const TIMESTAMP: &str = "1614265330";
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const NOW: u64 = 1_614_265_330;

    fn headers(signature: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [("webhook-id", ID), ("webhook-timestamp", TIMESTAMP), ("webhook-signature", signature)] {
            headers.insert(name, value.parse().unwrap());
        }
        headers
    }

    fn secrets() -> Vec<Secret> {
        vec![Secret::parse("whsec_AAAA").unwrap(), Secret::parse(SECRET).unwrap()]
    }

    #[test]
    fn the_documented_example_is_good() {
        assert_eq!(check(&headers(SIGNATURE), BODY, &secrets(), NOW + 300), Ok(()));
        let rotated = format!("v1,AAAA v2,x {SIGNATURE}");
        assert_eq!(check(&headers(&rotated), BODY, &secrets(), NOW), Ok(()));
    }

    #[test]
    fn anything_changed_is_noticed() {
        assert_eq!(check(&headers(SIGNATURE), b"{}", &secrets(), NOW), Err(Problem::Mismatch));
        assert_eq!(check(&headers("v1,AAAA"), BODY, &secrets(), NOW), Err(Problem::Mismatch));
        assert_eq!(check(&headers(SIGNATURE), BODY, &[], NOW), Err(Problem::Mismatch));
        assert_eq!(check(&headers(SIGNATURE), BODY, &secrets(), NOW + 301), Err(Problem::Time));
        assert_eq!(check(&HeaderMap::new(), BODY, &secrets(), NOW), Err(Problem::Missing("webhook-id")));
    }

    #[test]
    fn a_secret_has_its_prefix_and_is_not_printed() {
        assert!(Secret::parse("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").is_none());
        assert_eq!(format!("{:?}", Secret::parse(SECRET).unwrap()), "Secret(..)");
    }
}
