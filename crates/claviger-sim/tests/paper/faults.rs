//! The record, the faults, the certificates and the admin API.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use claviger_sim::{Exchange, Fault, FaultKind, Sim, SimConfig, SimError, Venue};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::bench::*;

const TIME: &[u8] = b"GET /api/v3/time HTTP/1.1\r\nHost: localhost\r\n\r\n";

async fn line(sim: &Sim) -> Line {
    dial(sim.binance_addr(), sim.ca_pem(), "localhost").await.unwrap()
}

#[tokio::test]
async fn the_record_is_what_was_sent() {
    let folder = tempfile::tempdir().unwrap();
    let sim =
        start_with(SimConfig { record_dir: Some(folder.path().to_owned()), ..SimConfig::default() }).await;
    let sent: [&[u8]; 4] = [
        b"GET /api/v3/ping HTTP/1.1\r\nhOsT:  localhost \r\nX-Odd: \xff\xfe\r\n\r\n",
        b"POST /api/v3/order?a=%2f HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n\x00\x01\r\n\xff",
        b"POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"GET /api/v3/time HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ];
    let mut line = line(&sim).await;
    for bytes in sent {
        line.send(bytes).await;
        line.answer().await;
    }
    line.send(b"GET /unfinished HTT").await;
    drop(line);
    let wait = Instant::now();
    while sim.record().len() < 5 && wait.elapsed() < Duration::from_secs(5) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let kept: Vec<Vec<u8>> = sim.record().into_iter().map(|one| one.bytes).collect();
    assert_eq!(kept[..4], sent.map(<[u8]>::to_vec));
    assert_eq!(kept[4], b"GET /unfinished HTT");
    let mut files: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|one| one.unwrap().path()).collect();
    files.sort();
    let filed: Vec<Vec<u8>> = files.iter().map(|path| std::fs::read(path).unwrap()).collect();
    assert_eq!(filed, kept);
}

#[tokio::test]
async fn an_answer_is_cut_at_every_byte() {
    let sim = start().await;
    let params = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=IOC&quantity=0.001&price=61000";
    let order = |number: usize| {
        let query = format!("{params}&timestamp={}&newClientOrderId=c{number}", now());
        let target = format!("/api/v3/order?{query}&signature={}", hex_sign(BINANCE_SECRET, &query));
        request("POST", &target, &[("X-MBX-APIKEY", BINANCE_KEY), ("Connection", "close")], "")
    };
    let mut whole = line(&sim).await;
    whole.send(&order(0)).await;
    let length = whole.rest().await.len();
    for cut in 0..length {
        let fault = Fault::new(Exchange::Binance, FaultKind::Cut(cut)).on("POST", "/api/v3/order").times(1);
        sim.set_fault(fault);
        let mut line = line(&sim).await;
        line.send(&order(cut + 1)).await;
        assert_eq!(line.rest().await.len(), cut);
        let orders = sim.orders(Exchange::Binance);
        let last = orders.last().unwrap();
        assert_eq!(
            (last.client_id.clone(), last.status),
            (format!("c{}", cut + 1), "filled"),
            "executed all the same"
        );
    }
}

#[tokio::test]
async fn faults_meet_what_they_name_and_end() {
    let sim = start().await;
    let pick = |kind| Fault::new(Exchange::Binance, kind).on("GET", "/api/v3/time").times(1);
    sim.set_fault(pick(FaultKind::Html(503)));
    assert_eq!(
        once(&sim, Exchange::Binance, b"GET /api/v3/ping HTTP/1.1\r\nHost: a\r\n\r\n").await.status,
        200
    );
    let page = once(&sim, Exchange::Binance, TIME).await;
    assert_eq!((page.status, page.body.starts_with("<html>")), (503, true));
    assert_eq!(once(&sim, Exchange::Binance, TIME).await.status, 200);
    sim.set_fault(pick(FaultKind::Close));
    let mut closed = line(&sim).await;
    closed.send(TIME).await;
    assert!(closed.rest().await.is_empty());
    sim.set_fault(pick(FaultKind::DelayMs(200)));
    let start = Instant::now();
    assert_eq!(once(&sim, Exchange::Binance, TIME).await.status, 200);
    assert!(start.elapsed() >= Duration::from_millis(200));
    sim.set_fault(Fault::new(Exchange::Binance, FaultKind::ClockMs(-3_600_000)));
    let hour =
        now().abs_diff(once(&sim, Exchange::Binance, TIME).await.json()["serverTime"].as_u64().unwrap());
    assert!((3_590_000..3_610_000).contains(&hour), "{hour}");
    sim.clear_faults(Exchange::Binance);
    let none =
        now().abs_diff(once(&sim, Exchange::Binance, TIME).await.json()["serverTime"].as_u64().unwrap());
    assert!(none < 5000);
}

