//! Passing an exchange's answer on as it comes.

use std::io::Write as _;

use claviger_egress::Sent;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::answer::{After, End, head, hint_header, passed_on};
use crate::sieve::{Needles, Sieve};
use crate::wire::{Broken, Wire};

/// An answer up to this long leaves in one piece, with its length.
const AT_ONCE: usize = 64 * 1024;

/// The answer was not passed on whole.
#[derive(Debug)]
pub(crate) enum Unrelayed {
    /// The bot has seen nothing of it.
    Unseen(Box<str>),
    /// The bot has seen a part: the connection must be cut.
    Cut(Box<str>),
}

/// What stops an answer on its way.
const HELD_ID: &str = "the answer held the real key's id";
const GONE: &str = "the bot hung up";

/// Passes an answer on; `needles` must not be in it.
pub(crate) async fn relay<S: AsyncRead + AsyncWrite + Unpin>(
    wire: &mut Wire<S>,
    sent: Sent,
    needles: Option<&Needles>,
    after: After,
) -> Result<(), Unrelayed> {
    begin(sent, needles).await?.pass(wire, None, after).await
}

/// The beginning of an answer, of which the bot has seen nothing yet.
pub(crate) struct Begun<'n> {
    sent: Sent,
    needles: Option<&'n Needles>,
    sieve: Sieve<'n>,
    out: Vec<u8>,
    ended: bool,
    length: Option<u64>,
}

/// Reads an answer whole, or until it is longer than what leaves in one piece; `needles` must not be in it.
pub(crate) async fn begin(mut sent: Sent, needles: Option<&Needles>) -> Result<Begun<'_>, Unrelayed> {
    let mut sieve = Sieve::new(needles);
    let mut out = Vec::new();
    let mut ended = false;
    let length = sent.body.length();
    while !ended && out.len() < AT_ONCE {
        match next(&mut sent, &mut sieve, &mut out).await {
            Ok(more) => ended = !more,
            Err(why) => return Err(Unrelayed::Unseen(why)),
        }
    }
    if ended {
        out.append(&mut sieve.take_rest());
    }
    Ok(Begun { sent, needles, sieve, out, ended, length })
}

impl Begun<'_> {
    /// The status code and the whole body, where that was read already.
    pub(crate) fn whole(&self) -> Option<(u16, &[u8])> {
        self.ended.then_some((self.sent.status, &self.out))
    }

    /// Passes it on, with a hint of claviger's own where there is one.
    pub(crate) async fn pass<S: AsyncRead + AsyncWrite + Unpin>(
        self,
        wire: &mut Wire<S>,
        hint: Option<&str>,
        after: After,
    ) -> Result<(), Unrelayed> {
        let Self { mut sent, needles, mut sieve, mut out, ended, length } = self;
        if ended {
            return at_once(wire, (&sent, hint), needles, (out, after)).await;
        }
        let end = length.map_or(End::Chunked, End::Length);
        let mut piece = head_of((&sent, hint), needles, end, after);
        loop {
            framed(&mut piece, &out, end);
            wire.write(&piece).await.map_err(gone)?;
            piece.clear();
            out.clear();
            if !next(&mut sent, &mut sieve, &mut out).await.map_err(Unrelayed::Cut)? {
                break;
            }
        }
        framed(&mut piece, &sieve.take_rest(), end);
        if end == End::Chunked {
            piece.extend_from_slice(b"0\r\n\r\n");
        }
        wire.write(&piece).await.map_err(gone)
    }
}

/// The next piece through the sieve; `false` after the last one.
async fn next(sent: &mut Sent, sieve: &mut Sieve<'_>, out: &mut Vec<u8>) -> Result<bool, Box<str>> {
    match sent.body.chunk().await {
        Ok(Some(piece)) => sieve.push(&piece, out).map(|()| true).map_err(|_| HELD_ID.into()),
        Ok(None) => Ok(false),
        Err(error) => Err(error.to_string().into()),
    }
}

async fn at_once<S: AsyncRead + AsyncWrite + Unpin>(
    wire: &mut Wire<S>,
    (sent, hint): (&Sent, Option<&str>),
    needles: Option<&Needles>,
    (body, after): (Vec<u8>, After),
) -> Result<(), Unrelayed> {
    let length = End::Length(u64::try_from(body.len()).unwrap_or(u64::MAX));
    let mut bytes = head_of((sent, hint), needles, length, after);
    if crate::answer::has_body(sent.status) {
        bytes.extend_from_slice(&body);
    }
    wire.write(&bytes).await.map_err(gone)
}

fn head_of(
    (sent, hint): (&Sent, Option<&str>),
    needles: Option<&Needles>,
    end: End,
    after: After,
) -> Vec<u8> {
    let headers = sent.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let mut headers = passed_on(headers, needles);
    headers.extend(hint.map(hint_header));
    head(sent.status, &headers, end, after)
}

fn framed(piece: &mut Vec<u8>, data: &[u8], end: End) {
    match end {
        End::Length(_) => piece.extend_from_slice(data),
        End::Chunked if data.is_empty() => {}
        End::Chunked => {
            // Writing into a `Vec` cannot fail.
            let _ = write!(piece, "{:x}\r\n", data.len());
            piece.extend_from_slice(data);
            piece.extend_from_slice(b"\r\n");
        }
    }
}

fn gone(_: Broken) -> Unrelayed {
    Unrelayed::Cut(GONE.into())
}
