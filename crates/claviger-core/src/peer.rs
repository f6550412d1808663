//! Who asks, from where, and how we know.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use serde::{Deserialize, Serialize};

/// Where a connection comes from, as the socket says; never from a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Peer {
    /// The address.
    pub address: Address,
    /// Whether the other end runs under claviger's own operating-system user.
    /// For a local peer of whom that cannot be told it must be `true`; for a remote one it is `false`.
    pub same_user: bool,
    /// The operating-system user of the other end, where it is on this machine and the system tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<u32>,
}

/// The address of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Address {
    /// Over TCP.
    Ip(IpAddr),
    /// Over claviger's Unix socket.
    Socket,
}

impl Peer {
    /// The address that `sources` is asked about: IPv4 in IPv6 is folded, and the Unix socket counts as 127.0.0.1.
    #[must_use]
    pub fn source(&self) -> IpAddr {
        match self.address {
            Address::Ip(ip) => ip.to_canonical(),
            Address::Socket => IpAddr::V4(Ipv4Addr::LOCALHOST),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => fmt::Display::fmt(&ip.to_canonical(), f),
            Self::Socket => f.write_str("unix socket"),
        }
    }
}

/// How the asker was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// The bot's own signature in the exchange's form, made with its virtual secret.
    BotSignature,
    /// The virtual key's id alone: enough for public facts that the exchange tells to anyone with a key.
    KeyId,
}
