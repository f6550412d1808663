//! Who is at the other end of a connection.

use std::net::{IpAddr, SocketAddr};

use claviger_door::{Peer, Way};

use crate::admission::Source;
use crate::config::Owner;

pub(crate) struct Link {
    pub source: Source,
    pub address: Option<IpAddr>,
    uid: Uid,
    /// Whether a request of this connection got past the keep's check of who it is.
    pub proven: bool,
}

enum Uid {
    Known(Option<u32>),
    /// To be asked for when it is needed: the peer's end, our end.
    Unasked(SocketAddr, SocketAddr),
}

impl Link {
    pub(crate) fn tcp(peer: SocketAddr, local: SocketAddr) -> Self {
        let ip = peer.ip().to_canonical();
        let uid = if ip.is_loopback() { Uid::Unasked(peer, local) } else { Uid::Known(None) };
        Self { source: Source::of(ip), address: Some(ip), uid, proven: false }
    }

    pub(crate) const fn unix(uid: Option<u32>) -> Self {
        Self { source: Source::User(uid), address: None, uid: Uid::Known(uid), proven: false }
    }

    /// The peer as the keep judges it. The owner of a loopback connection is asked for once.
    pub(crate) async fn peer(&mut self, way: Way, owner: Option<&Owner>) -> Peer {
        if let Uid::Unasked(peer, local) = self.uid {
            self.uid = Uid::Known(ask(owner, peer, local).await);
        }
        let uid = match self.uid {
            Uid::Known(uid) => uid,
            Uid::Unasked(..) => None,
        };
        Peer { address: self.address, uid, way }
    }
}

/// Reads the system's list of connections, which may take a while when it is long.
async fn ask(owner: Option<&Owner>, peer: SocketAddr, local: SocketAddr) -> Option<u32> {
    let owner = owner?.clone();
    tokio::task::spawn_blocking(move || owner(peer, local)).await.ok().flatten()
}
