//! The strict reader of chunked bodies: sizes in plain hexadecimal, no extensions, no trailers.

use crate::front::{Bad, MAX_BODY};

/// The most digits of a chunk's size: enough for the longest body, leading zeros included.
const DIGITS: u8 = 6;

/// A chunked body as far as it was read.
#[derive(Debug, Default)]
pub struct Chunked {
    body: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Before the first digit of a size.
    #[default]
    Start,
    /// Within a size.
    Size {
        digits: u8,
        size: usize,
    },
    /// After the carriage return behind a size.
    SizeEnd {
        size: usize,
    },
    /// Within a chunk.
    Data {
        left: usize,
    },
    /// Behind a chunk.
    DataEnd,
    /// After the carriage return behind a chunk.
    DataEndLf,
    /// Behind the last chunk's line: the empty line must follow.
    Last,
    /// After the carriage return of the empty line.
    LastLf,
    Done,
}

impl Chunked {
    /// Reads on; says how many of `bytes` belong to this body. After [`Chunked::is_done`] that is none.
    ///
    /// # Errors
    /// Anything but plain chunks, or a body that gets too long.
    pub fn push(&mut self, bytes: &[u8]) -> Result<usize, Bad> {
        let mut rest = bytes;
        while let (false, Some((byte, behind))) = (self.is_done(), rest.split_first()) {
            if let State::Data { left } = self.state {
                let (data, behind) = rest.split_at(left.min(rest.len()));
                self.body.extend_from_slice(data);
                let left = left - data.len();
                self.state = if left == 0 { State::DataEnd } else { State::Data { left } };
                rest = behind;
            } else {
                self.state = self.next(*byte)?;
                rest = behind;
            }
        }
        Ok(bytes.len() - rest.len())
    }

    fn next(&self, byte: u8) -> Result<State, Bad> {
        match (self.state, byte) {
            (State::Start, _) => digit(byte, 0, 0),
            (State::Size { size, .. }, b'\r') => Ok(State::SizeEnd { size }),
            (State::Size { digits, size }, _) => digit(byte, digits, size),
            (State::SizeEnd { size: 0 }, b'\n') => Ok(State::Last),
            (State::SizeEnd { size }, b'\n') if size <= MAX_BODY - self.body.len() => {
                Ok(State::Data { left: size })
            }
            (State::SizeEnd { .. }, b'\n') => Err(Bad::LongBody),
            (State::DataEnd, b'\r') => Ok(State::DataEndLf),
            (State::DataEndLf, b'\n') => Ok(State::Start),
            (State::Last, b'\r') => Ok(State::LastLf),
            (State::LastLf, b'\n') => Ok(State::Done),
            (State::Last, _) => Err(Bad::Malformed("trailers")),
            _ => Err(Bad::Malformed("a chunk that cannot be read in one way only")),
        }
    }

    /// Whether the body is complete.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// How long the body is so far.
    #[must_use]
    pub fn length(&self) -> usize {
        self.body.len()
    }

    /// The body.
    #[must_use]
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }
}

fn digit(byte: u8, digits: u8, size: usize) -> Result<State, Bad> {
    let value = char::from(byte).to_digit(16).filter(|_| digits < DIGITS);
    let value = value.ok_or(Bad::Malformed("a chunk size that is not a plain hexadecimal number"))?;
    let size = size * 16 + usize::try_from(value).unwrap_or(0);
    Ok(State::Size { digits: digits + 1, size })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8], step: usize) -> Result<(Vec<u8>, usize, bool), Bad> {
        let mut chunked = Chunked::default();
        let mut used = 0;
        for piece in bytes.chunks(step) {
            let n = chunked.push(piece)?;
            used += n;
            if n < piece.len() {
                break;
            }
        }
        let done = chunked.is_done();
        Ok((chunked.into_body(), used, done))
    }

    #[test]
    fn plain_chunks() {
        for (bytes, body) in [
            ("0\r\n\r\n", ""),
            ("2\r\nhi\r\n0\r\n\r\n", "hi"),
            ("2\r\nhi\r\n00000A\r\n0123456789\r\n0\r\n\r\n", "hi0123456789"),
            ("1\r\n\r\r\n1\r\n\n\r\n0\r\n\r\n", "\r\n"),
        ] {
            for step in 1..=bytes.len() {
                assert_eq!(read(bytes.as_bytes(), step), Ok((body.into(), bytes.len(), true)), "{bytes:?}");
            }
        }
    }

    #[test]
    fn what_follows_is_left_alone() {
        let bytes = b"1\r\nx\r\n0\r\n\r\nGET / HTTP/1.1\r\n";
        for step in 1..=bytes.len() {
            assert_eq!(read(bytes, step), Ok((b"x".to_vec(), 11, true)));
        }
    }

    #[test]
    fn tricks_are_refused() {
        for bytes in [
            "\r\n",
            "g\r\n",
            "-1\r\n",
            "+1\r\nx",
            "0x1\r\nx",
            " 1\r\nx",
            "1 \r\nx",
            "1;a=b\r\nx",
            "1;\r\nx",
            "1\nx",
            "1\r\nx\n",
            "1\r\nxx\r\n",
            "1\r\nx0\r\n",
            "0\r\nX: y\r\n\r\n",
            "0\r\n \r\n",
            "0\n\n",
            "0000001\r\nx",
            "ffffffffffffffff1\r\n",
            "1\r\nx\r\r\n",
            "1\t\r\n",
            "1\r\r\n",
        ] {
            for step in 1..=bytes.len() {
                assert!(
                    matches!(read(bytes.as_bytes(), step), Err(Bad::Malformed(_))),
                    "{bytes:?} by {step}"
                );
            }
        }
        assert_eq!(read(b"100001\r\n", 3), Err(Bad::LongBody));
        assert_eq!(read(b"ffffff\r\n", 3), Err(Bad::LongBody));
    }

    #[test]
    fn many_small_chunks_stay_below_the_limit() {
        let mut bytes = b"8000\r\n".to_vec();
        bytes.extend(vec![b'x'; 0x8000]);
        bytes.extend(b"\r\n");
        let bytes = bytes.repeat(33);
        assert_eq!(read(&bytes, 1000), Err(Bad::LongBody));
    }

    proptest! {
        #[test]
        fn any_split_reads_the_same(bytes in "[0-9a-f]{0,2}(\r\n|\n|;|x|[\0-\x7f]){0,6}", step in 1_usize..8) {
            let whole = read(bytes.as_bytes(), bytes.len().max(1));
            prop_assert_eq!(read(bytes.as_bytes(), step), whole);
        }

        #[test]
        fn what_is_written_is_read(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..8), step in 1_usize..9) {
            let mut bytes = Vec::new();
            for part in &parts {
                bytes.extend(format!("{:x}\r\n", part.len()).bytes());
                bytes.extend(part);
                bytes.extend(b"\r\n");
            }
            bytes.extend(b"0\r\n\r\n");
            prop_assert_eq!(read(&bytes, step), Ok((parts.concat(), bytes.len(), true)));
        }
    }
}
