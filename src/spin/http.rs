//! Requests and answers between the SDK's types and the domain's.

use futures_util::StreamExt;
use spin_sdk::http::body::IncomingBodyExt;
use spin_sdk::http::{FullBody, HeaderValue, StatusCode};

use crate::http::{Answer, BODY_LIMIT, BodyError, Request};
use crate::secret::Secret;

/// Reads a request, its body up to the limit.
pub async fn read(request: spin_sdk::http::Request) -> Request {
    let (parts, body) = request.into_parts();
    let header = |name| parts.headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let mut bytes = Vec::new();
    let mut stream = body.stream();
    let body = loop {
        match stream.next().await {
            None => break Ok(bytes),
            Some(Ok(frame)) if bytes.len() + frame.len() > BODY_LIMIT => break Err(BodyError::TooLarge),
            Some(Ok(frame)) => bytes.extend_from_slice(&frame),
            Some(Err(_)) => break Err(BodyError::Broken),
        }
    };
    Request {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        content_type: header("content-type"),
        authorization: header("authorization").map(Secret::from),
        user_agent: header("user-agent"),
        body,
    }
}

/// The SDK's form of an answer. It says how long it is: where it does not, the end of the body is a chunk in a packet of
/// its own, and Spin, which leaves Nagle's algorithm on, may hold that back until the client has confirmed the rest.
pub fn respond(answer: Answer) -> http::Response<FullBody<bytes::Bytes>> {
    let length = HeaderValue::from(answer.body.len());
    let mut response = http::Response::new(FullBody::new(bytes::Bytes::from(answer.body)));
    response.headers_mut().insert("content-length", length);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    // What is answered is for programs: not to be guessed at by a browser, and not to be kept by anybody, unless the
    // answer says otherwise.
    let usual = [("x-content-type-options", "nosniff".to_owned()), ("cache-control", "no-store".to_owned())];
    for (name, value) in usual.into_iter().chain(answer.headers) {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
