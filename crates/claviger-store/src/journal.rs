//! The journal: an append-only, hash-chained record of every decision, in segment files.
//!
//! The format is in `docs/spec/journal.md`, precise enough for a verifier that shares no code with this one.
//! It must not know what an entry means: a kind and a JSON payload are all it sees.
//!
//! *Not trusted on reading: who can write these files can cut the newest records off; anything else is detected.*

mod entry;
mod error;
mod read;
mod record;
mod reserve;
mod segment;
mod syncer;
mod writer;

pub use error::{Flaw, JournalError};
pub use read::{Reader, Report, read, verify};
pub use record::{Chain, JournalEntry, Record};
pub use segment::{Void, VoidCause};
pub use syncer::{Position, Syncer};
pub use writer::{Journal, Opened, Options, Recovered};

#[cfg(test)]
mod tests;
