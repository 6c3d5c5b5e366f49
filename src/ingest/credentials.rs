//! Which integration a push is for: the key that it brings.
//!
//! In the query, as Flashduty's push URLs have it; in the `Authorization` header, for senders whose URL cannot have a
//! query; in the body, where the sender's own protocol puts it there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::door::Door;
use crate::config::{Config, Integration};
use crate::error::{ApiError, Code};
use crate::http::Request;

/// The integration whose key a request brings in its query or header, or `None` where it brings none there.
///
/// # Errors
/// `InvalidParameter` for a key that nobody has or that does not open this door.
pub fn named<'a>(config: &'a Config, door: Door, request: &Request) -> Result<Option<&'a Integration>, ApiError> {
    let query = request.query_value("integration_key").filter(|key| !key.is_empty());
    match query.or_else(|| request.authorization.as_ref().and_then(|secret| in_header(secret.expose()))) {
        Some(key) => find(config, door, &key).map(Some),
        None => Ok(None),
    }
}

/// The integration with this key.
///
/// # Errors
/// As [`named`].
pub fn find<'a>(config: &'a Config, door: Door, key: &str) -> Result<&'a Integration, ApiError> {
    let found = config.integration_by_key(key).filter(|integration| match (&integration.door, door.kind()) {
        (Some(only), Some(kind)) => only == kind,
        _ => true,
    });
    found.ok_or_else(unknown)
}

/// The refusal of a key that nobody has.
pub fn unknown() -> ApiError {
    ApiError::new(Code::InvalidParameter, "integration_key is not a valid one")
}

/// The key in `Bearer <key>`, or the password in `Basic <base64 of user:password>`.
fn in_header(value: &str) -> Option<String> {
    let (scheme, rest) = value.trim().split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if scheme.eq_ignore_ascii_case("basic") {
        let text = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
        return text.split_once(':').map(|(_, password)| password.to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_may_come_as_bearer_token_or_as_password() {
        assert_eq!(in_header("Bearer abc"), Some("abc".into()));
        assert_eq!(in_header("bearer  abc "), Some("abc".into()));
        assert_eq!(in_header("Basic cHJvbTphOmI="), Some("a:b".into()), "prom:a:b");
        for other in ["", "abc", "Basic", "Basic ####", "Basic /w==", "Basic cHJvbQ==", "Digest x=y"] {
            assert_eq!(in_header(other), None, "{other}");
        }
    }
}
