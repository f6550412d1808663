//! The domain's language and every decision.
#![forbid(unsafe_code)]
