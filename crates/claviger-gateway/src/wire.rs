//! One connection with a bot: requests in, bytes out, each within its time.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::time::{Instant, timeout, timeout_at};

use crate::chunked::Chunked;
use crate::front::{self, Bad, Framing};

const HEAD: Duration = Duration::from_secs(5);
const BODY: Duration = Duration::from_secs(10);
const WRITE: Duration = Duration::from_secs(10);

/// How long a connection may wait for its next request.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How long, and how much, is still read after a refusal, so that the client gets to see it.
const LINGER: Duration = Duration::from_millis(500);
const LINGER_BYTES: usize = 256 * 1024;

/// Longer bodies share a few places, so that memory stays bounded whatever connections there are.
const LARGE: usize = 64 * 1024;

/// How much to read at once.
const READ: usize = 4096;

pub(crate) struct Wire<S> {
    pub stream: S,
    buffer: Vec<u8>,
    fresh: bool,
}

/// A connection cannot go on.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The request is refused; the client is told.
    Bad(Bad),
    /// The request did not come in time; the client is told.
    Late,
    /// The client is gone or reads too slowly.
    Gone,
}

impl From<Bad> for Broken {
    fn from(bad: Bad) -> Self {
        Self::Bad(bad)
    }
}

/// A body, and its place among the large ones.
pub(crate) struct Body<'s> {
    pub bytes: Vec<u8>,
    _place: Option<SemaphorePermit<'s>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(crate) const fn new(stream: S) -> Self {
        Self { stream, buffer: Vec::new(), fresh: true }
    }

    /// Waits for a head: its length and when it began. `None` where there is no further request.
    pub(crate) async fn head(
        &mut self,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<Option<(usize, Instant)>, Broken> {
        if self.buffer.is_empty() && !self.idle(stop).await {
            return Ok(None);
        }
        self.fresh = false;
        let (began, mut seen) = (Instant::now(), 0);
        loop {
            if let Some(end) = front::head_end(&self.buffer, &mut seen)? {
                return Ok(Some((end, began)));
            }
            let more = timeout_at(began + HEAD, self.fill()).await.map_err(|_| Broken::Late)?;
            more.ok().filter(|n| *n > 0).ok_or(Broken::Gone)?;
        }
    }

    /// Waits for the first byte of a request.
    async fn idle(&mut self, stop: &mut watch::Receiver<bool>) -> bool {
        let wait = if self.fresh { HEAD } else { KEEP_ALIVE };
        // An idle connection holds no buffer.
        self.buffer = Vec::new();
        tokio::select! {
            biased;
            more = timeout(wait, self.fill()) => matches!(more, Ok(Ok(1..))),
            _ = stop.wait_for(|stop| *stop) => false,
        }
    }

    /// What was read and not yet taken.
    pub(crate) fn waiting(&self) -> &[u8] {
        &self.buffer
    }

    /// Takes the first bytes of what was read.
    pub(crate) fn took(&mut self, length: usize) {
        self.buffer.drain(..length.min(self.buffer.len()));
    }

    /// Reads the body behind a head.
    pub(crate) async fn body<'s>(
        &mut self,
        framing: Framing,
        large: &'s Semaphore,
    ) -> Result<Body<'s>, Broken> {
        if framing == Framing::Length(0) {
            return Ok(Body { bytes: Vec::new(), _place: None });
        }
        let body = async {
            match framing {
                Framing::Length(length) => self.counted(length, large).await,
                Framing::Chunked => self.chunked(large).await,
            }
        };
        timeout(BODY, body).await.map_err(|_| Broken::Late)?
    }

    async fn counted<'s>(&mut self, length: usize, large: &'s Semaphore) -> Result<Body<'s>, Broken> {
        let place = place(length, large).await?;
        let here = length.min(self.buffer.len());
        let mut bytes: Vec<u8> = Vec::with_capacity(length);
        bytes.extend(self.buffer.drain(..here));
        while bytes.len() < length {
            let left = u64::try_from(length - bytes.len()).unwrap_or(0);
            let read = (&mut self.stream).take(left).read_buf(&mut bytes).await;
            read.ok().filter(|n| *n > 0).ok_or(Broken::Gone)?;
        }
        Ok(Body { bytes, _place: place })
    }

    async fn chunked<'s>(&mut self, large: &'s Semaphore) -> Result<Body<'s>, Broken> {
        let (mut chunked, mut held) = (Chunked::default(), None);
        loop {
            let used = chunked.push(&self.buffer)?;
            self.took(used);
            if chunked.is_done() {
                return Ok(Body { bytes: chunked.into_body(), _place: held });
            }
            if held.is_none() {
                held = place(chunked.length(), large).await?;
            }
            self.fill().await.ok().filter(|n| *n > 0).ok_or(Broken::Gone)?;
        }
    }

    async fn fill(&mut self) -> io::Result<usize> {
        self.buffer.reserve(READ);
        self.stream.read_buf(&mut self.buffer).await
    }

    /// Writes all of it, or the client is gone.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        let written = timeout(WRITE, async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        });
        written.await.ok().and_then(Result::ok).ok_or(Broken::Gone)
    }

    /// Ends the connection so that the client can still read what was written.
    pub(crate) async fn end(mut self) {
        let end = async {
            self.stream.shutdown().await?;
            let mut left = LINGER_BYTES;
            let mut bytes = [0; 1024];
            while left > 0 {
                match self.stream.read(&mut bytes).await? {
                    0 => break,
                    n => left = left.saturating_sub(n),
                }
            }
            io::Result::Ok(())
        };
        // Whoever does not read it now never will.
        let _ = timeout(LINGER, end).await;
    }
}

async fn place(length: usize, large: &Semaphore) -> Result<Option<SemaphorePermit<'_>>, Broken> {
    if length <= LARGE {
        return Ok(None);
    }
    large.acquire().await.map(Some).map_err(|_| Broken::Gone)
}
