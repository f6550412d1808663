//! Any text as a catalogue file and as an update: no panic, and no update lets a bot do more than read.
#![no_main]

use claviger_exchange::{Catalogue, EXCHANGES, Kind, Update, Verb, head_of};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = Catalogue::parse(&[("file", text)]);
    let _ = head_of(text);
    for exchange in EXCHANGES {
        check(exchange.catalogue(), text);
        // The head is there, so that rows are reached.
        for surface in exchange.surfaces() {
            let (exchange_name, surface) = (exchange.name(), surface.name);
            let head = format!(
                "format = 1\nexchange = \"{exchange_name}\"\nversion = 9999\nsurfaces = [\"{surface}\"]\nsource = \"a\"\ndate = \"2026-11-25\"\n"
            );
            check(exchange.catalogue(), &(head + text));
        }
    }
});

fn check(compiled: &Catalogue, text: &str) {
    let Ok(update) = Update::read(compiled, text) else { return };
    for row in update.rows().iter().filter(|row| row.kind.is_readable()) {
        let old = compiled.row(&row.surface, row.verb, &row.path);
        let reads = row.kind == Kind::Read && row.verb == Verb::Get;
        let Some(old) = old else {
            assert!(reads, "a row that does more than read appeared: {row:?}");
            continue;
        };
        assert!(old.refused.is_none() && old.permission == row.permission && old.security == row.security);
        assert!(row.answer >= old.answer);
        if !reads || !old.kind.is_readable() || old.kind != Kind::Read {
            assert!(reads || old.kind == row.kind);
            assert!(reads || row.params.iter().all(|spec| old.param(&spec.name).is_some()), "{row:?}");
        }
    }
}
