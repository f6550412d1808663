//! Paper exchanges: Binance and OKX as real HTTPS servers on loopback, for demonstrations, dry runs and tests.
//!
//! This crate stands alone on purpose.
//! It knows the exchanges only from what they document and from what stock clients send, and it checks signatures
//! with code of its own, so that it cannot share a mistake with the gateway that it tests.
//! It must not know any other crate of this workspace, and no real key belongs in it.
#![forbid(unsafe_code)]
// The widest answers of the exchanges have more than sixty fields.
#![recursion_limit = "512"]

mod admin;
mod binance;
pub mod client;
mod config;
mod credential;
mod engine;
mod fault;
mod json;
mod okx;
mod params;
mod record;
mod server;
mod sim;
mod tls;
mod venue;
mod wire;

pub use config::{Credential, Exchange, KeyChange, Permissions, SimConfig, SimKey, Standing, Venue};
pub use credential::CredentialError;
pub use engine::{AlgoSnapshot, OrderSnapshot};
pub use fault::{Fault, FaultKind};
pub use record::Recorded;
pub use sim::{Sim, SimError};
