//! Paper exchanges with their own signature checks.
#![forbid(unsafe_code)]
