//! Settling what left, once.

use super::{Book, Permit};
use crate::entry::OutcomeEntry;
use crate::{Digest, Entry, IntentId, Outcome, Time};

/// There is nothing to settle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("intent {0} is not under way: it was settled before, or never permitted")]
pub struct SettleError(pub IntentId);

impl Book {
    /// Settles an intent, once, and gives the entry to record. `sent` is the hash of the bytes that left, if any did.
    ///
    /// # Errors
    /// If it was settled before, or was never permitted; nothing changes then.
    pub fn settle(
        &mut self,
        id: IntentId,
        outcome: Outcome,
        sent: Option<Digest>,
        now: Time,
    ) -> Result<Entry, SettleError> {
        self.advance(now);
        let at = self.now;
        let pending = self.pending.remove(&id).ok_or(SettleError(id))?;
        let mut legs = self.conclude(id, &pending, &outcome, at);
        let alone = if legs.len() == 1 { legs.pop() } else { None };
        let settled = alone.unwrap_or_default();
        Ok(Entry::Outcome(Box::new(OutcomeEntry { id, at, outcome, sent, settled, legs })))
    }

    /// Takes a permit back whose entry could not be recorded and of which nothing left. Nothing of it remains.
    pub fn withdraw(&mut self, permit: Permit) {
        match permit.entry {
            Entry::Intent(entry) => self.unfold_intent(&entry),
            Entry::Read(entry) => self.unfold_read(&entry),
            Entry::Outcome(_)
            | Entry::Denial(_)
            | Entry::Operator(_)
            | Entry::Policy(_)
            | Entry::Recovery(_)
            | Entry::Observed(_)
            | Entry::Checkpoint(_) => {}
        }
    }
}
