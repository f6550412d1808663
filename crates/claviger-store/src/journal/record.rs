//! One record: how it is printed, and how it is read back.

use std::fmt;

use claviger_core::Time;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::error::{Flaw, JournalError};

/// What a journal can hold.
pub trait JournalEntry: Serialize + DeserializeOwned {
    /// The number of its kind, from 1 to 255; it never changes its meaning.
    fn kind_number(&self) -> u8;
}

/// An entry as it stands in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<E> {
    /// Its number, from 1, without gaps.
    pub seq: u64,
    /// When it was appended.
    pub at: Time,
    /// The segment that holds it.
    pub segment: u64,
    /// Where in the segment it begins.
    pub offset: u64,
    /// Its leaf hash as in RFC 6962, for Merkle trees over the journal.
    pub leaf: [u8; 32],
    /// The chain value after it.
    pub chain: Chain,
    /// What it says.
    pub entry: E,
}

/// The chain value after a record: it stands for that record and everything before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Chain(pub(crate) [u8; 32]);

impl Chain {
    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn then(self, leaf: &[u8; 32]) -> Self {
        Self(Sha256::new().chain_update(self.0).chain_update(leaf).finalize().into())
    }
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

/// The kind of claviger's own recovery notes.
pub(crate) const NOTE: u8 = 0;
pub(crate) const VERSION: u8 = 1;
/// The longest record, without its length field.
pub(crate) const MAX_RECORD: usize = 8 * 1024 * 1024;
/// Version, kind, sequence number and time.
const HEAD: usize = 1 + 1 + 8 + 8;
const CHAIN: usize = 32;
const LENGTH: usize = 4;
pub(crate) const MIN_RECORD: usize = HEAD + CHAIN;

/// A record's place in the chain: its number and the value before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Next {
    pub(crate) seq: u64,
    pub(crate) chain: Chain,
}

impl Next {
    pub(crate) const START: Self = Self { seq: 1, chain: Chain([0; 32]) };
}

/// Prints a record behind what `out` holds and returns what follows it.
pub(crate) fn print(
    out: &mut Vec<u8>,
    next: Next,
    (kind, at): (u8, Time),
    payload: &impl Serialize,
) -> Result<Next, JournalError> {
    let start = out.len();
    out.extend([0; LENGTH]);
    out.push(VERSION);
    out.push(kind);
    out.extend(next.seq.to_le_bytes());
    out.extend(at.millis().to_le_bytes());
    serde_json::to_writer(&mut *out, payload).map_err(JournalError::Encoding)?;
    let chain = next.chain.then(&leaf(out.get(start + LENGTH..).unwrap_or_default()));
    out.extend(chain.0);
    let length = out.len() - start - LENGTH;
    let field =
        u32::try_from(length).ok().filter(|_| length <= MAX_RECORD).ok_or(JournalError::TooLong(length))?;
    for (to, from) in out.iter_mut().skip(start).zip(field.to_le_bytes()) {
        *to = from;
    }
    Ok(Next { seq: next.seq + 1, chain })
}

fn leaf(bytes: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update([0]).chain_update(bytes).finalize().into()
}

/// A record taken from bytes; its chain value was checked.
#[derive(Debug)]
pub(crate) struct Raw<'a> {
    pub(crate) kind: u8,
    pub(crate) seq: u64,
    pub(crate) at: Time,
    pub(crate) payload: &'a [u8],
    pub(crate) leaf: [u8; 32],
    pub(crate) chain: Chain,
    /// All of it, with its length field.
    pub(crate) size: usize,
}

/// What stands at a place in a segment.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    /// A record that continues the chain.
    Record(Raw<'a>),
    /// Nothing: the end.
    End,
    /// Nothing but zeros to the end.
    Zeros,
    /// A record that is not whole; what there is of it may have been the beginning of one.
    Torn,
}

/// How the bytes that follow came to the disk.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ground {
    /// In their order.
    Synced,
    /// Into room laid out before, from this byte of the file on: a power loss may have kept any blocks of what was not synced.
    Ahead { offset: usize },
}

