//! What answers may carry: every readable row that smells of keys, or of orders, is held to a list that was read by a person.
#![expect(clippy::panic, reason = "a broken list must stop the test")]

use std::collections::BTreeSet;

use claviger_core::Permission;
use claviger_exchange::{AnswerKind, EXCHANGES, Row};

/// Parts of paths, lower case, of endpoints that make, name or hand over what carries power over an account.
const KEYS: &[&str] = &[
    "apikey",
    "api-key",
    "subaccountapi",
    "listenkey",
    "listen-key",
    "listentoken",
    "datastream",
    "data-stream",
    "broker",
    "secret",
    "token",
    "apirestrictions",
    "passphrase",
    "giftcard",
    "asyn",
    "download",
    "archive",
];

/// Readable rows that smell of keys and were read: exchange, verb and path, and why the answer is harmless.
const HARMLESS: &str = include_str!("harmless.txt");

/// Parts of paths, lower case, of endpoints that tell of orders or fills.
const ORDERS: &[&str] = &[
    "order",
    "trade",
    "fill",
    "algo",
    "allocation",
    "preventedmatch",
    "rfq",
    "sprd",
    "strategy",
    "conditional",
];

/// Readable rows that smell of orders and tell of none that a bot placed: exchange, verb and path, and why.
const NO_ORDERS: &str = include_str!("no-orders.txt");

/// Readable rows of REST, with the line by which lists name them.
fn rows() -> impl Iterator<Item = (String, &'static Row)> {
    let rows = EXCHANGES.iter().flat_map(|e| e.catalogue().rows().iter().map(move |row| (e.name(), row)));
    rows.filter(|(_, row)| row.readable().is_ok() && row.permission != Permission::Public)
        .map(|(name, row)| (format!("{name} {} {}", row.verb.as_str(), row.path), row))
}

fn smells(row: &Row, of: &[&str]) -> bool {
    let path = row.path.to_ascii_lowercase();
    of.iter().any(|part| path.contains(part))
}

/// The rows of a list, each with a reason.
fn listed(list: &'static str) -> BTreeSet<&'static str> {
    let lines = list.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| match line.split_once(" | ") {
            Some((row, why)) if !why.is_empty() => row,
            _ => panic!("a row and a reason: {line}"),
        })
        .collect()
}

/// Holds rows to a list: none is missing, none is superfluous.
fn check(found: BTreeSet<String>, list: &'static str) {
    let listed: BTreeSet<String> = listed(list).into_iter().map(Into::into).collect();
    let missing: Vec<_> = found.difference(&listed).collect();
    let superfluous: Vec<_> = listed.difference(&found).collect();
    assert!(
        missing.is_empty() && superfluous.is_empty(),
        "not read: {missing:#?}\nnot there: {superfluous:#?}"
    );
}

#[test]
fn answers_with_bearer_powers_are_refused_or_read_by_a_person() {
    check(rows().filter(|(_, row)| smells(row, KEYS)).map(|(line, _)| line).collect(), HARMLESS);
}

/// Whoever has a listen key or token reads every event of the account, without a signature.
#[test]
fn user_data_streams_are_refused_by_name() {
    let mut refused = 0;
    for exchange in EXCHANGES {
        for row in exchange.catalogue().rows() {
            if smells(
                row,
                &["listenkey", "listen-key", "listentoken", "datastream", "data-stream", "userdatastream"],
            ) {
                assert!(row.readable().is_err(), "{} {} {}", exchange.name(), row.verb.as_str(), row.path);
                refused += 1;
            }
        }
    }
    assert!(refused >= 15, "{refused}: spot, margin, isolated, USD-M, COIN-M, options, portfolio margin");
}

#[test]
fn whose_orders_an_answer_tells_of_is_decided() {
    let undecided = rows().filter(|(_, row)| {
        row.kind == claviger_exchange::Kind::Read && row.answer == AnswerKind::Stream && smells(row, ORDERS)
    });
    let undecided = undecided.filter(|(_, row)| row.permission != Permission::MarketData);
    check(undecided.map(|(line, _)| line).collect(), NO_ORDERS);
}
