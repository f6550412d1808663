//! Any text as a configuration: no panic.
#![no_main]

use claviger_core::Config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = Config::parse(text, "claviger.toml", &claviger_exchange::known());
});
