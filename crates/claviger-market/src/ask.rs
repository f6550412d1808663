//! One public question, and its whole answer.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use claviger_core::{Intent, Time};
use claviger_egress::{Egress, NotPublic, PublicRequest, SendError};
use claviger_exchange::{Exchange, ReadError};

/// A feed told nothing this time.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Silent {
    #[error("the question is not a public one")]
    NotPublic(#[from] NotPublic),
    #[error(transparent)]
    Send(#[from] SendError),
    #[error("the exchange answered with status {status}")]
    Status { status: u16, retry_after: Option<Duration> },
    #[error("the answer cannot be read: {0}")]
    Read(#[from] ReadError),
    #[error("the answer holds no time")]
    NoTime,
    #[error("too few of the calls were answered")]
    TooFew,
    #[error("the keep does not take it")]
    Keep,
}

impl Silent {
    /// How long the exchange wants to be left alone, at most ten minutes.
    pub(crate) fn wait(&self) -> Duration {
        match self {
            Self::Status { retry_after: Some(wait), .. } => (*wait).min(Duration::from_secs(600)),
            _ => Duration::ZERO,
        }
    }
}

pub(crate) async fn ask(
    exchange: &dyn Exchange,
    intent: &Intent,
    egress: &Egress,
) -> Result<Vec<u8>, Silent> {
    let sent = egress.ask(PublicRequest::new(exchange, intent)?).await?;
    if sent.status != 200 {
        let after = sent.headers.get("retry-after").and_then(|v| v.to_str().ok()?.parse().ok());
        return Err(Silent::Status { status: sent.status, retry_after: after.map(Duration::from_secs) });
    }
    Ok(sent.body.whole().await?)
}

/// Time that never goes back within a run: the wall clock at start plus monotonic time since.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    wall_ms: u64,
    start: Instant,
}

impl Now {
    pub(crate) fn begin() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { wall_ms: u64::try_from(wall.as_millis()).unwrap_or(u64::MAX), start: Instant::now() }
    }

    pub(crate) fn time(&self) -> Time {
        let since = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        Time::from_millis(self.wall_ms).plus(since)
    }
}

/// How long to wait after so many failures in a row.
pub(crate) fn pause(every: Duration, failures: u32) -> Duration {
    const LONGEST: Duration = Duration::from_secs(60);
    const LONGEST_OF_PRICES: Duration = Duration::from_secs(10);
    const PRICES: Duration = Duration::from_secs(10);
    let grown = every.saturating_mul(1 << failures.min(6));
    let longest = if every < PRICES { LONGEST_OF_PRICES } else { LONGEST };
    if failures == 0 { every } else { grown.min(longest) }
}

/// Says that a feed fell silent or speaks again: once each, not at every try.
pub(crate) fn note(what: &str, failures: u32, silent: Option<&Silent>) {
    match silent {
        Some(error) if failures == 0 => tracing::warn!(feed = what, %error, "a feed fell silent"),
        Some(error) => tracing::debug!(feed = what, %error, failures, "a feed is still silent"),
        None if failures > 0 => tracing::info!(feed = what, "a feed speaks again"),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_slow_down_and_never_speed_up() {
        let s = Duration::from_secs;
        assert_eq!([0, 1, 2, 5, 6, u32::MAX].map(|n| pause(s(2), n)), [2, 4, 8, 10, 10, 10].map(s));
        assert_eq!(pause(s(3600), 0), s(3600));
        assert_eq!(pause(s(3600), 1), s(60), "an hourly feed that failed is asked again within a minute");
    }
}
