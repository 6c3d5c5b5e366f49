//! Requests and answers as plain data, and the envelope that every answer has.

use serde::Serialize;

use crate::error::{ApiError, Code};
use crate::secret::Secret;

/// The largest request body that is read, bytes.
pub const BODY_LIMIT: usize = 1024 * 1024;

/// A request, its body already read.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method, upper case.
    pub method: String,
    /// The path, as sent.
    pub path: String,
    /// The query without `?`; may hold keys, so it is never logged.
    pub query: String,
    /// The value of `Content-Type`, if there is one that is text.
    pub content_type: Option<String>,
    /// The value of `Authorization`; a secret, so it is never logged.
    pub authorization: Option<Secret>,
    /// The value of `User-Agent`.
    pub user_agent: Option<String>,
    /// The body, or why there is none.
    pub body: Result<Vec<u8>, BodyError>,
}

/// Why a body could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// Longer than [`BODY_LIMIT`]; the rest was not read.
    TooLarge,
    /// The connection broke, or the framing is wrong.
    Broken,
}

impl Request {
    /// The first value of a query parameter, decoded.
    pub fn query_value(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(self.query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// Refuses any other method than `method`.
    pub fn expect_method(&self, method: &'static str) -> Result<(), ApiError> {
        if self.method == method { Ok(()) } else { Err(ApiError::method(method)) }
    }

    /// The body as JSON, with the content type checked where `content_type` is asked for.
    pub fn json(&self, content_type: bool) -> Result<serde_json::Value, ApiError> {
        if content_type && !self.content_type.as_deref().is_some_and(is_json) {
            let message = "Content-Type must be application/json";
            return Err(ApiError::new(Code::InvalidContentType, message));
        }
        let bytes = self.bytes()?;
        serde_json::from_slice(bytes).map_err(|e| {
            let message = format!("the body is not valid JSON (line {}, column {})", e.line(), e.column());
            ApiError::new(Code::InvalidParameter, message)
        })
    }

    /// The body's bytes.
    pub fn bytes(&self) -> Result<&[u8], ApiError> {
        match &self.body {
            Ok(bytes) => Ok(bytes),
            Err(BodyError::TooLarge) => {
                let message = format!("the body is larger than {BODY_LIMIT} bytes");
                Err(ApiError::new(Code::EntityTooLarge, message))
            }
            Err(BodyError::Broken) => {
                Err(ApiError::new(Code::InvalidParameter, "the body could not be read to its end"))
            }
        }
    }
}

/// `application/json`, with or without parameters, in any case.
fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Header names (lower case) and values.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// The header that repeats the request id.
pub const REQUEST_ID_HEADER: &str = "flashcat-request-id";

#[derive(Serialize)]
struct Envelope<'a, T> {
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorBody<'a>>,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    code: &'a str,
    message: &'a str,
}

/// The answer to a request: 200 with `data`, or the error's status with `error`. Never both.
pub fn answer<T: Serialize>(request_id: &str, result: Result<T, ApiError>) -> Answer {
    let (status, body) = match &result {
        Ok(data) => (200, serde_json::to_vec(&Envelope { request_id, data: Some(data), error: None })),
        Err(error) => {
            let shown = ErrorBody { code: error.code.name(), message: &error.message };
            (error.code.status(), serde_json::to_vec(&Envelope::<()> { request_id, data: None, error: Some(shown) }))
        }
    };
    let mut headers = vec![("content-type", "application/json".to_owned()), (REQUEST_ID_HEADER, request_id.to_owned())];
    if let Err(ApiError { allow: Some(method), .. }) = &result {
        headers.push(("allow", (*method).to_owned()));
    }
    if let Err(ApiError { retry_after_s: Some(secs), .. }) = &result {
        headers.push(("retry-after", secs.to_string()));
    }
    // Serialising plain data into memory cannot fail; if it ever did, an empty 500 is the honest answer.
    match body {
        Ok(body) => Answer { status, headers, body },
        Err(_) => Answer { status: 500, headers, body: Vec::new() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(content_type: Option<&str>, body: &str) -> Request {
        Request {
            method: "POST".into(),
            path: "/".into(),
            query: "a=1&integration_key=k%20y&integration_key=second".into(),
            content_type: content_type.map(str::to_owned),
            authorization: None,
            user_agent: None,
            body: Ok(body.into()),
        }
    }

    #[test]
    fn the_first_of_two_equal_query_parameters_counts() {
        assert_eq!(request(None, "").query_value("integration_key").as_deref(), Some("k y"));
        assert_eq!(request(None, "").query_value("absent"), None);
    }

    #[test]
    fn json_with_a_charset_is_json() {
        assert!(request(Some("Application/JSON; charset=utf-8"), "{}").json(true).is_ok());
        for other in [None, Some("text/plain"), Some("application/jsonp")] {
            let error = request(other, "{}").json(true).expect_err("refused");
            assert_eq!(error.code, Code::InvalidContentType);
        }
    }

    #[test]
    fn an_error_never_stands_beside_data() {
        let ok = answer("r1", Ok(1));
        assert_eq!(ok.body, br#"{"request_id":"r1","data":1}"#);
        let bad = answer::<()>("r2", Err(ApiError::invalid("labels", "must be an object")));
        assert_eq!(
            bad.body,
            br#"{"request_id":"r2","error":{"code":"InvalidParameter","message":"labels: must be an object"}}"#
        );
        assert_eq!(bad.status, 400);
    }

    #[test]
    fn a_wrong_method_is_told_the_right_one() {
        let error = request(None, "").expect_method("GET").expect_err("refused");
        let answer = answer::<()>("r", Err(error));
        assert_eq!(answer.status, 405);
        assert!(answer.headers.contains(&("allow", "GET".into())));
    }
}
