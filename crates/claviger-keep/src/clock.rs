//! The keep's time: the wall clock at start, monotonic from then on.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use claviger_core::Time;

/// Tells the keep's time, which never goes back: neither within a run nor behind the journal's last entry.
#[derive(Clone, Copy, Debug)]
pub struct KeepClock {
    start: Time,
    since: Instant,
}

impl KeepClock {
    /// Starts from the wall clock, or from `last` if that is later: the time of the journal's last entry.
    #[must_use]
    pub fn start(last: Time) -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let wall = Time::from_millis(u64::try_from(wall.as_millis()).unwrap_or(u64::MAX));
        Self { start: wall.max(last), since: Instant::now() }
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Time {
        self.start.plus(u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// The same clock, so much later.
    #[cfg(test)]
    pub(crate) fn later(self, ms: u64) -> Self {
        let since = self.since.checked_sub(std::time::Duration::from_millis(ms));
        Self { since: since.unwrap_or(self.since), ..self }
    }

    /// A clock that tells the same and was started so much earlier.
    #[cfg(test)]
    pub(crate) fn started_earlier(self, ms: u64) -> Self {
        Self { start: self.start.minus(ms), ..self }.later(ms)
    }

    /// When it was started.
    #[must_use]
    pub const fn started(&self) -> Time {
        self.start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_behind_the_journal() {
        let far = Time::from_millis(9_000_000_000_000);
        assert!(KeepClock::start(far).now() >= far);
        let clock = KeepClock::start(Time::default());
        assert!(clock.now() >= clock.started());
        assert!(clock.started() > Time::from_millis(1_500_000_000_000));
    }
}
