//! Listening and accepting.

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use claviger_core::{ExchangeName, SurfaceName};
use claviger_door::Door;
use claviger_egress::Egress;
use claviger_exchange::{Exchange, Surface};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::admission::Admission;
use crate::answer::{After, Answer};
use crate::chores::chores;
use crate::link::Link;
use crate::public::PublicFrom;
use crate::requests::{Route, requests};
use crate::serve::Shared;
use crate::sieve::Searches;
use crate::throttle::Throttle;
use crate::tls::{Begun, Tls, begun};
use crate::tunnel::{Leaves, open};
use crate::wire::Wire;
use crate::{BindError, Config, Listener};

/// How long requests in flight may take once the door closes.
const FINISH: Duration = Duration::from_secs(10);

/// How long to wait where the system has no room for another connection.
const NO_ROOM: Duration = Duration::from_millis(50);

/// How many bodies of more than 64 KiB there may be at once.
const LARGE_BODIES: usize = 32;

/// How many TLS handshakes there may be at once, in all and from one source.
const HANDSHAKES: usize = 256;
const HANDSHAKES_PER_SOURCE: usize = 64;

/// The bots' door, listening and not yet served.
pub struct Gateway {
    config: Config,
    bound: Vec<Bound>,
    addresses: Vec<Address>,
    leaves: Leaves,
}

/// Where the door is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A TCP address, with the port that was really taken.
    Tcp(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
}

enum Bound {
    Tcp(TcpListener, Arc<Route>),
    Unix(UnixListener, Arc<Route>),
}

enum Accepted {
    Tcp(TcpStream, SocketAddr),
    Unix(UnixStream),
}

impl Bound {
    async fn accept(&self) -> io::Result<Accepted> {
        match self {
            Self::Tcp(listener, _) => listener.accept().await.map(|(s, peer)| Accepted::Tcp(s, peer)),
            Self::Unix(listener, _) => listener.accept().await.map(|(s, _)| Accepted::Unix(s)),
        }
    }

    const fn route(&self) -> &Arc<Route> {
        match self {
            Self::Tcp(_, route) | Self::Unix(_, route) => route,
        }
    }
}

impl Gateway {
    /// Begins to listen; must be called within a tokio runtime.
    ///
    /// # Errors
    /// Where an address cannot be taken or must not be.
    pub async fn bind(config: Config) -> Result<Self, BindError> {
        let (mut bound, mut addresses) = (Vec::new(), Vec::new());
        for listener in &config.listeners {
            let (one, address) = match listener {
                Listener::Tcp(address) => tcp(*address, Route::Prefix, &config).await?,
                Listener::Own { address, exchange, surface } => {
                    let (exchange, surface) = own(exchange, surface)?;
                    tcp(*address, Route::Own(exchange, surface), &config).await?
                }
                Listener::Unix { path, mode } => {
                    unix(path, *mode).map_err(|source| BindError::Unix { path: path.clone(), source })?
                }
            };
            bound.push(one);
            addresses.push(address);
        }
        let leaves = Leaves::new().map_err(BindError::Key)?;
        Ok(Self { config, bound, addresses, leaves })
    }

    /// Where it listens, in the order of the configuration.
    #[must_use]
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// Serves until `shutdown`: then nothing new is accepted, and what is in flight has ten seconds to finish.
    pub async fn serve<D: Door>(self, door: Arc<D>, egress: Arc<Egress>, shutdown: impl Future<Output = ()>) {
        let (tell, stop) = watch::channel(false);
        let public = Arc::new(PublicFrom::default());
        public.refresh(&*door).await;
        let mut tasks = JoinSet::new();
        tasks.spawn(chores(Arc::clone(&door), Arc::clone(&egress), stop.clone()));
        tasks.spawn(Arc::clone(&public).follow(Arc::clone(&door), stop.clone()));
        let shared = Arc::new(Shared {
            door,
            egress,
            owner: self.config.owner.clone(),
            leaves: self.leaves,
            public,
            throttle: Throttle::default(),
            searches: Searches::default(),
            large: Semaphore::new(LARGE_BODIES),
            stop,
        });
        let config = Arc::new(self.config);
        let admission = Admission::new(config.max_connections, config.max_per_source);
        let handshakes = Admission::new(HANDSHAKES, HANDSHAKES_PER_SOURCE);
        if let Some(tls) = &config.tls {
            tasks.spawn(Arc::clone(tls).follow(shared.stop.clone()));
        }
        for bound in self.bound {
            let hall = Hall {
                shared: Arc::clone(&shared),
                admission: Arc::clone(&admission),
                handshakes: Arc::clone(&handshakes),
                config: Arc::clone(&config),
            };
            tasks.spawn(hall.accept(bound));
        }
        shutdown.await;
        // Every task holds a receiver; where none is left there is nobody to tell.
        let _ = tell.send(true);
        while tasks.join_next().await.is_some() {}
    }
}

