//! The ways in: base URL, tunnel, own port, Unix socket; and the way to an end.
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use crate::stage::{OK, Plan, Stage, one, rest, says};
use claviger_door::{Returns, Way};
use claviger_gateway::{BindError, Config, Gateway, Listener};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const HOST: &str = "api.binance.com";

async fn stage() -> Stage {
    Stage::new(|_| Plan::Send(Returns::Shown), says(OK)).await
}

fn get(path: &str, host: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nX-MBX-APIKEY: virtual\r\n\r\n")
}

async fn tls(
    stage: &Stage,
    stream: TcpStream,
    name: &str,
    alpn: &[&[u8]],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(stage.keep.ca.der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|p| p.to_vec()).collect();
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(name.to_owned()).unwrap(), stream).await
}

async fn tunnel(stage: &Stage, line: &str) -> (TcpStream, String) {
    let mut stream = stage.dial().await;
    stream.write_all(line.as_bytes()).await.unwrap();
    let got = one(&mut stream).await;
    (stream, got)
}

const CONNECT: &str = "CONNECT api.binance.com:443 HTTP/1.1\r\nHost: api.binance.com:443\r\n\r\n";

#[tokio::test]
async fn a_base_url_loses_its_prefix() {
    let stage = stage().await;
    let mut stream = stage.dial().await;
    stream
        .write_all(get("/binance-usdm/fapi/v2/account?a=%20b&signature=x", "127.0.0.1").as_bytes())
        .await
        .unwrap();
    one(&mut stream).await;
    let received = stage.received().first().unwrap().clone();
    assert_eq!((received.exchange.as_str(), received.surface.as_str()), ("binance", "usdm"));
    assert_eq!(received.prefix.as_deref(), Some("binance-usdm"));
    assert_eq!(
        (&*received.path, received.query.as_deref()),
        ("/fapi/v2/account", Some("a=%20b&signature=x"))
    );
    assert_eq!(
        (received.peer.address, received.peer.way),
        (Some(IpAddr::V4(Ipv4Addr::LOCALHOST)), Way::Base)
    );
    let headers: Vec<_> = received.headers.iter().map(|(n, v)| (n.as_ref(), v.as_ref())).collect();
    assert_eq!(headers, [("X-MBX-APIKEY", b"virtual".as_slice())]);
    for path in ["/", "/binance", "/unknown/api", "/api/v3/order", "/binancex/api"] {
        stream.write_all(get(path, "a").as_bytes()).await.unwrap();
        assert!(one(&mut stream).await.starts_with("HTTP/1.1 404 "), "{path}");
    }
    assert_eq!(stage.received().len(), 1);
}

#[tokio::test]
async fn a_forwarded_address_is_not_believed() {
    let stage = stage().await;
    let request = "GET /binance/api/v3/account HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 10.0.0.1\r\n\
                   Forwarded: for=10.0.0.1\r\nX-Real-IP: 10.0.0.1\r\nConnection: close\r\n\r\n";
    stage.say(request.as_bytes()).await;
    let peer = stage.received().first().unwrap().peer.clone();
    assert_eq!(peer.address, Some(IpAddr::V4(Ipv4Addr::LOCALHOST)));
}

#[tokio::test]
async fn a_tunnel_ends_here() {
    let stage = stage().await;
    for line in [
        CONNECT,
        "CONNECT api.binance.com:443 HTTP/1.1\r\nHost: api.binance.com\r\nProxy-Connection: keep-alive\r\n\r\n",
        "CONNECT API.binance.com:443 HTTP/1.1\r\nHost: api.BINANCE.com\r\n\r\n",
        "CONNECT api.binance.com:443 HTTP/1.0\r\n\r\n",
    ] {
        let (stream, got) = tunnel(&stage, line).await;
        assert_eq!(got, "HTTP/1.1 200 Connection established\r\n\r\n", "{line}");
        let mut inner = tls(&stage, stream, HOST, &[b"http/1.1"]).await.unwrap();
        for host in [HOST, "api.binance.com:443", "API.Binance.com"] {
            inner.write_all(get("/api/v3/account?x=1", host).as_bytes()).await.unwrap();
            assert!(one(&mut inner).await.ends_with("{\"orderId\":1}"), "{host}");
        }
    }
    let received = stage.received();
    assert_eq!(received.len(), 12);
    for one in received {
        assert_eq!((one.surface.as_str(), &*one.path, one.prefix), ("spot", "/api/v3/account", None));
        assert_eq!(one.peer.way, Way::Connect);
    }
}

