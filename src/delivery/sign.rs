//! Signatures by Standard Webhooks 1.0: HMAC-SHA256 over `{id}.{timestamp}.{body}`, base64, prefixed `v1,`.
//!
//! While a secret is being changed, a request is signed with the old and the new one, so that the receiver can change
//! its own at any time in between.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_PAD_INDIFFERENT as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::secret::Secret;

/// The shortest and the longest key that the specification allows, bytes.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// The signature headers of one attempt at the Unix second `timestamp`: `webhook-id`, `webhook-timestamp`, and
/// `webhook-signature` with a signature for each secret, in their order.
///
/// # Errors
/// There is no secret, or one of them is none; they were checked when they were stored. Nothing is ever sent unsigned.
pub fn sign(secrets: &[&Secret], id: &str, timestamp: u64, body: &[u8]) -> Result<Vec<(String, String)>, SecretError> {
    if secrets.is_empty() {
        return Err(SecretError::Missing);
    }
    let timestamp = timestamp.to_string();
    let mut signatures = String::new();
    for secret in secrets {
        if !signatures.is_empty() {
            signatures.push(' ');
        }
        add_signature(&decode(secret)?, id, &timestamp, body, &mut signatures)?;
    }
    Ok(vec![
        ("webhook-id".to_owned(), id.to_owned()),
        ("webhook-timestamp".to_owned(), timestamp),
        ("webhook-signature".to_owned(), signatures),
    ])
}

fn add_signature(key: &[u8], id: &str, timestamp: &str, body: &[u8], to: &mut String) -> Result<(), SecretError> {
    // HMAC takes keys of any length: nothing that was decoded fails here.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| SecretError::Length)?;
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    to.push_str("v1,");
    BASE64.encode_string(mac.finalize().into_bytes(), to);
    Ok(())
}

/// Why a text is not a signing secret. Says nothing of what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// There is none to sign with.
    #[error("must be given")]
    Missing,
    /// Something else than base64 follows the prefix.
    #[error("must be whsec_ and base64")]
    Encoding,
    /// The key is too short or too long.
    #[error("must be whsec_ and the base64 of 24 to 64 random bytes")]
    Length,
}

/// Refuses what is not a signing secret.
///
/// # Errors
/// The text is not base64 of 24 to 64 bytes.
pub fn check_secret(secret: &Secret) -> Result<(), SecretError> {
    decode(secret).map(|_| ())
}

