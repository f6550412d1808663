//! One request over plain HTTP, as small bots make them.

use std::net::SocketAddr;

use claviger_door::Exit;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::failure::Failure;

/// A request, kept so that it can be sent again byte for byte.
#[derive(Clone)]
pub struct Call {
    /// The verb.
    pub method: &'static str,
    /// Path and query, with claviger's prefix.
    pub target: String,
    /// Headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

/// What came back.
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The rule by which claviger refused, if it did.
    pub rule: Option<String>,
    /// Every header and the body, as text.
    pub whole: String,
    /// The body.
    pub body: serde_json::Value,
}

/// Sends a request to the gateway.
pub async fn send(to: SocketAddr, call: &Call) -> Result<Answer, Failure> {
    let failed = |e: &dyn std::error::Error| {
        Failure::new(Exit::Demo, format!("the bot cannot reach claviger at {to}")).caused_by(e)
    };
    let stream = TcpStream::connect(to).await.map_err(|e| failed(&e))?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|e| failed(&e))?;
    tokio::spawn(connection);
    let mut request =
        hyper::Request::builder().method(call.method).uri(&call.target).header("host", to.to_string());
    for (name, value) in &call.headers {
        request = request.header(*name, value);
    }
    let request = request.body(Full::new(Bytes::from(call.body.clone()))).map_err(|e| failed(&e))?;
    let answer = sender.send_request(request).await.map_err(|e| failed(&e))?;
    let (head, body) = answer.into_parts();
    let body = body.collect().await.map_err(|e| failed(&e))?.to_bytes();
    let rule = head.headers.get("x-claviger-denial").and_then(|v| v.to_str().ok()).map(ToOwned::to_owned);
    let whole = format!("{:?}\n{}", head.headers, String::from_utf8_lossy(&body));
    Ok(Answer { status: head.status.as_u16(), rule, whole, body: json(&body) })
}

#[expect(
    clippy::disallowed_methods,
    reason = "shown to people; nothing is decided by it but the demonstration's own verdict"
)]
fn json(body: &[u8]) -> serde_json::Value {
    serde_json::from_slice(body).unwrap_or_default()
}
