//! Answers as bytes: what claviger says itself, and which headers of an exchange's answer a bot may see.

use std::fmt::Display;
use std::io::Write as _;

use claviger_core::DenialClass;
use claviger_door::Refusal;
use claviger_exchange::{Exchange, HttpAnswer};

use crate::sieve::Needles;

/// One whole answer.
pub(crate) struct Answer {
    pub status: u16,
    pub headers: Vec<(Box<str>, Box<[u8]>)>,
    pub body: Vec<u8>,
}

/// How the end of a body is told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Length(u64),
    Chunked,
}

/// Whether the connection stays open after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    Open,
    Close,
}

impl Answer {
    /// Where no exchange's format is known to the client.
    pub(crate) fn plain(status: u16, why: impl Display) -> Self {
        let why = why.to_string().replace(['"', '\\'], "'");
        Self {
            status,
            headers: vec![("content-type".into(), b"application/json".as_slice().into())],
            body: format!("{{\"error\":\"claviger: {why}\"}}").into_bytes(),
        }
    }

    /// In the exchange's own format, with the rule that refused.
    pub(crate) fn refusal(exchange: &dyn Exchange, class: DenialClass, rule: &str, why: &str) -> Self {
        let mut answer = Self::from(exchange.refuse(class, why, None));
        answer.headers.push(("x-claviger-denial".into(), rule.as_bytes().into()));
        answer
    }

    /// The answer as bytes, head and body together.
    pub(crate) fn bytes(&self, after: After) -> Vec<u8> {
        let length = End::Length(u64::try_from(self.body.len()).unwrap_or(u64::MAX));
        let mut bytes = head(self.status, &self.headers, length, after);
        if has_body(self.status) {
            bytes.extend_from_slice(&self.body);
        }
        bytes
    }
}

impl From<HttpAnswer> for Answer {
    fn from(answer: HttpAnswer) -> Self {
        let headers = answer.headers.into_iter().map(|(n, v)| (n.into(), v.into_bytes().into())).collect();
        Self { status: answer.status, headers, body: answer.body.into() }
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let headers = refusal.headers.into_iter().map(|(n, v)| (n, Box::from(v.as_bytes()))).collect();
        Self { status: refusal.status, headers, body: refusal.body.into() }
    }
}

/// The head of an answer. Headers that could break the frame are left out.
pub(crate) fn head(status: u16, headers: &[(Box<str>, Box<[u8]>)], end: End, after: After) -> Vec<u8> {
    let mut head = Vec::with_capacity(1024);
    // Writing into a `Vec` cannot fail.
    let _ = write!(head, "HTTP/1.1 {status} {}\r\n", reason(status));
    for (name, value) in headers.iter().filter(|(name, value)| is_safe(name, value)) {
        head.extend_from_slice(name.as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value);
        head.extend_from_slice(b"\r\n");
    }
    let _ = match end {
        _ if !has_body(status) => Ok(()),
        End::Length(length) => write!(head, "content-length: {length}\r\n"),
        End::Chunked => write!(head, "transfer-encoding: chunked\r\n"),
    };
    head.extend_from_slice(if after == After::Close { b"connection: close\r\n\r\n" } else { b"\r\n" });
    head
}

/// Whether an answer of that status has a body at all.
pub(crate) const fn has_body(status: u16) -> bool {
    !matches!(status, 100..=199 | 204 | 304)
}

const FRAMING: [&str; 6] =
    ["content-length", "transfer-encoding", "connection", "keep-alive", "trailer", "upgrade"];

fn is_safe(name: &str, value: &[u8]) -> bool {
    let token = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    let name_is = !name.is_empty() && name.bytes().all(token);
    let framing = FRAMING.iter().any(|f| name.eq_ignore_ascii_case(f));
    name_is && !framing && value.iter().all(|b| (0x20..0x7f).contains(b))
}

/// What a bot may see of an exchange's headers: what kind of body, when, and how much of its rate limits is used.
pub(crate) fn passed_on<'a>(
    headers: impl Iterator<Item = (&'a str, &'a [u8])>,
    needles: Option<&Needles>,
) -> Vec<(Box<str>, Box<[u8]>)> {
    headers
        .filter(|(name, value)| is_useful(name) && needles.is_none_or(|n| !n.are_in(value)))
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}

/// Claviger's own header on an exchange's answer: why the key was not taken.
pub(crate) fn hint_header(hint: &str) -> (Box<str>, Box<[u8]>) {
    ("x-claviger-hint".into(), hint.as_bytes().into())
}

/// Names are lower case already.
fn is_useful(name: &str) -> bool {
    const NAMES: [&str; 3] = ["content-type", "date", "retry-after"];
    const BEGINNINGS: [&str; 5] = ["x-mbx-", "x-sapi-", "ratelimit", "x-ratelimit", "x-bapi-limit"];
    NAMES.contains(&name) || BEGINNINGS.iter().any(|b| name.starts_with(b))
}

const fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        408 => "Request Timeout",
        413 => "Content Too Large",
        417 => "Expectation Failed",
        418 => "I'm a teapot",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "Answer",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_cannot_be_broken() {
        let headers = [
            ("ok", "yes"),
            ("Content-Length", "5"),
            ("transfer-encoding", "chunked"),
            ("Connection", "close"),
            ("a b", "x"),
            ("", "x"),
            ("x", "a\r\nEvil: y"),
            ("y", "é"),
        ]
        .map(|(n, v)| (n.into(), v.as_bytes().into()));
        let answer = Answer { status: 200, headers: headers.into(), body: b"hi".to_vec() };
        let bytes = String::from_utf8(answer.bytes(After::Close)).unwrap();
        assert_eq!(bytes, "HTTP/1.1 200 OK\r\nok: yes\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi");
        let empty = Answer { status: 204, headers: Vec::new(), body: b"hi".to_vec() };
        assert_eq!(empty.bytes(After::Open), b"HTTP/1.1 204 No Content\r\n\r\n");
    }

    #[test]
    fn few_headers_are_passed_on() {
        let needles = Needles::new("realidrealid");
        let all = [
            ("content-type", "application/json"),
            ("x-mbx-used-weight-1m", "5"),
            ("x-mbx-odd", "xrealidrealidx"),
            ("set-cookie", "a=b"),
            ("location", "https://x/"),
            ("server", "x"),
            ("content-encoding", "identity"),
            ("ratelimit-limit", "5"),
            ("x-claviger-hint", "of the exchange's making"),
            ("x-claviger-denial", "none"),
        ];
        let got = passed_on(all.iter().map(|(n, v)| (*n, v.as_bytes())), Some(&needles));
        let names: Vec<&str> = got.iter().map(|(n, _)| n.as_ref()).collect();
        assert_eq!(names, ["content-type", "x-mbx-used-weight-1m", "ratelimit-limit"]);
    }
}
