//! A TLS server on loopback that does what a test tells it, and remembers what it saw.
#![expect(clippy::unwrap_used, reason = "a test")]
#![expect(dead_code, reason = "several tests share it, and none needs all of it")]

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

pub type Tls = tokio_rustls::server::TlsStream<TcpStream>;
pub type Act = Box<dyn Fn(usize, Stream) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

pub struct Stream {
    tls: Tls,
    seen: Arc<Mutex<Vec<String>>>,
}

pub struct Ca {
    certificate: rcgen::Certificate,
    issuer: Issuer<'static, KeyPair>,
}

pub struct Leaf(CertificateDer<'static>, PrivateKeyDer<'static>);

impl Ca {
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    pub fn pem(&self) -> Vec<u8> {
        self.certificate.pem().into_bytes()
    }

    pub fn leaf(&self, host: &str) -> Leaf {
        self.make(CertificateParams::new(vec![host.to_owned()]).unwrap())
    }

    pub fn expired(&self, host: &str) -> Leaf {
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
        self.make(params)
    }

    /// A certificate for somebody else's key.
    pub fn sign(&self, host: &str, spki: &[u8]) -> Vec<Vec<u8>> {
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let theirs = rcgen::SubjectPublicKeyInfo::from_der(spki).unwrap();
        let certificate = params.signed_by(&theirs, &self.issuer).unwrap();
        vec![certificate.der().to_vec(), self.certificate.der().to_vec()]
    }

    pub fn der(&self) -> CertificateDer<'static> {
        self.certificate.der().clone()
    }

    fn make(&self, params: CertificateParams) -> Leaf {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Leaf(certificate.der().clone(), PrivateKeyDer::Pkcs8(key.serialize_der().into()))
    }
}

pub struct Server {
    pub port: u16,
    connections: Arc<AtomicUsize>,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub async fn start(leaf: &Leaf, act: Act) -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.0.clone()], leaf.1.clone_key())
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            connections: Arc::default(),
            seen: Arc::default(),
        };
        let (connections, seen) = (Arc::clone(&server.connections), Arc::clone(&server.seen));
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        tokio::spawn(async move {
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                let number = connections.fetch_add(1, Ordering::SeqCst);
                if let Ok(tls) = acceptor.accept(tcp).await {
                    tokio::spawn(act(number, Stream { tls, seen: Arc::clone(&seen) }));
                }
            }
        });
        server
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub fn requests(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

/// Reads one request whole and remembers it; `None` at the end.
pub async fn read_request(stream: &mut Stream) -> Option<()> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.to_ascii_lowercase();
            let length = length.split("content-length: ").nth(1).and_then(|l| l.lines().next()?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                break;
            }
        }
        if stream.tls.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    stream.seen.lock().unwrap().push(String::from_utf8(bytes).unwrap());
    Some(())
}

impl Stream {
    /// The request that came last, on any connection.
    pub fn last(&self) -> String {
        self.seen.lock().unwrap().last().cloned().unwrap_or_default()
    }
}

/// Writes, and lets the other end give up.
pub async fn answer(stream: &mut Stream, bytes: &[u8]) {
    let _ = stream.tls.write_all(bytes).await;
    let _ = stream.tls.flush().await;
}

/// Ends the connection as TLS wants it.
pub async fn close(mut stream: Stream) {
    let _ = stream.tls.shutdown().await;
}

/// Ends the connection without a word.
pub fn cut(stream: Stream) {
    drop(stream.tls.into_inner().0);
}
