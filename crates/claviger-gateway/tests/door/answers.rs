//! How answers come back: whole or not at all, and never with the real key's id.
use std::time::Duration;

use crate::server::{Act, answer, cut, read_request};
use crate::stage::{OK, Plan, REAL_ID, Stage, one, rest, says};
use claviger_door::{Received, Returns};
use tokio::io::AsyncWriteExt;

const ASK: &str = "POST /binance/api/v3/order HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nx=1";

const CLOSING: &str =
    "POST /binance/api/v3/order HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\nx=1";

fn streamed(_: &Received) -> Plan {
    Plan::Send(Returns::Stream)
}

fn shown(_: &Received) -> Plan {
    Plan::Send(Returns::Shown)
}

/// Pieces of an answer, each written on its own.
fn pieces(pieces: Vec<Vec<u8>>) -> Act {
    Box::new(move |_, mut stream| {
        let pieces = pieces.clone();
        Box::pin(async move {
            while read_request(&mut stream).await.is_some() {
                for piece in &pieces {
                    answer(&mut stream, piece).await;
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            }
        })
    })
}

fn chunk(data: &str) -> Vec<u8> {
    format!("{:x}\r\n{data}\r\n", data.len()).into_bytes()
}

const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

#[tokio::test]
async fn answers_pass_with_few_headers() {
    const RICH: &[u8] =
        b"HTTP/1.1 418 Teapot\r\nContent-Type: application/json\r\nContent-Length: 2\r\nRetry-After: 5\r\n\
        X-MBX-USED-WEIGHT-1M: 7\r\nSet-Cookie: a=b\r\nLocation: https://x/\r\nServer: x\r\n\
        X-SAPI-USED-IP-WEIGHT-1M: vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A\r\n\r\n{}";
    for plan in [streamed, shown] {
        let stage = Stage::new(plan, says(RICH)).await;
        let mut stream = stage.dial().await;
        stream.write_all(ASK.as_bytes()).await.unwrap();
        let got = one(&mut stream).await;
        assert!(got.starts_with("HTTP/1.1 418 "), "{got}");
        for there in [
            "content-type: application/json",
            "retry-after: 5",
            "x-mbx-used-weight-1m: 7",
            "content-length: 2",
        ] {
            assert_eq!(got.matches(there).count(), 1, "{there}: {got}");
        }
        for gone in ["set-cookie", "location", "server", "x-sapi", REAL_ID] {
            assert!(!got.contains(gone), "{gone}: {got}");
        }
        assert_eq!(stage.until_settled(1).await.len(), 1);
    }
}

#[tokio::test]
async fn the_connection_serves_on() {
    for plan in [streamed, shown] {
        let stage = Stage::new(plan, says(OK)).await;
        let mut stream = stage.dial().await;
        for _ in 0..5 {
            stream.write_all(ASK.as_bytes()).await.unwrap();
            assert!(one(&mut stream).await.ends_with("{\"orderId\":1}"));
        }
        assert_eq!(stage.until_settled(5).await.len(), 5);
        assert_eq!(stage.upstream.connections(), 1, "one connection upstream for one key");
    }
}

#[tokio::test]
async fn a_key_id_is_cut_wherever_the_pieces_end() {
    let text = format!("{{\"a\":1,\"apiKey\":\"{REAL_ID}\"}}");
    for at in 1..text.len() {
        let (first, second) = text.split_at(at);
        let stage = Stage::new(
            streamed,
            pieces(vec![CHUNKED.to_vec(), chunk(first), chunk(second), b"0\r\n\r\n".to_vec()]),
        )
        .await;
        let mut stream = stage.dial().await;
        stream.write_all(ASK.as_bytes()).await.unwrap();
        let got = one(&mut stream).await;
        assert!(got.starts_with("HTTP/1.1 504 ") && !got.contains(REAL_ID), "{at}: {got}");
        assert_eq!(stage.settled(), ["lost"], "{at}");
    }
}

#[tokio::test]
async fn a_key_id_late_in_a_long_answer_cuts_the_connection() {
    for (before, after) in [(100_000, 0), (70_000, 70_000), (500_000, 10)] {
        let text = format!("{}{REAL_ID}{}", "x".repeat(before), "y".repeat(after));
        for known in [true, false] {
            let act = if known {
                pieces(vec![
                    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len()).into_bytes(),
                ])
            } else {
                pieces(vec![CHUNKED.to_vec(), chunk(&text), b"0\r\n\r\n".to_vec()])
            };
            let stage = Stage::new(streamed, act).await;
            let mut stream = stage.dial().await;
            stream.write_all(CLOSING.as_bytes()).await.unwrap();
            let got = rest(&mut stream).await;
            assert!(!got.contains(REAL_ID.get(..16).unwrap()), "{before} {known}");
            assert!(!got.ends_with("0\r\n\r\n"), "{before} {known}: the cut must show");
            assert_eq!(stage.until_settled(1).await, ["lost"], "{before} {known}");
        }
    }
}

