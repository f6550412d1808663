//! Any query and body for any readable endpoint: no panic, and what is accepted prints and reads back as the same.
#![no_main]

use claviger_exchange::{Exchange, RawRequest, Stamp, binance::Binance};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, &str, &[u8])| {
    let (at, query, body) = input;
    let rows = Binance.catalogue().rows();
    let Some(row) = rows.get(usize::from(at) % rows.len().max(1)) else { return };
    let Some(surface) = Binance.surfaces().iter().find(|s| *s.name == *row.surface) else { return };
    let Some(method) = claviger_fuzz::method(row.verb) else { return };
    let request = RawRequest { method, prefix: None, path: &row.path, query: Some(query), headers: &[], body };
    let _ = Binance.claim(&request);
    let Ok((intent, _)) = Binance.read(surface, &request) else { return };
    let printed = Binance.print(&intent, Some(Stamp { exchange_ms: 1, window_ms: 1 })).expect("printable");
    let query = std::str::from_utf8(printed.query.as_bytes()).expect("text");
    let again = RawRequest { query: Some(query), body: &printed.body, ..request };
    assert_eq!(Binance.read(surface, &again).expect("readable").0, intent);
});
