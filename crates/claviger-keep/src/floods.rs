//! Keeping a flood of refusals from filling the journal.

use std::collections::HashMap;

use claviger_core::{Address, Time};

/// Counts refusals by source and rule, so that of many equal ones only some are written down.
///
/// Memory is bounded: sources beyond [`Floods::MOST`] in one span share a place.
#[derive(Debug, Default)]
pub(crate) struct Floods {
    counts: HashMap<(Option<Address>, &'static str), Count>,
}

#[derive(Debug)]
struct Count {
    since: Time,
    seen: u64,
}

/// Whether a refusal is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    /// It is, with how many before it were not.
    Write {
        /// Those that were not written down.
        untold: u64,
    },
    /// It is counted only.
    Count,
}

const SPAN_MS: u64 = 10_000;
const MOST_IN_SPAN: u64 = 20;

impl Floods {
    const MOST: usize = 4096;

    /// Counts a refusal.
    pub(crate) fn note(&mut self, source: Address, rule: &'static str, now: Time) -> Note {
        if self.counts.len() >= Self::MOST && !self.counts.contains_key(&(Some(source), rule)) {
            self.counts.retain(|_, count| now.since(count.since) <= SPAN_MS);
        }
        let room = self.counts.len() < Self::MOST || self.counts.contains_key(&(Some(source), rule));
        let count =
            self.counts.entry((room.then_some(source), rule)).or_insert(Count { since: now, seen: 0 });
        let untold = count.seen.saturating_sub(MOST_IN_SPAN);
        if now.since(count.since) > SPAN_MS {
            *count = Count { since: now, seen: 1 };
            return Note::Write { untold };
        }
        count.seen += 1;
        if count.seen <= MOST_IN_SPAN { Note::Write { untold: 0 } } else { Note::Count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_told_once_a_span() {
        let mut floods = Floods::default();
        let at = |ms| floods_time(ms);
        for n in 0..100_u64 {
            let note = floods.note(Address::Socket, "signature", at(n));
            assert_eq!(note == Note::Count, n >= MOST_IN_SPAN, "{n}");
        }
        assert_eq!(floods.note(Address::Socket, "key", at(100)), Note::Write { untold: 0 });
        assert_eq!(floods.note(Address::Socket, "signature", at(20_000)), Note::Write { untold: 80 });
        assert_eq!(floods.note(Address::Socket, "signature", at(20_001)), Note::Write { untold: 0 });
    }

    #[test]
    fn memory_is_bounded() {
        let mut floods = Floods::default();
        for n in 0..20_000_u32 {
            let source = Address::Ip(std::net::Ipv4Addr::from(n).into());
            floods.note(source, "signature", floods_time(5));
        }
        assert!(floods.counts.len() <= Floods::MOST + 1);
    }

    const fn floods_time(ms: u64) -> Time {
        Time::from_millis(ms)
    }
}
