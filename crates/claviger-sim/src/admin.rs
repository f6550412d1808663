//! The admin API: plain HTTP and JSON on loopback, for tests in other processes and other languages.
//!
//! *Not trusted*: who can reach the port can set prices and faults of the paper exchanges, and nothing else.

use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::config::{Exchange, KeyChange};
use crate::fault::Fault;
use crate::json::parse;
use crate::server::{MAX_BODY, response};
use crate::sim::World;
use crate::venue::{Reply, locked};

/// Serves until told to stop.
pub(crate) async fn serve(world: Arc<World>, listener: TcpListener, mut stop: watch::Receiver<bool>) {
    loop {
        let accepted: Result<(TcpStream, SocketAddr), _> = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => return,
        };
        let Ok((stream, _)) = accepted else { continue };
        let (world, mut stop) = (Arc::clone(&world), stop.clone());
        tokio::spawn(async move {
            let service = service_fn(|request| handle(&world, request));
            let served =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::select! {
                _ = served => {}
                _ = stop.changed() => {}
            }
        });
    }
}

async fn handle(world: &World, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        return Ok(response(Reply::html(413)));
    };
    let reply = route(world, head.method.as_str(), head.uri.path(), &body.to_bytes());
    Ok(response(match reply {
        Ok(value) => Reply::json(200, &value),
        Err((status, message)) => Reply::json(status, &json!({ "error": message })),
    }))
}

type Answered = Result<Value, (u16, String)>;

fn route(world: &World, method: &str, path: &str, body: &[u8]) -> Answered {
    match (method, path) {
        ("POST", "/price") => price(world, read(body)?),
        ("POST", "/fault") => {
            let fault: Fault = read(body)?;
            world.paper(fault.exchange).faults.add(fault);
            Ok(json!({}))
        }
        ("POST", "/fault/clear") => {
            let which: Which = read(body)?;
            world.paper(which.exchange).faults.clear();
            Ok(json!({}))
        }
        ("POST", "/key") => key(world, &read(body)?),
        ("GET", "/orders") => Ok(orders(world)),
        ("GET", "/algos") => Ok(algos(world)),
        ("GET", "/record") => Ok(record(world)),
        ("GET", "/ca") => Ok(json!({ "pem": world.ca_pem })),
        _ => Err((404, format!("there is no {method} {path}"))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Price {
    exchange: Exchange,
    symbol: String,
    price: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    exchange: Exchange,
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, (u16, String)> {
    let value = parse(body).ok_or_else(|| (400, "the body is not JSON".to_owned()))?;
    serde_json::from_value(value).map_err(|error| (400, error.to_string()))
}

fn price(world: &World, asked: Price) -> Answered {
    if world.set_price(asked.exchange, &asked.symbol, &asked.price) {
        return Ok(json!({}));
    }
    Err((400, format!("no symbol `{}`, or `{}` is not a positive decimal", asked.symbol, asked.price)))
}

fn key(world: &World, change: &KeyChange) -> Answered {
    if world.paper(change.exchange).change_key(change) {
        return Ok(json!({}));
    }
    Err((400, "there is no such key".to_owned()))
}

fn algos(world: &World) -> Value {
    let list = |exchange| json!(locked(&world.paper(exchange).engine).algo_snapshots());
    json!({ "binance": list(Exchange::Binance), "okx": list(Exchange::Okx) })
}

fn orders(world: &World) -> Value {
    let list = |exchange| {
        let paper = world.paper(exchange);
        let now = paper.now();
        let mut engine = locked(&paper.engine);
        engine.tick(now);
        json!(engine.snapshots())
    };
    json!({ "binance": list(Exchange::Binance), "okx": list(Exchange::Okx) })
}

fn record(world: &World) -> Value {
    let kept = world.recorder.all();
    let row = |one: &crate::Recorded| json!({ "exchange": one.exchange, "at": one.at, "bytes": STANDARD.encode(&one.bytes) });
    Value::Array(kept.iter().map(row).collect())
}