#[tokio::test]
async fn tunnels_lead_nowhere_else() {
    let stage = stage().await;
    for target in [
        "example.com:443",
        "api.binance.com:80",
        "api.binance.com:8443",
        "127.0.0.1:443",
        "localhost:443",
        "api.binance.com.:443",
        "xapi.binance.com:443",
        "binance.com:443",
        "169.254.169.254:443",
    ] {
        let got = stage.say(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n").as_bytes()).await;
        assert!(got.starts_with("HTTP/1.1 403 "), "{target}: {got}");
        assert!(got.contains("application/json"), "{target}: {got}");
    }
    for odd in [
        "CONNECT api.binance.com:443 HTTP/1.1\r\nHost: www.okx.com:443\r\n\r\n",
        "CONNECT api.binance.com:443 HTTP/1.1\r\nHost: api.binance.com:80\r\n\r\n",
        "CONNECT api.binance.com:443 HTTP/1.1\r\nHost: api.binance.computer\r\n\r\n",
        "CONNECT api.binance.com:443 HTTP/1.1\r\n\r\n",
        "CONNECT api.binance.com:443 HTTP/1.1\r\nHost: api.binance.com\r\nContent-Length: 5\r\n\r\nhello",
        "CONNECT api.binance.com:443 HTTP/1.1\r\nHost: api.binance.com\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "CONNECT https://api.binance.com:443 HTTP/1.1\r\nHost: api.binance.com\r\n\r\n",
    ] {
        let got = stage.say(odd.as_bytes()).await;
        assert!(got.starts_with("HTTP/1.1 400 "), "{odd}: {got}");
    }
    assert_eq!(stage.received(), []);
}

#[tokio::test]
async fn a_tunnel_serves_its_own_host_only() {
    let stage = stage().await;
    let open = || async { tunnel(&stage, CONNECT).await.0 };
    for (host, status) in [("fapi.binance.com", "400"), ("www.okx.com", "400"), ("api.binance.com:80", "400")]
    {
        let mut inner = tls(&stage, open().await, HOST, &[]).await.unwrap();
        inner.write_all(get("/api/v3/account", host).as_bytes()).await.unwrap();
        let got = rest(&mut inner).await;
        assert!(got.starts_with(&format!("HTTP/1.1 {status} ")), "{host}: {got}");
    }
    let mut nested = tls(&stage, open().await, HOST, &[]).await.unwrap();
    nested.write_all(CONNECT.as_bytes()).await.unwrap();
    assert!(rest(&mut nested).await.starts_with("HTTP/1.1 501 "));
    // A client that asks the certificate for another name, or for HTTP/2 only, gets none.
    assert!(tls(&stage, open().await, "fapi.binance.com", &[]).await.is_err());
    assert!(tls(&stage, open().await, HOST, &[b"h2"]).await.is_err());
    let mut plain = open().await;
    plain.write_all(get("/binance/api/v3/account", HOST).as_bytes()).await.unwrap();
    assert!(!rest(&mut plain).await.contains("orderId"));
    assert_eq!(stage.received(), []);
}

#[tokio::test]
async fn an_own_port_needs_no_prefix_and_opens_no_tunnel() {
    let stage = Stage::with(
        |_| Plan::Send(Returns::Shown),
        says(OK),
        |config| {
            config.listeners.push(Listener::Own {
                address: "127.0.0.1:0".parse().unwrap(),
                exchange: "binance".parse().unwrap(),
                surface: "spot".parse().unwrap(),
            });
        },
    )
    .await;
    let mut stream = TcpStream::connect(stage.tcp(1)).await.unwrap();
    stream.write_all(get("/api/v3/account", "a").as_bytes()).await.unwrap();
    one(&mut stream).await;
    let received = stage.received().first().unwrap().clone();
    assert_eq!(
        (received.surface.as_str(), &*received.path, received.prefix),
        ("spot", "/api/v3/account", None)
    );
    stream.write_all(CONNECT.as_bytes()).await.unwrap();
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 501 "));
}

#[tokio::test]
async fn a_unix_socket_tells_who_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bots.sock");
    let listen = path.clone();
    let stage = Stage::with(
        |_| Plan::Send(Returns::Shown),
        says(OK),
        move |config| {
            config.listeners.push(Listener::Unix { path: listen, mode: 0o600 });
        },
    )
    .await;
    let mut stream = UnixStream::connect(&path).await.unwrap();
    stream.write_all(get("/binance/api/v3/account", "a").as_bytes()).await.unwrap();
    assert!(one(&mut stream).await.contains("orderId"));
    let peer = stage.received().first().unwrap().peer.clone();
    assert_eq!((peer.address, peer.uid), (None, Some(stream.peer_cred().unwrap().uid())));
    let config =
        Config { listeners: vec![Listener::Unix { path: path.clone(), mode: 0o600 }], ..Config::default() };
    assert!(matches!(Gateway::bind(config).await, Err(BindError::Unix { .. })), "the socket is in use");
    drop(stage);
    tokio::time::sleep(Duration::from_millis(100)).await;
}

