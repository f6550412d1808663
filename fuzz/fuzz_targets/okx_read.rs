//! Any query or body for any readable endpoint: no panic, and what is accepted prints and reads back as the same.
#![no_main]

use claviger_exchange::{Exchange, RawRequest, Row, Stamp, okx::Okx};
use libfuzzer_sys::arbitrary::{self, Unstructured};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let _ = request(&mut Unstructured::new(input));
});

fn request(u: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let row = claviger_fuzz::readable(&Okx, u)?;
    let raw = u.arbitrary()?;
    let pairs = claviger_fuzz::pairs(row, u)?;
    let (query, body) = (claviger_fuzz::as_form(&pairs, raw), claviger_fuzz::as_json(&pairs, raw));
    check(row, Some(&query), b"");
    check(row, None, body.as_bytes());
    check(row, None, format!("[{body}]").as_bytes());
    check(row, u.arbitrary()?, u.arbitrary()?);
    Ok(())
}

fn check(row: &Row, query: Option<&str>, body: &[u8]) {
    let Some(surface) = Okx.surfaces().iter().find(|s| *s.name == *row.surface) else { return };
    let Some(method) = claviger_fuzz::method(row.verb) else { return };
    let request = RawRequest { method, prefix: None, path: &row.path, query, headers: &[], body };
    let _ = Okx.claim(&request);
    let Ok((intent, _)) = Okx.read(surface, &request) else { return };
    let printed = Okx.print(&intent, Some(Stamp { exchange_ms: 1, window_ms: 1 })).expect("printable");
    let query = Some(printed.query.as_str()).filter(|query| !query.is_empty());
    let again = RawRequest { query, body: &printed.body, ..request };
    assert_eq!(Okx.read(surface, &again).expect("readable").0, intent);
}
