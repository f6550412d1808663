//! Segment files: their names, their headers, and the walk through one of them.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::{Flaw, JournalError};
use super::record::{Chain, Found, Ground, NOTE, Next, Raw, find};

/// What a segment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Has room laid out ahead: what is not used of it is zeros.
    Ahead,
    /// As versions before room was laid out wrote them: grew with each record. None is written any more.
    Grown,
    /// Was laid out in advance for urgent entries; its unused rest is zeros.
    Reserved,
}

/// A segment's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) purpose: Purpose,
    pub(crate) number: u64,
    pub(crate) next: Next,
}

// No two differ in one bit only.
const AHEAD: &[u8; 4] = b"CLVA";
const GROWN: &[u8; 4] = b"CLVJ";
const RESERVED: &[u8; 4] = b"CLVR";
const FORMAT: u8 = 1;
pub(crate) const HEADER: usize = 4 + 1 + 8 + 8 + 32;

impl Header {
    pub(crate) fn print(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER);
        out.extend(match self.purpose {
            Purpose::Ahead => AHEAD,
            Purpose::Grown => GROWN,
            Purpose::Reserved => RESERVED,
        });
        out.push(FORMAT);
        out.extend(self.number.to_le_bytes());
        out.extend(self.next.seq.to_le_bytes());
        out.extend(self.next.chain.0);
        out
    }

    fn parse(bytes: &[u8]) -> Result<Self, Flaw> {
        let header = bytes.first_chunk::<HEADER>().ok_or(Flaw::Magic)?;
        let (magic, rest) = header.split_first_chunk::<4>().ok_or(Flaw::Magic)?;
        let (format, rest) = rest.split_first().ok_or(Flaw::Magic)?;
        let (number, rest) = rest.split_first_chunk::<8>().ok_or(Flaw::Magic)?;
        let (seq, rest) = rest.split_first_chunk::<8>().ok_or(Flaw::Magic)?;
        let chain = Chain(*rest.first_chunk::<32>().ok_or(Flaw::Magic)?);
        let purpose = match (magic, *format) {
            (AHEAD, FORMAT) => Purpose::Ahead,
            (GROWN, FORMAT) => Purpose::Grown,
            (RESERVED, FORMAT) => Purpose::Reserved,
            (AHEAD | GROWN | RESERVED, other) => return Err(Flaw::Format(other)),
            _ => return Err(Flaw::Magic),
        };
        let next = Next { seq: u64::from_le_bytes(*seq), chain };
        Ok(Self { purpose, number: u64::from_le_bytes(*number), next })
    }
}

/// A recovery note: from there on, the segment before this note's holds nothing that counts.
///
/// What it sets aside was never durable, so nobody was told that it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Void {
    /// The segment.
    pub segment: u64,
    /// The first byte that does not count.
    pub from: u64,
    /// Why.
    pub cause: VoidCause,
}

/// Why the end of a segment does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VoidCause {
    /// A crash left an unfinished record.
    Torn,
    /// A write or sync failed.
    Failed,
}

/// The name of a segment's file.
pub(crate) fn file_name(number: u64) -> String {
    format!("{number:08}.{END}")
}

pub(crate) const END: &str = "clvj";
pub(crate) const RESERVE: &str = "reserve.clvj";

/// The segments of a folder, from the first: every number from 1 without a gap.
pub(crate) fn list(dir: &Path) -> Result<Vec<u64>, JournalError> {
    let failed = |source| JournalError::Io { what: "list", file: dir.to_owned(), source };
    let mut numbers = Vec::new();
    for entry in dir.read_dir().map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        if name == RESERVE || name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let number = name.to_str().and_then(number_in);
        numbers.push(number.ok_or_else(|| JournalError::Stray(dir.join(&name)))?);
    }
    numbers.sort_unstable();
    match numbers.iter().zip(1..).find(|(found, expected)| **found != *expected) {
        Some((_, missing)) => Err(JournalError::Missing(dir.join(file_name(missing)))),
        None => Ok(numbers),
    }
}

fn number_in(name: &str) -> Option<u64> {
    let number = name.split_once('.')?.0.parse().ok()?;
    (file_name(number) == name).then_some(number)
}

/// A segment in memory.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) file: PathBuf,
    pub(crate) header: Header,
    bytes: Vec<u8>,
}

/// How a segment ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With its last record, or with the unused rest of the room that was laid out for it.
    Whole,
    /// Within a record.
    Torn,
}

