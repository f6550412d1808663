use super::*;
use crate::catalogue::Live;

const TEXT: &str = r#"
    format = 1
    exchange = "binance"
    version = 1
    surfaces = ["spot", "usdm", "ws-spot"]
    source = "here"
    date = "2026-11-25"
    row = [
        { surface = "spot", verb = "GET", path = "/a/known", permission = "read", security = "signed", kind = "read", params = [{ name = "limit", grammar = "number" }] },
        { surface = "spot", verb = "GET", path = "/a/prices", permission = "public", security = "none", kind = "read" },
        { surface = "spot", verb = "GET", path = "/a/later", permission = "market-data", security = "key-only", kind = "not-yet-read", about = "later" },
        { surface = "spot", verb = "GET", path = "/a/news", permission = "public", security = "none", kind = "not-yet-read" },
        { surface = "spot", verb = "POST", path = "/a/later", permission = "trade", security = "signed", kind = "not-yet-read" },
        { surface = "spot", verb = "GET", path = "/a/never", permission = "read", security = "signed", refused = "it is told nowhere" },
        { surface = "spot", verb = "GET", path = "/a/v1/identity", permission = "read-identity", security = "signed", kind = "not-yet-read" },
        { surface = "spot", verb = "POST", path = "/a/out", permission = "withdraw", security = "signed", kind = "not-yet-read" },
        { surface = "spot", verb = "POST", path = "/a/order", permission = "trade", security = "signed", kind = "place", params = [{ name = "symbol", grammar = "symbol", judged = true }] },
        { surface = "spot", verb = "GET", path = "/a/order", permission = "trade", security = "signed", kind = "place", params = [{ name = "symbol", grammar = "symbol", judged = true }] },
        { surface = "usdm", verb = "GET", path = "/f/v1/x", permission = "read", security = "signed", kind = "read" },
        { surface = "ws-spot", verb = "WS", path = "/w/y", permission = "read", security = "signed", kind = "not-yet-read" },
    ]"#;

const FILES: &[(&str, &str)] = &[("test", TEXT)];

/// `/path`, `/path --public`, `/path name=grammar`, with `usdm` before it for another surface than `spot`.
fn allowance(text: &str) -> Allowance {
    let (surface, text) = text.split_once(" @").map_or(("spot", text), |(text, surface)| (surface, text));
    let (path, what) = match text.split_once(' ') {
        None => (text, Allowed::Read),
        Some((path, "--public")) => (path, Allowed::Public),
        Some((path, param)) => {
            let (name, grammar) = param.split_once('=').unwrap();
            (path, Allowed::Param { name: name.into(), grammar: grammar.into() })
        }
    };
    let (exchange, surface) = ("binance".parse().unwrap(), surface.parse().unwrap());
    Allowance { exchange, surface, path: path.into(), what }
}

fn check(allowances: &[&str], want: Result<&str, &str>) {
    let base = Catalogue::parse(FILES).unwrap();
    let allowances: Vec<Allowance> = allowances.iter().map(|text| allowance(text)).collect();
    let shown = |row: &Row| {
        let params: Vec<&str> = row.params.iter().map(|param| &*param.name).collect();
        let (security, answer) = (row.security, row.answer.as_str());
        format!(
            "{} {} {} {security:?} {answer} {}",
            row.verb.as_str(),
            row.path,
            row.permission,
            params.join(" ")
        )
    };
    let rows = rows(&base, &allowances);
    if let Ok(rows) = &rows {
        for row in rows {
            assert!(row.kind == Kind::Read && row.verb == Verb::Get && row.origin == Origin::Operator);
            assert!(row.params.iter().all(|param| !param.judged && !param.required));
        }
    }
    let rows = rows.map(|rows| rows.iter().map(shown).collect::<Vec<_>>().join("; "));
    let want = want.map(Into::into).map_err(Into::into);
    assert_eq!(rows.map_err(|e| e.to_string()), want, "{allowances:?}");
}

#[test]
fn what_reads_is_allowed() {
    check(&["/a/new"], Ok("GET /a/new read Signed checked "));
    check(&["/a/new limit=whole:1..9", "/a/new"], Ok("GET /a/new read Signed checked limit"));
    check(&["/a/new --public"], Ok("GET /a/new public None stream "));
    check(&["/a/later"], Ok("GET /a/later market-data KeyOnly checked "));
    check(&["/a/news"], Ok("GET /a/news public None stream "));
    check(&["/a/known page=number"], Ok("GET /a/known read Signed stream limit page"));
    check(&["/a/prices a=flag", "/a/prices b=id:9"], Ok("GET /a/prices public None stream a b"));
    check(&["/f/v1/settlement @usdm"], Ok("GET /f/v1/settlement read Signed checked "));
}

#[test]
fn what_is_known_or_refused_for_a_reason_is_not() {
    check(&["/a/known"], Err("GET /a/known is read already"));
    check(&["/a/new", "/a/new --public"], Err("GET /a/new is read already"));
    check(&["/a/never"], Err("the catalogue refuses GET /a/never: it is told nowhere"));
    check(&["/a/never --public"], Err("the catalogue refuses GET /a/never: it is told nowhere"));
    check(&["/a/later --public"], Err("GET /a/later needs a key, so it is not public"));
}

