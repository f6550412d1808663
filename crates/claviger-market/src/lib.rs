//! Prices, instruments and clocks: asks the public rows that the keep's policy needs, and tells the keep what they say.
//!
//! Everything told carries when it was seen and which answer it is from. A feed that fails is asked less and less often,
//! and what it told before grows old: the keep decides what is too old.
//! This crate must not know keys, bots or decisions.
#![forbid(unsafe_code)]

mod ask;
mod clock;
mod feed;
mod told;
mod watch;

pub use watch::watch;
