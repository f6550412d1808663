//! The bots' door.
#![forbid(unsafe_code)]

pub mod chunked;
pub mod front;
