//! The way out against a server that does what it should not.
#![expect(clippy::unwrap_used, reason = "a test")]

mod wire {
    pub mod server;
}

use std::time::Duration;

use claviger_core::Method;
use claviger_door::{Returns, SignedParts, SignedRequest};
use claviger_egress::{Config, Egress, SendError, Upstream};
use wire::server::{Ca, Server, answer, close, cut, read_request};
use zeroize::Zeroizing;

/// A reader's answer, as text: `200 body`, or which error.
async fn get(egress: &Egress, request: SignedRequest) -> Result<String, String> {
    let name = |e: SendError| match e {
        SendError::NotSent { .. } => format!("not sent: {e}"),
        SendError::Lost { .. } => format!("lost: {e}"),
    };
    let sent = egress.send(request).await.map_err(name)?;
    let (status, body) = (sent.status, sent.body.whole().await.map_err(name)?);
    Ok(format!("{status} {}", String::from_utf8(body).unwrap()))
}

fn request(pool: u64) -> SignedRequest {
    ask(pool, 5000, Returns::Shown)
}

#[expect(clippy::disallowed_methods, reason = "the test plays the keep")]
fn ask(pool: u64, ttl_ms: u32, returns: Returns) -> SignedRequest {
    SignedRequest::sealed(SignedParts {
        ticket: 1,
        exchange: "paper".parse().unwrap(),
        surface: "spot".parse().unwrap(),
        pool,
        method: Method::Post,
        target: "/api/v3/order?a=%20b".into(),
        headers: vec![("X-MBX-APIKEY".into(), Zeroizing::new(b"realid".to_vec()))],
        body: b"x=1".to_vec(),
        ttl_ms,
        changes_state: true,
        returns,
        real_id: "realid".into(),
    })
}

fn egress(server: &Server, ca: &Ca) -> Egress {
    to(&format!("localhost:{}", server.port), ca)
}

