//! What the keep is told of an exchange that answers, fails and answers again.
#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "../../claviger-egress/tests/wire/server.rs"]
mod server;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use claviger_core::{Market, MarketView, Time};
use claviger_door::{Ask, Door, DoorError, Reply, Want, Wants};
use claviger_egress::{Config, Egress, Upstream};
use server::{Act, Ca, Server, answer, read_request};

/// The keep, as far as the market knows it.
#[derive(Default)]
struct Keep {
    view: Mutex<MarketView>,
    told: Mutex<Vec<(Time, MarketView)>>,
}

impl Door for Keep {
    async fn ask(&self, ask: Ask) -> Result<Reply, DoorError> {
        match ask {
            Ask::Wants => Ok(Reply::Wants(Wants {
                markets: vec![Want {
                    exchange: "binance".parse().unwrap(),
                    symbols: vec![(Market::Spot, vec!["BTCUSDT".parse().unwrap()])],
                    public_from: Vec::new(),
                }],
                allowed: Vec::new(),
            })),
            Ask::Market { now, view } => {
                for (name, venue) in view.venues.clone() {
                    let mut all = self.view.lock().unwrap();
                    let mine = all.venues.entry(name).or_default();
                    mine.clocks.extend(venue.clocks);
                    mine.instruments.extend(venue.instruments);
                    mine.references.extend(venue.references);
                }
                self.told.lock().unwrap().push((now, *view));
                Ok(Reply::Nothing)
            }
            _ => Ok(Reply::Failed("not asked here".into())),
        }
    }
}

const AHEAD_MS: u128 = 5_000;

fn binance(up: &'static AtomicBool) -> Act {
    Box::new(move |_, mut stream| {
        Box::pin(async move {
            while read_request(&mut stream).await.is_some() {
                let request = stream.last();
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() + AHEAD_MS;
                let body = if request.starts_with("GET /api/v3/time ") {
                    format!("{{\"serverTime\":{now}}}")
                } else if request.starts_with("GET /api/v3/ticker/24hr?symbol=BTCUSDT ") {
                    r#"{"symbol":"BTCUSDT","lastPrice":"60000.10","bidPrice":"60000","askPrice":"60001"}"#
                        .to_owned()
                } else {
                    "{\"symbols\":[]}".to_owned()
                };
                let status = if up.load(Ordering::SeqCst) { "200 OK" } else { "503 Down" };
                let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                answer(&mut stream, head.as_bytes()).await;
            }
        })
    })
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..200 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(holds(), "{what}");
}

#[tokio::test]
async fn clocks_and_prices_are_told_and_failures_are_survived() {
    static UP: AtomicBool = AtomicBool::new(false);
    let ca = Ca::new();
    let server = Server::start(&ca.leaf("localhost"), binance(&UP)).await;
    let authority = format!("localhost:{}", server.port).parse().unwrap();
    let upstream = Upstream {
        exchange: "binance".parse().unwrap(),
        authorities: vec![("spot".parse().unwrap(), authority)],
        ca_pem: Some(ca.pem()),
    };
    let egress = Arc::new(Egress::new(&Config { upstreams: vec![upstream] }).unwrap());
    let keep = Arc::new(Keep::default());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let watch = tokio::spawn(claviger_market::watch(Arc::clone(&keep), egress, async {
        stopped.await.unwrap();
    }));

    until("it asks", || server.requests().len() >= 3).await;
    assert!(keep.told.lock().unwrap().is_empty(), "a failure told something");
    UP.store(true, Ordering::SeqCst);
    let (name, spot) = ("binance".parse().unwrap(), "spot".parse().unwrap());
    until("a clock", || keep.view.lock().unwrap().clock(&name, &spot).is_some()).await;
    let offset = keep.view.lock().unwrap().clock(&name, &spot).unwrap().offset_ms;
    assert!((4_900..=5_100).contains(&offset), "{offset}");
    let symbol = "BTCUSDT".parse().unwrap();
    until("a price", || keep.view.lock().unwrap().reference(&name, Market::Spot, &symbol).is_some()).await;
    let reference = keep.view.lock().unwrap().reference(&name, Market::Spot, &symbol).unwrap().clone();
    assert_eq!((reference.price.to_string().as_str(), &*reference.source), ("60000.1", "last-bid-ask"));
    until("a fresher price", || {
        keep.view.lock().unwrap().reference(&name, Market::Spot, &symbol).unwrap().at > reference.at
    })
    .await;
    for (now, view) in keep.told.lock().unwrap().iter() {
        for venue in view.venues.values() {
            assert!(venue.clocks.values().all(|c| c.at <= *now));
            assert!(venue.references.values().flat_map(|m| m.values()).all(|r| r.at <= *now));
        }
    }
    for request in server.requests() {
        let head = request.to_ascii_lowercase();
        assert!(!head.contains("x-mbx-apikey") && !head.contains("signature"), "{request}");
    }

    stop.send(()).unwrap();
    watch.await.unwrap();
}
