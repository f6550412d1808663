use super::*;
use crate::catalogue::Live;

const COMPILED: &str = r#"
format = 1
exchange = "binance"
version = 3
surfaces = ["spot", "usdm"]
source = "here"
date = "2026-11-25"
row = [
    { surface = "spot", verb = "GET", path = "/a/v1/read", permission = "read", security = "signed", kind = "read", params = [{ name = "limit", grammar = { whole = { min = 1, max = 9 } } }] },
    { surface = "spot", verb = "GET", path = "/a/v1/clean", permission = "read", security = "signed", kind = "read", answer = "clean" },
    { surface = "spot", verb = "GET", path = "/a/v1/later", permission = "read", security = "signed", kind = "not-yet-read" },
    { surface = "spot", verb = "GET", path = "/a/v1/never", permission = "read", security = "signed", refused = "its answer tells a key" },
    { surface = "spot", verb = "GET", path = "/a/v1/who", permission = "read-identity", security = "signed", kind = "read" },
    { surface = "spot", verb = "POST", path = "/a/v1/order", permission = "trade", security = "signed", kind = "place", params = [{ name = "symbol", grammar = "symbol", required = true, judged = true }, { name = "note", grammar = { text = 9 } }] },
    { surface = "usdm", verb = "GET", path = "/f/v1/read", permission = "read", security = "signed", kind = "read" },
]"#;

const ORDER: &str =
    r#"verb = "POST", path = "/a/v1/order", permission = "trade", security = "signed", kind = "place""#;
const SYMBOL: &str = r#"{ name = "symbol", grammar = "symbol", required = true, judged = true }"#;

fn compiled() -> Catalogue {
    Catalogue::parse(&[("compiled", COMPILED)]).unwrap()
}

fn text(rows: &str) -> String {
    format!(
        "format = 1\nexchange = \"binance\"\nversion = 4\nsurfaces = [\"spot\"]\nsource = \"there\"\ndate = \"2027-01-01\"\nrow = [{rows}]"
    )
}

/// Each change of an update with one row, or why it is none.
fn check(row: &str, want: Result<&[&str], &str>) {
    let update = Update::read(&compiled(), &text(&format!("{{ {row} }}")));
    let changes = update.map(|update| compiled().changes(&compiled().patched(&update)));
    let shown = changes.map(|changes| {
        let shown = |change: Change| format!("{} {}", if change.widens { "+" } else { "-" }, change.what);
        changes.into_iter().map(shown).collect::<Vec<_>>()
    });
    let want = want.map(|lines| lines.iter().map(|line| (*line).to_owned()).collect()).map_err(Into::into);
    assert_eq!(shown.map_err(|error| error.to_string()), want, "{row}");
}

