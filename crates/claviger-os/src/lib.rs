//! Protected memory, process hardening, durable files.
//!
//! What the other crates need of the kernel, behind safe functions.
//! It must not know the domain: here are bytes, paths and descriptors, never keys, bots or exchanges.
#![expect(unsafe_code, reason = "the one crate that talks to the kernel")]

mod durable;
mod harden;
mod inherit;
mod lock;
mod memory;
mod peer;
mod private;
mod stack;
#[cfg(target_os = "linux")]
mod syscalls;
mod terminal;

pub use durable::{Append, create_new, create_private_folder, remove, remove_leftovers, replace};
pub use harden::{HardenError, deny_network, die_with_parent, harden, no_core, no_new_privs, undumpable};
pub use inherit::{NotInherited, inherit, socketpair, take_inherited};
pub use lock::{HomeLock, LockError};
pub use memory::Protected;
pub use peer::{current_uid, peer_uid, tcp_peer_uid};
pub use private::{NotPrivate, check_credential, check_private, read_credential, read_private};
pub use stack::{scrub_shallow_stack, scrub_stack};
pub use terminal::read_hidden;
