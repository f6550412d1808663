//! What may cross between processes, and its framing.
#![forbid(unsafe_code)]
