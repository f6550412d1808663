//! Looks for a real key's id in an answer, across the borders of its pieces.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use memchr::memmem::Finder;

/// Encodings of an id shorter than this would be found by chance.
const SHORTEST_ENCODED: usize = 8;

/// The id as it is, in hexadecimal, and in base64 wherever it may stand in the encoded text.
pub(crate) struct Needles {
    finders: Vec<Finder<'static>>,
    longest: usize,
}

/// The answer holds the id.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found;

impl Needles {
    pub(crate) fn new(id: &str) -> Self {
        let mut texts: Vec<Vec<u8>> = Vec::new();
        let mut add = |text: Vec<u8>| {
            if !text.is_empty() && !texts.contains(&text) {
                texts.push(text);
            }
        };
        add(id.into());
        if id.len() >= SHORTEST_ENCODED {
            add(hex(id, b"0123456789abcdef"));
            add(hex(id, b"0123456789ABCDEF"));
            for offset in 0..3 {
                add(base64(id, offset, |bytes| STANDARD_NO_PAD.encode(bytes)));
                add(base64(id, offset, |bytes| URL_SAFE_NO_PAD.encode(bytes)));
            }
        }
        let longest = texts.iter().map(Vec::len).max().unwrap_or(0);
        Self { finders: texts.iter().map(|t| Finder::new(t).into_owned()).collect(), longest }
    }

    /// Whether the id stands in these bytes.
    pub(crate) fn are_in(&self, bytes: &[u8]) -> bool {
        self.finders.iter().any(|finder| finder.find(bytes).is_some())
    }
}

fn hex(id: &str, digits: &[u8; 16]) -> Vec<u8> {
    let digit = |n: u8| digits.get(usize::from(n)).copied().unwrap_or(b'0');
    id.bytes().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}

/// The characters that depend on the id alone when `offset` other bytes stand before it in its group of three.
fn base64(id: &str, offset: usize, encode: impl Fn(&[u8]) -> String) -> Vec<u8> {
    let bytes = [vec![0; offset], id.into()].concat();
    let (first, last) = ((offset * 8).div_ceil(6), bytes.len() * 8 / 6);
    encode(&bytes).as_bytes().get(first..last).unwrap_or_default().to_vec()
}

/// The needles of ids seen lately, so that they are made once and not for each request.
#[derive(Default)]
pub(crate) struct Searches(Mutex<HashMap<Box<str>, Arc<Needles>>>);

/// More ids than this are forgotten all at once.
const IDS: usize = 4096;

impl Searches {
    pub(crate) fn needles(&self, id: &str) -> Arc<Needles> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(needles) = known.get(id) {
            return Arc::clone(needles);
        }
        if known.len() >= IDS {
            known.clear();
        }
        let needles = Arc::new(Needles::new(id));
        known.insert(id.into(), Arc::clone(&needles));
        needles
    }
}

/// Lets bytes through, but for the last ones that could still become an id.
pub(crate) struct Sieve<'n> {
    needles: Option<&'n Needles>,
    held: Vec<u8>,
}

impl<'n> Sieve<'n> {
    /// A sieve without needles lets everything through.
    pub(crate) const fn new(needles: Option<&'n Needles>) -> Self {
        Self { needles, held: Vec::new() }
    }

    /// Takes a piece in and puts what is safe into `out`.
    pub(crate) fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Found> {
        let Some(needles) = self.needles else {
            out.extend_from_slice(piece);
            return Ok(());
        };
        self.held.extend_from_slice(piece);
        if needles.are_in(&self.held) {
            return Err(Found);
        }
        let safe = self.held.len().saturating_sub(needles.longest.saturating_sub(1));
        out.extend(self.held.drain(..safe));
        Ok(())
    }

    /// What is still held, at the end.
    pub(crate) fn take_rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    const ID: &str = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";

    fn through(bytes: &[u8], step: usize) -> Result<Vec<u8>, Vec<u8>> {
        let needles = Needles::new(ID);
        let (mut sieve, mut out) = (Sieve::new(Some(&needles)), Vec::new());
        for piece in bytes.chunks(step.max(1)) {
            if sieve.push(piece, &mut out).is_err() {
                return Err(out);
            }
        }
        out.extend(sieve.take_rest());
        Ok(out)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn an_id_is_found_across_any_border(before in "[ -~]{0,90}", after in "[ -~]{0,90}", step in 1_usize..200, form in 0..5) {
            let id = match form {
                0 => ID.to_owned(),
                1 => ID.bytes().map(|b| format!("{b:02x}")).collect(),
                2 => ID.bytes().map(|b| format!("{b:02X}")).collect(),
                3 => STANDARD.encode(format!("{before}{ID}{after}")),
                _ => URL_SAFE_NO_PAD.encode(format!("{before}{ID}{after}")),
            };
            let got = through(format!("{before}{id}{after}").as_bytes(), step);
            let out = got.expect_err("the id went through");
            let head = ID.get(..12).unwrap();
            prop_assert!(form != 0 || !String::from_utf8_lossy(&out).contains(head));
        }

        #[test]
        fn everything_else_goes_through_unchanged(bytes in prop::collection::vec(any::<u8>(), 0..500), step in 1_usize..100) {
            prop_assert_eq!(through(&bytes, step), Ok(bytes));
        }

        #[test]
        fn near_misses_go_through(cut in 1_usize..63, step in 1_usize..100) {
            let bytes = ID.get(..cut).unwrap().repeat(3);
            prop_assert_eq!(through(bytes.as_bytes(), step), Ok(bytes.into_bytes()));
        }
    }
}
