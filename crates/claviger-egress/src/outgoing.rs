//! One request, ready to be written as often as it may be: once, and once more if no byte of it was.

use std::time::Duration;

use claviger_core::{ExchangeName, Method, SurfaceName};
use claviger_door::{Returns, SignedParts, SignedRequest};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING, USER_AGENT,
};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Request, Uri};

use crate::PublicRequest;
use crate::pool::Owner;

/// An answer that the keep reads, or that is shown to it.
const SHOWN: usize = 1024 * 1024;

/// An answer that is passed on as it comes.
const STREAMED: usize = 64 * 1024 * 1024;

/// A public request is not signed for a moment, so it may wait as long as a connection may take.
const PUBLIC_WAIT: Duration = Duration::from_secs(10);

pub(crate) struct Outgoing {
    pub exchange: ExchangeName,
    pub surface: SurfaceName,
    pub owner: Owner,
    pub method: Method,
    pub target: Uri,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub may_wait: Duration,
    pub answer_limit: usize,
}

/// The request cannot be written as HTTP; nothing was sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unwritable {
    #[error("its target would not arrive as it was signed")]
    Target,
    #[error("one of its headers cannot be written")]
    Header,
}

impl Outgoing {
    pub(crate) fn signed(request: SignedRequest) -> Result<Self, Unwritable> {
        let parts: SignedParts = request.into_parts();
        let mut headers = HeaderMap::with_capacity(parts.headers.len() + 4);
        for (name, value) in parts.headers {
            // The bytes stay in the box that wipes them when the last user lets go.
            add(&mut headers, &name, Bytes::from_owner(value))?;
        }
        let answer_limit = match parts.returns {
            Returns::Stream => STREAMED,
            Returns::Shown | Returns::House => SHOWN,
        };
        Ok(Self {
            exchange: parts.exchange,
            surface: parts.surface,
            owner: Owner::Key(parts.pool),
            method: parts.method,
            target: target(&parts.target)?,
            headers,
            body: Bytes::from(parts.body),
            may_wait: Duration::from_millis(parts.ttl_ms.into()),
            answer_limit,
        })
    }

    pub(crate) fn public(request: PublicRequest) -> Result<Self, Unwritable> {
        let PublicRequest { intent_endpoint: endpoint, printed } = request;
        let mut headers = HeaderMap::with_capacity(printed.headers.len() + 4);
        for (name, value) in printed.headers {
            add(&mut headers, &name, Bytes::from(value))?;
        }
        Ok(Self {
            exchange: endpoint.exchange,
            surface: endpoint.surface,
            owner: Owner::Public,
            method: printed.method,
            target: target(&printed.target)?,
            headers,
            body: Bytes::from(printed.body),
            may_wait: PUBLIC_WAIT,
            answer_limit: STREAMED,
        })
    }

    /// The request, with the headers that are the way out's own.
    pub(crate) fn request(&self, host: &HeaderValue) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = match self.method {
            Method::Get => hyper::Method::GET,
            Method::Post => hyper::Method::POST,
            Method::Put => hyper::Method::PUT,
            Method::Delete => hyper::Method::DELETE,
        };
        *request.uri_mut() = self.target.clone();
        let mut headers = self.headers.clone();
        headers.insert(HOST, host.clone());
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        headers
            .entry(USER_AGENT)
            .or_insert(HeaderValue::from_static(concat!("claviger/", env!("CARGO_PKG_VERSION"))));
        *request.headers_mut() = headers;
        request
    }
}

fn add(headers: &mut HeaderMap, name: &str, value: Bytes) -> Result<(), Unwritable> {
    let name = HeaderName::try_from(name).map_err(|_| Unwritable::Header)?;
    let framing = [HOST, CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION].contains(&name);
    let mut value = HeaderValue::from_maybe_shared(value).map_err(|_| Unwritable::Header)?;
    value.set_sensitive(true);
    if framing || headers.insert(name, value).is_some() { Err(Unwritable::Header) } else { Ok(()) }
}

/// The target, if the HTTP library will write exactly these bytes (it drops fragments, for one).
fn target(text: &str) -> Result<Uri, Unwritable> {
    let uri = text.parse::<Uri>().map_err(|_| Unwritable::Target)?;
    let same = uri.path_and_query().is_some_and(|p| p.as_str() == text);
    if same && text.starts_with('/') && uri.authority().is_none() { Ok(uri) } else { Err(Unwritable::Target) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_arrive_as_they_were_signed() {
        for good in ["/", "/api/v3/order", "/api?a=%20b&c=[1]", "/a?b=c/d?e", "/a?x=%C3%A9", "/a?"] {
            assert_eq!(target(good).unwrap().path_and_query().unwrap().as_str(), good);
        }
        for bad in [
            "",
            "a",
            "*",
            "https://evil/",
            "//evil/a#b",
            "/a#b",
            "/a?b#c",
            "/a b",
            "/a\r\nX: y",
            "/a?\u{e9}\n",
        ] {
            assert!(target(bad).is_err(), "{bad}");
        }
    }
}