fn to(authority: &str, ca: &Ca) -> Egress {
    let upstream = Upstream {
        exchange: "paper".parse().unwrap(),
        authorities: vec![("spot".parse().unwrap(), authority.parse().unwrap())],
        ca_pem: Some(ca.pem()),
    };
    Egress::new(&Config { upstreams: vec![upstream] }).unwrap()
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

fn says(bytes: &'static [u8]) -> wire::server::Act {
    Box::new(move |_, mut stream| {
        Box::pin(async move {
            while read_request(&mut stream).await.is_some() {
                answer(&mut stream, bytes).await;
            }
        })
    })
}

#[tokio::test]
async fn sends_exactly_what_was_signed() {
    let ca = Ca::new();
    let server = Server::start(&ca.leaf("localhost"), says(OK)).await;
    assert_eq!(get(&egress(&server, &ca), request(1)).await.unwrap(), "200 hi");
    let seen = server.requests();
    let [one] = seen.as_slice() else { panic!("{seen:?}") };
    assert!(one.starts_with("POST /api/v3/order?a=%20b HTTP/1.1\r\n"), "{one}");
    assert!(one.contains(&format!("\r\nhost: localhost:{}\r\n", server.port)), "{one}");
    assert!(one.contains("\r\nx-mbx-apikey: realid\r\n"), "{one}");
    assert!(one.contains("\r\naccept-encoding: identity\r\n"), "{one}");
    assert!(one.contains("\r\ncontent-length: 3\r\n"), "{one}");
    assert!(one.ends_with("\r\n\r\nx=1"), "{one}");
}

#[tokio::test]
async fn a_key_reuses_its_connection_and_shares_it_with_nobody() {
    let ca = Ca::new();
    let server = Server::start(&ca.leaf("localhost"), says(OK)).await;
    let egress = egress(&server, &ca);
    for pool in [1, 1, 1, 2, 2, 1, 3] {
        assert_eq!(get(&egress, request(pool)).await.unwrap(), "200 hi");
    }
    assert_eq!(server.connections(), 3);
    assert_eq!(server.requests().len(), 7);
}

#[tokio::test]
async fn an_answer_cut_at_any_byte_is_lost_and_never_asked_again() {
    let ca = Ca::new();
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
    for whole in [OK, chunked.as_slice()] {
        for politely in [true, false] {
            for at in 0..whole.len() {
                let act: wire::server::Act = Box::new(move |_, mut stream| {
                    Box::pin(async move {
                        read_request(&mut stream).await;
                        answer(&mut stream, whole.get(..at).unwrap()).await;
                        if politely { close(stream).await } else { cut(stream) }
                    })
                });
                let server = Server::start(&ca.leaf("localhost"), act).await;
                let got = get(&egress(&server, &ca), request(1)).await;
                assert!(got.as_ref().is_err_and(|e| e.starts_with("lost")), "cut at {at}: {got:?}");
                assert_eq!(server.requests().len(), 1, "cut at {at}");
            }
        }
    }
}

#[tokio::test]
async fn an_answer_that_ends_with_the_connection_must_end_politely() {
    let ca = Ca::new();
    for (politely, expected) in [(true, true), (false, false)] {
        let act: wire::server::Act = Box::new(move |_, mut stream| {
            Box::pin(async move {
                read_request(&mut stream).await;
                answer(&mut stream, b"HTTP/1.1 200 OK\r\n\r\nhi").await;
                if politely { close(stream).await } else { cut(stream) }
            })
        });
        let server = Server::start(&ca.leaf("localhost"), act).await;
        let got = get(&egress(&server, &ca), request(1)).await;
        assert_eq!(got.is_ok(), expected, "{got:?}");
    }
}

#[tokio::test]
async fn an_idle_connection_that_was_closed_is_replaced() {
    let ca = Ca::new();
    for politely in [true, false] {
        let act: wire::server::Act = Box::new(move |_, mut stream| {
            Box::pin(async move {
                read_request(&mut stream).await;
                answer(&mut stream, OK).await;
                if politely { close(stream).await } else { cut(stream) }
            })
        });
        let server = Server::start(&ca.leaf("localhost"), act).await;
        let egress = egress(&server, &ca);
        for _ in 0..10 {
            assert_eq!(get(&egress, request(1)).await.unwrap(), "200 hi");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!((server.connections(), server.requests().len()), (10, 10));
    }
}

/// The server closes right after each answer, so that the next request races with the close:
/// whatever the outcome, no request arrives twice.
#[tokio::test]
async fn the_keep_alive_race_never_doubles_a_request() {
    let ca = Ca::new();
    let act: wire::server::Act = Box::new(|_, mut stream| {
        Box::pin(async move {
            read_request(&mut stream).await;
            answer(&mut stream, OK).await;
            close(stream).await;
        })
    });
    let server = Server::start(&ca.leaf("localhost"), act).await;
    let egress = egress(&server, &ca);
    let (mut answered, mut lost) = (0, 0);
    for _ in 0..200 {
        match get(&egress, request(1)).await {
            Ok(_) => answered += 1,
            Err(e) if e.starts_with("lost") => lost += 1,
            Err(e) => panic!("{e}"),
        }
    }
    let seen = server.requests().len();
    assert!(answered <= seen && seen <= answered + lost, "{answered} answered, {lost} lost, {seen} seen");
    assert!(answered >= 100, "{answered}");
}

#[tokio::test]
async fn bytes_behind_an_answer_do_not_become_the_next_one() {
    let ca = Ca::new();
    let act = says(
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
    );
    let server = Server::start(&ca.leaf("localhost"), act).await;
    let egress = egress(&server, &ca);
    for _ in 0..3 {
        assert_eq!(get(&egress, request(1)).await.unwrap(), "200 hi");
    }
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn certificates_are_verified() {
    let (ca, other) = (Ca::new(), Ca::new());
    let cases = [
        ("expired", ca.expired("localhost"), "localhost"),
        ("another name", ca.leaf("example.com"), "localhost"),
        ("another address", ca.leaf("localhost"), "127.0.0.1"),
        ("another authority", other.leaf("localhost"), "localhost"),
    ];
    for (what, leaf, host) in cases {
        let server = Server::start(&leaf, says(OK)).await;
        let got = get(&to(&format!("{host}:{}", server.port), &ca), request(1)).await;
        assert!(got.as_ref().is_err_and(|e| e.starts_with("not sent")), "{what}: {got:?}");
        assert!(server.requests().is_empty(), "{what}");
    }
}

#[tokio::test]
async fn the_public_authorities_are_not_trusted_beside_a_configured_one() {
    let ca = Ca::new();
    let server = Server::start(&ca.leaf("localhost"), says(OK)).await;
    let upstream = Upstream {
        exchange: "paper".parse().unwrap(),
        authorities: vec![("spot".parse().unwrap(), format!("localhost:{}", server.port).parse().unwrap())],
        ca_pem: None,
    };
    let egress = Egress::new(&Config { upstreams: vec![upstream] }).unwrap();
    assert!(get(&egress, request(1)).await.unwrap_err().starts_with("not sent"));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let ca = Ca::new();
    let elsewhere = Server::start(&ca.leaf("localhost"), says(OK)).await;
    let location: &'static [u8] = format!(
        "HTTP/1.1 302 Found\r\nLocation: https://localhost:{}/\r\nContent-Length: 0\r\n\r\n",
        elsewhere.port
    )
    .leak()
    .as_bytes();
    let server = Server::start(&ca.leaf("localhost"), says(location)).await;
    assert_eq!(get(&egress(&server, &ca), request(1)).await.unwrap(), "302 ");
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn hostile_answers_are_lost() {
    let ca = Ca::new();
    let long_head = format!("HTTP/1.1 200 OK\r\nX: {}\r\nContent-Length: 0\r\n\r\n", "x".repeat(200_000));
    let many_heads = format!("HTTP/1.1 200 OK\r\n{}Content-Length: 0\r\n\r\n", "x: y\r\n".repeat(5000));
    let long_body = format!("HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n{}", "x".repeat(1_048_577));
    let long_chunks = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        format!("8000\r\n{}\r\n", "x".repeat(0x8000)).repeat(40)
    );
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("long head", long_head.into()),
        ("many headers", many_heads.into()),
        ("long body", long_body.into()),
        ("endless chunks", long_chunks.into()),
        ("a lying length", b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nx".into()),
        ("compressed", b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi".into()),
        ("not HTTP", b"\x00\x01\x02\x03\r\n\r\n".into()),
        (
            "another protocol",
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n".into(),
        ),
        ("a bad chunk", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhi\r\n".into()),
        ("two lengths", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi".into()),
    ];
    for (what, bytes) in cases {
        let server = Server::start(&ca.leaf("localhost"), says(bytes.leak())).await;
        let got = tokio::time::timeout(Duration::from_secs(20), get(&egress(&server, &ca), request(1))).await;
        let got = got.unwrap();
        assert!(got.as_ref().is_err_and(|e| e.starts_with("lost")), "{what}: {:?}", got.map(|s| s.len()));
        assert_eq!(server.requests().len(), 1, "{what}");
    }
}

#[tokio::test]
async fn a_streamed_answer_may_be_longer() {
    let ca = Ca::new();
    let bytes = format!("HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n{}", "x".repeat(3_000_000));
    let server = Server::start(&ca.leaf("localhost"), says(bytes.leak().as_bytes())).await;
    let got = get(&egress(&server, &ca), ask(1, 5000, Returns::Stream)).await.unwrap();
    assert_eq!(got.len(), 3_000_004);
}

#[tokio::test]
async fn too_late_or_nowhere_is_not_sent() {
    let ca = Ca::new();
    let server = Server::start(&ca.leaf("localhost"), says(OK)).await;
    let late = get(&egress(&server, &ca), ask(1, 0, Returns::Shown)).await;
    assert!(late.unwrap_err().starts_with("not sent"));
    assert_eq!(server.connections(), 0);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    assert!(
        get(&to(&format!("localhost:{closed}"), &ca), request(1)).await.unwrap_err().starts_with("not sent")
    );
    let unknown = Egress::new(&Config::default()).unwrap();
    assert!(get(&unknown, request(1)).await.unwrap_err().starts_with("not sent"));
}

/// Runs the next test again, in a process whose environment names proxies.
#[test]
fn proxies_of_the_environment_are_ignored() {
    let trap = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://{}", trap.local_addr().unwrap());
    let names = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"];
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sends_exactly_what_was_signed"])
        .envs(names.map(|n| (n, proxy.as_str())))
        .output()
        .unwrap();
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stdout));
    trap.set_nonblocking(true).unwrap();
    assert!(trap.accept().is_err(), "the proxy was dialled");
}
