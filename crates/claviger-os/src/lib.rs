//! Protected memory, process hardening, durable files.
#![expect(unsafe_code, reason = "the one crate that talks to the kernel")]