#[tokio::test]
async fn not_executed_means_not_executed() {
    let sim = start().await;
    let params = "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.001";
    for (executed, count) in [(false, 0), (true, 1)] {
        let mut fault =
            Fault::new(Exchange::Binance, FaultKind::Html(502)).on("POST", "/api/v3/order").times(1);
        fault.executed = executed;
        sim.set_fault(fault);
        assert_eq!(binance(&sim, MAIN, "POST", "/api/v3/order", params).await.status, 502);
        assert_eq!(sim.orders(Exchange::Binance).len(), count);
    }
}

#[tokio::test]
async fn prices_fail_or_hang_alone() {
    let sim = start().await;
    let price: &[u8] = b"GET /api/v3/ticker/price?symbol=BTCUSDT HTTP/1.1\r\nHost: a\r\n\r\n";
    sim.set_fault(Fault::new(Exchange::Binance, FaultKind::NoPrices { hang: false }));
    assert_eq!(once(&sim, Exchange::Binance, price).await.status, 500);
    assert_eq!(once(&sim, Exchange::Binance, TIME).await.status, 200);
    sim.clear_faults(Exchange::Binance);
    sim.set_fault(Fault::new(Exchange::Binance, FaultKind::NoPrices { hang: true }));
    let hung = tokio::time::timeout(Duration::from_millis(300), once(&sim, Exchange::Binance, price)).await;
    assert!(hung.is_err());
    assert_eq!(once(&sim, Exchange::Binance, TIME).await.status, 200);
    sim.clear_faults(Exchange::Binance);
    assert_eq!(once(&sim, Exchange::Binance, price).await.status, 200);
}

#[tokio::test]
async fn bodies_above_a_mebibyte_are_refused() {
    let sim = start().await;
    for (length, status) in [(1024 * 1024, 404), (1024 * 1024 + 1, 413)] {
        let body = "a".repeat(length);
        assert_eq!(
            once(&sim, Exchange::Binance, &request("POST", "/nowhere", &[], &body)).await.status,
            status
        );
    }
}

#[tokio::test]
async fn certificates() {
    let sim = start().await;
    for (address, name, ok) in [
        (sim.binance_addr(), "api.binance.com", true),
        (sim.binance_addr(), "fapi.binance.com", true),
        (sim.binance_addr(), "127.0.0.1", true),
        (sim.binance_addr(), "www.okx.com", false),
        (sim.okx_addr(), "www.okx.com", true),
        (sim.okx_addr(), "openapi.okx.com", true),
        (sim.okx_addr(), "api.binance.com", false),
    ] {
        assert_eq!(dial(address, sim.ca_pem(), name).await.is_ok(), ok, "{name}");
    }
    let expired = start_with(SimConfig { expired_certificate: true, ..SimConfig::default() }).await;
    let error = dial(expired.binance_addr(), expired.ca_pem(), "localhost").await.err().unwrap();
    assert!(error.to_string().contains("expired"), "{error}");
    assert!(dial(sim.binance_addr(), expired.ca_pem(), "localhost").await.is_err(), "another authority");
}

/// Plain HTTP to the admin API.
async fn admin(sim: &Sim, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let mut stream = TcpStream::connect(sim.admin_addr().unwrap()).await.unwrap();
    stream.write_all(&request(method, path, &[("Connection", "close")], &body)).await.unwrap();
    let mut all = String::new();
    stream.read_to_string(&mut all).await.unwrap();
    let (head, body) = all.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, Got { status, body: body.to_owned() }.json())
}