async fn tcp(address: SocketAddr, route: Route, config: &Config) -> Result<(Bound, Address), BindError> {
    let inside = address.ip().to_canonical().is_loopback();
    if !inside && config.plain_http.is_empty() && config.tls.is_none() {
        return Err(BindError::Plain(address));
    }
    let failed = |source| BindError::Tcp { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((Bound::Tcp(listener, Arc::new(route)), Address::Tcp(address)))
}

fn own(
    exchange: &ExchangeName,
    surface: &SurfaceName,
) -> Result<(&'static dyn Exchange, &'static Surface), BindError> {
    let unknown = || BindError::Unknown { exchange: exchange.clone(), surface: surface.clone() };
    let known = claviger_exchange::exchange(exchange.as_str()).ok_or_else(unknown)?;
    let found = known.surfaces().iter().find(|s| s.name == surface.as_str()).ok_or_else(unknown)?;
    Ok((known, found))
}

fn unix(path: &Path, mode: u32) -> io::Result<(Bound, Address)> {
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|m| m.file_type().is_socket());
    if is_socket {
        if std::os::unix::net::UnixStream::connect(path).is_ok() {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        std::fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
    Ok((Bound::Unix(listener, Arc::new(Route::Prefix)), Address::Unix(path.to_owned())))
}

/// Where connections are taken in.
struct Hall<D> {
    shared: Arc<Shared<D>>,
    admission: Arc<Admission>,
    /// Connections that have not finished their TLS handshake.
    handshakes: Arc<Admission>,
    config: Arc<Config>,
}

impl<D: Door> Hall<D> {
    async fn accept(self, bound: Bound) {
        let mut open = JoinSet::new();
        let mut stop = self.shared.stop.clone();
        loop {
            tokio::select! {
                biased;
                () = stopped(&mut stop) => break,
                Some(_) = open.join_next(), if !open.is_empty() => {}
                accepted = bound.accept() => match accepted {
                    Ok(accepted) => self.take(accepted, &bound, &mut open),
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(NO_ROOM).await;
                    }
                },
            }
        }
        drop(bound);
        let finish = async { while open.join_next().await.is_some() {} };
        if tokio::time::timeout(FINISH, finish).await.is_err() {
            tracing::warn!(connections = open.len(), "connections were cut: their requests took too long");
        }
    }

    fn take(&self, accepted: Accepted, bound: &Bound, open: &mut JoinSet<()>) {
        match accepted {
            Accepted::Tcp(stream, peer) => {
                let plain = self.config.plain_from(peer.ip().to_canonical());
                if !plain && self.config.tls.is_none() {
                    tracing::debug!(peer = %peer.ip(), "plain HTTP is not accepted from there");
                    return;
                }
                // A connection that ended already has no addresses; it needs no answer.
                let (Ok(local), Ok(())) = (stream.local_addr(), stream.set_nodelay(true)) else { return };
                let link = Link::tcp(peer, local);
                match &self.config.tls {
                    None => self.begin(stream, link, (bound.route(), open)),
                    Some(tls) => self.begin_either(stream, link, (bound.route(), open), (tls, plain)),
                }
            }
            Accepted::Unix(stream) => {
                let uid = stream.peer_cred().ok().map(|peer| peer.uid());
                self.begin(stream, Link::unix(uid), (bound.route(), open));
            }
        }
    }

    /// TLS where the connection begins with it; plain HTTP where that is allowed from there; else a word and the end.
    fn begin_either(
        &self,
        stream: TcpStream,
        mut link: Link,
        (route, open): (&Arc<Route>, &mut JoinSet<()>),
        (tls, plain): (&Arc<Tls>, bool),
    ) {
        let admitted = (self.admission.admit(link.source), self.handshakes.admit(link.source));
        let (Some(admitted), Some(shaking)) = admitted else {
            tracing::debug!("too many connections");
            return;
        };
        let (shared, route, tls) = (Arc::clone(&self.shared), Arc::clone(route), Arc::clone(tls));
        open.spawn(async move {
            match begun(&stream).await {
                Some(Begun::Tls) => {
                    let stream = tls.accept(stream).await;
                    drop(shaking);
                    if let Some(stream) = stream {
                        connection(Wire::new(stream), &mut link, &route, &shared).await;
                    }
                }
                Some(Begun::Other) if plain => {
                    drop(shaking);
                    connection(Wire::new(stream), &mut link, &route, &shared).await;
                }
                Some(Begun::Other) => {
                    let mut wire = Wire::new(stream);
                    let answer = Answer::plain(400, "this port speaks TLS: connect with https://");
                    if wire.write(&answer.bytes(After::Close)).await.is_ok() {
                        wire.end().await;
                    }
                }
                None => {}
            }
            drop(admitted);
        });
    }

    fn begin<S>(&self, stream: S, mut link: Link, (route, open): (&Arc<Route>, &mut JoinSet<()>))
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Some(admitted) = self.admission.admit(link.source) else {
            tracing::debug!("too many connections");
            return;
        };
        let (shared, route) = (Arc::clone(&self.shared), Arc::clone(route));
        open.spawn(async move {
            connection(Wire::new(stream), &mut link, &route, &shared).await;
            drop(admitted);
        });
    }
}

/// Waits until the door closes.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the teller is gone, which is the same.
    drop(stop.wait_for(|stop| *stop).await);
}

/// One connection, with the tunnel that it may become.
async fn connection<S, D>(wire: Wire<S>, link: &mut Link, route: &Route, shared: &Shared<D>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    D: Door,
{
    let Some((mut wire, tunnel)) = requests(wire, link, route, shared).await else { return };
    match shared.leaves.of(&tunnel.host, &*shared.door).await {
        Ok(tls) => {
            if let Ok(stream) = open(wire, &tunnel, tls).await {
                // Within a tunnel CONNECT is refused, so no further one comes back.
                let route = Route::Tunnel(tunnel);
                drop(Box::pin(requests(Wire::new(stream), link, &route, shared)).await);
            }
        }
        Err(error) => {
            tracing::error!(%error, host = %tunnel.host, "there is no certificate for a tunnel");
            let answer = Answer::plain(503, "no certificate can be made now");
            if wire.write(&answer.bytes(After::Close)).await.is_ok() {
                wire.end().await;
            }
        }
    }
}
