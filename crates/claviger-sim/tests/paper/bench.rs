//! A started simulator, and a client that sends exactly what it is told.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use claviger_sim::{Credential, Exchange, Fault, FaultKind, Permissions, Sim, SimConfig, SimKey, Venue};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The secret of the exchange's published signature examples.
pub const BINANCE_SECRET: &str = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";
pub const BINANCE_KEY: &str = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";

/// The Ed25519 key of RFC 8032's first test, as SubjectPublicKeyInfo.
const ED25519: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";

pub fn key(id: &str, credential: Credential) -> SimKey {
    SimKey {
        id: id.to_owned(),
        credential,
        passphrase: Some("phrase".to_owned()),
        permissions: Permissions::ALL,
        addresses: Vec::new(),
        balances: [("BTC", "10"), ("USDT", "1000000")].map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec(),
    }
}

fn limited(id: &str, permissions: Permissions) -> SimKey {
    SimKey { permissions, ..key(id, Credential::Hmac("s".to_owned())) }
}

fn keys(secret: &str) -> Vec<SimKey> {
    let none = Permissions::default();
    let far: IpAddr = "203.0.113.9".parse().unwrap();
    let near: IpAddr = "127.0.0.1".parse().unwrap();
    vec![
        key(BINANCE_KEY, Credential::Hmac(secret.to_owned())),
        key("ed", Credential::Ed25519PublicPem(ED25519.to_owned())),
        limited("read", Permissions { read: true, ..none }),
        limited("trade", Permissions { trade: true, ..none }),
        limited("transfer", Permissions { transfer: true, ..none }),
        limited("withdraw", Permissions { withdraw: true, ..none }),
        SimKey { addresses: vec![far], ..limited("far", Permissions::ALL) },
        SimKey { addresses: vec![far, near], ..limited("near", Permissions::ALL) },
    ]
}

pub async fn start() -> Sim {
    start_with(SimConfig::default()).await
}

pub async fn start_with(config: SimConfig) -> Sim {
    let mut okx = keys("SECRET");
    okx.retain(|key| key.id != "ed");
    let binance = Venue { keys: keys(BINANCE_SECRET), ..Venue::default() };
    Sim::start(SimConfig { binance, okx: Venue { keys: okx, ..Venue::default() }, ..config }).await.unwrap()
}

/// Sets an exchange's clock to a time long ago, so that published vectors are fresh there.
pub fn clock(sim: &Sim, exchange: Exchange, at: i64) {
    sim.set_fault(Fault::new(exchange, FaultKind::ClockMs(at - i64::try_from(now()).unwrap())));
}

pub fn now() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

pub fn hmac(secret: &str, message: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hmac::sign(&key, message.as_bytes()).as_ref().to_vec()
}

pub fn hex_sign(secret: &str, message: &str) -> String {
    hex::encode(hmac(secret, message))
}

pub fn base64_sign(secret: &str, message: &str) -> String {
    STANDARD.encode(hmac(secret, message))
}

/// One connection.
pub struct Line {
    stream: TlsStream<TcpStream>,
}

pub async fn dial(address: SocketAddr, ca: &str, name: &str) -> std::io::Result<Line> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let stream =
        TlsConnector::from(Arc::new(config)).connect(name, TcpStream::connect(address).await?).await?;
    Ok(Line { stream })
}

/// An answer as text.
pub struct Got {
    pub status: u16,
    pub body: String,
}

impl Got {
    #[expect(clippy::disallowed_methods, reason = "the answer is the simulator's own")]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {} {}", self.status, self.body))
    }
}

impl Line {
    pub async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// Everything until the other side ends.
    pub async fn rest(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        let _ = self.stream.read_to_end(&mut all).await;
        all
    }

    /// One answer; the connection stays open.
    pub async fn answer(&mut self) -> Got {
        let mut all = Vec::new();
        loop {
            let mut headers = [httparse::EMPTY_HEADER; 32];
            let mut head = httparse::Response::new(&mut headers);
            if let httparse::Status::Complete(start) = head.parse(&all).unwrap() {
                let length =
                    head.headers.iter().find(|one| one.name.eq_ignore_ascii_case("content-length")).unwrap();
                let length: usize = std::str::from_utf8(length.value).unwrap().parse().unwrap();
                if all.len() >= start + length {
                    let body = String::from_utf8(all[start..start + length].to_vec()).unwrap();
                    return Got { status: head.code.unwrap(), body };
                }
            }
            let read = self.stream.read_buf(&mut all).await.unwrap();
            assert_ne!(read, 0, "ended early: {}", String::from_utf8_lossy(&all));
        }
    }
}

pub fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    format!("{head}\r\n{body}").into_bytes()
}

pub async fn once(sim: &Sim, exchange: Exchange, bytes: &[u8]) -> Got {
    let address = match exchange {
        Exchange::Binance => sim.binance_addr(),
        Exchange::Okx => sim.okx_addr(),
    };
    let mut line = dial(address, sim.ca_pem(), "localhost").await.unwrap();
    line.send(bytes).await;
    line.answer().await
}

/// A Binance call signed now, everything in the query.
pub async fn binance(sim: &Sim, key: (&str, &str), method: &str, path: &str, params: &str) -> Got {
    let joint = if params.is_empty() { "" } else { "&" };
    let query = format!("{params}{joint}timestamp={}", now());
    let target = format!("{path}?{query}&signature={}", hex_sign(key.1, &query));
    once(sim, Exchange::Binance, &request(method, &target, &[("X-MBX-APIKEY", key.0)], "")).await
}

pub const MAIN: (&str, &str) = (BINANCE_KEY, BINANCE_SECRET);