#[tokio::test]
async fn long_answers_pass_unchanged() {
    for length in [65_535, 65_536, 65_600, 66_000, 300_000, 3_000_000] {
        let text = "0123456789".repeat(length / 10);
        for known in [true, false] {
            let act = if known {
                pieces(vec![
                    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len()).into_bytes(),
                ])
            } else {
                pieces(vec![CHUNKED.to_vec(), chunk(&text), b"0\r\n\r\n".to_vec()])
            };
            let stage = Stage::new(streamed, act).await;
            let mut stream = stage.dial().await;
            stream.write_all(CLOSING.as_bytes()).await.unwrap();
            let got = rest(&mut stream).await;
            let (head, body) = got.split_once("\r\n\r\n").unwrap();
            let body = if head.contains("chunked") { unchunk(body) } else { body.to_owned() };
            assert!(body == text, "{length} {known}: {head}");
            assert_eq!(stage.until_settled(1).await, ["200 "], "{length} {known}");
        }
    }
}

fn unchunk(mut body: &str) -> String {
    let mut all = String::new();
    loop {
        let (size, behind) = body.split_once("\r\n").unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            assert_eq!(behind, "\r\n");
            return all;
        }
        all.push_str(behind.get(..size).unwrap());
        body = behind.get(size..).unwrap().strip_prefix("\r\n").unwrap();
    }
}

#[tokio::test]
async fn a_shown_answer_with_the_key_id_stays_here() {
    let stage = Stage::new(
        shown,
        pieces(vec![
            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{REAL_ID}", REAL_ID.len()).into_bytes(),
        ]),
    )
    .await;
    let mut stream = stage.dial().await;
    stream.write_all(ASK.as_bytes()).await.unwrap();
    let got = one(&mut stream).await;
    assert!(got.starts_with("HTTP/1.1 504 ") && !got.contains(REAL_ID), "{got}");
}

#[tokio::test]
async fn a_cut_answer_is_told_as_the_keep_says() {
    for (plan, keep) in [(shown as fn(&Received) -> Plan, "lost"), (streamed, "lost")] {
        for at in 0..OK.len() {
            let act: Act = Box::new(move |_, mut stream| {
                Box::pin(async move {
                    read_request(&mut stream).await;
                    answer(&mut stream, OK.get(..at).unwrap()).await;
                    cut(stream);
                })
            });
            let stage = Stage::new(plan, act).await;
            let mut stream = stage.dial().await;
            stream.write_all(ASK.as_bytes()).await.unwrap();
            let got = one(&mut stream).await;
            assert!(got.contains("x-claviger-denial: answer") && !got.contains("orderId"), "{at}: {got}");
            assert_eq!(stage.settled(), [keep], "{at}");
            assert_eq!(stage.upstream.requests().len(), 1, "{at}");
        }
    }
}

