//! The bots' door: HTTP by base URL, CONNECT with the local CA, own ports, a Unix socket.
//!
//! Takes requests apart strictly, hands them to the keep, sends what the keep signed through the way out, and passes the
//! answer back with no bearer power in it. It must not know keys, operators, or how the keep decides.
#![forbid(unsafe_code)]

mod admission;
mod answer;
mod chores;
pub mod chunked;
mod config;
pub mod front;
mod gateway;
mod link;
mod public;
mod relay;
mod requests;
mod serve;
mod sieve;
mod throttle;
mod tls;
mod tunnel;
mod wire;

pub use config::{BindError, Config, Listener, Owner};
pub use gateway::{Address, Gateway};
pub use tls::{Tls, TlsError};