/// What a walk found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walked {
    pub(crate) next: Next,
    /// Where the last whole record ends.
    pub(crate) end: u64,
    pub(crate) ending: Ending,
}

impl Segment {
    /// Reads segment `number`.
    pub(crate) fn load(dir: &Path, number: u64) -> Result<Self, JournalError> {
        let file = dir.join(file_name(number));
        let bytes = std::fs::read(&file).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => JournalError::Missing(file.clone()),
            _ => JournalError::Io { what: "read", file: file.clone(), source },
        })?;
        let damaged = |flaw| JournalError::Damaged { file: file.clone(), offset: 0, flaw };
        let header = Header::parse(&bytes).map_err(damaged)?;
        if header.number != number {
            return Err(damaged(Flaw::Number(header.number)));
        }
        Ok(Self { file, header, bytes })
    }

    /// Passes if this segment continues the chain at `next`.
    pub(crate) fn follows(&self, next: Next) -> Result<(), JournalError> {
        if self.header.next.seq != next.seq {
            return Err(self.damaged(0, Flaw::First { expected: next.seq, found: self.header.next.seq }));
        }
        if self.header.next.chain != next.chain {
            return Err(self.damaged(0, Flaw::Before));
        }
        Ok(())
    }

    /// What the first record says of the segment before, if it is a note.
    pub(crate) fn void(&self) -> Result<Option<Void>, JournalError> {
        let first = self.find(HEADER, self.header.next)?;
        match first {
            Found::Record(raw) if raw.kind == NOTE => {
                let void: Void = note(raw.payload).map_err(|_| self.damaged(HEADER as u64, Flaw::Note))?;
                let before = self.header.number.checked_sub(1);
                if before == Some(void.segment) {
                    Ok(Some(void))
                } else {
                    Err(self.damaged(HEADER as u64, Flaw::Note))
                }
            }
            Found::Record(_) | Found::End | Found::Zeros | Found::Torn => Ok(None),
        }
    }

    /// Shows every record in order, up to where the segment after says that nothing counts any more.
    pub(crate) fn walk(
        &self,
        until: Option<u64>,
        see: &mut dyn FnMut(u64, &Raw<'_>) -> Result<(), JournalError>,
    ) -> Result<Walked, JournalError> {
        let mut next = self.header.next;
        let mut at = HEADER;
        loop {
            if until == Some(at as u64) {
                return Ok(Walked { next, end: at as u64, ending: Ending::Whole });
            }
            let ending = match self.find(at, next)? {
                Found::Record(raw) => {
                    self.note_is_first(at, &raw)?;
                    see(at as u64, &raw)?;
                    next = Next { seq: raw.seq + 1, chain: raw.chain };
                    at += raw.size;
                    continue;
                }
                Found::Zeros if self.header.purpose != Purpose::Grown => Ending::Whole,
                Found::End => Ending::Whole,
                Found::Zeros | Found::Torn => Ending::Torn,
            };
            if until.is_some() {
                return Err(self.damaged(at as u64, Flaw::Unaccounted));
            }
            return Ok(Walked { next, end: at as u64, ending });
        }
    }

    fn note_is_first(&self, at: usize, raw: &Raw<'_>) -> Result<(), JournalError> {
        if raw.kind == NOTE && at != HEADER {
            return Err(self.damaged(at as u64, Flaw::Note));
        }
        Ok(())
    }

    fn find(&self, at: usize, next: Next) -> Result<Found<'_>, JournalError> {
        let ground = match self.header.purpose {
            Purpose::Ahead => Ground::Ahead { offset: at },
            Purpose::Grown | Purpose::Reserved => Ground::Synced,
        };
        let bytes = self.bytes.get(at..).unwrap_or_default();
        find(bytes, next, ground).map_err(|flaw| self.damaged(at as u64, flaw))
    }

    pub(crate) fn damaged(&self, offset: u64, flaw: Flaw) -> JournalError {
        JournalError::Damaged { file: self.file.clone(), offset, flaw }
    }

    pub(crate) fn torn(&self, offset: u64) -> JournalError {
        JournalError::Torn { file: self.file.clone(), offset }
    }

    pub(crate) const fn length(&self) -> usize {
        self.bytes.len()
    }
}

#[expect(clippy::disallowed_methods, reason = "the chain was checked: these bytes are ours")]
fn note(payload: &[u8]) -> serde_json::Result<Void> {
    serde_json::from_slice(payload)
}
