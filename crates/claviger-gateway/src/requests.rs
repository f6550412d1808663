//! The requests of one connection, one after the other.

use claviger_core::Method;
use claviger_door::{Door, Received, Way};
use claviger_exchange::{Exchange, Surface};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::answer::{After, Answer};
use crate::front::{self, Bad, Framing, Target};
use crate::link::Link;
use crate::serve::{Asked, Shared, serve};
use crate::tunnel::Tunnel;
use crate::wire::{Broken, Wire};

/// What decides where the requests of a connection go.
pub(crate) enum Route {
    /// The prefix of each path; CONNECT is possible.
    Prefix,
    /// The port: always this surface.
    Own(&'static dyn Exchange, &'static Surface),
    /// The host of a tunnel.
    Tunnel(Tunnel),
}

/// A request head, in pieces of its own.
struct Parsed {
    method: Method,
    path: Box<str>,
    query: Option<Box<str>>,
    host: Box<str>,
    headers: Vec<(Box<str>, Box<[u8]>)>,
    framing: Framing,
    after: After,
}

enum Line {
    Request(Parsed),
    Connect { host: Box<str>, port: u16, named: Option<Box<str>> },
}

enum Next {
    Go(After),
    Tunnel(Tunnel),
    NoMore,
}

/// Headers that say nothing to an exchange: frames, hops and what the client is made of.
const LEFT_OUT: [&str; 12] = [
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "keep-alive",
    "te",
    "proxy-connection",
    "proxy-authorization",
    "accept",
    "accept-encoding",
    "accept-language",
    "user-agent",
];

/// Serves requests until the connection ends; returns it where the client asked for a tunnel.
pub(crate) async fn requests<S, D>(
    mut wire: Wire<S>,
    link: &mut Link,
    route: &Route,
    shared: &Shared<D>,
) -> Option<(Wire<S>, Tunnel)>
where
    S: AsyncRead + AsyncWrite + Unpin,
    D: Door,
{
    let mut stop = shared.stop.clone();
    loop {
        let answer = match one(&mut wire, link, route, (shared, &mut stop)).await {
            Ok(Next::Go(After::Open)) if !*shared.stop.borrow() => continue,
            Ok(Next::Tunnel(tunnel)) => return Some((wire, tunnel)),
            Ok(Next::Go(_) | Next::NoMore) => break,
            Err(Broken::Bad(bad)) => Answer::plain(bad.status(), bad),
            Err(Broken::Late) => Answer::plain(408, "the request did not come in time"),
            Err(Broken::Gone) => return None,
        };
        if wire.write(&answer.bytes(After::Close)).await.is_err() {
            return None;
        }
        break;
    }
    wire.end().await;
    None
}

async fn one<S, D>(
    wire: &mut Wire<S>,
    link: &mut Link,
    route: &Route,
    (shared, stop): (&Shared<D>, &mut tokio::sync::watch::Receiver<bool>),
) -> Result<Next, Broken>
where
    S: AsyncRead + AsyncWrite + Unpin,
    D: Door,
{
    let Some((end, began)) = wire.head(stop).await? else { return Ok(Next::NoMore) };
    let line = line(wire.waiting().get(..end).unwrap_or_default())?;
    wire.took(end);
    let parsed = match line {
        Line::Connect { host, port, named } => {
            let early = !wire.waiting().is_empty();
            return connect(wire, route, (host, port, named), early).await;
        }
        Line::Request(parsed) => parsed,
    };
    let body = wire.body(parsed.framing, &shared.large).await?;
    let after = if *stop.borrow() { After::Close } else { parsed.after };
    let (place, way) = match place(route, &parsed) {
        Ok(found) => found,
        Err(bad) => return Err(bad.into()),
    };
    let Some((exchange, surface, path)) = place else {
        let answer = Answer::plain(404, "this path belongs to no exchange that is served here");
        wire.write(&answer.bytes(after)).await?;
        return Ok(Next::Go(after));
    };
    let received = Box::new(Received {
        peer: link.peer(way, shared.owner.as_ref()).await,
        exchange: exchange.exchange_name(),
        surface: exchange.surface_name(surface),
        method: parsed.method,
        prefix: matches!(route, Route::Prefix).then(|| surface.prefix.into()),
        path,
        query: parsed.query,
        headers: parsed.headers,
        body: body.bytes.into(),
        waited_ms: u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX),
    });
    serve(wire, link, Asked { exchange, surface, received, after }, shared).await.map(Next::Go)
}

type Place = Option<(&'static dyn Exchange, &'static Surface, Box<str>)>;

/// Which exchange and surface, and the path there.
fn place(route: &Route, parsed: &Parsed) -> Result<(Place, Way), Bad> {
    let path = &*parsed.path;
    match route {
        Route::Prefix => {
            let found = claviger_exchange::by_prefix(path);
            Ok((found.map(|(exchange, surface, rest)| (exchange, surface, rest.into())), Way::Base))
        }
        Route::Own(exchange, surface) => Ok((Some((*exchange, *surface, path.into())), Way::Base)),
        Route::Tunnel(tunnel) if tunnel.is_host(&parsed.host) => {
            let surface = tunnel.exchange.surface_of(&tunnel.host, path);
            Ok((surface.map(|s| (tunnel.exchange, s, path.into())), Way::Connect))
        }
        Route::Tunnel(_) => Err(Bad::Malformed("a Host other than the tunnel's")),
    }
}

async fn connect<S>(
    wire: &mut Wire<S>,
    route: &Route,
    (host, port, named): (Box<str>, u16, Option<Box<str>>),
    early: bool,
) -> Result<Next, Broken>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if !matches!(route, Route::Prefix) {
        return Err(Bad::Method.into());
    }
    if early {
        return Err(Bad::Malformed("bytes behind CONNECT before it was answered").into());
    }
    let host = host.to_ascii_lowercase();
    let same = named.is_none_or(|named| {
        let named = named.to_ascii_lowercase();
        named == host
            || named.strip_prefix(host.as_str()).and_then(|p| p.strip_prefix(':')) == Some(&*port.to_string())
    });
    if !same {
        return Err(Bad::Malformed("CONNECT with another Host").into());
    }
    match claviger_exchange::by_host(&host).filter(|_| port == 443) {
        Some(exchange) => Ok(Next::Tunnel(Tunnel { exchange, host: host.into() })),
        None => {
            let answer = Answer::plain(403, "tunnels lead to listed exchange hosts at port 443 only");
            wire.write(&answer.bytes(After::Close)).await?;
            Ok(Next::Go(After::Close))
        }
    }
}

fn line(head: &[u8]) -> Result<Line, Bad> {
    let mut room = front::room();
    let head = front::parse(head, &mut room)?;
    Ok(match head.target {
        Target::Connect { host, port } => {
            Line::Connect { host: host.into(), port, named: head.host.map(Into::into) }
        }
        Target::Origin { method, path, query } => Line::Request(Parsed {
            method,
            path: path.into(),
            query: query.map(Into::into),
            host: head.host.unwrap_or_default().into(),
            headers: head
                .headers
                .iter()
                .filter(|h| !LEFT_OUT.iter().any(|left| h.name.eq_ignore_ascii_case(left)))
                .map(|h| (h.name.into(), h.value.into()))
                .collect(),
            framing: head.framing,
            after: if head.close { After::Close } else { After::Open },
        }),
    })
}
