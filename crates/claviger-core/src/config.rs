//! `claviger.toml`: read raw, refined once into settings and policies.

mod authority;
mod catalogue_key;
mod group;
mod preset;
mod read;
mod tls;

pub use authority::{Authority, BySurface, NotAnAuthority};
pub use catalogue_key::{CatalogueKey, NotAKey};
pub use preset::{Fill, PRESETS, Preset, preset};
pub use read::{ConfigError, Problem};
pub use tls::{NotATlsName, Tls, TlsName};

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ipnet::IpNet;

use crate::policy::Report;
use crate::{Digest, ExchangeName, Market, PolicySet, SurfaceName};

/// An exchange as far as the configuration may name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownExchange {
    /// Its name.
    pub name: ExchangeName,
    /// Its surfaces.
    pub surfaces: Vec<SurfaceName>,
    /// Its markets.
    pub markets: Vec<Market>,
    /// Whether it depends on the account's mode if an order that is told to be `reduceOnly` is held to that in one-way mode.
    pub exits_by_account: bool,
}

/// The whole configuration. It holds no secret.
#[derive(Clone, Debug)]
pub struct Config {
    listen: SocketAddr,
    unix_socket: Option<PathBuf>,
    plain_http: Vec<IpNet>,
    tls: Option<Tls>,
    isolation: Isolation,
    catalogue_keys: Vec<CatalogueKey>,
    exchanges: BTreeMap<ExchangeName, ExchangeSettings>,
    policies: Arc<PolicySet>,
    hash: Digest,
}

/// How far the keep is kept from the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// One process.
    None,
    /// The keep is a process of its own, without network.
    Keep,
}

/// What is set for one exchange.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExchangeSettings {
    /// Where its REST surfaces are, instead of the built-in hosts.
    pub rest: Option<BySurface<Authority>>,
    /// Certificates to trust instead of the built-in roots, in PEM.
    pub ca: Option<PathBuf>,
    /// What these hosts are; `None` is `production`.
    pub environment: Option<Box<str>>,
    /// Listeners of its own, for bots that can set neither proxy nor path.
    pub own_port: Option<BySurface<SocketAddr>>,
}

/// The environment of an exchange's built-in hosts.
pub const PRODUCTION: &str = "production";

impl ExchangeSettings {
    /// What its hosts are: `production`, `testnet`, `simulator`.
    #[must_use]
    pub fn environment(&self) -> &str {
        self.environment.as_deref().unwrap_or(PRODUCTION)
    }

    /// As people read it.
    pub(crate) fn shown(&self) -> String {
        let rest = self.rest.as_ref().map_or_else(|| "built-in".into(), ToString::to_string);
        let ca = self.ca.as_ref().map_or_else(|| "built-in".into(), |path| path.display().to_string());
        let ports = self.own_port.as_ref().map_or_else(|| "none".into(), ToString::to_string);
        format!("{} at {rest}, ca {ca}, own port {ports}", self.environment())
    }
}

impl Isolation {
    /// As configuration spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Keep => "keep",
        }
    }

    /// Where nothing is written: `keep` on Linux.
    #[must_use]
    pub const fn usual() -> Self {
        if cfg!(target_os = "linux") { Self::Keep } else { Self::None }
    }
}

impl Config {
    /// Reads `claviger.toml`. `file` is only named in errors.
    ///
    /// # Errors
    /// At the first thing that is not exactly as it must be, with its file, line, key and the allowed values.
    pub fn parse(text: &str, file: &str, known: &[KnownExchange]) -> Result<Self, ConfigError> {
        read::config(text, file, known)
    }

    /// Where bots connect.
    #[must_use]
    pub const fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// The socket at which bots of this machine may connect.
    #[must_use]
    pub fn unix_socket(&self) -> Option<&Path> {
        self.unix_socket.as_deref()
    }

    /// How far the keep is kept from the rest.
    #[must_use]
    pub const fn isolation(&self) -> Isolation {
        self.isolation
    }

    /// Whether plain HTTP may be spoken with an address: loopback, and the networks of `plain_http`.
    #[must_use]
    pub fn plain_http(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_loopback() || self.plain_http.iter().any(|net| net.contains(&address))
    }

    /// The networks of `plain_http`.
    #[must_use]
    pub fn plain_networks(&self) -> &[IpNet] {
        &self.plain_http
    }

    /// TLS of the listeners, where it is set.
    #[must_use]
    pub const fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    /// The public keys whose newer catalogues are taken.
    #[must_use]
    pub fn catalogue_keys(&self) -> &[CatalogueKey] {
        &self.catalogue_keys
    }

    /// What is set for an exchange; the defaults where nothing is.
    #[must_use]
    pub fn exchange(&self, name: &ExchangeName) -> ExchangeSettings {
        self.exchanges.get(name).cloned().unwrap_or_default()
    }

    /// The exchanges for which something is set.
    pub fn exchanges(&self) -> impl Iterator<Item = (&ExchangeName, &ExchangeSettings)> {
        self.exchanges.iter()
    }

    /// The policies of its bots and keys.
    #[must_use]
    pub const fn policies(&self) -> &Arc<PolicySet> {
        &self.policies
    }

    /// SHA-256 of its text.
    #[must_use]
    pub const fn hash(&self) -> Digest {
        self.hash
    }

    /// What `new` would change.
    #[must_use]
    pub fn compare(&self, new: &Self) -> Report {
        Report::between(self, new)
    }

    /// The settings at the top level, as people read them, always the same ones in the same order.
    pub(crate) fn top_level(&self) -> [(&'static str, String); 6] {
        let nets: Vec<String> = self.plain_http.iter().map(ToString::to_string).collect();
        let keys: Vec<&str> = self.catalogue_keys.iter().map(CatalogueKey::as_str).collect();
        let socket =
            self.unix_socket.as_ref().map_or_else(|| "none".into(), |path| path.display().to_string());
        [
            ("listen", self.listen.to_string()),
            ("unix_socket", socket),
            ("plain_http", nets.join(", ")),
            ("tls", self.tls.as_ref().map_or_else(|| "none".into(), ToString::to_string)),
            ("isolation", self.isolation.as_str().into()),
            ("catalogue_keys", keys.join(", ")),
        ]
    }

    const fn usual_listen() -> SocketAddr {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8700)
    }
}
