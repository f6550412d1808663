//! Any records and bytes as a journal: no panic, and an entry that is read is written and read again as the same.
#![no_main]

use claviger_core::Entry;
use claviger_store::journal;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Vec<(u8, &[u8])>, &[u8])| {
    let (records, tail) = input;
    let dir = tempfile::tempdir().expect("a folder");
    let bytes = [claviger_fuzz::segment(&records).as_slice(), tail].concat();
    std::fs::write(dir.path().join("00000001.clvj"), bytes).expect("a file");
    let _ = journal::verify(dir.path());
    for record in journal::read::<Entry>(dir.path(), 0).into_iter().flatten().flatten() {
        let text = serde_json::to_vec(&record.entry).expect("writable");
        assert_eq!(serde_json::from_slice::<Entry>(&text).expect("readable"), record.entry);
    }
});
