//! Any query or body for any readable endpoint: no panic, and what is accepted prints and reads back as the same.
#![no_main]

use claviger_exchange::{Exchange, RawRequest, Stamp, okx::Okx};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, Option<&str>, &[u8])| {
    let (at, query, body) = input;
    let rows = Okx.catalogue().rows();
    let Some(row) = rows.get(usize::from(at) % rows.len().max(1)) else { return };
    let Some(surface) = Okx.surfaces().iter().find(|s| *s.name == *row.surface) else { return };
    let Some(method) = claviger_fuzz::method(row.verb) else { return };
    let request = RawRequest { method, prefix: None, path: &row.path, query, headers: &[], body };
    let _ = Okx.claim(&request);
    let Ok((intent, _)) = Okx.read(surface, &request) else { return };
    let _ = Okx.outcome(&intent, 200, body);
    let printed = Okx.print(&intent, Some(Stamp { exchange_ms: 1, window_ms: 1 })).expect("printable");
    let query = Some(printed.query.as_str()).filter(|query| !query.is_empty());
    let again = RawRequest { query, body: &printed.body, ..request };
    assert_eq!(Okx.read(surface, &again).expect("readable").0, intent);
});
