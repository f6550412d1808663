use super::*;
use proptest::prelude::*;

/// What came out, in one line: `GET /path ?query host=… body=… close`, or why not.
fn read(bytes: &[u8]) -> Result<String, Bad> {
    let mut seen = 0;
    let end = head_end(bytes, &mut seen)?.unwrap_or_else(|| panic!("the head does not end"));
    let mut room = room();
    let head = parse(bytes.get(..end).unwrap(), &mut room)?;
    let close = if head.close { " close" } else { "" };
    Ok(format!("{:?} host={} {:?}{close}", head.target, head.host.unwrap_or("-"), head.framing))
}

fn line(line: &str) -> Result<String, Bad> {
    read(format!("{line}\r\nHost: a\r\n\r\n").as_bytes())
}

fn with(headers: &str) -> Result<String, Bad> {
    read(format!("POST /a HTTP/1.1\r\n{headers}\r\n").as_bytes())
}

#[test]
fn plain_requests_are_read() {
    for (request, wanted) in [
        ("GET / HTTP/1.1", r#"Origin { method: Get, path: "/", query: None } host=a Length(0)"#),
        (
            "DELETE /binance/api/v3/order?symbol=BTCUSDT&x=%5B%22a%22%5D HTTP/1.1",
            r#"Origin { method: Delete, path: "/binance/api/v3/order", query: Some("symbol=BTCUSDT&x=%5B%22a%22%5D") } host=a Length(0)"#,
        ),
        (
            "PUT /a?b?c=/../{}[]\"<>\\ HTTP/1.1",
            r#"Origin { method: Put, path: "/a", query: Some("b?c=/../{}[]\"<>\\") } host=a Length(0)"#,
        ),
        (
            "GET /~a-b_c.d/..e/...? HTTP/1.1",
            r#"Origin { method: Get, path: "/~a-b_c.d/..e/...", query: Some("") } host=a Length(0)"#,
        ),
        (
            "CONNECT api.binance.com:443 HTTP/1.1",
            r#"Connect { host: "api.binance.com", port: 443 } host=a Length(0)"#,
        ),
    ] {
        assert_eq!(line(request).as_deref(), Ok(wanted));
    }
    let python_311 = "CONNECT www.okx.com:443 HTTP/1.0\r\n\r\n";
    assert_eq!(
        read(python_311.as_bytes()).as_deref(),
        Ok(r#"Connect { host: "www.okx.com", port: 443 } host=- Length(0)"#)
    );
}

/// As captured from current releases, November 2026.
#[test]
fn stock_clients_are_read() {
    const AGENTS: [(&str, &str); 9] = [
        (
            "requests",
            "POST /binance/api/v3/order HTTP/1.1\r\nHost: 127.0.0.1:8700\r\nUser-Agent: python-requests/2.34.2\r\nAccept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: keep-alive\r\nX-MBX-APIKEY: k\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 180\r\n\r\n",
        ),
        (
            "requests DELETE",
            "DELETE /binance/api/v3/order?timestamp=1&signature=84 HTTP/1.1\r\nHost: 127.0.0.1:8700\r\nConnection: keep-alive\r\nX-MBX-APIKEY: k\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            "aiohttp",
            "GET /binance/api/v3/account?timestamp=1 HTTP/1.1\r\nHost: 127.0.0.1:8700\r\nX-MBX-APIKEY: k\r\nUser-Agent: python-requests/2.34.2\r\nAccept-Encoding: gzip, deflate\r\nAccept: */*\r\n\r\n",
        ),
        (
            "httpx",
            "POST /okx/api/v5/trade/order HTTP/1.1\r\nHost: 127.0.0.1:8700\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\nUser-Agent: python-httpx/0.28.1\r\nContent-Type: application/json\r\nOK-ACCESS-SIGN: FqOOnZUU6lIC6VtSCP35JIQSHMV/6Eu2IsCBCCFKPu0=\r\nx-simulated-trading: 1\r\nContent-Length: 255\r\n\r\n",
        ),
        (
            "node",
            "POST /binance/api/v3/order HTTP/1.1\r\nhost: 127.0.0.1:8700\r\nconnection: keep-alive\r\naccept: */*\r\naccept-language: *\r\nsec-fetch-mode: cors\r\nuser-agent: node\r\naccept-encoding: gzip, deflate\r\ncontent-length: 3\r\n\r\n",
        ),
        ("urllib3 CONNECT", "CONNECT api.binance.com:443 HTTP/1.0\r\n\r\n"),
        (
            "aiohttp CONNECT",
            "CONNECT api.binance.com:443 HTTP/1.1\r\nHost: api.binance.com\r\nAccept: */*\r\nUser-Agent: Python/3.11 aiohttp/3.14.5\r\n\r\n",
        ),
        ("httpx CONNECT", "CONNECT www.okx.com:443 HTTP/1.1\r\nHost: www.okx.com:443\r\nAccept: */*\r\n\r\n"),
        (
            "curl CONNECT",
            "CONNECT api.binance.com:443 HTTP/1.1\r\nHost: api.binance.com:443\r\nUser-Agent: curl/7.88.1\r\nProxy-Connection: Keep-Alive\r\n\r\n",
        ),
    ];
    for (agent, head) in AGENTS {
        assert!(read(head.as_bytes()).is_ok(), "{agent}: {:?}", read(head.as_bytes()));
    }
}

#[test]
fn odd_request_lines_are_refused() {
    for bad in [
        "GET  / HTTP/1.1",
        "GET / HTTP/1.1 ",
        " GET / HTTP/1.1",
        "GET /",
        "GET",
        "",
        "GET / /  HTTP/1.1",
        "GET http://api.binance.com/ HTTP/1.1",
        "GET https://evil/ HTTP/1.1",
        "GET * HTTP/1.1",
        "GET a HTTP/1.1",
        "GET //a HTTP/1.1",
        "GET /a//b HTTP/1.1",
        "GET /a/ HTTP/1.1",
        "GET /. HTTP/1.1",
        "GET /a/../b HTTP/1.1",
        "GET /a/.. HTTP/1.1",
        "GET /./a HTTP/1.1",
        "GET /%2e%2e/a HTTP/1.1",
        "GET /a%2fb HTTP/1.1",
        "GET /a\\b HTTP/1.1",
        "GET /a;b HTTP/1.1",
        "GET /a:b HTTP/1.1",
        "GET /a@b HTTP/1.1",
        "GET /a+b HTTP/1.1",
        "GET /a#b HTTP/1.1",
        "GET /a?b#c HTTP/1.1",
        "GET ?a HTTP/1.1",
        "GET /a|b HTTP/1.1",
        "CONNECT / HTTP/1.1",
        "CONNECT api.binance.com HTTP/1.1",
        "CONNECT api.binance.com: HTTP/1.1",
        "CONNECT u@api.binance.com:443 HTTP/1.1",
        "CONNECT https://api.binance.com:443 HTTP/1.1",
        "CONNECT a:443:443 HTTP/1.1",
        "CONNECT a:0443 HTTP/1.1",
        "CONNECT a:+443 HTTP/1.1",
        "CONNECT a:65536 HTTP/1.1",
        "CONNECT [::1]:443 HTTP/1.1",
        "CONNECT :443 HTTP/1.1",
        "CONNECT .a:443 HTTP/1.1",
        "GET a:443 HTTP/1.1",
    ] {
        let got = line(bad);
        assert!(matches!(got, Err(Bad::Malformed(_) | Bad::Method)), "{bad}: {got:?}");
    }
    for (bad, why) in [
        ("get / HTTP/1.1", Bad::Method),
        ("Get / HTTP/1.1", Bad::Method),
        ("HEAD / HTTP/1.1", Bad::Method),
        ("PATCH / HTTP/1.1", Bad::Method),
        ("OPTIONS * HTTP/1.1", Bad::Method),
        ("TRACE / HTTP/1.1", Bad::Method),
        ("BREW / HTTP/1.1", Bad::Method),
        ("PRI * HTTP/2.0", Bad::Method),
        ("GET / HTTP/1.0", Bad::Version),
        ("GET / HTTP/2.0", Bad::Version),
        ("GET / HTTP/1.2", Bad::Version),
        ("GET / http/1.1", Bad::Version),
        ("GET / HTTP/1.10", Bad::Version),
        ("GET / HTTP/11", Bad::Version),
        ("CONNECT a:443 HTTP/0.9", Bad::Version),
        ("POST / HTTP/1.0", Bad::Version),
    ] {
        assert_eq!(line(bad), Err(why), "{bad}");
    }
}

#[test]
fn framing_is_single_and_plain() {
    for (headers, wanted) in [
        ("Host: a\r\nContent-Length: 0\r\n", "Length(0)"),
        ("Host: a\r\ncontent-length:5\r\n", "Length(5)"),
        ("Host: a\r\nContent-Length: 1048576\r\n", "Length(1048576)"),
        ("Host: a\r\nTransfer-Encoding: Chunked\r\n", "Chunked"),
        ("Host: a\r\nConnection: close\r\n", "Length(0) close"),
        ("Host: a\r\nConnection: Keep-Alive\r\n", "Length(0)"),
    ] {
        assert!(with(headers).is_ok_and(|got| got.ends_with(wanted)), "{headers}");
    }
    for bad in [
        "Content-Length: +5",
        "Content-Length: -5",
        "Content-Length: 0x5",
        "Content-Length: 5 ,5",
        "Content-Length: 5, 5",
        "Content-Length: 05",
        "Content-Length: 00",
        "Content-Length:",
        "Content-Length: ",
        "Content-Length: 5a",
        "Content-Length: 5.0",
        "Content-Length: 1e1",
        "Content-Length: 5 5",
        "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length: 5\r\ncontent-length: 6",
        "Content-Length : 5",
        "Content-Length\t: 5",
        " Content-Length: 5",
        "Content-Length: 5\r\n 6",
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 0",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding:",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: chunked\r\n ,x",
        "Trailer: X",
        "Host: a",
        "Host: b",
        "host: a",
        "Connection: X-MBX-APIKEY",
        "Connection: close, keep-alive",
        "Connection:",
        "X-MBX-APIKEY: a\r\nx-mbx-apikey: b",
        "A: 1\r\nA: 1",
        ": x",
        "X",
        "X y",
        "X: a\r\n\tb",
        "(X): y",
        "X\u{e9}: y",
        "X: \u{e9}",
        "X: \0",
        "X: a\tb",
        "X\0: y",
        "X: \x7f",
        "X: a\nY: b",
        "X: a\rY: b",
    ] {
        let got = with(&format!("Host: a\r\n{bad}\r\n"));
        assert!(matches!(got, Err(Bad::Malformed(_))), "{bad:?}: {got:?}");
    }
    for (bad, why) in [
        ("Content-Length: 1048577", Bad::LongBody),
        ("Content-Length: 99999999999999999999999999", Bad::LongBody),
        ("Content-Length: 18446744073709551621", Bad::LongBody),
        ("Expect: 100-continue", Bad::Expectation),
        ("Expect: x", Bad::Expectation),
        ("Upgrade: websocket", Bad::Upgrade),
        ("Connection: Upgrade\r\nUpgrade: h2c", Bad::Upgrade),
    ] {
        assert_eq!(with(&format!("Host: a\r\n{bad}\r\n")), Err(why), "{bad}");
    }
    assert_eq!(with("A: b\r\n"), Err(Bad::Malformed("no Host")));
    assert!(read(b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n").is_err());
    assert!(read(b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n").is_err());
}

#[test]
fn hosts_are_plain() {
    for good in [
        "a",
        "api.binance.com",
        "api.binance.com:443",
        "127.0.0.1:8700",
        "[::1]:8700",
        "[::1]",
        "localhost:1",
    ] {
        assert!(with(&format!("Host: {good}\r\n")).is_ok(), "{good}");
    }
    for bad in [
        "", "a b", "a/b", "a@b", "a:b", "a:", "a:0", "a, b", "a:1:2", "::1", "[::1", "[x]", "[::1]x", "a..b",
        ".a", "a?b", "a%2e",
    ] {
        assert!(with(&format!("Host: {bad}\r\n")).is_err(), "{bad}");
    }
}

#[test]
fn heads_are_bounded() {
    let long = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(MAX_HEAD));
    assert_eq!(read(long.as_bytes()), Err(Bad::LongHead));
    let mut seen = 0;
    assert_eq!(head_end(&vec![b'x'; MAX_HEAD], &mut seen), Ok(None));
    assert_eq!(head_end(&vec![b'x'; MAX_HEAD + 1], &mut seen), Err(Bad::LongHead));
    let headers = |n: usize| (0..n).map(|i| format!("X{i}: y\r\n")).collect::<String>();
    assert!(with(&format!("Host: a\r\n{}", headers(63))).is_ok());
    assert_eq!(with(&format!("Host: a\r\n{}", headers(64))), Err(Bad::LongHead));
}

#[test]
fn line_ends_are_seen_at_once() {
    for (bytes, length) in
        [("GET / HTTP/1.1\n", 14), ("GET / HTTP/1.1\rX", 14), ("\r\n", 0), ("\n", 0), ("a\0", 1), ("é", 0)]
    {
        let mut seen = 0;
        let got = head_end(bytes.as_bytes(), &mut seen);
        assert!(got.is_err() || length == 0, "{bytes:?}: {got:?}");
    }
    assert!(read(b"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").is_err());
    assert!(read(b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").is_err());
}

/// What every accepted head promises to the code behind it.
fn holds(bytes: &[u8]) -> Result<(), TestCaseError> {
    let mut seen = 0;
    let Ok(Some(end)) = head_end(bytes, &mut seen) else { return Ok(()) };
    let head = bytes.get(..end).unwrap();
    prop_assert!(head.ends_with(b"\r\n\r\n"));
    let mut room = room();
    let Ok(parsed) = parse(head, &mut room) else { return Ok(()) };
    if let Target::Origin { path, .. } = parsed.target {
        let again = format!("https://a{path}");
        let lenient = again.parse::<httparse_free::Path>().unwrap().0;
        prop_assert_eq!(lenient.as_str(), path);
    }
    prop_assert_eq!(memchr::memmem::find_iter(head, b"\r\n").count(), parsed.headers.len() + 2);
    Ok(())
}

/// A lenient reader of paths: decodes once, resolves dots, merges slashes, turns backslashes.
mod httparse_free {
    pub struct Path(pub String);

    impl std::str::FromStr for Path {
        type Err = ();

        fn from_str(url: &str) -> Result<Self, ()> {
            let path = url.split_once("://").ok_or(())?.1;
            let path = path.get(path.find('/').ok_or(())?..).ok_or(())?;
            let decoded = path.replace("%2e", ".").replace("%2E", ".").replace("%2f", "/").replace('\\', "/");
            let mut segments: Vec<&str> = Vec::new();
            for segment in decoded.split('/') {
                match segment {
                    "" | "." => {}
                    ".." => drop(segments.pop()),
                    plain => segments.push(plain.split(';').next().unwrap_or("")),
                }
            }
            Ok(Self(format!("/{}", segments.join("/"))))
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        holds(&bytes)?;
    }

    #[test]
    fn near_requests_hold(
        method in "(GET|POST|CONNECT|get|)", target in "[/a%.2e\\\\:?#;\t ]{0,12}", version in "HTTP/1\\.[01]",
        headers in prop::collection::vec("(Host|host|Content-Length|Transfer-Encoding|X)[ \t]?:[ \t]?(a|5|chunked|\\+5|\r|\n| )(\r\n|\n|\r\n )", 0..4),
    ) {
        holds(format!("{method} {target} {version}\r\nHost: a\r\n{}\r\n", headers.concat()).as_bytes())?;
    }

    #[test]
    fn any_split_finds_the_same_end(bytes in "(GET / HTTP/1.1|a|\r|\n|\r\n|\0){0,12}", step in 1_usize..6) {
        let mut seen = 0;
        let whole = head_end(bytes.as_bytes(), &mut seen);
        let mut seen = 0;
        let mut got = Ok(None);
        for end in (step..bytes.len()).step_by(step).chain([bytes.len()]) {
            got = head_end(bytes.as_bytes().get(..end).unwrap(), &mut seen);
            if got != Ok(None) {
                break;
            }
        }
        prop_assert_eq!(got, whole);
    }
}
