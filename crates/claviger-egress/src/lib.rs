//! The only way out: sends a request that the keep signed, or a public one, to a pinned host over verified TLS.
//!
//! A [`SignedRequest`](claviger_door::SignedRequest) comes from the keep; a [`PublicRequest`] can only be made from a
//! public row of the catalogue. There is no third kind, no redirect, no proxy and no host that a caller may name.
//! Connections are never shared between real keys. Nothing is sent twice once a byte of it was written.
#![forbid(unsafe_code)]

mod body;
mod config;
mod connect;
mod egress;
mod live;
mod outgoing;
mod pool;
mod public;
mod route;
mod socket;

pub use body::Body;
pub use config::{Authority, Config, ConfigError, NotAnAuthority, Upstream};
pub use egress::{Egress, SendError, Sent};
pub use public::{NotPublic, PublicRequest};
