//! How the bots' door is set up.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use claviger_core::{ExchangeName, SurfaceName};
use ipnet::IpNet;

use crate::tls::Tls;

/// Tells the user who owns the other end of a loopback connection: peer's address, then ours. `None`: nobody knows.
pub type Owner = Arc<dyn Fn(SocketAddr, SocketAddr) -> Option<u32> + Send + Sync>;

/// How the bots' door is set up.
pub struct Config {
    /// Where to listen.
    pub listeners: Vec<Listener>,
    /// Networks beside loopback from which plain HTTP is accepted.
    pub plain_http: Vec<IpNet>,
    /// TLS for every other network; with it, each TCP listener speaks TLS to those who begin with it.
    pub tls: Option<Arc<Tls>>,
    /// The most connections at once.
    pub max_connections: usize,
    /// The most connections at once from one address (IPv6: one /64) or one user of the Unix socket.
    pub max_per_source: usize,
    /// Tells the owner of a loopback connection.
    pub owner: Option<Owner>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listeners: Vec::new(),
            plain_http: Vec::new(),
            tls: None,
            max_connections: 1024,
            max_per_source: 512,
            owner: None,
        }
    }
}

/// One place to listen.
#[derive(Clone, Debug)]
pub enum Listener {
    /// Base URLs and CONNECT, over TCP.
    Tcp(SocketAddr),
    /// One surface of one exchange without a prefix, over TCP.
    Own {
        /// Where.
        address: SocketAddr,
        /// Which exchange.
        exchange: ExchangeName,
        /// Which of its surfaces.
        surface: SurfaceName,
    },
    /// Base URLs and CONNECT, over a Unix socket.
    Unix {
        /// Where. A socket that nobody listens on any more is replaced.
        path: PathBuf,
        /// Who may connect: permission bits such as `0o660`.
        mode: u32,
    },
}

/// The door cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Plain HTTP would be reachable from outside.
    #[error("{0} is not a loopback address, there is no `[tls]`, and `plain_http` names no network")]
    Plain(SocketAddr),
    /// The address is in use, or not ours.
    #[error("cannot listen on {address}")]
    Tcp {
        /// Where.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The socket cannot be made.
    #[error("cannot listen on the socket {}", path.display())]
    Unix {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A port of its own for something that does not exist.
    #[error("there is no surface `{surface}` of `{exchange}`")]
    Unknown {
        /// The exchange.
        exchange: ExchangeName,
        /// The surface.
        surface: SurfaceName,
    },
    /// The key for tunnels cannot be made.
    #[error("cannot make a key for tunnels")]
    Key(#[source] rcgen::Error),
}

impl Config {
    /// Whether plain HTTP is accepted from there.
    pub(crate) fn plain_from(&self, ip: IpAddr) -> bool {
        ip.is_loopback() || self.plain_http.iter().any(|net| net.contains(&ip))
    }
}
