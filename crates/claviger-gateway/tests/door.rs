//! The running gateway between raw clients, a keep that does as it is told, and a real TLS server.
#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "../../claviger-egress/tests/wire/server.rs"]
mod server;

mod door {
    mod answers;
    pub mod stage;
    mod traps;
    mod ways;
}

use door::stage;