#[test]
fn what_may_do_more_than_read_is_not() {
    let only = "only what needs `public`, `market-data` or `read` can be allowed";
    check(&["/a/v1/identity"], Err(&format!("GET /a/v1/identity needs `read-identity`; {only}")));
    check(&["/a/v9/identity/more"], Err(&format!("GET /a/v1/identity needs `read-identity`; {only}")));
    check(
        &["/A/v9/Iden-tity/more"],
        Err("the surface `spot` serves no path that begins as /A/v9/Iden-tity/more"),
    );
    check(&["/a/out"], Err(&format!("POST /a/out needs `withdraw`; {only}")));
    check(&["/a/out --public"], Err(&format!("POST /a/out needs `withdraw`; {only}")));
    check(&["/a/v1/set-mode"], Err("GET /a/v1/set-mode may change something: its path says `set`"));
    check(&["/a/v1/cancelAll"], Err("GET /a/v1/cancelAll may change something: its path says `cancel`"));
    check(&["/f/v1/y @spot"], Err("the surface `spot` serves no path that begins as /f/v1/y"));
    check(&["/w/z @ws-spot"], Err("the surface `ws-spot` serves no path that begins as /w/z"));
}

#[test]
fn what_may_tell_a_key_is_not() {
    for (path, word) in [
        ("/a/listenKey", "listen"),
        ("/a/sub-account/api-key", "apikey"),
        ("/a/v1/access_TOKEN", "token"),
        ("/a/v1/x/asyn/id", "asyn"),
    ] {
        let why = format!("the answer of GET {path} may carry a key or a token: its path says `{word}`");
        check(&[path], Err(&why));
        check(&[&format!("{path} --public")], Err(&why));
    }
}

#[test]
fn paths_are_plain() {
    for path in [
        "/a/../b", "/a//b", "/a/.", "/a/...", "/a?b", "/a/%2e", "a/b", "/", "", "/a/b;id", "/a/$(x)",
        "/a/b'", "/a/ü",
    ] {
        let why =
            format!("`{path}` is no path: wanted `/` and then letters, digits and `/ . _ -`, at most 128");
        check(&[path], Err(&why));
    }
    assert!(matches!(
        rows(&Catalogue::parse(FILES).unwrap(), &[allowance(&format!("/a/{}", "b".repeat(126)))]),
        Err(NotAllowed::Path(_))
    ));
}

#[test]
fn only_harmless_parameters_of_what_reads() {
    for (bad, why) in [
        ("/a/known limit=number", "GET /a/known takes `limit` already"),
        ("/a/known LIMIT=number", "GET /a/known takes `LIMIT` already"),
        ("/a/known recvWindow=number", "`recvWindow` belongs to the signature"),
        ("/a/known api_key=number", "`api_key` belongs to the signature"),
        ("/a/known email=text:9", "`email` may choose whose account is told"),
        ("/a/known subAcct=text:9", "`subAcct` may choose whose account is told"),
        (
            "/a/known 1a=number",
            "`1a` is no name of a parameter: wanted a letter, then letters, digits and `_`, at most 64",
        ),
        (
            "/a/known a;b=number",
            "`a;b` is no name of a parameter: wanted a letter, then letters, digits and `_`, at most 64",
        ),
        ("/a/order note=text:9", "GET /a/order is no row that reads, so it takes no more parameters"),
        ("/a/later note=text:9", "GET /a/later is no row that reads, so it takes no more parameters"),
        ("/a/nothing note=text:9", "GET /a/nothing is no row that reads, so it takes no more parameters"),
    ] {
        check(&[bad], Err(why));
    }
    check(&["/a/known a=flag", "/a/known a=flag"], Err("GET /a/known takes `a` already"));
    let grammar = rows(&Catalogue::parse(FILES).unwrap(), &[allowance("/a/known x=free")]);
    assert!(matches!(grammar, Err(NotAllowed::Grammar(_))));
}

#[test]
fn not_without_end() {
    let base = Catalogue::parse(FILES).unwrap();
    let many = |count: usize| (0..count).map(|n| allowance(&format!("/a/n{n}"))).collect::<Vec<_>>();
    assert_eq!(rows(&base, &many(MOST)).unwrap().len(), MOST);
    assert_eq!(rows(&base, &many(MOST + 1)).unwrap_err(), NotAllowed::TooMany);
}

#[test]
fn what_is_allowed_is_found_and_can_be_taken_back() {
    static LIVE: Live = Live::new(FILES);
    let get = |path| LIVE.row("spot", Verb::Get, path);
    LIVE.allow(&[allowance("/a/new"), allowance("/a/known page=number")]).unwrap();
    assert_eq!(get("/a/new").unwrap().kind, Kind::Read);
    assert!(get("/a/known").unwrap().param("page").is_some());
    assert!(LIVE.base().row("spot", Verb::Get, "/a/known").unwrap().param("page").is_none());
    assert_eq!(LIVE.rows().len(), LIVE.base().rows().len() + 1);
    assert!(LIVE.allow(&[allowance("/a/out")]).is_err());
    assert!(get("/a/new").is_some(), "a refusal changes nothing");
    let (version, all) = LIVE.allowances();
    assert_eq!((version, all.len()), (1, 2));
    LIVE.follow(version, &[]).unwrap();
    assert!(get("/a/new").is_some(), "what is not later is not followed");
    LIVE.follow(version + 1, &[]).unwrap();
    assert!(get("/a/new").is_none());
    assert!(get("/a/known").unwrap().param("page").is_none());
}

#[test]
fn what_does_not_fit_a_newer_catalogue_is_left_out() {
    let base = Catalogue::parse(FILES).unwrap();
    let all = [allowance("/a/new x=flag"), allowance("/a/known"), allowance("/a/new")];
    let (fits, rest) = fitting(&base, &all);
    assert_eq!(fits, [all[2].clone(), all[0].clone()]);
    assert_eq!(rest, [(all[1].clone(), NotAllowed::Known("/a/known".into()))]);
}
