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
        refused(&format!("{name} = [\"{}\"]", one.to_ascii_uppercase()), &format!("({}", first(name)));
    }
}

fn first(name: &str) -> &'static str {
    match name {
        "sides" => "buy, sell)",
        "order_types" => "limit, market, floating, trigger, trailing, iceberg, sliced, oco, oto)",
        _ => "gtc, ioc, fok, post-only)",
    }
}

#[test]
fn winding_down() {
    check("", "reduce_only = true", "reduce_only: not set -> true (narrower)");
    check("reduce_only = true", "reduce_only = false", "reduce_only: true -> false (wider)");
    check("reduce_only = true", "", "reduce_only: true -> not set (wider)");
    check("", "reduce_only = false", "");
    refused("reduce_only = \"yes\"", "true or false");
}

#[test]
fn bands_and_distances() {
    for name in ["exit_band", "fat_finger"] {
        let line = |band: &str| format!("{name} = \"{band}\"");
        check(&line("9%"), &line("8%"), &format!("{name}: 9% -> 8% (narrower)"));
        check(&line("9%"), &line("unlimited"), &format!("{name}: 9% -> unlimited (wider)"));
        for value in ["9", "0%", "100%"] {
            refused(&line(value), "is not a percentage above 0 and below 100");
        }
    }
    check("", "fat_finger = \"9%\"", "fat_finger: not set -> 9% (narrower)");
    // Without one of its own, exits have three times `price_band`: 6 % at the bot, none at the key.
    let narrower = |band: &str| format!("exit_band: not set -> {band} (narrower)");
    check_levels("", "exit_band = \"5%\"", [&narrower("5%"), &narrower("5%")]);
    check_levels("", "exit_band = \"7%\"", ["exit_band: not set -> 7% (wider)", &narrower("7%")]);
    check_levels("", "exit_band = \"6%\"", ["", &narrower("6%")]);
    check_levels(
        "exit_band = \"7%\"",
        "",
        ["exit_band: 7% -> not set (narrower)", "exit_band: 7% -> not set (wider)"],
    );
    check("price_band = \"3%\"", "price_band = \"1%\"", "price_band: 3% -> 1% (narrower)");
    let line = |distance: &str| format!("trigger_distance = \"{distance}\"");
    check(&line("9%"), &line("8%"), "trigger_distance: 9% -> 8% (narrower)");
    check_levels("", &line("60%"), ["", "trigger_distance: not set -> 60% (narrower)"]);
    check_levels(
        "",
        &line("61%"),
        ["trigger_distance: not set -> 61% (wider)", "trigger_distance: not set -> 61% (narrower)"],
    );
    for value in ["unlimited", "99.1%", "0%", "60"] {
        refused(&line(value), "is not a percentage above 0 and at most 99 like \"60%\"");
    }
}

#[test]
fn denied_symbols() {
    let line = |items: &str| format!("deny_symbols = [{items}]");
    check("", &line("\"AUSDT\""), "deny_symbols: not set -> AUSDT (narrower)");
    check(&line("\"AUSDT\""), "", "deny_symbols: AUSDT -> not set (wider)");
    check(&line("\"AUSDT\""), &line("\"AUSDT\", \"B\""), "deny_symbols: AUSDT -> AUSDT, B (narrower)");
    check(&line("\"AUSDT\""), &line("\"B\""), "deny_symbols: AUSDT -> B (not comparable)");
    refused(&line(""), "the empty list is not a list of symbols");
    refused("deny_symbols = \"unlimited\"", "`unlimited` is not a list of symbols");
    refused("deny_symbols = [\"ausdt\"]", "`ausdt` is not a list of symbols");
}

#[test]
fn windows() {
    let line = |windows: &str| format!("hours = [{windows}]");
    let work = "\"mon-fri 08:00 +9h Europe/Berlin\"";
    let work_and = |other: &str| line(&format!("{work}, \"{other}\""));
    let is = "hours: mon-fri 08:00 +9h Europe/Berlin ->";
    check("", &line(work), "hours: not set -> mon-fri 08:00 +9h Europe/Berlin (narrower)");
    check(&line(work), "hours = \"unlimited\"", &format!("{is} unlimited (wider)"));
    check(&line(work), &line("\"mon,tue,wed-fri 08:00 +540m Europe/Berlin\""), "");
    let shorter = "mon-thu 08:00 +8h Europe/Berlin";
    check(&line(work), &line(&format!("\"{shorter}\"")), &format!("{is} {shorter} (narrower)"));
    let both = "mon-fri 08:00 +9h Europe/Berlin, sat 08:00 +1h UTC";
    check(&line(work), &work_and("sat 08:00 +1h UTC"), &format!("{is} {both} (wider)"));
    for other in
        ["mon-fri 08:00 +9h Europe/Paris", "mon-fri 09:00 +8h Europe/Berlin", "sat 08:00 +9h Europe/Berlin"]
    {
        check(&line(work), &line(&format!("\"{other}\"")), &format!("{is} {other} (not comparable)"));
    }
    refused(
        &line("\"mon 08:00 +9h Mars/Olympus\""),
        "`mon 08:00 +9h Mars/Olympus` is not a list of windows like \"mon-fri 08:00 +9h Europe/Berlin\"",
    );
    refused(&line(""), "the empty list is not a list of windows");
}

