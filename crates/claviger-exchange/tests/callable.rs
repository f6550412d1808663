//! Every endpoint that bots' usual clients can call is read, or refused for a reason that a person has looked at.
//!
//! `python3 xtask/draft callable EXCHANGE` prints the lists from the clients' current releases.
#![expect(clippy::panic, reason = "a broken test file must stop the test")]

use std::collections::BTreeSet;

use claviger_exchange::{Catalogue, Row, exchange};

const CALLABLE: &[(&str, &str)] =
    &[("binance", include_str!("binance/callable.txt")), ("okx", include_str!("okx/callable.txt"))];

/// Why a row that clients can call may be refused: what the catalogue says, and why that is no gap.
const REVIEWED: &[(&str, &str)] = &[
    // Bearer powers and secrets.
    (
        "its answer is a token that opens the private stream for whoever holds it",
        "A token works without claviger, and claviger carries no private stream that it could be replaced for.",
    ),
    (
        "its answer is a download link that works for whoever holds it",
        "The link is of no use if it is taken out, and works without claviger if it is not.",
    ),
    (
        "it answers with a link that works for whoever holds it, without a key",
        "The link is of no use if it is taken out, and works without claviger if it is not.",
    ),
    (
        "bots do not handle API keys: its request or answer names ids or secrets of real ones",
        "No bot may see or change the real keys that claviger holds.",
    ),
    (
        "its answer names real API keys, which no bot may see",
        "No bot may see or change the real keys that claviger holds.",
    ),
    (
        "its answer carries the secret of a new API key, which no bot may see",
        "The new key would work without claviger, with whatever the request asks for.",
    ),
    (
        "its answer carries signalChanToken, by which anybody may order through a signal bot",
        "The token works without claviger and without limits.",
    ),
    (
        "its answer is a code that gives the money to whoever holds it",
        "A code is a withdrawal to whoever reads it, and its answer would stand in the bot's memory.",
    ),
    (
        "its request carries a code that gives the money to whoever holds it, and the journal would keep it",
        "A refused or failed request would leave a code that still works in the journal, which holds no secrets.",
    ),
    (
        "its request or answer carries the secret token of a block trade",
        "Whoever holds the token may take the trade.",
    ),
    // Hosts, misspellings, and what the exchanges gave up.
    (
        "it is on www.binance.com, a host that claviger does not call",
        "It is public and needs no key, so a bot asks it without claviger.",
    ),
    (
        "one client spells the path so, and Binance's own do not",
        "The exchange has no such path; the row of the right one is read.",
    ),
    (
        "Binance's current clients no longer list it",
        "The exchange gave up what it was for, so there is nothing to call.",
    ),
    (
        "it would change something by GET; the exchange documents it as POST",
        "The client lists the wrong verb beside the right one, whose row is read.",
    ),
    (
        "it would borrow by GET; the exchange documents it as POST",
        "The client lists the wrong verb beside the right one, whose row is read.",
    ),
    (
        "the exchange documents it as POST",
        "The client lists the wrong verb beside the right one, whose row is read.",
    ),
    (
        "no source lists its parameters",
        "One client has the bare path, without a method; neither it nor a document that is known says what may stand \
         in a request.",
    ),
    // What cannot be judged soundly.
    (
        "amount and receiver stand within the invoice, which claviger does not read",
        "A withdrawal is judged by its amount and receiver, so an invoice would have to be read like a request.",
    ),
    (
        "its questionnaire is free text about persons, which claviger cannot judge; withdraw by POST \
         /sapi/v1/capital/withdraw/apply",
        "Its members differ from country to country and no source lists them, so some of them could mean more.",
    ),
    (
        "its payee is free JSON, which claviger cannot judge",
        "Who gets the money stands in it, in members that no source lists.",
    ),
    (
        "it names no receiver, so nobody can tell to whom the funds go",
        "The exchange keeps the receiver by itself, and a withdrawal is judged by its receiver.",
    ),
    (
        "its list stands in one parameter that is repeated, or in numbered ones, which could say two things",
        "A parameter that stands twice is refused everywhere; its items could be sent one by one only if the exchange \
         said how.",
    ),
];

/// Lines without a row: paths that no exchange has.
const NO_SUCH_PATH: &[(&str, &str)] = &[
    ("spot GET /api/v3/exchangeinfo", "binance-connector documents it so and asks for exchangeInfo."),
    ("spot GET /sapi/v1//margin/delist-schedule", "python-binance writes a stroke too many."),
    (
        "usdm GET /futures/data/delivery",
        "binance-futures-connector documents it so and asks for delivery-price.",
    ),
];

/// The row of a line, where there is one.
fn row<'c>(catalogue: &'c Catalogue, line: &str) -> Option<&'c Row> {
    let [surface, verb, path, _clients] = *line.split(' ').collect::<Vec<_>>() else {
        panic!("surface, verb, path and clients: {line}")
    };
    let rows = catalogue.rows().iter();
    let mut found =
        rows.filter(|row| *row.surface == *surface && row.verb.as_str() == verb && *row.path == *path);
    found.next()
}

#[test]
fn what_clients_call_is_read_or_refused_for_a_reviewed_reason() {
    let mut gaps = Vec::new();
    for (name, text) in CALLABLE {
        let catalogue = exchange(name).unwrap().catalogue();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let row = row(catalogue, line);
            let known = NO_SUCH_PATH.iter().any(|(path, _)| line.starts_with(&format!("{path} ")));
            match row {
                Some(row) if row.kind.is_readable() => {}
                Some(row) if REVIEWED.iter().any(|(why, _)| row.refused.as_deref() == Some(why)) => {}
                Some(row) => gaps.push(format!("{name}: {line} is refused: {:?}", row.refused)),
                None if known => {}
                None => gaps.push(format!("{name}: {line} has no row")),
            }
        }
    }
    assert!(gaps.is_empty(), "{} gaps:\n{}", gaps.len(), gaps.join("\n"));
}

#[test]
fn every_reviewed_reason_is_still_needed() {
    let mut needed = BTreeSet::new();
    for (name, text) in CALLABLE {
        let catalogue = exchange(name).unwrap().catalogue();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let why = row(catalogue, line).map(|row| row.refused.as_deref().unwrap_or_default().to_owned());
            needed.insert(why.unwrap_or_else(|| line.rsplit_once(' ').unwrap().0.to_owned()));
        }
    }
    for (why, sentence) in REVIEWED.iter().chain(NO_SUCH_PATH) {
        assert!(sentence.ends_with('.'), "{why}: {sentence}");
        assert!(needed.contains(*why), "no row that clients call is refused so any more: {why}");
    }
}
