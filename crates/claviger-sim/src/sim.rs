//! Starting, steering and stopping the paper exchanges.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::admin;
use crate::config::{Exchange, KeyChange, SimConfig, Venue};
use crate::credential::CredentialError;
use crate::engine::{AlgoSnapshot, OrderSnapshot};
use crate::fault::Fault;
use crate::record::{Recorded, Recorder};
use crate::server::{self, Front};
use crate::tls::Authority;
use crate::venue::{Paper, locked};

/// Why the simulators did not start.
#[derive(Debug, Error)]
pub enum SimError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// The admin API may change everything without a password, so it stays on loopback.
    #[error("the admin API may listen on loopback only, not on {address}")]
    AdminNotLoopback {
        /// The address asked for.
        address: SocketAddr,
    },
    /// The folder for the request record cannot be made.
    #[error("cannot make the folder for the request record")]
    Record(#[source] io::Error),
    /// A first balance is not a plain decimal.
    #[error("the balance `{amount}` of key `{key}` is not a plain decimal")]
    Balance {
        /// The key id.
        key: String,
        /// What was written.
        amount: String,
    },
    /// A credential cannot be used.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// No certificate could be made.
    #[error("cannot make a certificate")]
    Certificate(#[source] rcgen::Error),
    /// TLS could not be set up.
    #[error("cannot set up TLS")]
    Tls(#[source] rustls::Error),
}

/// Both exchanges, as the admin API and the price walk reach them.
pub(crate) struct World {
    pub(crate) binance: Arc<Paper>,
    pub(crate) okx: Arc<Paper>,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) ca_pem: String,
}

impl World {
    pub(crate) fn paper(&self, exchange: Exchange) -> &Paper {
        match exchange {
            Exchange::Binance => &self.binance,
            Exchange::Okx => &self.okx,
        }
    }

    pub(crate) fn set_price(&self, exchange: Exchange, symbol: &str, price: &str) -> bool {
        let paper = self.paper(exchange);
        let now = paper.now();
        rust_decimal::Decimal::from_str_exact(price)
            .is_ok_and(|price| locked(&paper.engine).set_price(symbol, price, now))
    }

    fn step(&self) {
        for paper in [&self.binance, &self.okx] {
            let now = paper.now();
            locked(&paper.engine).step(now);
        }
    }
}

/// Running paper exchanges. Dropping it stops them; [`Sim::shutdown`] also waits.
pub struct Sim {
    world: Arc<World>,
    binance_addr: SocketAddr,
    okx_addr: SocketAddr,
    admin_addr: Option<SocketAddr>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Sim {
    /// Starts both exchanges and returns once they listen.
    pub async fn start(config: SimConfig) -> Result<Self, SimError> {
        let recorder = Arc::new(Recorder::new(config.record_dir).map_err(SimError::Record)?);
        let authority = Authority::new(config.expired_certificate)?;
        let world = Arc::new(World {
            binance: Arc::new(Paper::new(Exchange::Binance, &config.binance, config.seed)?),
            okx: Arc::new(Paper::new(Exchange::Okx, &config.okx, config.seed)?),
            recorder,
            ca_pem: authority.pem().to_owned(),
        });
        let mut start =
            Start { world: &world, authority: &authority, stop: watch::channel(false).0, tasks: Vec::new() };
        let binance_addr = start.exchange(&world.binance, &config.binance).await?;
        let okx_addr = start.exchange(&world.okx, &config.okx).await?;
        let admin_addr = start.admin(config.admin).await?;
        if config.price_walk {
            start.walk();
        }
        let Start { stop, tasks, .. } = start;
        Ok(Self { binance_addr, okx_addr, admin_addr, stop, tasks, world })
    }

    /// The throw-away authority's certificate, in PEM: what clients must trust.
    pub fn ca_pem(&self) -> &str {
        &self.world.ca_pem
    }

    /// Where the paper Binance listens, all surfaces by path.
    pub fn binance_addr(&self) -> SocketAddr {
        self.binance_addr
    }

    /// Where the paper OKX listens.
    pub fn okx_addr(&self) -> SocketAddr {
        self.okx_addr
    }

    /// Where the admin API listens, if asked for.
    pub fn admin_addr(&self) -> Option<SocketAddr> {
        self.admin_addr
    }

    /// Every request so far, as raw bytes, in the order of arrival.
    pub fn record(&self) -> Vec<Recorded> {
        self.world.recorder.all()
    }

    /// Sets the price of a symbol in every market that has it; resting orders that it crosses are filled.
    /// False if the symbol is unknown or the price is not a positive decimal.
    pub fn set_price(&self, exchange: Exchange, symbol: &str, price: &str) -> bool {
        self.world.set_price(exchange, symbol, price)
    }

    /// Orders a fault. Faults add up; the clock's offset is replaced.
    pub fn set_fault(&self, fault: Fault) {
        self.world.paper(fault.exchange).faults.add(fault);
    }

    /// Ends all faults of an exchange.
    pub fn clear_faults(&self, exchange: Exchange) {
        self.world.paper(exchange).faults.clear();
    }

    /// Changes a key as its owner would at the exchange. False if there is no such key.
    pub fn change_key(&self, change: &KeyChange) -> bool {
        self.world.paper(change.exchange).change_key(change)
    }

    /// Every conditional order ever placed, in order.
    pub fn algos(&self, exchange: Exchange) -> Vec<AlgoSnapshot> {
        locked(&self.world.paper(exchange).engine).algo_snapshots()
    }

    /// Every order ever placed, in order.
    pub fn orders(&self, exchange: Exchange) -> Vec<OrderSnapshot> {
        locked(&self.world.paper(exchange).engine).snapshots()
    }

    /// Stops listening, ends open connections and waits for both.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        for task in std::mem::take(&mut self.tasks) {
            let _ = task.await;
        }
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
    }
}

/// What is at hand while starting.
struct Start<'a> {
    world: &'a Arc<World>,
    authority: &'a Authority,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Start<'_> {
    async fn exchange(&mut self, paper: &Arc<Paper>, venue: &Venue) -> Result<SocketAddr, SimError> {
        let (listener, address) = listen(venue.listen).await?;
        let front = Arc::new(Front {
            paper: Arc::clone(paper),
            recorder: Arc::clone(&self.world.recorder),
            acceptor: self.authority.acceptor(paper.exchange)?,
        });
        self.tasks.push(tokio::spawn(server::serve(front, listener, self.stop.subscribe())));
        Ok(address)
    }

    async fn admin(&mut self, wanted: Option<SocketAddr>) -> Result<Option<SocketAddr>, SimError> {
        let Some(wanted) = wanted else { return Ok(None) };
        if !wanted.ip().is_loopback() {
            return Err(SimError::AdminNotLoopback { address: wanted });
        }
        let (listener, address) = listen(wanted).await?;
        self.tasks.push(tokio::spawn(admin::serve(Arc::clone(self.world), listener, self.stop.subscribe())));
        Ok(Some(address))
    }

    fn walk(&mut self) {
        let (world, mut stop) = (Arc::clone(self.world), self.stop.subscribe());
        self.tasks.push(tokio::spawn(async move {
            let mut beat = tokio::time::interval(Duration::from_millis(500));
            loop {
                tokio::select! {
                    _ = beat.tick() => world.step(),
                    _ = stop.changed() => return,
                }
            }
        }));
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), SimError> {
    let fail = |source| SimError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(fail)?;
    let bound = listener.local_addr().map_err(fail)?;
    Ok((listener, bound))
}
