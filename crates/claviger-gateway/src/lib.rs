//! The bots' door.
#![forbid(unsafe_code)]
