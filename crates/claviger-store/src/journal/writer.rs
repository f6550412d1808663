//! Writing the journal.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use claviger_core::Time;
use claviger_os::Append;

use super::error::JournalError;
use super::read::{Seen, decode, walk_all};
use super::record::{JournalEntry, NOTE, Next, Record, print};
use super::reserve::{Reserve, lay_out};
use super::segment::{Ending, Header, Purpose, Segment, Void, VoidCause, Walked, file_name};
use super::syncer::{Mark, Position, Shared, Syncer};

/// How a journal is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// A segment that is longer than this gets a successor.
    pub segment_bytes: u64,
    /// How many zeros are laid out behind the records when there is no more room: a sync of what is written over them
    /// need not store a new length of the file, which costs more than the record itself.
    pub room_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { segment_bytes: 16 * 1024 * 1024, room_bytes: 256 * 1024 }
    }
}

/// The journal, open for writing. Only one process may have it open: the home's lock sees to that.
#[derive(Debug)]
pub struct Journal {
    dir: PathBuf,
    options: Options,
    shared: Arc<Shared>,
    file: Arc<Append>,
    at: Mark,
    /// How long the file is: what lies behind the records is zeros.
    room: u64,
    reserve: Option<Reserve>,
    buffer: Vec<u8>,
}

/// What was found when a journal was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// How many records it holds.
    pub records: u64,
    /// The latest time in it; the clock must not be before it.
    pub last: Option<Time>,
    /// What a crash left and was set aside.
    pub recovered: Option<Recovered>,
    /// Whether the disk is full, so that only urgent entries can be recorded.
    pub full: bool,
}

/// The unfinished end of a segment, left where it is and set aside by a note in the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// The segment.
    pub file: PathBuf,
    /// Where the unfinished record begins.
    pub offset: u64,
    /// How many bytes do not count.
    pub bytes: u64,
}

impl Journal {
    /// Opens the journal in `dir`, making it if it is not there, and shows every record to `fold` in order.
    ///
    /// The whole chain is checked. An unfinished record at the very end is set aside; anything else that is wrong is an error.
    ///
    /// # Errors
    /// [`JournalError`] names file and offset; nothing was changed then.
    pub fn open<E: JournalEntry>(
        dir: &Path,
        fold: &mut dyn FnMut(Record<E>),
    ) -> Result<(Self, Opened), JournalError> {
        Self::open_with(dir, Options::default(), fold)
    }

