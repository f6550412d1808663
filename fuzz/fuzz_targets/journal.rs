//! Any records and bytes as a journal: no panic, and an entry that is read is written and read again as the same.
#![no_main]

use claviger_core::Entry;
use claviger_store::journal;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    // No byte 255 is in JSON, so that seeds are plain files: a kind and a payload, again and again, and what follows.
    let mut parts: Vec<&[u8]> = input.split(|byte| *byte == 255).collect();
    let tail = if parts.len() > 1 { parts.pop().unwrap_or_default() } else { b"" };
    let records: Vec<(u8, &[u8])> =
        parts.iter().filter_map(|part| part.split_first()).map(|(k, p)| (*k, p)).collect();
    let dir = tempfile::tempdir().expect("a folder");
    let bytes = [claviger_fuzz::segment(&records).as_slice(), tail].concat();
    std::fs::write(dir.path().join("00000001.clvj"), bytes).expect("a file");
    let _ = journal::verify(dir.path());
    for record in journal::read::<Entry>(dir.path(), 0).into_iter().flatten().flatten() {
        let text = serde_json::to_vec(&record.entry).expect("writable");
        assert_eq!(serde_json::from_slice::<Entry>(&text).expect("readable"), record.entry);
    }
});
