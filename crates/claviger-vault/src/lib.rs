//! Real secrets at rest and in use.
#![forbid(unsafe_code)]
