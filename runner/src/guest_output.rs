//! What components print: each line to the runner's stderr with the component's name before it.
//!
//! A line is written with one call, so that lines of several instances never mix. Text without a line end is kept back
//! until the end comes or the instance is gone; very long lines are cut up.

use bytes::Bytes;
use std::io::Write as _;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// Longest piece that is kept back, in bytes.
const MAX_LINE: usize = 16 * 1024;

/// Stdout or stderr of one instance.
#[derive(Clone)]
pub struct GuestOutput(Arc<Lines>);

struct Lines {
    prefix: String,
    pending: Mutex<Vec<u8>>,
}

impl GuestOutput {
    /// The output of one instance of `component`.
    pub fn new(component: &str) -> GuestOutput {
        GuestOutput(Arc::new(Lines { prefix: format!("[{component}] "), pending: Mutex::default() }))
    }
}

impl Lines {
    fn write(&self, bytes: &[u8]) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.extend_from_slice(bytes);
        while let Some(end) = pending.iter().position(|b| *b == b'\n') {
            self.print(&pending[..end]);
            pending.drain(..=end);
        }
        if pending.len() >= MAX_LINE {
            self.print(&pending);
            pending.clear();
        }
    }

    fn print(&self, line: &[u8]) {
        let mut all = Vec::with_capacity(self.prefix.len() + line.len() + 1);
        all.extend_from_slice(self.prefix.as_bytes());
        all.extend_from_slice(line);
        all.push(b'\n');
        // With stderr gone there is nobody left to tell.
        let _ = std::io::stderr().lock().write_all(&all);
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let pending = std::mem::take(self.pending.get_mut().unwrap_or_else(PoisonError::into_inner));
        if !pending.is_empty() {
            self.print(&pending);
        }
    }
}

impl IsTerminal for GuestOutput {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for GuestOutput {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl AsyncWrite for GuestOutput {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.0.write(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for GuestOutput {
    async fn ready(&mut self) {}
}

impl OutputStream for GuestOutput {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.0.write(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(64 * 1024)
    }
}
