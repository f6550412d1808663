//! An exchange's answer, as it comes.

use std::sync::Arc;
use std::time::Instant;

use hyper::body::{Body as _, Bytes, Incoming};

use crate::SendError;
use crate::live::Live;
use crate::pool::{Pool, Share};

/// The body of an answer. Its connection goes back to the pool when the last piece was read; dropped before, it is closed.
pub struct Body {
    incoming: Incoming,
    open: Option<Open>,
    left: usize,
    until: Instant,
}

struct Open {
    live: Live,
    pool: Arc<Pool>,
    share: Share,
}

impl Body {
    pub(crate) fn new(
        incoming: Incoming,
        live: Live,
        (pool, share): (Arc<Pool>, Share),
        limit: usize,
        until: Instant,
    ) -> Self {
        Self { incoming, open: Some(Open { live, pool, share }), left: limit, until }
    }

    /// How long the body is, where the exchange said so.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.incoming.size_hint().exact()
    }

    /// The next piece; `None` after the last one.
    ///
    /// # Errors
    /// [`SendError::Lost`] where the body is cut, too long or too late; then nothing follows.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, SendError> {
        let Some(mut open) = self.open.take() else { return Ok(None) };
        loop {
            let next = tokio::time::timeout_at(self.until.into(), open.live.frame(&mut self.incoming)).await;
            let Some(frame) = next.map_err(|_| lost("the answer took too long"))? else {
                if open.live.is_reusable().await {
                    open.pool.put(open.share, open.live);
                }
                return Ok(None);
            };
            let frame = frame.map_err(|_| lost("the answer was cut"))?;
            let Ok(data) = frame.into_data() else { continue };
            self.left = self.left.checked_sub(data.len()).ok_or_else(|| lost("the answer is too long"))?;
            if !data.is_empty() {
                self.open = Some(open);
                return Ok(Some(data));
            }
        }
    }

    /// All of it.
    ///
    /// # Errors
    /// As [`Body::chunk`].
    pub async fn whole(mut self) -> Result<Vec<u8>, SendError> {
        let expected = self.length().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        if expected > self.left {
            return Err(lost("the answer is too long"));
        }
        let mut all = Vec::with_capacity(expected);
        while let Some(piece) = self.chunk().await? {
            all.extend_from_slice(&piece);
        }
        Ok(all)
    }
}

fn lost(why: &str) -> SendError {
    SendError::Lost { why: why.into() }
}
