//! Making what was written durable, many entries at a time.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use claviger_os::Append;

use super::error::JournalError;
use super::record::Next;

/// Where in the journal an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    seq: u64,
    /// Whether it is in the reserved segment. That one goes on from the last durable entry, so its numbers were given to
    /// entries before that never became durable.
    reserved: bool,
}

impl Position {
    /// The entry's number.
    #[must_use]
    pub const fn seq(self) -> u64 {
        self.seq
    }

    pub(crate) const fn usual(seq: u64) -> Self {
        Self { seq, reserved: false }
    }

    pub(crate) const fn reserved(seq: u64) -> Self {
        Self { seq, reserved: true }
    }
}

/// Makes entries durable; may be used from any thread while the journal is written.
#[derive(Clone, Debug)]
pub struct Syncer(pub(crate) Arc<Shared>);

/// An end of the journal: the segment, how long it is, and what comes next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    pub(crate) segment: u64,
    pub(crate) length: u64,
    pub(crate) next: Next,
}

#[derive(Debug)]
pub(crate) struct Shared {
    /// The number of the last durable entry outside of the reserved segment.
    synced_seq: AtomicU64,
    /// The number of the last durable entry in the reserved segment.
    reserved_seq: AtomicU64,
    /// Nothing more is appended. What was written before may still be synced, once.
    closed: AtomicBool,
    /// A sync failed: what is not durable by now never will be.
    broken: AtomicBool,
    /// Everything that was handed to the system.
    written: Mutex<Mark>,
    /// Held while syncing, so that those who wait find their entry already durable.
    syncing: Mutex<Syncing>,
}

#[derive(Debug)]
pub(crate) struct Syncing {
    pub(crate) file: Arc<Append>,
    pub(crate) path: PathBuf,
    pub(crate) synced: Mark,
}

impl Syncer {
    /// Returns when everything up to and with `upto` is durable; one call to the disk serves all who wait.
    ///
    /// # Errors
    /// [`JournalError`] where that is not certain: then nothing may be sent on the strength of the entry, ever.
    pub fn sync(&self, upto: Position) -> Result<(), JournalError> {
        if self.0.is_synced(upto) {
            return Ok(());
        }
        let mut syncing = lock(&self.0.syncing);
        if self.0.is_synced(upto) {
            return Ok(());
        }
        self.0.sync_all(&mut syncing)
    }

    /// Whether the entry is durable already.
    #[must_use]
    pub fn is_synced(&self, upto: Position) -> bool {
        self.0.is_synced(upto)
    }
}

impl Shared {
    pub(crate) fn new(file: Arc<Append>, path: PathBuf, at: Mark) -> Self {
        Self {
            synced_seq: AtomicU64::new(at.next.seq - 1),
            reserved_seq: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            broken: AtomicBool::new(false),
            written: Mutex::new(at),
            syncing: Mutex::new(Syncing { file, path, synced: at }),
        }
    }

    fn is_synced(&self, upto: Position) -> bool {
        let last = if upto.reserved { &self.reserved_seq } else { &self.synced_seq };
        last.load(Ordering::Acquire) >= upto.seq
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// No sync counts from now on.
    pub(crate) fn set_broken(&self) {
        self.close();
        self.broken.store(true, Ordering::Release);
    }

    pub(crate) fn set_written(&self, mark: Mark) {
        *lock(&self.written) = mark;
    }

    pub(crate) fn syncing(&self) -> MutexGuard<'_, Syncing> {
        lock(&self.syncing)
    }

    /// Syncs everything written so far. A failure closes the journal for writing.
    pub(crate) fn sync_all(&self, syncing: &mut Syncing) -> Result<(), JournalError> {
        if self.broken.load(Ordering::Acquire) {
            return Err(JournalError::Broken);
        }
        let written = *lock(&self.written);
        syncing.file.sync().map_err(|source| {
            self.set_broken();
            JournalError::Io { what: "sync", file: syncing.path.clone(), source }
        })?;
        self.now_synced(syncing, written);
        Ok(())
    }

    pub(crate) fn now_synced(&self, syncing: &mut Syncing, mark: Mark) {
        syncing.synced = mark;
        self.synced_seq.store(mark.next.seq - 1, Ordering::Release);
    }

    /// As [`Shared::now_synced`], for the reserved segment: it makes nothing durable that was written elsewhere.
    pub(crate) fn now_reserved(&self, syncing: &mut Syncing, mark: Mark) {
        syncing.synced = mark;
        self.reserved_seq.store(mark.next.seq - 1, Ordering::Release);
    }
}

/// A panic while a lock is held leaves only whole values behind.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
