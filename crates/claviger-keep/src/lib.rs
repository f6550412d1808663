//! The keep: from what was received to what is signed. The only caller of a signer.
//!
//! One request's way is a chain of types, each made by one step and used up by the next:
//! `Received` → [`Authenticated`] → `Intent` → `Permit` → [`Recorded`] → (`SignedRequest`, [`Pending`]).
//! To skip a step does not compile. [`keep`] reads like that way.
//!
//! It must not know sockets to bots or exchanges: a connected pair to the gateway's process is all it has.
#![forbid(unsafe_code)]

mod authenticate;
mod bots;
mod canary;
mod catalogues;
mod clock;
mod desk;
mod floods;
mod fresh;
mod hints;
mod holdings;
mod house;
mod ids;
pub mod keep;
mod keys;
mod leaf;
mod listener;
mod markets;
mod open;
mod pipeline;
mod quotes;
mod record;
mod refused;
mod replay;
mod room;
mod settle;
mod sift;
mod sign;
mod steps;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use authenticate::Authenticated;
pub use catalogues::{CatalogueError, adopt as adopt_catalogues};
pub use keep::Keep;
pub use leaf::LOCAL_CA;
pub use listener::{LISTENER_CA, LISTENER_KEY};
pub use open::{OpenError, Opening};
pub use pipeline::RunError;
pub use record::Recorded;
pub use refused::Unserved;
pub use settle::Pending;
pub use sign::host_of;
#[doc(hidden)]
pub use steps::After;
