//! The strict reader of request heads: bytes in, a [`Head`] or [`Bad`] out.
//!
//! Nothing is repaired, decoded, folded or guessed: what two readers could understand in two ways is refused.
//! This module must not know sockets, exchanges or the keep.

use claviger_core::Method;
use httparse::{EMPTY_HEADER, Header};

/// The longest head, in bytes, with the empty line that ends it.
pub const MAX_HEAD: usize = 16 * 1024;

/// The most headers.
pub const MAX_HEADERS: usize = 64;

/// The longest body, in bytes.
pub const MAX_BODY: usize = 1024 * 1024;

/// Why a request is refused before anybody looks at its meaning. The connection is closed after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Bad {
    /// It is not HTTP/1.1 in its plainest form.
    #[error("the request is malformed: {0}")]
    Malformed(&'static str),
    /// The head does not end in time or is too long.
    #[error("the request head is longer than 16 KiB or has more than 64 headers")]
    LongHead,
    /// The body is too long.
    #[error("the request body is longer than 1 MiB")]
    LongBody,
    /// Another version of HTTP.
    #[error("only version 1.1 of HTTP is spoken here")]
    Version,
    /// A verb that no exchange uses.
    #[error("the method must be GET, POST, PUT, DELETE or CONNECT")]
    Method,
    /// `Expect`.
    #[error("expectations are not met here: send the body with the head")]
    Expectation,
    /// `Upgrade`.
    #[error("this connection cannot be upgraded")]
    Upgrade,
}

impl Bad {
    /// The status that tells it.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed(_) => 400,
            Self::LongHead => 431,
            Self::LongBody => 413,
            Self::Version => 505,
            Self::Method | Self::Upgrade => 501,
            Self::Expectation => 417,
        }
    }
}

/// The head of one request; every part as received.
#[derive(Debug)]
pub struct Head<'h, 'b> {
    /// What is asked.
    pub target: Target<'b>,
    /// The one Host; `None` only for CONNECT in HTTP/1.0, which older clients send without one.
    pub host: Option<&'b str>,
    /// How the body is delimited.
    pub framing: Framing,
    /// Whether the client wants the connection closed after the answer.
    pub close: bool,
    /// Every header, in order; no name stands twice.
    pub headers: &'h [Header<'b>],
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'b> {
    /// An origin-form target.
    Origin {
        /// The verb.
        method: Method,
        /// The path: segments of `[A-Za-z0-9._~-]`, none empty, `.` or `..`; or `/` alone.
        path: &'b str,
        /// What followed the first `?`: visible ASCII without `#`.
        query: Option<&'b str>,
    },
    /// `CONNECT host:port`.
    Connect {
        /// The host, as sent.
        host: &'b str,
        /// The port.
        port: u16,
    },
}

/// How a body is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// By its length; 0 where nothing is said.
    Length(usize),
    /// In chunks.
    Chunked,
}

/// Room for headers, to be lent to [`parse`].
#[must_use]
pub const fn room<'b>() -> [Header<'b>; MAX_HEADERS] {
    [EMPTY_HEADER; MAX_HEADERS]
}

/// The length of the head at the beginning of `bytes`, with its empty line; `None` if it does not end yet.
///
/// `seen` is how much of `bytes` was looked at before and is moved on, so that a slow head is read once.
///
/// # Errors
/// Any byte that may not stand in a head, as soon as it is there.
pub fn head_end(bytes: &[u8], seen: &mut usize) -> Result<Option<usize>, Bad> {
    let mut at = *seen;
    while let Some(byte) = bytes.get(at) {
        match byte {
            0x20..=0x7e => {}
            b'\r' => match bytes.get(at + 1) {
                Some(b'\n') => {
                    if bytes.get(..at).is_some_and(|before| before.ends_with(b"\r\n")) {
                        *seen = at + 2;
                        return fits(at + 2).map(Some);
                    }
                    at += 1;
                }
                Some(_) => return Err(Bad::Malformed("a carriage return without a line feed")),
                None => break,
            },
            b'\n' => return Err(Bad::Malformed("a line feed without a carriage return")),
            _ => return Err(Bad::Malformed("a byte that is not visible ASCII")),
        }
        at += 1;
    }
    *seen = at;
    fits(at)?;
    Ok(None)
}

