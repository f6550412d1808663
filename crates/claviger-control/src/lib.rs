//! The operators' door: commands over `control.sock` to whoever carries them out.
//!
//! The socket lies in the home and only its owner may use it; the other end's user is checked all the same.
//! It must not know the bots' door, nor how commands are carried out ([`claviger_door::Desk`]).
//!
//! *Not trusted: who can connect can freeze and look; what widens needs the factor, which travels over it.*
#![forbid(unsafe_code)]

mod client;
mod server;
mod wire;

pub use client::{Control, ControlError};
pub use server::{PeerCheck, serve};
