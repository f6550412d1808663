//! What narrows holds when its command returns: freeze, the end of a bot, and a narrower policy alike.
//!
//! What was permitted before and has not been given out is refused; what has been given out is waited for, until it is
//! settled or its time to begin to leave is over.

use std::thread;
use std::time::{Duration, Instant};

use claviger_core::limits::Change;
use claviger_core::{IntentId, PolicySet, Report, Subject};

use crate::fresh::LONGEST_MS;
use crate::keep::Keep;
use crate::room::Room;

impl Keep {
    /// Waits until nothing of these bots and keys that was permitted before [`Room::narrow`] can begin to leave.
    pub(super) fn see_off(&self, subjects: &[Subject]) {
        let end = Instant::now() + Duration::from_millis(LONGEST_MS);
        while Instant::now() < end && self.room().is_leaving(subjects) {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Room {
    /// From now on nothing of these bots and keys is given out that was permitted before.
    pub(super) fn narrow(&mut self, subjects: &[Subject]) {
        let now = self.now();
        let last = self.ids.next(now);
        for subject in subjects {
            self.narrowed.retain(|(narrowed, _)| narrowed != subject);
            self.narrowed.push((subject.clone(), last));
        }
    }

    /// Whether that intent was permitted before its bot or key was narrowed.
    pub(crate) fn narrowed_since(&self, id: IntentId) -> bool {
        self.narrowed.iter().any(|(subject, last)| id < *last && self.book.concerns(id, subject))
    }

    /// Whether a change of one of them was given out and may still begin to leave.
    fn is_leaving(&self, subjects: &[Subject]) -> bool {
        let now = self.now();
        let mut young = self.tickets.changes().filter(|(_, left)| now.since(*left) <= LONGEST_MS);
        young.any(|(id, _)| subjects.iter().any(|subject| self.book.concerns(id, subject)))
    }
}

/// The bots and keys that a new policy allows less than before, or something else. A group that is new or narrower
/// narrows each of its members.
pub(super) fn narrowed(report: &Report, policies: &PolicySet) -> Vec<Subject> {
    let mut subjects: Vec<Subject> = Vec::new();
    for item in report.items() {
        let narrower = matches!(item.change, Change::Narrower | Change::NotComparable);
        let bot = item.place.strip_prefix("bot.").and_then(|name| name.parse().ok()).map(Subject::Bot);
        let key = || item.place.strip_prefix("key.").and_then(|name| name.parse().ok()).map(Subject::Key);
        let group = item.place.strip_prefix("group.").and_then(|name| policies.group(&name.parse().ok()?));
        let members = group.into_iter().flat_map(|group| group.members().iter().cloned().map(Subject::Bot));
        for subject in bot.or_else(key).into_iter().chain(members).filter(|_| narrower) {
            if !subjects.contains(&subject) {
                subjects.push(subject);
            }
        }
    }
    subjects
}
