//! Durable memory: journal, bots, policy versions.
#![forbid(unsafe_code)]