const fn fits(length: usize) -> Result<usize, Bad> {
    if length > MAX_HEAD { Err(Bad::LongHead) } else { Ok(length) }
}

/// Reads a head that [`head_end`] has delimited.
///
/// # Errors
/// See [`Bad`].
pub fn parse<'h, 'b>(head: &'b [u8], room: &'h mut [Header<'b>; MAX_HEADERS]) -> Result<Head<'h, 'b>, Bad> {
    let text = std::str::from_utf8(head).map_err(|_| Bad::Malformed("a byte that is not visible ASCII"))?;
    let (line, rest) = text.split_once("\r\n").ok_or(Bad::Malformed("no request line"))?;
    let (target, version) = request_line(line)?;
    let headers = headers(rest.as_bytes(), room)?;
    let facts = Facts::of(headers)?;
    let old_connect = matches!(target, Target::Connect { .. }) && version == Version::Http10;
    match (version, facts.host) {
        (Version::Http11, Some(_)) => {}
        (Version::Http11, None) => return Err(Bad::Malformed("no Host")),
        (Version::Http10, _) if old_connect => {}
        (Version::Http10, _) => return Err(Bad::Version),
    }
    if matches!(target, Target::Connect { .. }) && facts.framing() != Framing::Length(0) {
        return Err(Bad::Malformed("a body with CONNECT"));
    }
    Ok(Head { target, host: facts.host, framing: facts.framing(), close: facts.close, headers })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    Http10,
    Http11,
}

fn request_line(line: &str) -> Result<(Target<'_>, Version), Bad> {
    let mut words = line.split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(Bad::Malformed("a request line that is not `METHOD target HTTP/1.1`"));
    };
    let method = match method {
        "GET" => Some(Method::Get),
        "POST" => Some(Method::Post),
        "PUT" => Some(Method::Put),
        "DELETE" => Some(Method::Delete),
        "CONNECT" => None,
        _ => return Err(Bad::Method),
    };
    let version = match version {
        "HTTP/1.1" => Version::Http11,
        "HTTP/1.0" => Version::Http10,
        _ => return Err(Bad::Version),
    };
    let target = method.map_or_else(|| authority(target), |method| origin(method, target))?;
    Ok((target, version))
}

fn origin(method: Method, target: &str) -> Result<Target<'_>, Bad> {
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let segments = path.strip_prefix('/').ok_or(Bad::Malformed("a target that is not a path"))?;
    let plain = segments.is_empty() || segments.split('/').all(is_segment);
    if !plain {
        return Err(Bad::Malformed("a path with odd characters, empty or dot segments"));
    }
    if query.is_some_and(|q| !q.bytes().all(|b| b.is_ascii_graphic() && b != b'#')) {
        return Err(Bad::Malformed("a query with odd characters"));
    }
    Ok(Target::Origin { method, path, query })
}

fn is_segment(segment: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'~' | b'-');
    !segment.is_empty() && segment != "." && segment != ".." && segment.bytes().all(plain)
}

fn authority(target: &str) -> Result<Target<'_>, Bad> {
    let bad = Bad::Malformed("CONNECT to something that is not `host:port`");
    let (host, port) = target.split_once(':').ok_or(bad)?;
    if !is_host(host) { Err(bad) } else { Ok(Target::Connect { host, port: port_number(port).ok_or(bad)? }) }
}

fn is_host(host: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    (1..=253).contains(&host.len())
        && host.bytes().all(plain)
        && !host.starts_with('.')
        && !host.contains("..")
}

fn port_number(text: &str) -> Option<u16> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    plain.then(|| text.parse().ok()).flatten()
}

/// `host`, `host:port` or `[address]:port`.
fn is_host_header(value: &str) -> bool {
    if let Some((address, rest)) = value.strip_prefix('[').and_then(|v| v.split_once(']')) {
        let port = rest.is_empty() || rest.strip_prefix(':').and_then(port_number).is_some();
        return address.parse::<std::net::Ipv6Addr>().is_ok() && port;
    }
    match value.split_once(':') {
        Some((host, port)) => is_host(host) && port_number(port).is_some(),
        None => is_host(value),
    }
}

