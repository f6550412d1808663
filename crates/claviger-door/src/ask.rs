//! What the gateway's process asks the keep, and what it is told.

use claviger_core::{Allowance, ExchangeName, Market, MarketView, Symbol, Time};
use serde::{Deserialize, Serialize};

use crate::signed::SignedParts;
use crate::{Received, Refusal, SignedRequest};

/// A question to the keep.
#[derive(Debug, Serialize, Deserialize)]
pub enum Ask {
    /// What is to be done with this request?
    Judge(Box<Received>),
    /// This is what the exchange said to the request of that ticket.
    Settle {
        /// Of the [`SignedRequest`].
        ticket: u64,
        /// What was seen.
        seen: Seen,
    },
    /// New facts of the markets; what is given replaces what was known.
    Market {
        /// The sender's time, so that ages survive a difference of clocks.
        now: Time,
        /// Changed values only.
        view: Box<MarketView>,
    },
    /// A certificate for this host and this public key (SubjectPublicKeyInfo, DER), signed by the local CA.
    Leaf {
        /// A listed exchange host.
        host: Box<str>,
        /// The gateway's own public key.
        spki: Vec<u8>,
    },
    /// A certificate for the names under `[tls]` and this public key, signed by the listener's CA.
    ListenerLeaf {
        /// The gateway's own public key.
        spki: Vec<u8>,
    },
    /// The public half of the operator's TLS key.
    ListenerKey,
    /// A handshake of the listener, to be signed by the operator's TLS key.
    ListenerSign {
        /// By the number of TLS's registry.
        scheme: u16,
        /// What a server's signature covers.
        message: Vec<u8>,
    },
    /// What the market must be watched for, and who may ask public rows.
    Wants,
    /// Is there a call that claviger wants to make for itself?
    Chore,
}

/// What became of a signed request.
#[derive(Debug, Serialize, Deserialize)]
pub enum Seen {
    /// The exchange's whole answer; for [`crate::Returns::Stream`] the body is left out, unless it blames the key.
    Answer {
        /// The status code.
        status: u16,
        /// The body.
        body: Vec<u8>,
    },
    /// No byte of it left.
    NotSent {
        /// Why.
        why: Box<str>,
    },
    /// Something left, and no whole answer came.
    Lost {
        /// Why.
        why: Box<str>,
    },
}

/// What the keep watches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wants {
    /// By exchange.
    pub markets: Vec<Want>,
    /// What operators allow beside the catalogues, by exchange, with the version of it: public rows are asked without
    /// the keep.
    pub allowed: Vec<(ExchangeName, u64, Vec<Allowance>)>,
}

/// What the keep wants to know of one exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Want {
    /// Which.
    pub exchange: ExchangeName,
    /// Markets, and their symbols; no symbols means every one.
    pub symbols: Vec<(Market, Vec<Symbol>)>,
    /// From where anybody may ask public rows: networks in CIDR form.
    pub public_from: Vec<Box<str>>,
}

/// The keep's answer.
pub enum Reply {
    /// Send this, then settle it.
    Send(Box<SignedRequest>),
    /// Tell the bot this.
    Refuse(Refusal),
    /// Settled: pass the exchange's answer on.
    Pass,
    /// Settled: pass the exchange's answer on, with this as `x-claviger-hint`.
    Hinted(Box<str>),
    /// Settled: pass the exchange's answer on, with this status and body in the place of its own.
    Other {
        /// The status code.
        status: u16,
        /// The body.
        body: Box<[u8]>,
    },
    /// Settled: send this and settle it, then pass the exchange's answer on as that reply says.
    First(Box<SignedRequest>),
    /// Settled, but tell the bot this instead of the exchange's answer.
    Instead(Refusal),
    /// The certificate, DER, then the CA's.
    Leaf(Vec<Vec<u8>>),
    /// A public key (SubjectPublicKeyInfo, DER).
    PublicKey(Vec<u8>),
    /// The signature of a handshake.
    Handshake(Vec<u8>),
    /// What to watch.
    Wants(Wants),
    /// Nothing to do, or noted.
    Nothing,
    /// The keep cannot do that; for the log, not for bots.
    Failed(Box<str>),
}

/// A [`Reply`] on the wire.
#[derive(Serialize, Deserialize)]
pub(crate) enum Wire {
    Send(Box<SignedParts>),
    Refuse(Refusal),
    Pass,
    Hinted(Box<str>),
    Other { status: u16, body: Box<[u8]> },
    First(Box<SignedParts>),
    Instead(Refusal),
    Leaf(Vec<Vec<u8>>),
    PublicKey(Vec<u8>),
    Handshake(Vec<u8>),
    Wants(Wants),
    Nothing,
    Failed(Box<str>),
}

impl From<Reply> for Wire {
    fn from(reply: Reply) -> Self {
        match reply {
            Reply::Send(request) => Self::Send(Box::new(request.into_parts())),
            Reply::Refuse(refusal) => Self::Refuse(refusal),
            Reply::Pass => Self::Pass,
            Reply::Hinted(hint) => Self::Hinted(hint),
            Reply::Other { status, body } => Self::Other { status, body },
            Reply::First(request) => Self::First(Box::new(request.into_parts())),
            Reply::Instead(refusal) => Self::Instead(refusal),
            Reply::Leaf(chain) => Self::Leaf(chain),
            Reply::PublicKey(spki) => Self::PublicKey(spki),
            Reply::Handshake(signature) => Self::Handshake(signature),
            Reply::Wants(wants) => Self::Wants(wants),
            Reply::Nothing => Self::Nothing,
            Reply::Failed(why) => Self::Failed(why),
        }
    }
}

impl From<Wire> for Reply {
    fn from(wire: Wire) -> Self {
        match wire {
            Wire::Send(parts) => Self::Send(decoded(parts)),
            Wire::Refuse(refusal) => Self::Refuse(refusal),
            Wire::Pass => Self::Pass,
            Wire::Hinted(hint) => Self::Hinted(hint),
            Wire::Other { status, body } => Self::Other { status, body },
            Wire::First(parts) => Self::First(decoded(parts)),
            Wire::Instead(refusal) => Self::Instead(refusal),
            Wire::Leaf(chain) => Self::Leaf(chain),
            Wire::PublicKey(spki) => Self::PublicKey(spki),
            Wire::Handshake(signature) => Self::Handshake(signature),
            Wire::Wants(wants) => Self::Wants(wants),
            Wire::Nothing => Self::Nothing,
            Wire::Failed(why) => Self::Failed(why),
        }
    }
}

/// The one place where a frame becomes a signed request.
#[expect(clippy::boxed_local, reason = "a frame's parts are boxed, and stay so")]
fn decoded(parts: Box<SignedParts>) -> Box<SignedRequest> {
    Box::new(SignedRequest::from_frame(*parts))
}
