//! Raw bytes against the running gateway: what two readers could read in two ways reaches nobody.
use std::time::{Duration, Instant};

use crate::stage::{OK, Plan, Stage, one, rest, says};
use claviger_door::Returns;
use tokio::io::AsyncWriteExt;

const GOOD: &str = "POST /binance/api/v3/order HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nx=1";

async fn stage() -> Stage {
    Stage::new(|_| Plan::Send(Returns::Shown), says(OK)).await
}

fn heads() -> Vec<(&'static str, Vec<u8>)> {
    let line = |line: &str| format!("{line}\r\nHost: a\r\n\r\n").into_bytes();
    let header = |header: &str| {
        format!("POST /binance/api/v3/order HTTP/1.1\r\nHost: a\r\n{header}\r\n\r\n").into_bytes()
    };
    let raw = |bytes: &[u8]| bytes.to_vec();
    vec![
        ("length and chunks", header("Content-Length: 3\r\nTransfer-Encoding: chunked")),
        ("chunks and length", header("Transfer-Encoding: chunked\r\nContent-Length: 3")),
        ("two lengths", header("Content-Length: 3\r\nContent-Length: 3")),
        ("two different lengths", header("Content-Length: 3\r\nContent-Length: 30")),
        ("a list of lengths", header("Content-Length: 3, 3")),
        ("a signed length", header("Content-Length: +3")),
        ("a negative length", header("Content-Length: -3")),
        ("a hexadecimal length", header("Content-Length: 0x3")),
        ("a length with a leading zero", header("Content-Length: 03")),
        ("no length", header("Content-Length:")),
        ("space before the colon", header("Content-Length : 3")),
        ("tab before the colon", header("Content-Length\t: 3")),
        ("a folded header", header("X: a\r\n b")),
        ("a header folded by a tab", header("X: a\r\n\tb")),
        ("a folded encoding", header("Transfer-Encoding:\r\n chunked")),
        ("two encodings", header("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity")),
        ("a list of encodings", header("Transfer-Encoding: gzip, chunked")),
        ("an unknown encoding", header("Transfer-Encoding: xchunked")),
        ("a hidden encoding", header("Transfer-Encoding: \x0bchunked")),
        ("trailers", header("Trailer: X\r\nTransfer-Encoding: chunked")),
        ("a second Host", header("Host: b")),
        ("the same Host twice", header("host: a")),
        ("two keys", header("X-MBX-APIKEY: a\r\nx-mbx-apikey: b")),
        ("no Host", raw(b"GET /binance/api/v3/order HTTP/1.1\r\n\r\n")),
        ("an empty Host", raw(b"GET /binance/api/v3/order HTTP/1.1\r\nHost:\r\n\r\n")),
        ("a Host with a path", raw(b"GET /binance/api/v3/order HTTP/1.1\r\nHost: a/b\r\n\r\n")),
        ("a Host with a user", raw(b"GET /binance/api/v3/order HTTP/1.1\r\nHost: u@a\r\n\r\n")),
        ("bare line feeds", raw(b"GET /binance/api/v3/order HTTP/1.1\nHost: a\n\n")),
        ("one bare line feed", raw(b"GET /binance/api/v3/order HTTP/1.1\r\nHost: a\nX: y\r\n\r\n")),
        ("a bare carriage return", raw(b"GET /binance/api/v3/order HTTP/1.1\r\nHost: a\rX: y\r\n\r\n")),
        ("a line end first", raw(b"\r\nGET /binance/api/v3/order HTTP/1.1\r\nHost: a\r\n\r\n")),
        ("a NUL", header("X: a\0b")),
        ("a high byte", raw(b"GET /binance/api/v3/order HTTP/1.1\r\nHost: a\r\nX: \xff\r\n\r\n")),
        ("a high byte in the path", raw(b"GET /binance/\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n")),
        ("a tab in a value", header("X: a\tb")),
        ("a header without a name", header(": x")),
        ("a header without a colon", header("X")),
        ("an absolute target", line("GET http://api.binance.com/api/v3/order HTTP/1.1")),
        ("an absolute target with TLS", line("GET https://api.binance.com/api/v3/order HTTP/1.1")),
        ("an authority as target", line("GET api.binance.com:443 HTTP/1.1")),
        ("an asterisk", line("GET * HTTP/1.1")),
        ("encoded dots", line("GET /binance/%2e%2e/api/v3/order HTTP/1.1")),
        ("dots", line("GET /binance/x/../api/v3/order HTTP/1.1")),
        ("one dot", line("GET /binance/./api/v3/order HTTP/1.1")),
        ("two slashes", line("GET /binance//api/v3/order HTTP/1.1")),
        ("two slashes first", line("GET //binance/api/v3/order HTTP/1.1")),
        ("a slash last", line("GET /binance/api/v3/order/ HTTP/1.1")),
        ("a backslash", line("GET /binance\\api/v3/order HTTP/1.1")),
        ("a tab in the path", line("GET /binance/api\t/v3/order HTTP/1.1")),
        ("a semicolon", line("GET /binance/api/v3/order;x=y HTTP/1.1")),
        ("a fragment", line("GET /binance/api/v3/order#x HTTP/1.1")),
        ("two spaces", line("GET  /binance/api/v3/order HTTP/1.1")),
        ("a tab between words", line("GET\t/binance/api/v3/order HTTP/1.1")),
        ("no version", line("GET /binance/api/v3/order")),
    ]
}

