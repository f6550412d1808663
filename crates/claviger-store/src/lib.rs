//! Durable memory: the journal, and what is known of bots, keys, freezes and policy versions.
//!
//! The [`Journal`] is the source of truth for what was decided; [`State`] is what operators set.
//! Nothing here is secret, and nothing here decides.
#![forbid(unsafe_code)]

pub mod journal;
pub mod state;

pub use journal::{
    Chain, Flaw, Journal, JournalEntry, JournalError, Opened, Options, Position, Reader, Record, Recovered,
    Report, Syncer, Void, VoidCause, read, verify,
};
pub use state::{FreezeOf, PolicyVersion, State, StateError, StoredBot, StoredCatalogue, StoredKey};
