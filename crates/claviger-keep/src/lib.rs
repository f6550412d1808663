//! The keep: from what was received to what is signed.
#![forbid(unsafe_code)]
