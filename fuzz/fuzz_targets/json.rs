//! Any bytes as JSON: no panic, bounded depth, and no object with a name twice.
#![no_main]

use claviger_exchange::json::{self, Bounds, Json};
use libfuzzer_sys::fuzz_target;

fn check(json: &Json<'_>, left: usize) {
    let entries = json.entries().unwrap_or_default();
    let deeper = || left.checked_sub(1).expect("within the depth");
    json.items().unwrap_or_default().iter().for_each(|item| check(item, deeper()));
    for (at, (name, value)) in entries.iter().enumerate() {
        assert!(entries.iter().skip(at + 1).all(|(other, _)| other != name));
        check(value, deeper());
    }
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(json) = json::parse(bytes, Bounds::SMALL) {
        check(&json, Bounds::SMALL.depth);
    }
});
