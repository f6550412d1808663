//! A bot's request as the strict front took it apart.

use std::net::IpAddr;

use claviger_core::{ExchangeName, Method, SurfaceName};
use serde::{Deserialize, Serialize};

/// Where a request came from. Never taken from a header.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Peer {
    /// The address of the socket's other end, IPv4-mapped IPv6 folded; `None` on a Unix socket.
    pub address: Option<IpAddr>,
    /// The user of the process at the other end, where the system tells it (Unix socket, loopback TCP).
    pub uid: Option<u32>,
    /// How it connected.
    pub way: Way,
}

/// How a bot connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Way {
    /// By base URL.
    Base,
    /// Through CONNECT with the local CA.
    Connect,
}

/// One request, raw; the parts are as received, nothing decoded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// Where from.
    pub peer: Peer,
    /// Which exchange it is for.
    pub exchange: ExchangeName,
    /// Which of its surfaces.
    pub surface: SurfaceName,
    /// The verb.
    pub method: Method,
    /// The prefix that stood before the path, without slashes, where the bot connected by base URL.
    pub prefix: Option<Box<str>>,
    /// The path without the prefix.
    pub path: Box<str>,
    /// What followed `?`; `None` where there was none.
    pub query: Option<Box<str>>,
    /// Headers as received, in order.
    pub headers: Vec<(Box<str>, Box<[u8]>)>,
    /// The body, at most 1 MiB.
    pub body: Box<[u8]>,
    /// How long it waited in the gateway before it was handed over, in milliseconds.
    pub waited_ms: u32,
}