/// The key. The prefix and the padding may be left out, as most libraries for receivers allow.
fn decode(secret: &Secret) -> Result<Vec<u8>, SecretError> {
    let text = secret.expose();
    let key = BASE64.decode(text.strip_prefix("whsec_").unwrap_or(text)).map_err(|_| SecretError::Encoding)?;
    if KEY_BYTES.contains(&key.len()) { Ok(key) } else { Err(SecretError::Length) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use standardwebhooks::Webhook;

    use super::*;

    const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const NEW: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const BODY: &[u8] = br#"{"event_type":"i_new"}"#;

    /// The value of `webhook-signature`.
    fn signature(secrets: &[&str], id: &str, timestamp: u64, body: &[u8]) -> String {
        let secrets: Vec<Secret> = secrets.iter().map(|text| Secret::new(*text)).collect();
        let headers = sign(&secrets.iter().collect::<Vec<_>>(), id, timestamp, body).expect("signed");
        headers.into_iter().find(|(name, _)| name == "webhook-signature").expect("a signature").1
    }

    /// A body signed now with these secrets, as the official verifier takes it.
    fn signed_now(secrets: &[&Secret]) -> http::HeaderMap {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
        let mut headers = http::HeaderMap::new();
        for (name, value) in sign(secrets, "msg_1", now, BODY).expect("signed") {
            let name: http::HeaderName = name.parse().expect("a name");
            headers.insert(name, value.parse().expect("a value"));
        }
        headers
    }

    fn verifies(secret: &str, headers: &http::HeaderMap, body: &[u8]) -> bool {
        Webhook::new(secret).expect("a secret").verify(body, headers).is_ok()
    }

    /// A secret of so many bytes.
    fn of_bytes(length: usize) -> String {
        format!("whsec_{}", BASE64.encode(vec![0xAB; length]))
    }

    #[test]
    fn the_official_verifier_accepts_the_signature() {
        let headers = signed_now(&[&Secret::new(OLD)]);
        assert!(verifies(OLD, &headers, BODY));
        assert!(!verifies(OLD, &headers, b"{}"), "another body");
        assert!(!verifies(NEW, &headers, BODY), "another secret");
    }

    #[test]
    fn published_vectors_are_met() {
        // The vector of the specification's libraries in most languages, and that of its Rust library.
        let vectors: [(&str, &str, u64, &[u8], &str); 2] = [
            (
                OLD,
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1_614_265_330,
                br#"{"test": 2432232314}"#,
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ),
            (
                NEW,
                "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
                1_649_367_553,
                br#"{"email":"test@example.com","username":"test_user"}"#,
                "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
            ),
        ];
        for (secret, id, timestamp, body, expected) in vectors {
            assert_eq!(signature(&[secret], id, timestamp, body), expected, "{id}");
        }
    }

    #[test]
    fn the_vector_of_svix_s_manual_is_met_but_its_secret_is_too_short() {
        // "Verifying Webhooks Manually"; its key has 18 bytes, which the specification does not allow.
        let text = "whsec_plJ3nmyCDGBKInavdOK15jsl";
        assert_eq!(check_secret(&Secret::new(text)), Err(SecretError::Length));
        let key = BASE64.decode(&text[6..]).expect("base64");
        let body = br#"{"event_type":"ping","data":{"success":true}}"#;
        let mut signature = String::new();
        add_signature(&key, "msg_loFOjxBNrRLzqYUf", "1731705121", body, &mut signature).expect("signed");
        assert_eq!(signature, "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=");
    }

    proptest! {
        #[test]
        fn the_official_library_signs_the_same(
            key in proptest::collection::vec(any::<u8>(), KEY_BYTES),
            id in "[ -~]{0,40}",
            timestamp in 0..=4_102_444_800_u64,
            body in any::<String>(),
        ) {
            let secret = format!("whsec_{}", BASE64.encode(key));
            let theirs = Webhook::new(&secret).expect("a secret");
            let theirs = theirs.sign(&id, timestamp as i64, body.as_bytes()).expect("signed");
            prop_assert_eq!(signature(&[&secret], &id, timestamp, body.as_bytes()), theirs);
        }
    }

    #[test]
    fn two_secrets_give_two_signatures_and_each_verifies() {
        let both = signature(&[OLD, NEW], "msg_1", 1, BODY);
        let each = [signature(&[OLD], "msg_1", 1, BODY), signature(&[NEW], "msg_1", 1, BODY)];
        assert_eq!(both.split(' ').collect::<Vec<_>>(), each);
        let headers = signed_now(&[&Secret::new(OLD), &Secret::new(NEW)]);
        assert!(verifies(OLD, &headers, BODY) && verifies(NEW, &headers, BODY));
        assert!(!verifies(&of_bytes(24), &headers, BODY), "a secret that did not sign");
    }

    #[test]
    fn prefix_and_padding_may_be_left_out() {
        let padded = of_bytes(32);
        assert!(padded.ends_with('='));
        let (bare, unpadded) = (padded.replace("whsec_", ""), padded.replace('=', ""));
        let expected = signature(&[&padded], "msg_1", 1, BODY);
        for text in [bare.clone(), unpadded, bare.replace('=', "")] {
            assert_eq!(signature(&[&text], "msg_1", 1, BODY), expected, "{text}");
        }
    }

    #[test]
    fn only_24_to_64_bytes_are_a_secret() {
        for length in [24, 25, 26, 32, 64] {
            assert_eq!(check_secret(&Secret::new(of_bytes(length))), Ok(()), "{length}");
        }
        for length in [0, 1, 23, 65, 1000] {
            assert_eq!(check_secret(&Secret::new(of_bytes(length))), Err(SecretError::Length), "{length}");
        }
        assert_eq!(check_secret(&Secret::new("")), Err(SecretError::Length));
    }

    #[test]
    fn what_is_not_base64_is_refused() {
        let key = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        // A private and a public key for asymmetric signatures, a prefix twice or in capitals, white space, base64 of
        // the other alphabet, padding where none belongs, a last digit with bits that count for nothing.
        for text in [
            format!("whsk_{key}"),
            format!("whpk_{key}"),
            format!("whsec_whsec_{key}"),
            format!("WHSEC_{key}"),
            format!(" whsec_{key}"),
            format!("whsec_{key}\n"),
            format!("whsec_{}", key.replace('8', "-")),
            format!("whsec_{key}="),
            format!("whsec_{key}AB"),
            "whsec_no base64 at all, sorry: not at all".to_owned(),
        ] {
            assert_eq!(check_secret(&Secret::new(text.clone())), Err(SecretError::Encoding), "{text}");
        }
    }

    #[test]
    fn nothing_is_signed_without_a_good_secret_and_no_error_shows_one() {
        assert_eq!(sign(&[], "msg_1", 1, BODY), Err(SecretError::Missing));
        for bad in ["whsec_c2hvcnQ=", "whsec_hush hush"] {
            let error =
                sign(&[&Secret::new(OLD), &Secret::new(bad)], "msg_1", 1, BODY).expect_err("one of them is bad");
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("c2hvcnQ") && !shown.contains("hush") && !shown.contains("short"), "{shown}");
        }
    }
}
