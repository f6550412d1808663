//! What leaves for an exchange, and what is told to a bot instead.

use claviger_core::{ExchangeName, Method, SurfaceName};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// A request signed with a real key: the only thing that the way out sends for a bot.
///
/// It can be made in two ways: by the keep's signer ([`SignedRequest::sealed`]) and by the decoder of a frame from the keep.
/// It holds the real key's id and a signature, so it has no `Debug` and no `Clone`; header values are wiped when dropped.
#[must_use = "a signed request that is not sent must be settled as not sent"]
pub struct SignedRequest(SignedParts);

/// The parts of a [`SignedRequest`].
#[derive(Serialize, Deserialize)]
pub struct SignedParts {
    /// The number under which its answer is settled; unique within a run of the keep.
    pub ticket: u64,
    /// Which exchange.
    pub exchange: ExchangeName,
    /// Which of its surfaces, and so which pinned host.
    pub surface: SurfaceName,
    /// Which pool of connections: never shared between real keys.
    pub pool: u64,
    /// The verb.
    pub method: Method,
    /// Path and query.
    pub target: Box<str>,
    /// Headers, but for Host, Content-Length and Connection.
    pub headers: Vec<(Box<str>, Zeroizing<Vec<u8>>)>,
    /// The body.
    pub body: Vec<u8>,
    /// How long from now it may still begin to leave, in milliseconds.
    pub ttl_ms: u32,
    /// Whether it changes state: then it is never sent again once a byte was written.
    pub changes_state: bool,
    /// How its answer returns.
    pub returns: Returns,
    /// The real key's id: an answer that holds it is cut.
    pub real_id: Box<str>,
}

/// How an answer returns to the bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Returns {
    /// As it comes; the keep is told how it ended. One that blames the key is shown to the keep first.
    Stream,
    /// Buffered to at most 1 MiB and shown to the keep before the bot sees it.
    Shown,
    /// The keep alone sees it: claviger asked for itself.
    House,
}

impl SignedRequest {
    /// Seals what the keep's signer made. No other place may call it: `clippy.toml` and a test see to that.
    pub fn sealed(parts: SignedParts) -> Self {
        Self(parts)
    }

    /// What to send.
    #[must_use]
    pub fn parts(&self) -> &SignedParts {
        &self.0
    }

    /// Takes it apart to send it.
    #[must_use]
    pub fn into_parts(self) -> SignedParts {
        self.0
    }

    /// The frame decoder's way to make one.
    pub(crate) fn from_frame(parts: SignedParts) -> Self {
        Self(parts)
    }
}

/// An answer of claviger's own, in the exchange's format: a refusal, or a row that claviger answers itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The status code.
    pub status: u16,
    /// Headers beside Content-Length.
    pub headers: Vec<(Box<str>, Box<str>)>,
    /// The body.
    pub body: Box<[u8]>,
}
