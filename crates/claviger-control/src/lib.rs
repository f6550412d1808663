//! The operators' door.
#![forbid(unsafe_code)]