#[tokio::test]
async fn malformed_heads_are_refused() {
    let stage = stage().await;
    for (what, bytes) in heads() {
        // Behind each stands what a smuggler would want to be read as the next request.
        let smuggled = [bytes.as_slice(), b"0\r\n\r\n", GOOD.as_bytes()].concat();
        for bytes in [&bytes, &smuggled] {
            let got = stage.say(bytes).await;
            assert!(got.starts_with("HTTP/1.1 400 "), "{what}: {got:?}");
            assert!(got.contains("\r\nconnection: close\r\n"), "{what}: {got:?}");
            assert_eq!(got.matches("HTTP/1.1 ").count(), 1, "{what}: {got:?}");
        }
        assert_eq!(stage.received(), [], "{what}");
    }
    assert_eq!(stage.upstream.requests(), [""; 0]);
}

#[tokio::test]
async fn other_refusals_have_their_own_status() {
    let stage = stage().await;
    let header = |header: &str| format!("POST /binance/a HTTP/1.1\r\nHost: a\r\n{header}\r\n\r\n");
    let cases = [
        ("a lower-case method", "get /binance/a HTTP/1.1\r\nHost: a\r\n\r\n".into(), "501"),
        ("another method", "PATCH /binance/a HTTP/1.1\r\nHost: a\r\n\r\n".into(), "501"),
        ("an invented method", "BREW /binance/a HTTP/1.1\r\nHost: a\r\n\r\n".into(), "501"),
        ("HTTP/1.0", "GET /binance/a HTTP/1.0\r\nHost: a\r\n\r\n".into(), "505"),
        ("HTTP/1.0 without Host", "GET /binance/a HTTP/1.0\r\n\r\n".into(), "505"),
        ("HTTP/0.9", "GET /binance/a\r\n\r\n".into(), "400"),
        ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".into(), "501"),
        ("an expectation", header("Expect: 100-continue\r\nContent-Length: 3"), "417"),
        ("an upgrade", header("Connection: Upgrade\r\nUpgrade: websocket"), "501"),
        ("an upgrade to HTTP/2", header("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c"), "501"),
        ("a huge length", header("Content-Length: 1048577"), "413"),
        ("a length beyond numbers", header("Content-Length: 99999999999999999999999"), "413"),
        ("a giant head", header(&format!("X: {}", "x".repeat(20_000))), "431"),
        ("a head without end", format!("GET /binance/a HTTP/1.1\r\nX: {}", "x".repeat(40_000)), "431"),
        ("many headers", header(&(0..100).map(|n| format!("X{n}: y\r\n")).collect::<String>()), "431"),
    ];
    for (what, bytes, status) in cases {
        let got = stage.say(bytes.as_bytes()).await;
        assert!(got.starts_with(&format!("HTTP/1.1 {status} ")), "{what}: {got:?}");
        assert_eq!(got.matches("HTTP/1.1 ").count(), 1, "{what}: {got:?}");
    }
    assert_eq!(stage.received(), []);
}

#[tokio::test]
async fn chunk_tricks_are_refused() {
    let stage = stage().await;
    for body in [
        "3;a=b\r\nx=1\r\n0\r\n\r\n",
        "3 \r\nx=1\r\n0\r\n\r\n",
        "+3\r\nx=1\r\n0\r\n\r\n",
        "0x3\r\nx=1\r\n0\r\n\r\n",
        "3\nx=1\n0\n\n",
        "3\r\nx=12\r\n0\r\n\r\n",
        "3\r\nx=1\r\n0\r\nX: y\r\n\r\n",
        "00000003\r\nx=1\r\n0\r\n\r\n",
        "ffffffffffffffff3\r\nx=1\r\n0\r\n\r\n",
        "-1\r\n\r\n",
        "\r\nx",
        "3\r\nx=1\r\r\n0\r\n\r\n",
        "0\r\n\n",
    ] {
        let head = "POST /binance/api/v3/order HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        let got = stage.say(format!("{head}{body}{GOOD}").as_bytes()).await;
        assert!(got.starts_with("HTTP/1.1 400 "), "{body:?}: {got:?}");
        assert_eq!(got.matches("HTTP/1.1 ").count(), 1, "{body:?}: {got:?}");
        assert_eq!(stage.received(), [], "{body:?}");
    }
    let head = "POST /binance/api/v3/order HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let long = format!("{head}{}", format!("8000\r\n{}\r\n", "x".repeat(0x8000)).repeat(33));
    assert!(stage.say(long.as_bytes()).await.starts_with("HTTP/1.1 413 "));
}

