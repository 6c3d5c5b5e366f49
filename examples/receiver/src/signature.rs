//! Whom to believe: whoever signed with one of the secrets, within five minutes of now (Standard Webhooks).

use hyper::HeaderMap;
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook};

/// How far a timestamp may be from now, seconds: an old request that somebody recorded is not taken.
const TOLERANCE_S: u64 = 5 * 60;
/// How many characters of base64 stand for 24 to 64 bytes, with or without padding.
const SECRET_CHARS: std::ops::RangeInclusive<usize> = 32..=88;

/// The secrets of a subscription: one, or two while it is being changed.
pub struct Secrets(Vec<Webhook>);

/// A text that is not a secret. Does not say which text.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret must be whsec_ and the base64 of 24 to 64 bytes")]
pub struct SecretError;

/// Why a request is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A header is missing or no text.
    #[error("no {0}")]
    Missing(&'static str),
    /// Sent too long ago, or by a clock that is wrong.
    #[error("webhook-timestamp is not within 5 minutes of now")]
    Time,
    /// Nobody who has a secret signed this.
    #[error("not signed with one of the secrets")]
    Mismatch,
}

impl Secrets {
    /// Reads secrets.
    ///
    /// # Errors
    /// There is none, or one is too short or not base64. An empty secret would be anybody's.
    pub fn new<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, SecretError> {
        let read = |text: &str| {
            let good = SECRET_CHARS.contains(&text.strip_prefix("whsec_").unwrap_or(text).len());
            Webhook::new(text).ok().filter(|_| good).ok_or(SecretError)
        };
        let secrets = texts.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        if secrets.is_empty() { Err(SecretError) } else { Ok(Self(secrets)) }
    }

    /// Checks who sent a request, at the Unix second `now`. The body must be as it came, byte by byte.
    ///
    /// # Errors
    /// Says why it is not believed.
    pub fn check(&self, headers: &HeaderMap, body: &[u8], now: i64) -> Result<(), SignatureError> {
        let header =
            |name| headers.get(name).and_then(|value| value.to_str().ok()).ok_or(SignatureError::Missing(name));
        let (id, sent) = (header(HEADER_WEBHOOK_ID)?, header(HEADER_WEBHOOK_TIMESTAMP)?);
        let given = header(HEADER_WEBHOOK_SIGNATURE)?;
        let sent: i64 = sent.parse().map_err(|_| SignatureError::Time)?;
        if sent.abs_diff(now) > TOLERANCE_S {
            return Err(SignatureError::Time);
        }
        // While the sender changes its secret, it gives a signature for each; one that we can make ourselves is enough.
        // What is not UTF-8 has no signature. (`Webhook::verify` does all of this too, by a clock of its own.)
        let ours = self.0.iter().filter_map(|secret| secret.sign(id, sent, body).ok());
        let good = ours.into_iter().any(|ours| given.split(' ').any(|given| same(given.as_bytes(), ours.as_bytes())));
        if good { Ok(()) } else { Err(SignatureError::Mismatch) }
    }
}

/// Compares in a time that does not tell where they differ.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differences, (a, b)| differences | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const NEW: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    // The example of the Standard Webhooks libraries, signed with the old one.
    const SENT: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn headers(timestamp: &str, signature: &str) -> HeaderMap {
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        [("webhook-id", id), ("webhook-timestamp", timestamp), ("webhook-signature", signature)]
            .into_iter()
            .map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")))
            .collect()
    }

    fn check(secrets: &[&str], signature: &str, now: i64) -> Result<(), SignatureError> {
        let secrets = Secrets::new(secrets.iter().copied()).expect("secrets");
        secrets.check(&headers("1614265330", signature), BODY, now)
    }

    #[test]
    fn one_of_the_secrets_and_one_of_the_signatures_are_enough() {
        assert_eq!(check(&[OLD], SIGNATURE, SENT), Ok(()));
        assert_eq!(check(&[NEW, OLD], SIGNATURE, SENT), Ok(()));
        assert_eq!(check(&[OLD], &format!("v1,AAAA v1a,AAAA {SIGNATURE}"), SENT), Ok(()));
        assert_eq!(check(&[NEW], SIGNATURE, SENT), Err(SignatureError::Mismatch));
    }

    #[test]
    fn part_of_a_signature_is_none() {
        for signature in ["", "v1,", "v1", &SIGNATURE[..20], &SIGNATURE[3..], &SIGNATURE.replace("v1,", "v2,")] {
            assert_eq!(check(&[OLD], signature, SENT), Err(SignatureError::Mismatch), "{signature}");
        }
    }

    #[test]
    fn what_was_signed_more_than_five_minutes_from_now_is_refused() {
        for now in [SENT - 300, SENT + 300] {
            assert_eq!(check(&[OLD], SIGNATURE, now), Ok(()), "{now}");
        }
        for now in [SENT - 301, SENT + 301, i64::MIN, i64::MAX] {
            assert_eq!(check(&[OLD], SIGNATURE, now), Err(SignatureError::Time), "{now}");
        }
    }

    #[test]
    fn headers_and_body_must_be_there_as_they_were_signed() {
        let secrets = Secrets::new([OLD]).expect("a secret");
        for name in [HEADER_WEBHOOK_ID, HEADER_WEBHOOK_TIMESTAMP, HEADER_WEBHOOK_SIGNATURE] {
            let mut headers = headers("1614265330", SIGNATURE);
            headers.remove(name);
            assert_eq!(secrets.check(&headers, BODY, SENT), Err(SignatureError::Missing(name)));
        }
        let odd = headers("yesterday", SIGNATURE);
        assert_eq!(secrets.check(&odd, BODY, SENT), Err(SignatureError::Time));
        for (timestamp, body) in [("1614265331", BODY), ("1614265330", b"{}"), ("1614265330", b"\xff")] {
            let changed = secrets.check(&headers(timestamp, SIGNATURE), body, SENT);
            assert_eq!(changed, Err(SignatureError::Mismatch), "{timestamp}");
        }
    }

    #[test]
    fn what_anybody_could_guess_is_no_secret() {
        for texts in [
            &[][..],
            &[""],
            &["whsec_"],
            &["whsec_c2hvcnQ="],
            &[OLD, ""],
            &["whsec_not base64, though it is long enough"],
        ] {
            assert_eq!(Secrets::new(texts.iter().copied()).err(), Some(SecretError), "{texts:?}");
        }
        assert!(!SecretError.to_string().contains("c2hvcnQ"));
    }
}
