//! Every endpoint that was handed over has a decision: it is read, or refused with a reason.
#![expect(clippy::panic, reason = "a broken test file must stop the test")]

use claviger_exchange::{Exchange, Row, exchange};

/// The files, and how many of their rows nobody has read yet. These numbers only fall.
const HANDED_OVER: &[(&str, &str, usize)] = &[
    ("binance", include_str!("binance/handed-over.txt"), 0),
    ("okx", include_str!("okx/handed-over.txt"), 0),
];

/// Every row of a line's verb and path, on whichever surface; what else the line says is for other tests.
fn rows(exchange: &'static dyn Exchange, line: &str) -> Vec<&'static Row> {
    let mut words = line.split(' ');
    let (Some(verb), Some(path)) = (words.next(), words.next()) else { panic!("verb and path: {line}") };
    let mut rows = exchange.catalogue().rows_of(path);
    rows.retain(|row| row.verb.as_str() == verb);
    rows
}

#[test]
fn every_row_has_a_decision() {
    for (name, text, most) in HANDED_OVER {
        let exchange = exchange(name).unwrap();
        let mut undecided = Vec::new();
        for text in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let rows = rows(exchange, text);
            assert!(!rows.is_empty(), "{name}: {text} has no row");
            let open = rows.iter().any(|row| !row.kind.is_readable() && row.refused.is_none());
            undecided.extend(open.then_some(text));
        }
        let count = undecided.len();
        assert!(
            count <= *most,
            "{name}: {count} rows have neither parameters nor a reason:\n{}",
            undecided.join("\n")
        );
        eprintln!("{name}: {count} rows to read");
    }
}
