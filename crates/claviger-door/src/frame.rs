//! Frames on a socket: four bytes of length (little endian), eight of a number, then the message in postcard's encoding.
//!
//! Both ends are claviger's own binary of one version, so the encoding needs no versions; a length beyond [`MAX_FRAME`],
//! a message that does not decode or bytes behind it end the connection.
//! Some messages hold secrets, so the bytes of every frame are wiped once they were used.

use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::ask::Wire;
use crate::{Ask, Reply};

/// The longest message, in bytes: a 1 MiB body and room for what surrounds it, or a market view of every instrument.
pub const MAX_FRAME: usize = 8 * 1024 * 1024;

const HEAD: usize = 12;

/// The number of what is told and not asked: there is no answer to it.
pub(crate) const UNANSWERED: u64 = 0;

/// A frame cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The socket failed.
    #[error("the connection between claviger's processes failed")]
    Io(#[from] io::Error),
    /// The other end closed between two frames.
    #[error("the other process closed the connection")]
    Closed,
    /// It is too long.
    #[error("a message of {0} bytes between claviger's processes is too long")]
    TooLong(usize),
    /// It does not decode.
    #[error("a message between claviger's processes cannot be read")]
    Encoding(#[source] postcard::Error),
}

/// The keep's end: reads questions, blocking.
pub struct Inbox<R>(R);

impl<R: Read> Inbox<R> {
    /// Reads from this end of the socket.
    pub const fn new(socket: R) -> Self {
        Self(socket)
    }

    /// The next question and its number.
    ///
    /// # Errors
    /// [`FrameError::Closed`] when the other process is gone; anything else is a broken peer.
    pub fn question(&mut self) -> Result<(u64, Ask), FrameError> {
        read(&mut self.0)
    }
}

/// The keep's end: writes answers, blocking.
pub struct Outbox<W>(W);

impl<W: Write> Outbox<W> {
    /// Writes to this end of the socket.
    pub const fn new(socket: W) -> Self {
        Self(socket)
    }

    /// Answers the question of that number; what was told and not asked is not answered.
    ///
    /// # Errors
    /// Where the socket fails or the message is too long.
    pub fn answer(&mut self, number: u64, reply: Reply) -> Result<(), FrameError> {
        if number != UNANSWERED {
            self.0.write_all(&encode(number, &Wire::from(reply))?)?;
        }
        Ok(())
    }
}

/// Reads one frame, blocking.
///
/// # Errors
/// See [`FrameError`].
pub fn read<T: DeserializeOwned>(from: &mut impl Read) -> Result<(u64, T), FrameError> {
    let mut head = [0_u8; HEAD];
    match from.read_exact(&mut head) {
        Ok(()) => {}
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Err(FrameError::Closed),
        Err(e) => return Err(e.into()),
    }
    let (length, number) = decode_head(head)?;
    let mut body = Zeroizing::new(vec![0; length]);
    from.read_exact(&mut body)?;
    Ok((number, decode(&body)?))
}

/// Writes one frame, blocking.
///
/// # Errors
/// See [`FrameError`].
pub fn write<T: Serialize>(to: &mut impl Write, number: u64, message: &T) -> Result<(), FrameError> {
    to.write_all(&encode(number, message)?)?;
    Ok(())
}

pub(crate) fn encode<T: Serialize>(number: u64, message: &T) -> Result<Zeroizing<Vec<u8>>, FrameError> {
    let length = postcard::experimental::serialized_size(message).map_err(FrameError::Encoding)?;
    // Of its final size, so that no shorter copy is left behind.
    let mut frame = Zeroizing::new(vec![0; HEAD + length]);
    let body = frame.get_mut(HEAD..).unwrap_or_default();
    postcard::to_slice(message, body).map_err(FrameError::Encoding)?;
    let short =
        u32::try_from(length).ok().filter(|_| length <= MAX_FRAME).ok_or(FrameError::TooLong(length))?;
    for (to, from) in frame.iter_mut().zip(short.to_le_bytes().into_iter().chain(number.to_le_bytes())) {
        *to = from;
    }
    Ok(frame)
}

pub(crate) fn decode_head(head: [u8; HEAD]) -> Result<(usize, u64), FrameError> {
    let [a, b, c, d, number @ ..] = head;
    let length = usize::try_from(u32::from_le_bytes([a, b, c, d])).unwrap_or(usize::MAX);
    if length > MAX_FRAME {
        Err(FrameError::TooLong(length))
    } else {
        Ok((length, u64::from_le_bytes(number)))
    }
}

pub(crate) fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, FrameError> {
    match postcard::take_from_bytes(body) {
        Ok((message, [])) => Ok(message),
        Ok(_) => Err(FrameError::Encoding(postcard::Error::DeserializeBadEncoding)),
        Err(e) => Err(FrameError::Encoding(e)),
    }
}
