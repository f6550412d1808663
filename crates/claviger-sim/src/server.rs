//! The HTTPS front of a paper exchange: TLS, HTTP/1.1, the record and the faults.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::fault::FaultKind;
use crate::record::{Recorded, Recorder};
use crate::venue::{Ask, Paper, Reply, machine_ms};
use crate::wire::{Wire, WireStream};

/// Bodies above this are refused.
pub(crate) const MAX_BODY: usize = 1024 * 1024;

/// One exchange's front.
pub(crate) struct Front {
    pub(crate) paper: Arc<Paper>,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) acceptor: TlsAcceptor,
}

/// Accepts until told to stop; open connections end with it.
pub(crate) async fn serve(front: Arc<Front>, listener: TcpListener, mut stop: watch::Receiver<bool>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (front, mut stop) = (Arc::clone(&front), stop.clone());
                tokio::spawn(async move {
                    tokio::select! {
                        () = connection(&front, stream, peer) => {}
                        _ = stop.changed() => {}
                    }
                });
            }
            // Out of descriptors, most likely: let others close first.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn connection(front: &Front, stream: TcpStream, peer: SocketAddr) {
    let _ = stream.set_nodelay(true);
    let stream = match front.acceptor.accept(stream).await {
        Ok(stream) => stream,
        Err(error) => return tracing::debug!(%error, "no TLS"),
    };
    let wire = Wire::new();
    let io = TokioIo::new(WireStream::new(stream, Arc::clone(&wire)));
    let service = service_fn(|request| one(front, &wire, peer.ip(), request));
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .keep_alive(true)
        .half_close(false)
        .serve_connection(io, service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "connection ended");
    }
    record(front, wire.take_request(None));
}

async fn one(
    front: &Front,
    wire: &Wire,
    peer: IpAddr,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Cut> {
    wire.cut_after(usize::MAX);
    let (head, body) = request.into_parts();
    let length = body.size_hint().exact().and_then(|exact| usize::try_from(exact).ok());
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        return Ok(response(too_large()));
    };
    record(front, wire.take_request(length));
    let ask = Ask {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        target: head.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        headers: head.headers,
        body: body.to_bytes().to_vec(),
        peer,
    };
    answer(front, wire, &ask).await
}

async fn answer(front: &Front, wire: &Wire, ask: &Ask) -> Result<Response<Full<Bytes>>, Cut> {
    let faults = &front.paper.faults;
    faults.while_hanging(&ask.path).await;
    let met = faults.take(&ask.method, &ask.path);
    let executed = met.iter().all(|fault| fault.executed);
    let mut reply = if executed { front.paper.answer(ask) } else { Reply::html(503) };
    for fault in met {
        match fault.kind {
            FaultKind::Cut(0) => return Err(Cut),
            FaultKind::Cut(after) => wire.cut_after(after),
            FaultKind::DelayMs(late) => tokio::time::sleep(Duration::from_millis(late)).await,
            FaultKind::Html(status) => reply = Reply::html(status),
            FaultKind::Close => return Err(Cut),
            FaultKind::NoPrices { .. } => reply = Reply::html(500),
            FaultKind::ClockMs(_) => {}
        }
    }
    Ok(response(reply))
}

/// The connection is to end with nothing written.
#[derive(Debug, thiserror::Error)]
#[error("closed as ordered")]
pub(crate) struct Cut;

impl From<Infallible> for Cut {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

fn record(front: &Front, bytes: Vec<u8>) {
    if !bytes.is_empty() {
        front.recorder.keep(Recorded { exchange: front.paper.exchange, at: machine_ms(), bytes });
    }
}

fn too_large() -> Reply {
    let mut reply = Reply::html(413);
    reply.headers.push(("connection", "close".to_owned()));
    reply
}

/// Turns an answer into hyper's form.
pub(crate) fn response(reply: Reply) -> Response<Full<Bytes>> {
    let mut builder = Response::builder().status(reply.status).header("content-type", reply.content_type);
    for (name, value) in reply.headers {
        builder = builder.header(name, value);
    }
    builder.body(Full::new(Bytes::from(reply.body))).unwrap_or_default()
}
