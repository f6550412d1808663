//! The vault from the outside.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "tests: a panic is how they fail, and the files they read and write are their own"
)]

mod ca;
mod crash;
mod home;
mod memory;
mod persistence;
mod signing;
mod tls;
mod virtual_keys;
