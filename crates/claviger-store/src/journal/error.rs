//! What can be wrong with a journal.

use std::io;
use std::path::PathBuf;

/// The journal cannot be written or read. Nothing may be sent on the strength of an entry that met this.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The system refused; a full disk is one of the kinds ([`JournalError::is_full`]).
    #[error("cannot {what} `{}`", file.display())]
    Io {
        /// What was attempted: a verb.
        what: &'static str,
        /// On which file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// An earlier write or sync failed: this journal takes nothing but urgent entries until it is opened anew.
    #[error("the journal is closed for writing since an earlier write or sync failed")]
    Broken,
    /// The reserved segment is missing or full: not even an urgent entry can be recorded.
    #[error("the journal's reserved segment is used up")]
    NoReserve,
    /// An entry is longer than a record may be.
    #[error("a journal entry of {0} bytes is too long")]
    TooLong(usize),
    /// An entry cannot be written as JSON; this is claviger's own mistake.
    #[error("a journal entry cannot be written as JSON")]
    Encoding(#[source] serde_json::Error),
    /// A segment is missing.
    #[error("segment `{}` is missing", .0.display())]
    Missing(PathBuf),
    /// A file in the journal's folder does not belong there.
    #[error("`{}` does not belong in the journal", .0.display())]
    Stray(PathBuf),
    /// Something was changed, cut, added, removed or reordered.
    #[error("`{}` is damaged at byte {offset}: {flaw}", file.display())]
    Damaged {
        /// The segment.
        file: PathBuf,
        /// Where the record or header begins that does not fit.
        offset: u64,
        /// What does not fit.
        flaw: Flaw,
    },
    /// The last record is not whole: a write under way, or what a crash left; opening the journal recovers it.
    #[error("`{}` ends within a record that begins at byte {offset}", file.display())]
    Torn {
        /// The last segment.
        file: PathBuf,
        /// Where the unfinished record begins.
        offset: u64,
    },
    /// The record is intact, but its payload is not an entry that this version knows.
    #[error("record {seq} in `{}` is not an entry that this version of claviger knows", file.display())]
    Unknown {
        /// The segment.
        file: PathBuf,
        /// The record.
        seq: u64,
        /// Why it cannot be read.
        #[source]
        source: serde_json::Error,
    },
}

impl JournalError {
    /// Whether the cause is a full disk or quota.
    #[must_use]
    pub fn is_full(&self) -> bool {
        match self {
            Self::Io { source, .. } => {
                matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
            }
            _ => false,
        }
    }
}

/// What does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// It does not begin as a segment does.
    #[error("it is not a journal segment")]
    Magic,
    /// Its format is of a later version, or none.
    #[error("its format is version {0}, which this version of claviger does not know")]
    Format(u8),
    /// Its header says that it is another segment.
    #[error("its header says that it is segment {0}")]
    Number(u64),
    /// Its first record is not the one that follows what came before.
    #[error("it should begin with record {expected}, and says {found}")]
    First {
        /// What should follow.
        expected: u64,
        /// What its header says.
        found: u64,
    },
    /// The chain value before it is not the one at the end of what came before.
    #[error("it does not continue the chain of the segment before it")]
    Before,
    /// A record's length cannot be.
    #[error("a record of {0} bytes cannot be")]
    Length(u32),
    /// A record's length leads beyond its end, though the record is whole.
    #[error("the length of a record was changed")]
    LengthChanged,
    /// A record's version is unknown.
    #[error("a record's version is {0}, which this version of claviger does not know")]
    Version(u8),
    /// A record is not the one that follows.
    #[error("record {expected} should be here, and it is {found}")]
    Sequence {
        /// What should follow.
        expected: u64,
        /// What is there.
        found: u64,
    },
    /// A record's chain value does not follow from its bytes and the value before.
    #[error("the record or its chain value was changed")]
    Chain,
    /// A recovery note stands where none may, or cannot be read.
    #[error("a recovery note is out of place")]
    Note,
    /// A record's kind byte is not that of its payload.
    #[error("a record's kind does not fit its payload")]
    Kind,
    /// The unused rest of a reserved segment is not empty.
    #[error("the unused rest of a reserved segment is not empty")]
    Rest,
    /// The segment ends within a record, and no recovery note follows.
    #[error("it ends within a record, and the next segment does not account for that")]
    Unaccounted,
}
