//! One folder an exchange: what its requests mean, how they are printed and signed, what its answers say.
//!
//! Bytes in, bytes out: no socket, no clock, no secret.
//! A new exchange is a folder and one line in [`EXCHANGES`].
#![forbid(unsafe_code)]

pub mod binance;
pub mod catalogue;
pub mod exchange;
pub mod fields;
pub mod form;
pub mod json;
mod key;
pub mod nested;
pub mod okx;
pub mod own;
pub mod power;
mod quote;
mod reference;
pub mod remedy;
pub mod request;
pub mod values;

pub use catalogue::{
    AnswerKind, Catalogue, CatalogueError, Change, Day, Grammar, InUse, Kind, Live, NotAllowed, NotAnUpdate,
    Origin, ParamSpec, Place, Row, Security, Update, Verb, head_of,
};
pub use exchange::{
    Bytes, Exchange, HouseCall, HttpAnswer, MarketCall, PrintError, Printed, ReadError, Scheme, Stamp,
    Surface, Unsigned,
};
pub use key::{KeyFault, KeyInfo, KeyRight};
pub use power::carries_power;
pub use quote::Quote;
pub(crate) use reference::middle;
pub use remedy::{explained, public_remedy, remedy};
pub use request::{Claim, ClaimError, RawRequest, Signed};

/// Every exchange there is, in the order they are shown. A new one adds one line here.
pub const EXCHANGES: &[&dyn Exchange] = &[
    &binance::Binance, // spot, margin, USDⓈ-M, COIN-M
    &okx::Okx,         // spot, margin, swaps and futures
];

/// The exchange of that name.
#[must_use]
pub fn exchange(name: &str) -> Option<&'static dyn Exchange> {
    EXCHANGES.iter().copied().find(|e| e.name() == name)
}

/// Every exchange as the configuration may name it.
#[must_use]
pub fn known() -> Vec<claviger_core::KnownExchange> {
    let known = |e: &&'static dyn Exchange| claviger_core::KnownExchange {
        name: e.exchange_name(),
        surfaces: e.surfaces().iter().map(|s| e.surface_name(s)).collect(),
        markets: e.markets().to_vec(),
        exits_by_account: e.exits_by_account(),
    };
    EXCHANGES.iter().map(known).collect()
}

/// The surface whose prefix begins `path`, with its exchange and the rest of the path.
///
/// `/binance-usdm/fapi/v1/order` is the surface `usdm` of Binance and `/fapi/v1/order`.
#[must_use]
pub fn by_prefix(path: &str) -> Option<(&'static dyn Exchange, &'static Surface, &str)> {
    let (head, _) = path.strip_prefix('/')?.split_once('/')?;
    let rest = path.get(head.len() + 1..)?;
    EXCHANGES.iter().find_map(|e| e.surfaces().iter().find(|s| s.prefix == head).map(|s| (*e, s, rest)))
}

/// The surface that a host serves, for bots that connect by CONNECT.
///
/// `path` decides where one host serves several surfaces.
#[must_use]
pub fn by_host(host: &str) -> Option<&'static dyn Exchange> {
    EXCHANGES.iter().copied().find(|e| e.surfaces().iter().any(|s| s.hosts.contains(&host)))
}
