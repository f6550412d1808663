//! A verified connection to a pinned host.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::live::Live;
use crate::route::Route;
use crate::socket::{Counted, Watch};

/// Why there is no connection; nothing was sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error("its name cannot be resolved")]
    Resolve(#[source] io::Error),
    #[error("its name leads to private addresses only")]
    Private,
    #[error("no connection within the time limit")]
    Timeout,
    #[error("no connection: {0}")]
    Tcp(io::Error),
    #[error("no verified TLS: {0}")]
    Tls(io::Error),
    #[error("no HTTP: {0}")]
    Http(hyper::Error),
}

/// At least this long for each of a host's addresses, if there is time at all.
const EACH_ADDRESS: Duration = Duration::from_millis(1500);

/// The largest head of an answer, in bytes.
const HEAD: usize = 64 * 1024;

pub(crate) async fn connect(route: &Route, within: Duration) -> Result<Live, ConnectError> {
    timeout(within, dial(route)).await.map_err(|_| ConnectError::Timeout)?
}

async fn dial(route: &Route) -> Result<Live, ConnectError> {
    let stream = tcp(route).await?;
    stream.set_nodelay(true).map_err(ConnectError::Tcp)?;
    let watch = Watch::of(&stream).map_err(ConnectError::Tcp)?;
    let tls = TlsConnector::from(Arc::clone(&route.tls))
        .connect(route.server_name.clone(), stream)
        .await
        .map_err(ConnectError::Tls)?;
    let written = Arc::new(AtomicU64::new(0));
    let counted = Counted { inner: tls, written: Arc::clone(&written) };
    let (sender, driver) = http1::Builder::new()
        .max_buf_size(HEAD)
        .handshake(TokioIo::new(counted))
        .await
        .map_err(ConnectError::Http)?;
    Ok(Live::new(sender, driver, watch, written))
}

async fn tcp(route: &Route) -> Result<TcpStream, ConnectError> {
    let host = (route.authority.host(), route.authority.port());
    let found = tokio::net::lookup_host(host).await.map_err(ConnectError::Resolve)?;
    let addresses: Vec<SocketAddr> = found.filter(|a| route.by_hand || is_public(a.ip())).collect();
    let mut last = ConnectError::Private;
    for (at, address) in addresses.iter().enumerate() {
        let attempt = TcpStream::connect(address);
        let is_last = at + 1 == addresses.len();
        // The last address may take what time is left.
        let outcome =
            if is_last { attempt.await } else { timeout(EACH_ADDRESS, attempt).await.unwrap_or_else(late) };
        match outcome {
            Ok(stream) => return Ok(stream),
            Err(e) => last = ConnectError::Tcp(e),
        }
    }
    Err(last)
}

fn late<T>(_: tokio::time::error::Elapsed) -> io::Result<T> {
    Err(io::ErrorKind::TimedOut.into())
}

/// Whether an address is of the public internet; what is not certain is not.
fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = a == 0
        || a >= 224
        || ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19));
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    // Only 2000::/3 is given out; within it, not documentation, Teredo, 6to4 or other special blocks.
    (0x2000..0x4000).contains(&a)
        && !(a == 0x2001 && (b < 0x200 || b == 0xdb8))
        && a != 0x2002
        && !(a == 0x3fff && b < 0x1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, Upstream};

    #[tokio::test]
    async fn private_addresses_are_dialled_only_where_an_operator_said_so() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let upstream = Upstream {
            exchange: "paper".parse().unwrap(),
            authorities: vec![(
                "spot".parse().unwrap(),
                listener.local_addr().unwrap().to_string().parse().unwrap(),
            )],
            ca_pem: None,
        };
        let mut routes = crate::route::routes(&Config { upstreams: vec![upstream] }).unwrap();
        let route = routes.first_mut().unwrap();
        assert!(tcp(route).await.is_ok());
        route.by_hand = false;
        assert!(matches!(tcp(route).await, Err(ConnectError::Private)));
    }

    #[test]
    fn private_addresses_are_known() {
        for public in
            ["1.1.1.1", "100.63.255.255", "172.32.0.1", "2606:4700::1", "::ffff:8.8.8.8", "192.0.1.1"]
        {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for private in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "192.0.0.8",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
            "2001::1",
            "::127.0.0.1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }
}
