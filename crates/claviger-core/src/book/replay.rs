//! The requests of one bot that were accepted and could still be repeated.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Digest, Replay, Time};

/// So many accepted requests of one bot are remembered at a time; more are refused.
const MOST: usize = 100_000;

/// While folding, entries are kept this much longer than they need be, for a clock that was ahead.
const SLACK_MS: u64 = 3_600_000;

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Replays {
    seen: BTreeMap<Digest, Time>,
    ends: BTreeSet<(Time, Digest)>,
}

impl Replays {
    pub(super) fn contains(&self, digest: &Digest, now: Time) -> bool {
        self.seen.get(digest).is_some_and(|until| *until > now)
    }

    pub(super) fn is_full(&self) -> bool {
        self.seen.len() >= MOST
    }

    pub(super) fn add(&mut self, replay: &Replay, now: Time) {
        self.prune(now.minus(SLACK_MS));
        let until = self.seen.get(&replay.digest).copied().unwrap_or_default().max(replay.until);
        if let Some(before) = self.seen.insert(replay.digest, until) {
            self.ends.remove(&(before, replay.digest));
        }
        self.ends.insert((until, replay.digest));
    }

    pub(super) fn remove(&mut self, digest: &Digest) {
        if let Some(until) = self.seen.remove(digest) {
            self.ends.remove(&(until, *digest));
        }
    }

    pub(super) fn prune(&mut self, now: Time) {
        while let Some((until, digest)) = self.ends.first().copied() {
            if until > now {
                break;
            }
            self.ends.remove(&(until, digest));
            self.seen.remove(&digest);
        }
    }
}
