//! The paper exchanges from outside: raw bytes over TLS in, raw bytes out.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

#[path = "paper/bench.rs"]
mod bench;
#[path = "paper/binance.rs"]
mod binance;
#[path = "paper/faults.rs"]
mod faults;
#[path = "paper/okx.rs"]
mod okx;
#[path = "paper/paths.rs"]
mod paths;
