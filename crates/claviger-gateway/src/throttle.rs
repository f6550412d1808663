//! Who keeps sending unknown ids or bad signatures, in memory of a fixed size.
//!
//! A source that failed too often is only heard with ids that worked from there before, so that one bot with a wrong key
//! does not silence the others on its machine.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::admission::Source;

/// Failures a source has at once, and how long it takes to earn one back.
const BURST: u32 = 50;
const REFILL: Duration = Duration::from_secs(1);

/// How long an id that worked is remembered.
const GOOD_FOR: Duration = Duration::from_secs(3600);

const SLOTS: usize = 4096;

pub(crate) struct Throttle {
    hasher: RandomState,
    /// By source: until when its failures reach. Each failure adds a refill's time; a burst ahead of now is too often.
    debts: Table,
    /// By source and id: until when it is good.
    good: Table,
}

impl Default for Throttle {
    fn default() -> Self {
        Self { hasher: RandomState::new(), debts: Table::new(), good: Table::new() }
    }
}

impl Throttle {
    /// Notes a failure.
    pub(crate) fn failed(&self, source: Source) {
        let now = Instant::now();
        self.debts.change(self.tag(source), |until| {
            let most = now + REFILL * (BURST + 1);
            (until.unwrap_or(now).max(now) + REFILL).min(most)
        });
    }

    /// Notes that an id worked from a source.
    pub(crate) fn worked(&self, source: Source, id: &str) {
        let until = Instant::now() + GOOD_FOR;
        self.good.change(self.tag((source, id)), |_| until);
    }

    /// Whether a source failed too often.
    pub(crate) fn is_tired_of(&self, source: Source) -> bool {
        let limit = Instant::now() + REFILL * BURST;
        self.debts.until(self.tag(source)).is_some_and(|until| until > limit)
    }

    /// Whether an id worked from there before.
    pub(crate) fn knows(&self, source: Source, id: &str) -> bool {
        self.good.until(self.tag((source, id))).is_some_and(|until| until > Instant::now())
    }

    fn tag(&self, of: impl Hash) -> u64 {
        self.hasher.hash_one(of)
    }
}

/// Each tag has one place; whoever comes later takes it.
struct Table(Mutex<Vec<Option<(u64, Instant)>>>);

impl Table {
    fn new() -> Self {
        Self(Mutex::new(vec![None; SLOTS]))
    }

    fn change(&self, tag: u64, to: impl FnOnce(Option<Instant>) -> Instant) {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get_mut(place(tag)) {
            let old = slot.filter(|(owner, _)| *owner == tag).map(|(_, until)| until);
            *slot = Some((tag, to(old)));
        }
    }

    fn until(&self, tag: u64) -> Option<Instant> {
        let slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slots.get(place(tag)).copied().flatten().filter(|(owner, _)| *owner == tag).map(|(_, until)| until)
    }
}

fn place(tag: u64) -> usize {
    usize::try_from(tag % 4096).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_tire_and_what_worked_is_known() {
        let (throttle, here, there) = (Throttle::default(), Source::User(Some(1)), Source::User(Some(2)));
        throttle.worked(here, "good");
        for _ in 0..BURST {
            throttle.failed(here);
        }
        assert!(!throttle.is_tired_of(here));
        throttle.failed(here);
        throttle.failed(here);
        assert!(throttle.is_tired_of(here));
        assert!(!throttle.is_tired_of(there));
        assert!(
            throttle.knows(here, "good") && !throttle.knows(here, "bad") && !throttle.knows(there, "good")
        );
    }

    #[test]
    fn a_flood_is_forgiven_after_a_while() {
        let (throttle, here) = (Throttle::default(), Source::User(None));
        for _ in 0..100_000 {
            throttle.failed(here);
        }
        let until = throttle.debts.until(throttle.tag(here)).unwrap();
        assert!(until <= Instant::now() + REFILL * (BURST + 1));
    }
}
