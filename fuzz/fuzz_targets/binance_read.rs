//! Any query and body for any readable endpoint: no panic, and what is accepted prints and reads back as the same.
#![no_main]

use claviger_exchange::{Exchange, RawRequest, Row, Stamp, Surface, binance::Binance};
use libfuzzer_sys::arbitrary::{self, Unstructured};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let _ = request(&mut Unstructured::new(input));
});

fn request(u: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let row = claviger_fuzz::readable(&Binance, u)?;
    let Some(surface) = Binance.surfaces().iter().find(|s| *s.name == *row.surface) else { return Ok(()) };
    let (raw, at) = (u.arbitrary()?, u.arbitrary::<u8>()?);
    let pairs = claviger_fuzz::pairs(row, u)?;
    let (query, body) = pairs.split_at(usize::from(at).min(pairs.len()));
    let query = claviger_fuzz::as_form(query, raw);
    check(row, surface, &query, claviger_fuzz::as_form(body, raw).as_bytes());
    check(row, surface, u.arbitrary()?, u.arbitrary()?);
    Ok(())
}

fn check(row: &Row, surface: &Surface, query: &str, body: &[u8]) {
    let Some(method) = claviger_fuzz::method(row.verb) else { return };
    let request =
        RawRequest { method, prefix: None, path: &row.path, query: Some(query), headers: &[], body };
    let _ = Binance.claim(&request);
    let Ok((intent, _)) = Binance.read(surface, &request) else { return };
    let printed = Binance.print(&intent, Some(Stamp { exchange_ms: 1, window_ms: 1 })).expect("printable");
    let again = RawRequest { query: Some(&printed.query), body: &printed.body, ..request };
    assert_eq!(Binance.read(surface, &again).expect("readable").0, intent);
}
