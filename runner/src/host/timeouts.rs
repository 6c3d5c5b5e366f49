//! The time limit between two pieces of a response body.

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Sleep, sleep};
use wasmtime_wasi_http::p3::bindings::http::types::ErrorCode;

/// A body that fails with `ConnectionReadTimeout` when nothing comes for too long.
pub struct BetweenBytes<B> {
    /// Dropped with the time limit, which closes the connection.
    inner: Option<B>,
    limit: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<B> BetweenBytes<B> {
    /// Limits the time between two frames of `inner`.
    pub fn new(inner: B, limit: Duration) -> BetweenBytes<B> {
        BetweenBytes { inner: Some(inner), limit, waiting: None }
    }
}

impl<B: Body<Data = Bytes, Error = ErrorCode> + Unpin> Body for BetweenBytes<B> {
    type Data = Bytes;
    type Error = ErrorCode;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, ErrorCode>>> {
        let this = &mut *self;
        let Some(inner) = &mut this.inner else {
            return Poll::Ready(None);
        };
        if let Poll::Ready(frame) = Pin::new(inner).poll_frame(cx) {
            this.waiting = None;
            return Poll::Ready(frame);
        }
        let limit = this.limit;
        ready!(this.waiting.get_or_insert_with(|| Box::pin(sleep(limit))).as_mut().poll(cx));
        this.inner = None;
        Poll::Ready(Some(Err(ErrorCode::ConnectionReadTimeout)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map(Body::size_hint).unwrap_or_default()
    }
}
