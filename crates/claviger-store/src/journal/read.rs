//! Reading a journal, and verifying one.

use std::collections::VecDeque;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use super::error::{Flaw, JournalError};
use super::record::{Chain, JournalEntry, NOTE, Next, Raw, Record};
use super::segment::{Ending, Segment, Void, Walked, list};

/// What a verified journal holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How many records.
    pub records: u64,
    /// In how many segments.
    pub segments: u64,
    /// The chain value after the last record.
    pub last: Chain,
    /// What recovery set aside.
    pub voids: Vec<Void>,
}

/// Checks every byte of the journal in `dir`.
///
/// Records cut off at the very end cannot be seen from the journal alone: compare [`Report::last`] with a value kept elsewhere.
///
/// # Errors
/// The first thing found wrong, with file and offset; [`JournalError::Torn`] where the last record is not whole.
pub fn verify(dir: &Path) -> Result<Report, JournalError> {
    let mut voids = Vec::new();
    let seen = walk_all(dir, &mut |segment, _, raw| {
        if raw.kind == NOTE {
            voids.extend(segment.void()?);
        }
        Ok(())
    })?;
    match seen.last {
        Some((segment, walked)) if walked.ending == Ending::Torn => Err(segment.torn(walked.end)),
        _ => Ok(Report { records: seen.next.seq - 1, segments: seen.segments, last: seen.next.chain, voids }),
    }
}

/// The whole journal, walked.
pub(crate) struct Seen {
    pub(crate) next: Next,
    pub(crate) segments: u64,
    pub(crate) last: Option<(Segment, Walked)>,
}

type See<'a> = dyn FnMut(&Segment, u64, &Raw<'_>) -> Result<(), JournalError> + 'a;

/// Checks and shows every record that counts. A torn end is no error here.
pub(crate) fn walk_all(dir: &Path, see: &mut See<'_>) -> Result<Seen, JournalError> {
    let numbers = list(dir)?;
    let mut seen = Seen { next: Next::START, segments: numbers.len() as u64, last: None };
    let mut ahead = numbers.iter().map(|number| Segment::load(dir, *number));
    let mut current = ahead.next().transpose()?;
    while let Some(segment) = current {
        current = ahead.next().transpose()?;
        segment.follows(seen.next)?;
        let walked = walk_one(&segment, current.as_ref(), see)?;
        seen.next = walked.next;
        seen.last = Some((segment, walked));
    }
    Ok(seen)
}

fn walk_one(segment: &Segment, after: Option<&Segment>, see: &mut See<'_>) -> Result<Walked, JournalError> {
    first_segment_has_no_note(segment)?;
    let until = after.map(Segment::void).transpose()?.flatten().map(|void| void.from);
    let walked = segment.walk(until, &mut |offset, raw| see(segment, offset, raw))?;
    if after.is_some() && walked.ending == Ending::Torn {
        return Err(segment.damaged(walked.end, Flaw::Unaccounted));
    }
    Ok(walked)
}

fn first_segment_has_no_note(segment: &Segment) -> Result<(), JournalError> {
    // `void` refuses a note that does not speak of the segment before; the first segment has none before it.
    if segment.header.number == 1 { segment.void().map(|_| ()) } else { Ok(()) }
}

/// Reads the entries from number `from` on, checking the chain from the beginning of the segment that holds it.
///
/// # Errors
/// Where the folder cannot be listed or has a gap. The iterator ends after the first error; a record under way at the very
/// end shows as [`JournalError::Torn`].
pub fn read<E: JournalEntry>(dir: &Path, from: u64) -> Result<Reader<E>, JournalError> {
    let mut numbers: VecDeque<u64> = list(dir)?.into();
    let mut ahead = None;
    while let Some(number) = numbers.pop_front() {
        let segment = Segment::load(dir, number)?;
        let skip = match numbers.front() {
            Some(after) => Segment::load(dir, *after)?.header.next.seq <= from,
            None => false,
        };
        if !skip {
            ahead = Some(segment);
            break;
        }
    }
    let next = ahead.as_ref().map_or(Next::START, |s| s.header.next);
    Ok(Reader { dir: dir.to_owned(), numbers, ahead, next, from, ready: VecDeque::new(), entry: PhantomData })
}

/// Entries of a journal, in order.
#[derive(Debug)]
pub struct Reader<E> {
    dir: PathBuf,
    numbers: VecDeque<u64>,
    ahead: Option<Segment>,
    next: Next,
    from: u64,
    ready: VecDeque<Result<Record<E>, JournalError>>,
    entry: PhantomData<E>,
}

impl<E: JournalEntry> Iterator for Reader<E> {
    type Item = Result<Record<E>, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(ready) = self.ready.pop_front() {
                return Some(ready);
            }
            let segment = self.ahead.take()?;
            if let Err(e) = self.fill(&segment) {
                self.ahead = None;
                self.ready.push_back(Err(e));
            }
        }
    }
}

impl<E: JournalEntry> Reader<E> {
    fn fill(&mut self, segment: &Segment) -> Result<(), JournalError> {
        segment.follows(self.next)?;
        self.ahead = self.numbers.pop_front().map(|n| Segment::load(&self.dir, n)).transpose()?;
        let (from, ready) = (self.from, &mut self.ready);
        let walked = walk_one(segment, self.ahead.as_ref(), &mut |segment, offset, raw| {
            if raw.kind != NOTE && raw.seq >= from {
                ready.push_back(Ok(decode(segment, offset, raw)?));
            }
            Ok(())
        })?;
        self.next = walked.next;
        match walked.ending {
            Ending::Whole => Ok(()),
            Ending::Torn => Err(segment.torn(walked.end)),
        }
    }
}

/// The entry in a record.
#[expect(clippy::disallowed_methods, reason = "the chain was checked: these bytes are ours")]
pub(crate) fn decode<E: JournalEntry>(
    segment: &Segment,
    offset: u64,
    raw: &Raw<'_>,
) -> Result<Record<E>, JournalError> {
    let entry: E = serde_json::from_slice(raw.payload).map_err(|source| JournalError::Unknown {
        file: segment.file.clone(),
        seq: raw.seq,
        source,
    })?;
    if entry.kind_number() != raw.kind {
        return Err(segment.damaged(offset, Flaw::Kind));
    }
    let (leaf, chain, segment) = (raw.leaf, raw.chain, segment.header.number);
    Ok(Record { seq: raw.seq, at: raw.at, segment, offset, leaf, chain, entry })
}