    /// As [`Journal::open`], with segments of another size.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn open_with<E: JournalEntry>(
        dir: &Path,
        options: Options,
        fold: &mut dyn FnMut(Record<E>),
    ) -> Result<(Self, Opened), JournalError> {
        make_folder(dir)?;
        let mut last: Option<Time> = None;
        let seen = walk_all(dir, &mut |segment, offset, raw| {
            last = last.max(Some(raw.at));
            if raw.kind != NOTE {
                fold(decode(segment, offset, raw)?);
            }
            Ok(())
        })?;
        let at = last.unwrap_or_default();
        let recovered = seen.last.as_ref().and_then(recovered);
        let records = seen.next.seq - 1;
        let (journal, full) = Self::go_on(dir, options, (seen, at))?;
        let records = records.max(journal.at.next.seq - 1);
        Ok((journal, Opened { records, last, recovered, full }))
    }

    /// Finds the place where writing goes on; on a full disk only urgent entries can.
    fn go_on(dir: &Path, options: Options, (seen, at): (Seen, Time)) -> Result<(Self, bool), JournalError> {
        match Self::usual(dir, options, (&seen, at)).and_then(|journal| lay_out(dir).map(|()| journal)) {
            Ok(journal) => Ok((journal, false)),
            Err(e) if e.is_full() => Ok((Self::urgent_only(dir, options, seen)?, true)),
            Err(e) => Err(e),
        }
    }

    fn usual(dir: &Path, options: Options, (seen, at): (&Seen, Time)) -> Result<Self, JournalError> {
        let mark = match &seen.last {
            None => start_segment(dir, 1, seen.next, None)?,
            Some((segment, walked)) => {
                let number = segment.header.number;
                match (walked.ending, segment.header.purpose) {
                    (Ending::Whole, Purpose::Ahead) => {
                        Mark { segment: number, length: walked.end, next: walked.next }
                    }
                    (Ending::Whole, Purpose::Grown | Purpose::Reserved) => {
                        start_segment(dir, number + 1, seen.next, None)?
                    }
                    (Ending::Torn, _) => {
                        let void = Void { segment: number, from: walked.end, cause: VoidCause::Torn };
                        start_segment(dir, number + 1, seen.next, Some((&void, at)))?
                    }
                }
            }
        };
        Self::on(dir, options, mark)
    }

    fn on(dir: &Path, options: Options, mark: Mark) -> Result<Self, JournalError> {
        let path = dir.join(file_name(mark.segment));
        let file = Arc::new(open_segment(&path)?);
        // What an earlier process wrote and was read back may not be durable yet.
        file.sync().map_err(|source| JournalError::Io { what: "sync", file: path.clone(), source })?;
        let room =
            file.length().map_err(|source| JournalError::Io { what: "read", file: path.clone(), source })?;
        // Syncing has a descriptor of its own, so that a write that fails does not forbid to sync what came before.
        let shared = Arc::new(Shared::new(Arc::new(open_segment(&path)?), path, mark));
        Ok(Self {
            dir: dir.to_owned(),
            options,
            shared,
            file,
            at: mark,
            room,
            reserve: None,
            buffer: Vec::new(),
        })
    }

    fn urgent_only(dir: &Path, options: Options, seen: Seen) -> Result<Self, JournalError> {
        let Some((segment, walked)) = seen.last else { return Err(JournalError::NoReserve) };
        let mark = Mark { segment: segment.header.number, length: walked.end, next: walked.next };
        let mut journal = Self::on(dir, options, mark)?;
        if segment.header.purpose == Purpose::Reserved && walked.ending == Ending::Whole {
            let used = usize::try_from(walked.end).unwrap_or(usize::MAX);
            journal.reserve = Some(Reserve::open(segment.file, used)?);
        }
        journal.shared.set_broken();
        Ok(journal)
    }

    /// Writes an entry behind the others; it is durable after [`Syncer::sync`] with the position returned.
    ///
    /// # Errors
    /// After any error but [`JournalError::TooLong`] and [`JournalError::Encoding`] the journal takes only urgent entries.
    pub fn append<E: JournalEntry>(&mut self, at: Time, entry: &E) -> Result<Position, JournalError> {
        if self.shared.is_closed() {
            return Err(JournalError::Broken);
        }
        self.buffer.clear();
        let mut next = print(&mut self.buffer, self.at.next, (entry.kind_number(), at), entry)?;
        if self.at.length + self.buffer.len() as u64 > self.options.segment_bytes && self.has_records() {
            self.rotate()?;
            self.buffer.clear();
            next = print(&mut self.buffer, self.at.next, (entry.kind_number(), at), entry)?;
        }
        if let Err(source) = self.write_buffer() {
            self.shared.close();
            let file = self.dir.join(file_name(self.at.segment));
            return Err(JournalError::Io { what: "write", file, source });
        }
        let position = Position::usual(self.at.next.seq);
        self.at = Mark { length: self.at.length + self.buffer.len() as u64, next, ..self.at };
        self.shared.set_written(self.at);
        Ok(position)
    }

    fn write_buffer(&mut self) -> std::io::Result<()> {
        let end = self.at.length + self.buffer.len() as u64;
        if end > self.room {
            let room = end + self.options.room_bytes;
            let zeros = vec![0; usize::try_from(room - self.room).unwrap_or(0)];
            self.file.write(&zeros, self.room)?;
            self.room = room;
        }
        self.file.write(&self.buffer, self.at.length)
    }

    const fn has_records(&self) -> bool {
        self.at.length > super::segment::HEADER as u64
    }

    /// Records an entry durably before it returns, if need be in the room kept for that: for freeze and panic.
    ///
    /// # Errors
    /// Where even that room is used up or cannot be written.
    pub fn append_urgent<E: JournalEntry>(&mut self, at: Time, entry: &E) -> Result<Position, JournalError> {
        let usual = self.append(at, entry).and_then(|p| self.syncer().sync(p).map(|()| p));
        match usual {
            Ok(position) => Ok(position),
            Err(e @ (JournalError::TooLong(_) | JournalError::Encoding(_))) => Err(e),
            Err(_) => self.append_reserved(at, entry),
        }
    }

    fn append_reserved<E: JournalEntry>(&mut self, at: Time, entry: &E) -> Result<Position, JournalError> {
        let shared = Arc::clone(&self.shared);
        shared.close();
        let mut syncing = shared.syncing();
        // What was written before is durable after this, or never: the reserved segment follows the last durable entry.
        let _ = shared.sync_all(&mut syncing);
        shared.set_broken();
        let from = syncing.synced;
        let mut bytes = Vec::new();
        let mut next = from.next;
        let (segment, before) = match self.reserve {
            Some(_) => (from.segment, from.length),
            None => {
                bytes = Header { purpose: Purpose::Reserved, number: from.segment + 1, next }.print();
                let void = Void { segment: from.segment, from: from.length, cause: VoidCause::Failed };
                next = print(&mut bytes, next, (NOTE, at), &void)?;
                (from.segment + 1, 0)
            }
        };
        let position = Position::reserved(next.seq);
        let next = print(&mut bytes, next, (entry.kind_number(), at), entry)?;
        match &mut self.reserve {
            Some(reserve) => reserve.put(&bytes)?,
            None => self.reserve = Some(Reserve::begin(&self.dir, segment, &bytes)?),
        }
        self.at = Mark { segment, length: before + bytes.len() as u64, next };
        shared.now_reserved(&mut syncing, self.at);
        Ok(position)
    }

    /// A handle that makes entries durable, for other threads.
    #[must_use]
    pub fn syncer(&self) -> Syncer {
        Syncer(Arc::clone(&self.shared))
    }

    /// Takes only urgent entries from now on, as after a failed write.
    pub fn close(&self) {
        self.shared.close();
    }

    /// Whether a write or sync failed, so that only urgent entries are taken.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.shared.is_closed()
    }

    /// Where the last entry stands; `None` in an empty journal.
    #[must_use]
    pub const fn last(&self) -> Option<Position> {
        match self.at.next.seq.checked_sub(1) {
            None | Some(0) => None,
            Some(last) if self.reserve.is_some() => Some(Position::reserved(last)),
            Some(last) => Some(Position::usual(last)),
        }
    }

    /// The number that the next entry gets.
    #[must_use]
    pub const fn next_seq(&self) -> u64 {
        self.at.next.seq
    }

    #[cfg(test)]
    pub(crate) fn fail_writes(&mut self, file: Append) {
        self.file = Arc::new(file);
    }

    #[cfg(test)]
    pub(crate) fn fail_syncs(&self, file: Arc<Append>) {
        self.shared.syncing().file = file;
    }

    /// Ends the segment, durably, and begins the next.
    fn rotate(&mut self) -> Result<(), JournalError> {
        let shared = Arc::clone(&self.shared);
        let mut syncing = shared.syncing();
        shared.sync_all(&mut syncing)?;
        let begun = start_segment(&self.dir, self.at.segment + 1, self.at.next, None).and_then(|mark| {
            let path = self.dir.join(file_name(mark.segment));
            Ok((mark, open_segment(&path)?, open_segment(&path)?, path))
        });
        let (mark, write, sync, path) = begun.inspect_err(|_| shared.close())?;
        (syncing.file, syncing.path) = (Arc::new(sync), path);
        shared.set_written(mark);
        shared.now_synced(&mut syncing, mark);
        (self.file, self.at, self.room) = (Arc::new(write), mark, mark.length);
        Ok(())
    }
}