/// Reads what stands at the beginning of `bytes`, which reach to the end of the segment.
pub(crate) fn find(bytes: &[u8], next: Next, ground: Ground) -> Result<Found<'_>, Flaw> {
    if bytes.is_empty() {
        return Ok(Found::End);
    }
    if bytes.iter().all(|b| *b == 0) {
        return Ok(Found::Zeros);
    }
    let Some((field, rest)) = bytes.split_first_chunk::<LENGTH>() else { return Ok(Found::Torn) };
    let length = u32::from_le_bytes(*field);
    let size = usize::try_from(length).map_err(|_| Flaw::Length(length))?;
    let fits = (MIN_RECORD..=MAX_RECORD).contains(&size);
    let (flaw, reach) = match rest.split_at_checked(size) {
        _ if !fits => (Flaw::Length(length), LENGTH),
        None => return torn(rest, next),
        Some((record, after)) => match parse(record, next) {
            Ok(raw) => return Ok(Found::Record(raw)),
            Err(_) if lost_its_end(record, after) => return torn(rest, next),
            Err(flaw) => (flaw, LENGTH + size),
        },
    };
    match ground {
        Ground::Ahead { offset } if lost_a_block(bytes, reach, offset) => torn(rest, next),
        Ground::Ahead { .. } | Ground::Synced => Err(flaw),
    }
}

/// What a disk writes whole or not at all, at the least.
const BLOCK: usize = 512;

/// Whether a block that a record reaches into is still the zeros that were there before it, from where it begins.
fn lost_a_block(bytes: &[u8], reach: usize, offset: usize) -> bool {
    let mut at = 0;
    while at < reach {
        let end = at + BLOCK - (offset + at) % BLOCK;
        match bytes.get(at..end.min(bytes.len())) {
            Some(part) if part.iter().all(|b| *b == 0) => return true,
            Some(_) => at = end,
            None => return false,
        }
    }
    false
}

/// A system that crashed may have made the file longer without writing its new end: zeros up to the end of the file.
fn lost_its_end(record: &[u8], after: &[u8]) -> bool {
    let end = record.get(record.len().saturating_sub(CHAIN)..).unwrap_or_default();
    end.iter().chain(after).all(|b| *b == 0)
}

fn parse(record: &[u8], next: Next) -> Result<Raw<'_>, Flaw> {
    let (body, chain) = record.split_last_chunk::<CHAIN>().ok_or(Flaw::Chain)?;
    let (head, payload) = body.split_first_chunk::<HEAD>().ok_or(Flaw::Chain)?;
    let leaf = leaf(body);
    let expected = next.chain.then(&leaf);
    let [version, kind, a, b, c, d, e, f, g, h, time @ ..] = *head;
    let seq = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
    if version != VERSION {
        return Err(Flaw::Version(version));
    }
    if seq != next.seq {
        return Err(Flaw::Sequence { expected: next.seq, found: seq });
    }
    if expected.0 != *chain {
        return Err(Flaw::Chain);
    }
    let at = Time::from_millis(u64::from_le_bytes(time));
    Ok(Raw { kind, seq, at, payload, leaf, chain: expected, size: LENGTH + record.len() })
}

/// The bytes end before the record does, or some are missing. Only a record that is really not whole may be taken for an
/// unfinished write: one whose length field was changed is whole, and so its chain value stands somewhere in the rest.
fn torn(rest: &[u8], next: Next) -> Result<Found<'_>, Flaw> {
    // No chain value lies in the zeros behind all that was written.
    let used = rest.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1 + CHAIN);
    let rest = rest.get(..used).unwrap_or(rest);
    let mut hash = Sha256::new().chain_update([0]);
    for (at, byte) in rest.iter().enumerate() {
        let (body, after) = rest.split_at(at);
        let Some(chain) = after.first_chunk::<CHAIN>() else { break };
        if body.len() >= HEAD && next.chain.then(&hash.clone().finalize().into()).0 == *chain {
            return Err(Flaw::LengthChanged);
        }
        hash.update([*byte]);
    }
    Ok(Found::Torn)
}
