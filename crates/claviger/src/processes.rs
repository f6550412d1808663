//! Which processes there are, and how they are wired: the gateway's and the keep's.
//!
//! `serve` is the gateway's process. It never reads the vault's passphrase: the keep does, in a process of its own.

mod health;
mod here;
mod keep;
mod serve;
mod wiring;

pub use health::Status;
pub use here::{Here, keep_lock, vault_failed};
pub use keep::keep;
pub use serve::serve;
pub use wiring::catalogues;