#[tokio::test]
async fn the_owner_of_a_loopback_connection_is_asked_for_once() {
    static ASKED: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let stage = Stage::with(
        |_| Plan::Send(Returns::Shown),
        says(OK),
        |config| {
            config.owner = Some(Arc::new(|peer, local| {
                assert_ne!(peer, local);
                ASKED.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                Some(4242)
            }));
        },
    )
    .await;
    let mut stream = stage.dial().await;
    for _ in 0..3 {
        stream.write_all(get("/binance/api/v3/account", "a").as_bytes()).await.unwrap();
        one(&mut stream).await;
    }
    assert!(stage.received().iter().all(|r| r.peer.uid == Some(4242)));
    assert_eq!(ASKED.load(std::sync::atomic::Ordering::SeqCst), 1);
}

#[tokio::test]
async fn plain_http_stays_at_home() {
    let bind = |text: &str| {
        Gateway::bind(Config { listeners: vec![Listener::Tcp(text.parse().unwrap())], ..Config::default() })
    };
    assert!(matches!(bind("0.0.0.0:0").await, Err(BindError::Plain(_))));
    assert!(matches!(bind("[::]:0").await, Err(BindError::Plain(_))));
    assert!(bind("127.0.0.1:0").await.is_ok() && bind("[::1]:0").await.is_ok());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let _holder = std::net::TcpListener::bind(taken).unwrap();
    assert!(matches!(bind(&taken.to_string()).await, Err(BindError::Tcp { .. })));
}

