//! Whether a bot's request is in time, and how much time it leaves.

/// How far a bot's clock may be ahead of the exchange's, in milliseconds.
const AHEAD_MS: u64 = 1000;

/// The longest that a signature of ours stays valid upstream, in milliseconds.
pub(crate) const LONGEST_MS: u64 = 2000;

/// The bot's wish in time, in the exchange's milliseconds: from when it was signed until when it may be fulfilled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    signed_ms: u64,
    ends_ms: u64,
}

/// A request is too old, or from too far in the future.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotFresh {
    /// The exchange would call it expired.
    #[error("the timestamp is {late_ms} ms past the window; check the clock and sign anew")]
    Late {
        /// By how much.
        late_ms: u64,
    },
    /// The exchange would call it early.
    #[error("the timestamp is {ahead_ms} ms ahead of the exchange's time; check the clock and sign anew")]
    Early {
        /// By how much.
        ahead_ms: u64,
    },
}

impl Wish {
    /// Reads a timestamp and its window when the exchange's time is `now_ms`, by the exchanges' own rule: at most a
    /// second early, and at most the window late.
    ///
    /// # Errors
    /// [`NotFresh`] where it is outside of that.
    pub const fn fresh(timestamp_ms: u64, window_ms: u64, now_ms: u64) -> Result<Self, NotFresh> {
        let ahead_ms = timestamp_ms.saturating_sub(now_ms);
        if ahead_ms >= AHEAD_MS {
            return Err(NotFresh::Early { ahead_ms });
        }
        let age_ms = now_ms.saturating_sub(timestamp_ms);
        if age_ms > window_ms {
            return Err(NotFresh::Late { late_ms: age_ms - window_ms });
        }
        Ok(Self { signed_ms: timestamp_ms, ends_ms: timestamp_ms.saturating_add(window_ms) })
    }

    /// When the bot signed, in the exchange's time.
    #[must_use]
    pub const fn signed_ms(self) -> u64 {
        self.signed_ms
    }

    /// What is left of it when the exchange's time is `now_ms`; `None` when it is over.
    #[must_use]
    pub const fn left_ms(self, now_ms: u64) -> Option<u64> {
        match self.ends_ms.saturating_sub(now_ms) {
            0 => None,
            left => Some(left),
        }
    }

    /// How long a signature for it may stay valid upstream; `None` when it is over.
    #[must_use]
    pub fn window_ms(self, now_ms: u64) -> Option<u64> {
        self.left_ms(now_ms).map(|left| left.min(LONGEST_MS))
    }
}

/// Claviger's own wishes last as long as a signature may.
#[must_use]
pub const fn own_wish(now_ms: u64) -> Wish {
    Wish { signed_ms: now_ms, ends_ms: now_ms.saturating_add(LONGEST_MS) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exchanges_rule() {
        let late = |late_ms| Err(NotFresh::Late { late_ms });
        let early = |ahead_ms| Err(NotFresh::Early { ahead_ms });
        let fresh = |t, w, n| Wish::fresh(t, w, n).map(|_| ());
        assert_eq!(fresh(10_000, 5000, 10_000), Ok(()));
        assert_eq!(fresh(10_000, 5000, 15_000), Ok(()));
        assert_eq!(fresh(10_000, 5000, 15_001), late(1));
        assert_eq!(fresh(10_999, 5000, 10_000), Ok(()));
        assert_eq!(fresh(11_000, 5000, 10_000), early(1000));
        assert_eq!(fresh(u64::MAX, u64::MAX, 0), early(u64::MAX));
        assert_eq!(fresh(0, 0, u64::MAX), late(u64::MAX));
        assert_eq!(fresh(0, 0, 0), Ok(()));
    }

    #[test]
    fn the_window_shrinks_with_the_wish() {
        let wish = Wish::fresh(10_000, 5000, 10_000).unwrap();
        assert_eq!(wish.window_ms(10_000), Some(2000));
        assert_eq!(wish.window_ms(14_000), Some(1000));
        assert_eq!(wish.window_ms(14_999), Some(1));
        assert_eq!(wish.window_ms(15_000), None);
        assert_eq!(wish.window_ms(99_000), None);
    }
}
