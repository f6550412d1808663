//! Looking at a TCP stream while a connection owns it, and a stream that counts what it was given.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A second handle to the socket of a connection, to look at it while the connection owns the stream.
pub(crate) struct Watch(socket2::Socket);

impl Watch {
    pub(crate) fn of(stream: &TcpStream) -> io::Result<Self> {
        socket2::SockRef::from(stream).try_clone().map(Self)
    }

    /// Whether an idle connection has said nothing since its last answer: no bytes, no end, no error.
    pub(crate) fn is_quiet(&self) -> bool {
        let mut byte = [MaybeUninit::uninit()];
        self.0.peek(&mut byte).is_err_and(|e| e.kind() == io::ErrorKind::WouldBlock)
    }
}

/// A stream that counts the bytes it accepted: what it accepted may have left, what it did not accept did not.
pub(crate) struct Counted<S> {
    pub inner: S,
    pub written: Arc<AtomicU64>,
}

impl<S> Counted<S> {
    fn count(&self, accepted: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(n)) = &accepted {
            self.written.fetch_add(u64::try_from(*n).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
        accepted
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        // An error may come after a part was accepted below: it counts as if one byte had left.
        let accepted = Pin::new(&mut self.inner).poll_write(cx, buf);
        if matches!(accepted, Poll::Ready(Err(_))) {
            self.written.fetch_add(1, Ordering::Relaxed);
        }
        self.count(accepted)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