#[tokio::test]
async fn admin_api() {
    let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let sim = start_with(SimConfig { admin: Some(loopback), ..SimConfig::default() }).await;
    binance(
        &sim,
        MAIN,
        "POST",
        "/api/v3/order",
        "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=50000",
    )
    .await;
    let set = json!({ "exchange": "binance", "symbol": "BTCUSDT", "price": "49000" });
    assert_eq!(admin(&sim, "POST", "/price", &set).await.0, 200);
    let orders = admin(&sim, "GET", "/orders", &Value::Null).await.1;
    assert_eq!(orders["binance"][0]["status"], "filled", "{orders}");
    let record = admin(&sim, "GET", "/record", &Value::Null).await.1;
    assert!(record[0]["bytes"].as_str().unwrap().starts_with("UE9TVCAvYXBp"), "{record}");
    let fault = json!({ "exchange": "binance", "method": "GET", "path": "/api/v3/time", "kind": { "html": 500 }, "times": 1 });
    assert_eq!(admin(&sim, "POST", "/fault", &fault).await.0, 200);
    assert_eq!(once(&sim, Exchange::Binance, TIME).await.status, 500);
    for (kind, ok) in [
        (json!("close"), true),
        (json!({ "cut": 10 }), true),
        (json!({ "delay_ms": 10 }), true),
        (json!({ "clock_ms": -10 }), true),
        (json!({ "no_prices": { "hang": true } }), true),
        (json!("explode"), false),
    ] {
        let got = admin(&sim, "POST", "/fault", &json!({ "exchange": "okx", "kind": kind })).await;
        assert_eq!(got.0, if ok { 200 } else { 400 }, "{kind} {got:?}");
    }
    assert_eq!(admin(&sim, "POST", "/fault/clear", &json!({ "exchange": "okx" })).await.0, 200);
    let nope = json!({ "exchange": "okx", "symbol": "NOPE", "price": "1" });
    assert_eq!(admin(&sim, "POST", "/price", &nope).await.0, 400);
    assert_eq!(admin(&sim, "GET", "/nowhere", &Value::Null).await.0, 404);
}

#[tokio::test]
async fn what_cannot_start() {
    let start = |config| async { Sim::start(config).await.err().unwrap() };
    let open = Some(SocketAddr::from(([0, 0, 0, 0], 0)));
    let error = start(SimConfig { admin: open, ..SimConfig::default() }).await;
    assert!(matches!(error, SimError::AdminNotLoopback { .. }), "{error}");
    let sim = start_with(SimConfig::default()).await;
    let taken = Venue { listen: sim.okx_addr(), ..Venue::default() };
    let error = start(SimConfig { okx: taken, ..SimConfig::default() }).await;
    assert!(matches!(error, SimError::Listen { .. }), "{error}");
    let mut rich = key("a", claviger_sim::Credential::Hmac("s".to_owned()));
    rich.balances = vec![("BTC".to_owned(), "much".to_owned())];
    let error =
        start(SimConfig { okx: Venue { keys: vec![rich], ..Venue::default() }, ..SimConfig::default() })
            .await;
    assert_eq!(error.to_string(), "the balance `much` of key `a` is not a plain decimal");
    let bad = key("a", claviger_sim::Credential::RsaPublicPem("nothing".to_owned()));
    let error =
        start(SimConfig { binance: Venue { keys: vec![bad], ..Venue::default() }, ..SimConfig::default() })
            .await;
    assert_eq!(error.to_string(), "the public key of `a` is not a PEM `PUBLIC KEY` block");
}

#[tokio::test]
async fn shutdown_ends_everything() {
    let sim = start().await;
    let (address, mut open) = (sim.binance_addr(), line(&sim).await);
    open.send(TIME).await;
    assert_eq!(open.answer().await.status, 200);
    sim.shutdown().await;
    assert!(TcpStream::connect(address).await.is_err());
    assert!(open.rest().await.is_empty());
}
