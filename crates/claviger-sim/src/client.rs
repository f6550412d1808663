//! What a small bot needs to speak to an exchange, or to a gateway in its place: HMAC signatures and one request over
//! plain HTTP. For demonstrations and tests; like the rest of this crate it shares no code with the gateway.

use std::net::SocketAddr;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use thiserror::Error;
use tokio::net::TcpStream;

use crate::json::parse;

/// A request, kept so that it can be sent again byte for byte.
#[derive(Clone)]
pub struct Call {
    /// The verb.
    pub method: &'static str,
    /// Path and query.
    pub target: String,
    /// Headers but for Host.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

/// What came back.
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub text: String,
    /// The body as JSON; null where it is none.
    pub body: Value,
}

impl Answer {
    /// The first header of that name, in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// A request got no whole answer.
#[derive(Debug, Error)]
pub enum CallError {
    /// Nobody listens there.
    #[error("cannot connect to {to}")]
    Connect {
        /// Where.
        to: SocketAddr,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The request cannot be written.
    #[error("the request cannot be written")]
    Request(#[source] hyper::http::Error),
    /// The connection failed.
    #[error("the connection failed")]
    Connection(#[from] hyper::Error),
}

impl Call {
    /// Sends it over a connection of its own.
    pub async fn send(&self, to: SocketAddr) -> Result<Answer, CallError> {
        let stream = TcpStream::connect(to).await.map_err(|source| CallError::Connect { to, source })?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let mut request =
            hyper::Request::builder().method(self.method).uri(&self.target).header("host", to.to_string());
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Full::new(Bytes::from(self.body.clone()))).map_err(CallError::Request)?;
        let (head, body) = sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        let text =
            |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Ok(Answer {
            status: head.status.as_u16(),
            headers: head.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
            text: String::from_utf8_lossy(&body).into_owned(),
            body: parse(&body).unwrap_or_default(),
        })
    }
}

/// HMAC-SHA256 in lower-case hexadecimal, as Binance wants it.
pub fn hmac_hex(secret: &str, message: &str) -> String {
    hex::encode(hmac(secret, message))
}

/// HMAC-SHA256 in base64, as OKX wants it.
pub fn hmac_base64(secret: &str, message: &str) -> String {
    STANDARD.encode(hmac(secret, message))
}

fn hmac(secret: &str, message: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), message.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2.
    #[test]
    fn signatures_are_those_of_the_standard() {
        let hex = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hmac_hex("Jefe", "what do ya want for nothing?"), hex);
        assert_eq!(
            hmac_base64("Jefe", "what do ya want for nothing?"),
            "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="
        );
    }
}
