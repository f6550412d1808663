//! The journal's own numbers for the kinds of entries.

use claviger_core::Entry;

use super::record::JournalEntry;

/// The numbers are part of the format (`docs/spec/journal.md`): they are never reused and never change.
impl JournalEntry for Entry {
    fn kind_number(&self) -> u8 {
        match self {
            Self::Intent(_) => 1,
            Self::Read(_) => 2,
            Self::Outcome(_) => 3,
            Self::Denial(_) => 4,
            Self::Operator(_) => 5,
            Self::Policy(_) => 6,
            Self::Recovery(_) => 7,
            Self::Observed(_) => 8,
            Self::Checkpoint(_) => 9,
        }
    }
}