fn make_folder(dir: &Path) -> Result<(), JournalError> {
    match claviger_os::create_private_folder(dir) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(JournalError::Io { what: "make", file: dir.to_owned(), source }),
    }
}

/// Makes a segment durably and whole: its header, and the note that sets the end of the one before aside.
fn start_segment(
    dir: &Path,
    number: u64,
    next: Next,
    void: Option<(&Void, Time)>,
) -> Result<Mark, JournalError> {
    let mut bytes = Header { purpose: Purpose::Ahead, number, next }.print();
    let mut after = next;
    if let Some((void, at)) = void {
        after = print(&mut bytes, next, (NOTE, at), void)?;
    }
    let file = dir.join(file_name(number));
    claviger_os::create_new(&file, &bytes, 0o600).map_err(|source| JournalError::Io {
        what: "make",
        file,
        source,
    })?;
    Ok(Mark { segment: number, length: bytes.len() as u64, next: after })
}

fn open_segment(path: &Path) -> Result<Append, JournalError> {
    Append::open(path).map_err(|source| JournalError::Io { what: "open", file: path.to_owned(), source })
}

fn recovered((segment, walked): &(Segment, Walked)) -> Option<Recovered> {
    let bytes = (segment.length() as u64).saturating_sub(walked.end);
    (walked.ending == Ending::Torn).then(|| Recovered {
        file: segment.file.clone(),
        offset: walked.end,
        bytes,
    })
}