fn headers<'h, 'b>(
    bytes: &'b [u8],
    room: &'h mut [Header<'b>; MAX_HEADERS],
) -> Result<&'h [Header<'b>], Bad> {
    if bytes.starts_with(b" ") || memchr::memmem::find(bytes, b"\r\n ").is_some() {
        return Err(Bad::Malformed("a folded header"));
    }
    match httparse::parse_headers(bytes, room) {
        Ok(httparse::Status::Complete((length, headers))) if length == bytes.len() => Ok(headers),
        Ok(_) => Err(Bad::Malformed("a header block that does not end where the head ends")),
        Err(httparse::Error::TooManyHeaders) => Err(Bad::LongHead),
        Err(_) => Err(Bad::Malformed("a header that cannot be read")),
    }
}

/// What the headers say of the request's frame.
#[derive(Default)]
struct Facts<'b> {
    host: Option<&'b str>,
    length: Option<usize>,
    chunked: bool,
    close: bool,
}

impl<'b> Facts<'b> {
    fn of(headers: &[Header<'b>]) -> Result<Self, Bad> {
        let mut facts = Self::default();
        for (at, header) in headers.iter().enumerate() {
            if headers.iter().take(at).any(|h| h.name.eq_ignore_ascii_case(header.name)) {
                return Err(Bad::Malformed("a header that stands twice"));
            }
            facts.note(header)?;
        }
        if facts.chunked && facts.length.is_some() {
            return Err(Bad::Malformed("Content-Length together with Transfer-Encoding"));
        }
        Ok(facts)
    }

    fn note(&mut self, header: &Header<'b>) -> Result<(), Bad> {
        let value =
            std::str::from_utf8(header.value).map_err(|_| Bad::Malformed("a value that is not ASCII"))?;
        match Known::of(header.name) {
            Known::Host if is_host_header(value) => self.host = Some(value),
            Known::Host => return Err(Bad::Malformed("a Host that is not `host` or `host:port`")),
            Known::ContentLength => self.length = Some(content_length(value)?),
            Known::TransferEncoding if value.eq_ignore_ascii_case("chunked") => self.chunked = true,
            Known::TransferEncoding => {
                return Err(Bad::Malformed("a Transfer-Encoding other than `chunked`"));
            }
            Known::Connection => self.close = connection(value)?,
            Known::Expect => return Err(Bad::Expectation),
            Known::Upgrade => return Err(Bad::Upgrade),
            Known::Trailer => return Err(Bad::Malformed("trailers")),
            Known::Other => {}
        }
        Ok(())
    }

    fn framing(&self) -> Framing {
        if self.chunked { Framing::Chunked } else { Framing::Length(self.length.unwrap_or(0)) }
    }
}

/// Headers that decide where a request ends or where it goes.
enum Known {
    Host,
    ContentLength,
    TransferEncoding,
    Connection,
    Expect,
    Upgrade,
    Trailer,
    Other,
}

impl Known {
    fn of(name: &str) -> Self {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        match name.len() {
            4 if is("host") => Self::Host,
            6 if is("expect") => Self::Expect,
            7 if is("upgrade") => Self::Upgrade,
            7 if is("trailer") => Self::Trailer,
            10 if is("connection") => Self::Connection,
            14 if is("content-length") => Self::ContentLength,
            17 if is("transfer-encoding") => Self::TransferEncoding,
            _ => Self::Other,
        }
    }
}

/// Digits only, without a leading zero.
fn content_length(value: &str) -> Result<usize, Bad> {
    let plain = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    if !plain || (value.len() > 1 && value.starts_with('0')) {
        return Err(Bad::Malformed("a Content-Length that is not a plain number"));
    }
    value.parse().ok().filter(|length| *length <= MAX_BODY).ok_or(Bad::LongBody)
}

/// Whether the client asks for the connection to be closed; other options than `close` and `keep-alive` are refused.
fn connection(value: &str) -> Result<bool, Bad> {
    if value.eq_ignore_ascii_case("keep-alive") {
        Ok(false)
    } else if value.eq_ignore_ascii_case("close") {
        Ok(true)
    } else if value.split(',').any(|option| option.trim().eq_ignore_ascii_case("upgrade")) {
        Err(Bad::Upgrade)
    } else {
        Err(Bad::Malformed("a Connection option other than `close` or `keep-alive`"))
    }
}

#[cfg(test)]
mod tests;