#[tokio::test]
async fn public_rows_need_no_key_within_their_networks() {
    const TIME: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 16\r\nX-MBX-USED-WEIGHT-1M: 3\r\nSet-Cookie: a=b\r\n\r\n{\"serverTime\":1}";
    let stage = Stage::new(|_| Plan::Gone, says(TIME)).await;
    let mut stream = stage.dial().await;
    stream.write_all(get("/binance/api/v3/time", "a").as_bytes()).await.unwrap();
    let got = one(&mut stream).await;
    assert!(got.ends_with("{\"serverTime\":1}") && got.contains("x-mbx-used-weight-1m: 3"), "{got}");
    assert!(!got.to_ascii_lowercase().contains("cookie"), "{got}");
    stream.write_all(get("/binance/api/v3/time?evil=1", "a").as_bytes()).await.unwrap();
    assert!(one(&mut stream).await.contains("x-claviger-denial: parameter"));
    assert_eq!(stage.received(), [], "public rows are not the keep's business");
    let [request] = stage.upstream.requests().try_into().unwrap();
    assert!(request.starts_with("GET /api/v3/time HTTP/1.1\r\n"), "{request}");
    assert!(!request.to_ascii_lowercase().contains("apikey") && !request.contains("virtual"), "{request}");
}

#[tokio::test]
async fn without_the_keep_nothing_leaves() {
    let stage = Stage::new(|_| Plan::Gone, says(OK)).await;
    let mut stream = stage.dial().await;
    stream.write_all(get("/binance/api/v3/account", "a").as_bytes()).await.unwrap();
    let got = one(&mut stream).await;
    assert!(got.contains("x-claviger-denial: unavailable") && got.contains("\"code\""), "{got}");
    assert_eq!(stage.upstream.requests().len(), 0);
}

#[tokio::test]
async fn strangers_are_limited_and_do_not_silence_others() {
    let stage = Stage::new(
        |received| {
            let good = received.headers.iter().any(|(_, v)| v.as_ref() == b"good");
            if good { Plan::Send(Returns::Shown) } else { Plan::Refuse("key") }
        },
        says(OK),
    )
    .await;
    let ask = |key: &str| {
        format!(
            "GET /binance/api/v3/account?timestamp=1700000000000&signature={0} HTTP/1.1\r\nHost: a\r\nX-MBX-APIKEY: {key}\r\n\r\n",
            "a".repeat(64)
        )
    };
    let mut good = stage.dial().await;
    good.write_all(ask("good").as_bytes()).await.unwrap();
    assert!(one(&mut good).await.contains("orderId"));
    let mut bad = stage.dial().await;
    let mut heard = 0;
    for n in 0..60 {
        bad.write_all(ask(&format!("bad{n}")).as_bytes()).await.unwrap();
        let got = one(&mut bad).await;
        if got.contains("x-claviger-denial: key") {
            heard += 1;
        } else {
            assert!(got.contains("x-claviger-denial: throttled"), "{got}");
        }
    }
    assert!((50..56).contains(&heard), "{heard}");
    good.write_all(ask("good").as_bytes()).await.unwrap();
    assert!(one(&mut good).await.contains("orderId"), "an old connection of a good key");
    let mut again = stage.dial().await;
    again.write_all(ask("good").as_bytes()).await.unwrap();
    assert!(one(&mut again).await.contains("orderId"), "a new connection of a good key");
}

#[tokio::test]
async fn chores_are_sent_and_settled() {
    let stage = stage().await;
    *stage.keep.chores.lock().unwrap() = 2;
    assert_eq!(stage.until_settled(2).await, ["200 {\"orderId\":1}", "200 {\"orderId\":1}"]);
}

#[tokio::test]
async fn the_end_waits_for_what_is_in_flight() {
    let mut stage = Stage::new(
        |_| Plan::Send(Returns::Shown),
        Box::new(|_, mut stream| {
            Box::pin(async move {
                while crate::server::read_request(&mut stream).await.is_some() {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    crate::server::answer(&mut stream, OK).await;
                }
            })
        }),
    )
    .await;
    let mut idle = stage.dial().await;
    let mut busy = stage.dial().await;
    busy.write_all(get("/binance/api/v3/account", "a").as_bytes()).await.unwrap();
    while stage.received().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let address = stage.tcp(0);
    let ended = stage.stop();
    assert_eq!(rest(&mut idle).await, "");
    assert!(rest(&mut busy).await.ends_with("{\"orderId\":1}"));
    tokio::time::timeout(Duration::from_secs(5), ended).await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
    assert_eq!(stage.settled().len(), 1);
}
