//! Any bytes, with a right checksum or without, as a vault file: no panic.
#![no_main]

use claviger_vault::Vault;
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

fuzz_target!(|bytes: &[u8]| {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("vault");
    let summed = [bytes, &Sha256::digest(bytes)].concat();
    for bytes in [bytes, &summed] {
        claviger_os::replace(&file, bytes, 0o600).expect("a file");
        let _ = Vault::check(&file);
    }
});
