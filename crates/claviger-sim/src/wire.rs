//! A stream that remembers what was read and can be cut while writing.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::venue::locked;

/// What one connection has read since the last request, and how much it may still write.
pub(crate) struct Wire {
    read: Mutex<Vec<u8>>,
    budget: AtomicUsize,
}

impl Wire {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { read: Mutex::default(), budget: AtomicUsize::new(usize::MAX) })
    }

    /// Takes the bytes of the request whose body is `body` long or, if unknown, all there is.
    pub(crate) fn take_request(&self, body: Option<usize>) -> Vec<u8> {
        let mut read = locked(&self.read);
        let head = read.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at.saturating_add(4));
        let end = head.zip(body).map_or(read.len(), |(head, body)| head.saturating_add(body).min(read.len()));
        read.drain(..end).collect()
    }

    /// Cuts the connection after so many more bytes.
    pub(crate) fn cut_after(&self, bytes: usize) {
        self.budget.store(bytes, Ordering::SeqCst);
    }
}

/// The stream around a connection.
pub(crate) struct WireStream<S> {
    inner: S,
    wire: Arc<Wire>,
}

impl<S> WireStream<S> {
    pub(crate) fn new(inner: S, wire: Arc<Wire>) -> Self {
        Self { inner, wire }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WireStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        if let Some(new) = buf.filled().get(before..) {
            locked(&self.wire.read).extend_from_slice(new);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WireStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let budget = self.wire.budget.load(Ordering::SeqCst);
        if budget == 0 {
            // What was allowed must arrive before the cut.
            ready!(Pin::new(&mut self.inner).poll_flush(cx))?;
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::ConnectionAborted, "cut as ordered")));
        }
        let allowed = buf.get(..budget.min(buf.len())).unwrap_or_default();
        let written = ready!(Pin::new(&mut self.inner).poll_write(cx, allowed))?;
        if budget != usize::MAX {
            self.wire.budget.store(budget.saturating_sub(written), Ordering::SeqCst);
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
