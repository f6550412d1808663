//! A load generator for `scripts/bench`: signed Binance requests over plain HTTP/1.1, each one different.
//!
//! `load --target 127.0.0.1:8700 --prefix /binance --key ID --secret-file FILE --mode read|order --connections N --requests M`
//! prints one JSON line: requests, errors, seconds, requests per second, p50 and p99 in microseconds.
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a tool for benchmarks: a failure ends it and says where"
)]

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;

/// What to send, and where.
#[derive(Clone)]
struct Plan {
    target: String,
    prefix: String,
    key: String,
    secret: String,
    order: bool,
}

/// What one connection saw.
#[derive(Default)]
struct Seen {
    micros: Vec<u64>,
    errors: u64,
    sample: Option<String>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let named: HashMap<&str, &str> =
        arguments.chunks_exact(2).map(|pair| (pair[0].trim_start_matches("--"), pair[1].as_str())).collect();
    let get = |name: &str, default: &str| named.get(name).map_or(default, |v| v).to_owned();
    let plan = Plan {
        target: get("target", "127.0.0.1:8700"),
        prefix: get("prefix", "/binance"),
        key: get("key", ""),
        secret: std::fs::read_to_string(get("secret-file", "/dev/null")).unwrap().trim().to_owned(),
        order: get("mode", "read") == "order",
    };
    let connections: u64 = get("connections", "1").parse().unwrap();
    let requests: u64 = get("requests", "1000").parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(run(plan, connections, requests));
}

async fn run(plan: Plan, connections: u64, requests: u64) {
    let start = Instant::now();
    let each = requests / connections;
    let tasks: Vec<_> = (0..connections).map(|n| tokio::spawn(connection(plan.clone(), n, each))).collect();
    let mut all = Seen::default();
    for task in tasks {
        let seen = task.await.unwrap();
        all.micros.extend(seen.micros);
        all.errors += seen.errors;
        all.sample = all.sample.or(seen.sample);
    }
    report(&mut all, start.elapsed());
}

fn report(all: &mut Seen, took: Duration) {
    all.micros.sort_unstable();
    let at =
        |permille: usize| all.micros.get(all.micros.len() * permille / 1000).copied().unwrap_or_default();
    let count = all.micros.len();
    println!(
        "{}",
        serde_json::json!({
            "requests": count, "errors": all.errors, "seconds": took.as_secs_f64(),
            "per_second": count as f64 / took.as_secs_f64(), "p50_us": at(500), "p99_us": at(990), "error": all.sample,
        })
    );
}

async fn connection(plan: Plan, number: u64, requests: u64) -> Seen {
    let stream = TcpStream::connect(&plan.target).await.expect("the target listens");
    stream.set_nodelay(true).unwrap();
    let mut stream = BufStream::new(stream);
    let signer = hmac::Key::new(hmac::HMAC_SHA256, plan.secret.as_bytes());
    let mut seen = Seen::default();
    for n in 0..requests {
        let bytes = request(&plan, &signer, number, n);
        let before = Instant::now();
        stream.write_all(&bytes).await.unwrap();
        stream.flush().await.unwrap();
        let (status, body) = answer(&mut stream).await;
        seen.micros.push(u64::try_from(before.elapsed().as_micros()).unwrap());
        if status != 200 {
            seen.errors += 1;
            seen.sample.get_or_insert_with(|| format!("{status} {}", String::from_utf8_lossy(&body)));
        }
    }
    seen
}

fn request(plan: &Plan, signer: &hmac::Key, connection: u64, n: u64) -> Vec<u8> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let (method, path, params) = if plan.order {
        let id = format!("b{now}-{connection}-{n}");
        let order = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=IOC&quantity=0.001&price=50000";
        ("POST", "/api/v3/order", format!("{order}&newClientOrderId={id}&recvWindow=5000&timestamp={now}"))
    } else {
        let window = 5000 + connection * 500 + n % 500;
        ("GET", "/api/v3/openOrders", format!("symbol=BTCUSDT&recvWindow={window}&timestamp={now}"))
    };
    let signature = hex::encode(hmac::sign(signer, params.as_bytes()));
    let signed = format!("{params}&signature={signature}");
    let head = format!("Host: {}\r\nX-MBX-APIKEY: {}\r\nAccept: */*\r\n", plan.target, plan.key);
    let text = if plan.order {
        let form = format!(
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
            signed.len()
        );
        format!("{method} {}{path} HTTP/1.1\r\n{head}{form}\r\n{signed}", plan.prefix)
    } else {
        format!("{method} {}{path}?{signed} HTTP/1.1\r\n{head}\r\n", plan.prefix)
    };
    text.into_bytes()
}

async fn answer(stream: &mut BufStream<TcpStream>) -> (u16, Vec<u8>) {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        let read = stream.read_line(&mut head).await.unwrap();
        assert!(read > 0, "the connection was closed within a head: {head}");
    }
    let head = head.to_ascii_lowercase();
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).expect("a status line");
    if head.contains("transfer-encoding: chunked") {
        return (status, chunked(stream).await);
    }
    let length = head.lines().find_map(|l| l.strip_prefix("content-length:")).expect("a length").trim();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).await.unwrap();
    (status, body)
}

async fn chunked(stream: &mut BufStream<TcpStream>) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        let size = usize::from_str_radix(line.trim(), 16).unwrap();
        let mut chunk = vec![0; size + 2];
        stream.read_exact(&mut chunk).await.unwrap();
        if size == 0 {
            return all;
        }
        all.extend_from_slice(&chunk[..size]);
    }
}