#[tokio::test]
async fn what_was_sent_is_settled_though_the_bot_hung_up() {
    for plan in [shown, streamed] {
        let act: Act = Box::new(|_, mut stream| {
            Box::pin(async move {
                while read_request(&mut stream).await.is_some() {
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    answer(&mut stream, OK).await;
                }
            })
        });
        let stage = Stage::new(plan, act).await;
        let mut stream = stage.dial().await;
        stream.write_all(ASK.as_bytes()).await.unwrap();
        while stage.upstream.requests().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        drop(stream);
        assert_eq!(stage.until_settled(1).await.len(), 1);
    }
}

#[tokio::test]
async fn what_could_not_leave_is_told_as_the_keep_says() {
    let stage = Stage::new(|_| Plan::Late, says(OK)).await;
    let mut stream = stage.dial().await;
    stream.write_all(ASK.as_bytes()).await.unwrap();
    let got = one(&mut stream).await;
    assert!(got.starts_with("HTTP/1.1 503 ") && got.contains("x-claviger-denial: unreachable"), "{got}");
    assert_eq!(stage.settled(), ["not sent"]);
    assert_eq!(stage.upstream.connections(), 0);
}

/// The exchange's answer passes unchanged, with claviger's hint in the place of any that the exchange sent.
#[tokio::test]
async fn a_key_that_is_not_taken_gets_a_hint() {
    const BODY: &str = r#"{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}"#;
    const SAYS: &[u8] = b"HTTP/1.1 401 Unauthorized\r\nX-Claviger-Hint: forged\r\nX-Claviger-Denial: forged\r\nContent-Length: 70\r\n\r\n{\"code\":-2015,\"msg\":\"Invalid API-key, IP, or permissions for action.\"}";
    for (plan, first) in
        [(streamed as fn(&Received) -> Plan, false), (streamed, true), (shown, false), (shown, true)]
    {
        let stage = Stage::new(plan, says(SAYS)).await;
        *stage.keep.asks_first.lock().unwrap() = first;
        let mut stream = stage.dial().await;
        stream.write_all(ASK.as_bytes()).await.unwrap();
        let got = one(&mut stream).await;
        assert!(got.starts_with("HTTP/1.1 401 ") && got.ends_with(BODY), "{got}");
        assert_eq!(got.matches("x-claviger-hint: address: not listed\r\n").count(), 1, "{got}");
        assert!(!got.contains("forged"), "{got}");
        let count = 1 + usize::from(first);
        assert_eq!(stage.until_settled(count).await, vec![format!("401 {BODY}"); count]);
        assert_eq!(stage.upstream.requests().len(), count);
    }
}

/// The keep may have another status and body passed on; the exchange's headers stay.
#[tokio::test]
async fn an_answer_can_be_cut_down() {
    let check = async |says_this: &'static [u8], status: &str, body: &str| {
        let stage = Stage::new(shown, says(says_this)).await;
        let mut stream = stage.dial().await;
        stream.write_all(ASK.as_bytes()).await.unwrap();
        let got = one(&mut stream).await;
        assert!(got.starts_with(status) && got.ends_with(&format!("\r\n\r\n{body}")), "{got}");
        got
    };
    const BOTH: &[u8] = b"HTTP/1.1 200 OK\r\nX-MBX-USED-WEIGHT-1M: 7\r\nContent-Length: 5\r\n\r\n[7,8]";
    let got = check(BOTH, "HTTP/1.1 200 ", "[7]").await;
    assert!(got.contains("x-mbx-used-weight-1m: 7") && got.contains("content-length: 3"), "{got}");
    check(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[8]", "HTTP/1.1 400 ", "{}").await;
    const UNTOLD: &str = "the request was sent, and its answer cannot be passed on";
    let stage = Stage::new(shown, says(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[9]")).await;
    let mut stream = stage.dial().await;
    stream.write_all(ASK.as_bytes()).await.unwrap();
    let got = one(&mut stream).await;
    assert!(got.starts_with("HTTP/1.1 504 ") && got.contains(UNTOLD) && !got.contains(REAL_ID), "{got}");
}
