//! Any query or form: no panic, and what is accepted prints and reads back as the same pairs.
#![no_main]

use claviger_exchange::form::{self, Dialect, Part};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    for dialect in [Dialect::QUERY, Dialect::FORM, Dialect::RAW_FORM] {
        let Ok(pairs) = form::pairs(text, Part::Body, dialect) else { continue };
        let mut printed = String::new();
        pairs.iter().for_each(|pair| form::push(&mut printed, pair.name, &pair.value));
        assert_eq!(form::pairs(printed.as_bytes(), Part::Body, Dialect::QUERY), Ok(pairs));
    }
});