#[test]
fn what_reads_may_be_added_and_changed() {
    let read = |path: &str, more: &str| {
        format!(
            r#"verb = "GET", path = "{path}", permission = "read", security = "signed", kind = "read"{more}"#
        )
    };
    let checked = r#", answer = "checked""#;
    check(&read("/a/v1/new", checked), Ok(&["+ spot GET /a/v1/new can be asked by who is granted `read`"]));
    check(
        &read("/a/v1/later", checked),
        Ok(&["+ spot GET /a/v1/later can be asked by who is granted `read`"]),
    );
    check(
        &read("/a/v1/read", r#", params = [{ name = "page", grammar = "number" }]"#),
        Ok(&["+ spot GET /a/v1/read takes `page`", "- spot GET /a/v1/read does not take `limit`"]),
    );
    check(
        &read("/a/v1/read", r#", params = [{ name = "limit", grammar = "number" }]"#),
        Ok(&["+ spot GET /a/v1/read reads `limit` otherwise: number for whole:1..9"]),
    );
    let same = r#", params = [{ name = "limit", grammar = { whole = { min = 1, max = 9 } } }]"#;
    check(&read("/a/v1/read", same), Ok(&["- spot GET /a/v1/read is described otherwise"]));
    check(
        r#"verb = "GET", path = "/a/v1/news", permission = "public", security = "none", kind = "read""#,
        Ok(&["+ spot GET /a/v1/news can be asked by who is granted `public`"]),
    );
}

#[test]
fn what_does_more_than_read_only_gets_narrower() {
    let narrower = "what does more than read by GET can only get narrower";
    check(&format!("{ORDER}, params = [{SYMBOL}]"), Ok(&["- spot POST /a/v1/order does not take `note`"]));
    check(
        r#"verb = "POST", path = "/a/v1/order", permission = "trade", security = "signed", refused = "it harms""#,
        Ok(&["- spot POST /a/v1/order is refused by name: it harms"]),
    );
    check(
        &format!(r#"{ORDER}, params = [{SYMBOL}, {{ name = "sideEffectType", grammar = {{ id = 9 }} }}]"#),
        Err(&format!("POST /a/v1/order: spot POST /a/v1/order takes `sideEffectType`; {narrower}")),
    );
    check(
        &format!(r#"{ORDER}, params = [{}]"#, SYMBOL.replace(", judged = true", "")),
        Err(&format!(
            "POST /a/v1/order: spot POST /a/v1/order reads `symbol` otherwise: symbol for symbol; {narrower}"
        )),
    );
    check(
        &format!(r#"{ORDER}, params = [{}]"#, SYMBOL.replace("required = true, ", "")),
        Err(&format!("POST /a/v1/order: spot POST /a/v1/order does not need `symbol`; {narrower}")),
    );
    check(
        &ORDER.replace("trade", "read"),
        Err(&format!("POST /a/v1/order: spot POST /a/v1/order has another permission; {narrower}")),
    );
    check(
        &ORDER.replace("\"place\"", "\"read\""),
        Err(&format!("POST /a/v1/order: spot POST /a/v1/order has another kind; {narrower}")),
    );
    let added = "only what reads by GET can be added; anything else needs a newer claviger";
    for row in [
        ORDER.replace("/order", "/other"),
        ORDER.replace("\"place\"", "\"change\"").replace("/order", "/other"),
        ORDER.replace("\"place\"", "\"read\"").replace("/order", "/other"),
        ORDER.replace("POST", "GET").replace("/order", "/other"),
    ] {
        let verb = if row.contains("POST") { "POST" } else { "GET" };
        check(&row, Err(&format!("{verb} /a/v1/other: {added}")));
    }
}

#[test]
fn what_is_refused_stays_so_and_nothing_tells_a_key() {
    let read = |path: &str, permission: &str, more: &str| {
        format!(
            r#"verb = "GET", path = "{path}", permission = "{permission}", security = "signed", kind = "read"{more}"#
        )
    };
    let checked = r#", answer = "checked""#;
    for (row, why) in [
        (read("/a/v1/never", "read", checked), "this version refuses it: its answer tells a key"),
        (read("/a/v1/who", "read", checked), "it needs `read-identity` in this version"),
        (read("/a/v1/new", "read", ""), "its answer must be `checked`, for it may tell a key or a token"),
        (
            read("/a/v1/new", "read", r#", answer = "own""#),
            "its answer must be `checked`, for it may tell a key or a token",
        ),
        (
            read("/a/v1/new", "read", r#", answer = "alone""#),
            "its answer must be `checked`, for it may tell a key or a token",
        ),
        (
            read("/a/v1/clean", "read", checked),
            "its answer must be `clean`, for it may tell a key or a token",
        ),
        (read("/a/v1/new", "public", checked), "`public` and no security belong together"),
        (
            read("/a/v2/who/else", "read", checked),
            "GET /a/v1/who needs `read-identity`; only what needs `public`, `market-data` or `read` can be allowed",
        ),
        (
            read("/a/v1/setMode", "read", checked),
            "GET /a/v1/setMode may change something: its path says `set`",
        ),
        (read("/b/v1/new", "read", checked), "the surface `spot` serves no path that begins as /b/v1/new"),
        (
            read("/a/v1/read", "read", r#", params = [{ name = "timestamp", grammar = "number" }]"#),
            "`timestamp` belongs to the signature",
        ),
        (
            read("/a/v1/read", "read", r#", params = [{ name = "a", grammar = "number", judged = true }]"#),
            "nothing judges `a` of a row that reads",
        ),
    ] {
        let refused = Update::read(&compiled(), &text(&format!("{{ {row} }}"))).unwrap_err().to_string();
        assert!(refused.ends_with(&format!(": {why}")), "{row}\n{refused}");
    }
}

#[test]
fn only_newer_and_of_one_surface_of_this_exchange() {
    let base = text("");
    assert!(Update::read(&compiled(), &base).is_ok());
    for (from, to, want) in [
        (
            "version = 4",
            "version = 3",
            "it is of version 3, and version 3 is in use: only a higher one is taken",
        ),
        ("\"binance\"", "\"okx\"", "it is of the exchange `okx`"),
        (
            "[\"spot\"]",
            "[\"spot\", \"usdm\"]",
            "its head must name one surface that the exchange has, and names `spot`, `usdm`",
        ),
        (
            "[\"spot\"]",
            "[\"moon\"]",
            "its head must name one surface that the exchange has, and names `moon`",
        ),
        ("format = 1", "format = 2", "catalogue file update is of format 2, this version reads format 1"),
        ("row =", "rows =", "catalogue file update cannot be read"),
    ] {
        let refused = Update::read(&compiled(), &base.replace(from, to)).unwrap_err();
        assert_eq!(refused.to_string(), want);
    }
    let update = Update::read(&compiled(), &base).unwrap();
    assert!(update.newer_than(3).is_ok() && update.newer_than(4).is_err());
    let long = format!("{base}\n#{}", "x".repeat(MOST_BYTES));
    assert!(matches!(Update::read(&compiled(), &long), Err(NotAnUpdate::TooLong)));
}

#[test]
fn a_process_uses_one_catalogue() {
    static LIVE: Live = Live::new(&[("compiled", COMPILED)]);
    let row = r#"{ verb = "GET", path = "/a/v1/new", permission = "read", security = "signed", kind = "read", answer = "checked" }"#;
    let update = Update::read(&LIVE.compiled(), &text(row)).unwrap();
    LIVE.adopt(std::slice::from_ref(&update)).unwrap();
    LIVE.adopt(std::slice::from_ref(&update)).unwrap();
    assert!(LIVE.adopt(&[]).is_err());
    let new = LIVE.row("spot", Verb::Get, "/a/v1/new").unwrap();
    assert_eq!((new.origin, LIVE.base().rows().len()), (Origin::Signed, 8));
    assert_eq!(LIVE.base().updates(), [("spot".parse().unwrap(), 4)]);
    assert_eq!(LIVE.row("spot", Verb::Get, "/a/v1/read").unwrap().origin, Origin::Compiled);
}