#[tokio::test]
async fn plain_chunks_are_read() {
    let stage = stage().await;
    let bytes = "POST /binance/api/v3/order HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
                 1\r\nx\r\n2\r\n=1\r\n0\r\n\r\n";
    let mut stream = stage.dial().await;
    for byte in bytes.as_bytes() {
        stream.write_all(&[*byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert!(one(&mut stream).await.ends_with("{\"orderId\":1}"));
    assert_eq!(&*stage.received().first().unwrap().body, b"x=1");
}

#[tokio::test]
async fn pipelined_requests_are_answered_one_after_the_other() {
    let stage = stage().await;
    let second = "GET /binance/api/v3/account?a=2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let got = stage.say(format!("{GOOD}{second}").as_bytes()).await;
    assert_eq!(got.matches("HTTP/1.1 200 OK").count(), 2, "{got}");
    let paths: Vec<_> = stage.received().iter().map(|r| (r.path.clone(), r.body.len())).collect();
    assert_eq!(paths, [("/api/v3/order".into(), 3), ("/api/v3/account".into(), 0)]);
}

#[tokio::test]
async fn a_body_of_more_than_its_length_is_not_a_body() {
    let stage = stage().await;
    let got = stage.say(format!("{GOOD}&evil=1\r\n\r\n").as_bytes()).await;
    assert!(got.starts_with("HTTP/1.1 200 "), "{got}");
    assert!(got.contains("HTTP/1.1 400 ") || got.contains("HTTP/1.1 501 "), "{got}");
    assert_eq!(&*stage.received().first().unwrap().body, b"x=1");
    assert_eq!(stage.received().len(), 1);
}

#[tokio::test]
async fn slow_heads_and_bodies_are_not_waited_for() {
    let stage = stage().await;
    let slow_head = async {
        let (began, mut stream) = (Instant::now(), stage.dial().await);
        stream.write_all(b"GET /binance/a HTTP/1.1\r\n").await.unwrap();
        let (mut read, mut write) = stream.split();
        let drip = async {
            while write.write_all(b"X").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        let got = tokio::select! { got = rest(&mut read) => got, () = drip => String::new() };
        (began.elapsed(), got)
    };
    let silent = async {
        let (began, mut stream) = (Instant::now(), stage.dial().await);
        let got = rest(&mut stream).await;
        (began.elapsed(), got)
    };
    let slow_body = async {
        let (began, mut stream) = (Instant::now(), stage.dial().await);
        stream.write_all(b"POST /binance/a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx").await.unwrap();
        let got = rest(&mut stream).await;
        (began.elapsed(), got)
    };
    let (head, silent, body) = tokio::join!(slow_head, silent, slow_body);
    let about = |seconds: u64, took: Duration| (took.as_secs_f64() - seconds as f64).abs() < 2.0;
    assert!(about(5, head.0) && head.1.starts_with("HTTP/1.1 408 "), "{head:?}");
    assert!(about(5, silent.0) && silent.1.is_empty(), "{silent:?}");
    assert!(about(10, body.0) && body.1.starts_with("HTTP/1.1 408 "), "{body:?}");
    assert_eq!(stage.received(), []);
}

#[tokio::test]
async fn connections_from_one_source_are_capped() {
    let stage =
        Stage::with(|_| Plan::Send(Returns::Shown), says(OK), |config| config.max_per_source = 3).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut stream = stage.dial().await;
        stream.write_all(GOOD.as_bytes()).await.unwrap();
        one(&mut stream).await;
        open.push(stream);
    }
    let mut fourth = stage.dial().await;
    let _ = fourth.write_all(GOOD.as_bytes()).await;
    let mut bytes = Vec::new();
    let read = tokio::io::AsyncReadExt::read_to_end(&mut fourth, &mut bytes).await;
    assert!(bytes.is_empty(), "{read:?}");
    open.clear();
    tokio::time::sleep(Duration::from_millis(700)).await;
    let mut again = stage.dial().await;
    again.write_all(GOOD.as_bytes()).await.unwrap();
    assert!(one(&mut again).await.contains("orderId"));
}
