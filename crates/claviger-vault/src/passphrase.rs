//! Secrets on their way in: read into buffers of their final size and wiped after.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd as _;

use zeroize::Zeroizing;

/// A secret that is about to be put into a vault. It has no voice: nothing outside this crate reads it.
pub struct Secret(Zeroizing<Box<[u8]>>);

impl Secret {
    /// Takes over bytes of their final size.
    #[must_use]
    pub fn new(bytes: Zeroizing<Box<[u8]>>) -> Self {
        Self(bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What a vault is opened with, or an operator's factor.
pub struct Passphrase(Secret);

impl Passphrase {
    /// The fewest bytes that a new vault accepts.
    pub const LEAST: usize = 8;
    /// The most bytes that are read.
    pub const MOST: usize = 1024;

    /// Takes over bytes of their final size, as they are: no normalisation, no trimming.
    #[must_use]
    pub fn new(bytes: Zeroizing<Box<[u8]>>) -> Self {
        Self(Secret::new(bytes))
    }

    /// Asks at the terminal, without echo.
    pub fn prompt(label: &str) -> io::Result<Self> {
        claviger_os::read_hidden(label, Self::MOST).map(Self::new)
    }

    /// Reads until the end of `reader`; one line end at the end is not part of it.
    pub fn read(reader: impl Read) -> Result<Self, ReadSecretError> {
        read_secret(reader, Self::MOST).map(Self)
    }

    /// Whether two passphrases are the same, in constant time for equal lengths: for "type it again".
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        bool::from(subtle::ConstantTimeEq::ct_eq(self.bytes(), other.bytes()))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

/// Why a secret was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadSecretError {
    /// Nothing came.
    #[error("the secret is empty")]
    Empty,
    /// More came than a secret of its kind may have.
    #[error("the secret is longer than {0} bytes")]
    TooLong(usize),
    /// The source failed.
    #[error("cannot read the secret")]
    Io(#[from] io::Error),
}

/// Reads a secret of 1 to `most` bytes until the end of `reader`; one line end (`\n` or `\r\n`) at its end is dropped.
pub fn read_secret(mut reader: impl Read, most: usize) -> Result<Secret, ReadSecretError> {
    // Two more for the line end, one more to see that there is too much.
    let mut buffer = Zeroizing::new(vec![0; most.saturating_add(3)].into_boxed_slice());
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..)
        && !rest.is_empty()
    {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e.into()),
        }
    }
    let bytes = without_line_end(buffer.get(..filled).unwrap_or_default());
    match bytes.len() {
        0 => Err(ReadSecretError::Empty),
        length if length > most => Err(ReadSecretError::TooLong(most)),
        _ => Ok(Secret::new(Zeroizing::new(bytes.into()))),
    }
}

/// Standard input without the buffer of `std::io::stdin`, which would keep a copy of what was read.
pub fn unbuffered_stdin() -> io::Result<File> {
    io::stdin().as_fd().try_clone_to_owned().map(File::from)
}

fn without_line_end(bytes: &[u8]) -> &[u8] {
    match bytes.strip_suffix(b"\n") {
        Some(line) => line.strip_suffix(b"\r").unwrap_or(line),
        None => bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out one byte at a time, interrupted in between.
    struct Slow<'a>(&'a [u8], bool);

    impl Read for Slow<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let most = into.len().min(1);
            self.0.read(&mut into[..most])
        }
    }

    fn check(input: &[u8], expected: Option<&[u8]>) {
        for read in [read_secret(input, 6), read_secret(Slow(input, false), 6)] {
            assert_eq!(read.as_ref().ok().map(Secret::bytes), expected, "{input:?}");
        }
    }

    #[test]
    fn one_line_end_is_dropped_and_no_more() {
        check(b"secret", Some(b"secret"));
        check(b"secret\n", Some(b"secret"));
        check(b"secret\r\n", Some(b"secret"));
        check(b"sec\n\n", Some(b"sec\n"));
        check(b" s\r", Some(b" s\r"));
    }

    #[test]
    fn empty_and_long_are_refused() {
        check(b"", None);
        check(b"\n", None);
        check(b"secrets", None);
        check(b"secrets\n", None);
        check(b"secret\n\n", None);
        check(&[b'x'; 5000], None);
    }

    #[test]
    fn nothing_is_shown() {
        let secret = read_secret(&b"canary"[..], 6).unwrap();
        let passphrase = Passphrase::read(&b"canary"[..]).unwrap();
        assert!(!format!("{secret:?}{passphrase:?}").contains("canary"));
    }

    #[test]
    fn the_same_is_the_same() {
        let of = |b: &[u8]| Passphrase::read(b).unwrap();
        assert!(of(b"one").same(&of(b"one")));
        assert!(!of(b"one").same(&of(b"two")));
        assert!(!of(b"one").same(&of(b"one ")));
    }
}
