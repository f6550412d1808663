//! The only way out.
#![forbid(unsafe_code)]
