//! What changing a setting does, and which values load.

use claviger_core::*;

use crate::desk::{config, known};

/// What changing the lines of a bot does, and those of its key.
fn check(old: &str, new: &str, expected: &str) {
    check_levels(old, new, [expected, expected]);
}

fn check_levels(old: &str, new: &str, expected: [&str; 2]) {
    for (at_key, expected) in [false, true].into_iter().zip(expected) {
        let place = |lines: &str| if at_key { config("", lines) } else { config(lines, "") };
        let report = place(old).compare(&place(new));
        let lines: Vec<String> = report.items().iter().map(ToString::to_string).collect();
        let place = if at_key { "key.one." } else { "bot.a." };
        let got = lines.join("; ").replace(place, "");
        assert_eq!(got, expected, "{place} {old} -> {new}");
    }
}

/// What a value is told that does not load.
fn refused(line: &str, wanted: &str) {
    let text = format!("[key.one]\nexchange = \"binance\"\n{line}\n");
    let error = Config::parse(&text, "test", &known()).expect_err(line).to_string();
    assert!(error.starts_with("test:3: key.one.") && error.contains(wanted), "{line}: {error}");
}

#[test]
fn lists_of_what_orders_may_be() {
    for (name, two, one, other) in [
        ("sides", "buy, sell", "buy", "sell"),
        ("order_types", "limit, market", "limit", "trailing"),
        ("time_in_force", "gtc, fok", "fok", "post-only"),
    ] {
        let line = |items: &str| {
            let items: Vec<String> = items.split(", ").map(|item| format!("\"{item}\"")).collect();
            format!("{name} = [{}]", items.join(", "))
        };
        let unlimited = format!("{name} = \"unlimited\"");
        check(&line(two), &line(one), &format!("{name}: {two} -> {one} (narrower)"));
        check(&line(one), &line(two), &format!("{name}: {one} -> {two} (wider)"));
        check(&line(one), &line(other), &format!("{name}: {one} -> {other} (not comparable)"));
        check("", &line(one), &format!("{name}: not set -> {one} (narrower)"));
        check(&line(one), "", &format!("{name}: {one} -> not set (wider)"));
        check(&line(two), &unlimited, &format!("{name}: {two} -> unlimited (wider)"));
        check("", &unlimited, "");
        refused(&format!("{name} = []"), "the empty list is not a list of");
        refused(&format!("{name} = \"{one}\""), "or \"unlimited\"");
        refused(&format!("{name} = [\"{}\"]", one.to_uppercase()), &format!("({}", first(name)));
    }
}

fn first(name: &str) -> &'static str {
    match name {
        "sides" => "buy, sell)",
        "order_types" => "limit, market, floating, trigger, trailing, iceberg, sliced, oco, oto)",
        _ => "gtc, ioc, fok, post-only)",
    }
}
