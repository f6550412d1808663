//! What a simulator is started with.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Which of the two paper exchanges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Exchange {
    /// Binance: spot, wallet, USDⓈ-M and COIN-M on one port, told apart by path.
    Binance,
    /// OKX v5.
    Okx,
}

impl Exchange {
    /// The name in lower case, as it stands in the record and in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Binance => "binance",
            Self::Okx => "okx",
        }
    }
}

/// Everything a simulator is started with; `..SimConfig::default()` fills what is not said.
#[derive(Default)]
pub struct SimConfig {
    /// The paper Binance.
    pub binance: Venue,
    /// The paper OKX.
    pub okx: Venue,
    /// Seed of the price walk: the same seed gives the same prices.
    pub seed: u64,
    /// Whether prices move by themselves, twice a second.
    pub price_walk: bool,
    /// Where each request is also written, one file a request with its raw bytes.
    pub record_dir: Option<PathBuf>,
    /// Where the plain-HTTP admin API listens; loopback only.
    pub admin: Option<SocketAddr>,
    /// Present a certificate whose time has passed, for tests of the other side.
    pub expired_certificate: bool,
}

/// One paper exchange.
pub struct Venue {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The keys that it knows. Each has an account of its own.
    pub keys: Vec<SimKey>,
}

impl Default for Venue {
    fn default() -> Self {
        Self { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), keys: Vec::new() }
    }
}

/// An API key as the exchange knows it. Never put a real one here: it is paper, and kept in plain memory.
pub struct SimKey {
    /// The key id that requests carry.
    pub id: String,
    /// What signatures are checked with.
    pub credential: Credential,
    /// OKX only.
    pub passphrase: Option<String>,
    /// What the key may do.
    pub permissions: Permissions,
    /// From where it may be used; empty means from anywhere.
    pub addresses: Vec<IpAddr>,
    /// The first balances, as asset and amount. Each wallet of the account (spot, funding, futures) gets them in full.
    pub balances: Vec<(String, String)>,
}

/// What the exchange's side keeps of a key: a shared secret, or a public key.
pub enum Credential {
    /// The secret of an HMAC key; its ASCII bytes are the HMAC key.
    Hmac(String),
    /// An Ed25519 public key, SubjectPublicKeyInfo in PEM. Binance only.
    Ed25519PublicPem(String),
    /// An RSA public key, SubjectPublicKeyInfo in PEM. Binance only.
    RsaPublicPem(String),
}

/// Whether the exchange still takes a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It does.
    #[default]
    Valid,
    /// Its owner deleted it.
    Deleted,
    /// Its time has passed: on Binance it may still read, on OKX it is gone.
    Expired,
    /// It belongs to the exchange's other environment, demo or live.
    OtherEnvironment,
}

/// A change of a key at the exchange, as its owner would make it there. What is not said stays.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyChange {
    /// The exchange; all its keys change unless `id` names one.
    pub exchange: Exchange,
    /// The key.
    #[serde(default)]
    pub id: Option<String>,
    /// What it may do from now on.
    #[serde(default)]
    pub permissions: Option<Permissions>,
    /// From where it may be used from now on; empty means from anywhere.
    #[serde(default)]
    pub addresses: Option<Vec<IpAddr>>,
    /// Whether it is still taken.
    #[serde(default)]
    pub standing: Option<Standing>,
    /// The level of its account as OKX tells it: `"2"` (futures mode) unless this says otherwise.
    #[serde(default)]
    pub account_level: Option<String>,
}

/// What a key may do at the exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permissions {
    /// Read the account.
    pub read: bool,
    /// Place, change and cancel orders; leverage and modes.
    pub trade: bool,
    /// Withdraw to an address.
    pub withdraw: bool,
    /// Move funds between wallets.
    pub transfer: bool,
}

impl Permissions {
    /// Everything allowed.
    pub const ALL: Self = Self { read: true, trade: true, withdraw: true, transfer: true };
    /// Reading and trading, as a careful owner would set a bot's key.
    pub const TRADE: Self = Self { read: true, trade: true, withdraw: false, transfer: false };
}