#[test]
fn users() {
    let line = |users: &str| format!("users = [{users}]");
    check("", &line("\"1001\""), "users: not set -> 1001 (narrower)");
    check(&line("\"1001\""), &line("\"0\", \"1001\""), "users: 1001 -> 0, 1001 (wider)");
    check(&line("\"1001\""), &line("\"1002\""), "users: 1001 -> 1002 (not comparable)");
    check(&line("\"1001\""), "users = \"unlimited\"", "users: 1001 -> unlimited (wider)");
    for value in ["\"bot\"", "\"\"", "\"-1\"", "\"+1\"", "\"01\"", "\"4294967295\"", "\"4294967296\"", "1001"]
    {
        refused(&line(value), "is not a list of user ids like [\"1001\"], or \"unlimited\"");
    }
}

#[test]
fn address_books_and_routes() {
    for (name, a, b) in [
        ("withdraw_to", "USDT via TRX to TXyz", "XRP via XRP to rAbc tag 123"),
        ("transfer_routes", "/api/v5/asset/transfer 6>18", "/sapi/v1/asset/transfer type=MAIN_FUNDING"),
    ] {
        let line = |items: &[&str]| {
            let items: Vec<String> = items.iter().map(|item| format!("\"{item}\"")).collect();
            format!("{name} = [{}]", items.join(", "))
        };
        let said = |old: &str, new: &str, change: &str| format!("{name}: {old} -> {new} ({change})");
        let both = format!("{a}, {b}");
        check(&line(&[a]), &line(&[a, b]), &said(a, &both, "wider"));
        check(&line(&[a, b]), &line(&[b]), &said(&both, b, "narrower"));
        check(&line(&[a]), &line(&[b]), &said(a, b, "not comparable"));
        check(&line(&[a]), &format!("{name} = \"unlimited\""), &said(a, "unlimited", "wider"));
        // Nothing for a bot, no limit for a key.
        check_levels("", &line(&[a]), [&said("not set", a, "wider"), &said("not set", a, "narrower")]);
        refused(&format!("{name} = []"), "the empty list is not a list of");
        refused(&format!("{name} = \"{a}\""), "or \"unlimited\"");
    }
    for entry in [
        "USDT TRX TXyz",
        "USDT via TRX",
        "usdt to x",
        "to x",
        "USDT to ",
        "USDT via  to x",
        "USDT to x tag ",
        "USDT  via TRX to x",
        "USDT to  x",
    ] {
        refused(&format!("withdraw_to = [\"{entry}\"]"), "is not a list of destinations like");
    }
    for entry in ["6>18", "", "/", " /a", "/a "] {
        refused(&format!("transfer_routes = [\"{entry}\"]"), "is not a list of paths with their routes");
    }
}

#[test]
fn amounts_of_assets() {
    for name in ["max_withdraw", "max_transfer"] {
        let line = |items: &str| format!("{name} = [{items}]");
        let said = |old: &str, new: &str, change: &str| format!("{name}: {old} -> {new} ({change})");
        let (usdt, both) = ("\"5 USDT\"", "\"1 BTC\", \"5 USDT\"");
        check(&line(usdt), &line("\"4 USDT\""), &said("5 USDT", "4 USDT", "narrower"));
        check(&line(usdt), &line(both), &said("5 USDT", "1 BTC, 5 USDT", "wider"));
        check(&line(both), &line("\"6 USDT\""), &said("1 BTC, 5 USDT", "6 USDT", "not comparable"));
        check(&line(usdt), &format!("{name} = \"unlimited\""), &said("5 USDT", "unlimited", "wider"));
        check_levels(
            "",
            &line(usdt),
            [&said("not set", "5 USDT", "wider"), &said("not set", "5 USDT", "narrower")],
        );
        for items in ["\"5 USDT\", \"6 USDT\"", "\"5\"", "\"-5 USDT\"", "\"5 USDT/day\"", "5", ""] {
            refused(&line(items), "a list of amounts, one an asset, like [\"500 USDT\", \"0.1 BTC\"]");
        }
    }
}
