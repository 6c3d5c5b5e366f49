//! Webhooks on Spin's outbound HTTP.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use spin_sdk::http::FullBody;
use spin_sdk::http::body::IncomingBodyExt;
use spin_sdk::wasip3::http::types::ErrorCode;

use super::platform::Spin;
use crate::ports::{ANSWER_KEPT, Outbound, Post, PostAnswer, PostError};

/// An answer's body is read up to this many bytes; it has no meaning.
const ANSWER_BYTES: usize = 64 * 1024;

impl Outbound for Spin {
    async fn post(&self, post: Post<'_>) -> Result<PostAnswer, PostError> {
        let mut request = http::Request::post(post.url);
        for (name, value) in post.headers {
            request = request.header(name, value);
        }
        send(request, bytes::Bytes::copy_from_slice(post.body), post.timeout_ms).await
    }

    async fn get(&self, url: &str, timeout_ms: u64) -> Result<PostAnswer, PostError> {
        send(http::Request::get(url), bytes::Bytes::new(), timeout_ms).await
    }
}

/// Sends a request within a time limit.
async fn send(request: http::request::Builder, body: bytes::Bytes, limit_ms: u64) -> Result<PostAnswer, PostError> {
    // The host's own limits are ten minutes; whatever loses this race is dropped, which cancels it.
    let limit = std::pin::pin!(spin_sdk::time::sleep(Duration::from_millis(limit_ms)));
    let sending = std::pin::pin!(exchange(request, body));
    match select(sending, limit).await {
        Either::Left((result, _)) => result,
        Either::Right(_) => Err(PostError::TimedOut),
    }
}

async fn exchange(request: http::request::Builder, body: bytes::Bytes) -> Result<PostAnswer, PostError> {
    // Where it is not said, the host sends the body in chunks, which simple receivers take for an empty one.
    let request = if body.is_empty() { request } else { request.header("content-length", body.len()) };
    let request = request.body(FullBody::new(body)).map_err(|error| PostError::Denied(error.to_string()))?;
    let response = spin_sdk::http::send(request).await.map_err(judge)?;
    let status = response.status().as_u16();
    let retry_after = response.headers().get("retry-after").and_then(|v| v.to_str().ok()).map(str::to_owned);
    let text = |value: &http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let headers = response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    let mut stream = response.into_body().stream();
    let (mut read, mut body) = (0, Vec::new());
    while let Some(frame) = stream.next().await {
        let frame = frame.map_err(judge)?;
        read += frame.len();
        body.extend(frame.iter().take(ANSWER_KEPT - body.len()));
        if read > ANSWER_BYTES {
            break;
        }
    }
    Ok(PostAnswer { status, retry_after, headers, body })
}

fn judge(code: ErrorCode) -> PostError {
    match code {
        ErrorCode::HttpRequestDenied | ErrorCode::DestinationIpProhibited | ErrorCode::HttpRequestUriInvalid => {
            PostError::Denied(code.to_string())
        }
        ErrorCode::ConnectionTimeout | ErrorCode::ConnectionReadTimeout | ErrorCode::ConnectionWriteTimeout => {
            PostError::TimedOut
        }
        other => PostError::Connection(other.to_string()),
    }
}
