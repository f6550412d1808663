//! One folder an exchange: bytes to meaning and back.
#![forbid(unsafe_code)]
