//! Where requests go, as an operator configures it.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use claviger_core::{ExchangeName, SurfaceName};

/// What an operator says of the way out. Without a word, every surface goes to the first host of its catalogue.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Exchanges that are to be reached elsewhere than by default.
    pub upstreams: Vec<Upstream>,
}

/// Where one exchange is reached.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// Which exchange.
    pub exchange: ExchangeName,
    /// Surfaces with an authority of their own; the others keep the catalogue's. Private addresses are dialled only here.
    pub authorities: Vec<(SurfaceName, Authority)>,
    /// The only certificate authorities to trust for this exchange, in PEM; `None` for the public ones.
    pub ca_pem: Option<Vec<u8>>,
}

/// A host and a port: `api.binance.com`, `localhost:8443`, `127.0.0.1:8443`, `[::1]:8443`; 443 where no port is named.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Authority {
    host: Box<str>,
    port: u16,
}

/// The text is not a host and port.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a host, or a host and a port (`api.example.com`, `localhost:8443`, `[::1]:8443`)")]
pub struct NotAnAuthority(pub Box<str>);

/// The way out cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The certificate file is not PEM.
    #[error("the CA file for {exchange} cannot be read as PEM")]
    Pem {
        /// For which exchange.
        exchange: ExchangeName,
        /// Why.
        #[source]
        source: rustls_pki_types::pem::Error,
    },
    /// The certificate file holds no usable certificate.
    #[error("the CA file for {0} holds no usable certificate")]
    NoCertificate(ExchangeName),
    /// The host cannot be verified by a certificate.
    #[error("`{0}` cannot stand in a certificate")]
    Host(Box<str>),
    /// The TLS library refuses its own defaults.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
}

impl Authority {
    /// The host, without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl FromStr for Authority {
    type Err = NotAnAuthority;

    fn from_str(text: &str) -> Result<Self, NotAnAuthority> {
        let bad = || NotAnAuthority(text.chars().take(100).collect::<String>().into());
        let (host, port) = match text.strip_prefix('[').and_then(|t| t.split_once(']')) {
            Some((host, rest)) => (host, rest.strip_prefix(':').or(rest.is_empty().then_some("443"))),
            None => text.split_once(':').map_or((text, Some("443")), |(h, p)| (h, Some(p))),
        };
        let port = port
            .filter(|p| p.bytes().all(|b| b.is_ascii_digit()) && !p.starts_with('0'))
            .and_then(|p| p.parse().ok())
            .ok_or_else(bad)?;
        let known = if text.starts_with('[') {
            host.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv6())
        } else {
            is_host(host)
        };
        if known { Ok(Self { host: host.to_ascii_lowercase().into(), port }) } else { Err(bad()) }
    }
}

fn is_host(text: &str) -> bool {
    let label = |l: &str| {
        (1..=63).contains(&l.len())
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !l.starts_with('-')
            && !l.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

impl fmt::Display for Authority {
    /// As it stands in a Host header: without the port where it is 443.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.host.contains(':'), self.port) {
            (false, 443) => f.write_str(&self.host),
            (false, port) => write!(f, "{}:{port}", self.host),
            (true, 443) => write!(f, "[{}]", self.host),
            (true, port) => write!(f, "[{}]:{port}", self.host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities() {
        for (text, printed) in [
            ("api.binance.com", "api.binance.com"),
            ("API.binance.com:443", "api.binance.com"),
            ("localhost:8443", "localhost:8443"),
            ("127.0.0.1:1", "127.0.0.1:1"),
            ("[::1]:8443", "[::1]:8443"),
            ("[::1]", "[::1]"),
        ] {
            assert_eq!(text.parse::<Authority>().unwrap().to_string(), printed);
        }
        for bad in [
            "",
            ":",
            "a:",
            "a:0",
            "a:080",
            "a:+8",
            "a:65536",
            "a b",
            "a/b",
            "u@a",
            "[::1",
            "[a]:1",
            "::1",
            "a..b",
            "-a",
            "a-",
            ".a",
            "a.",
            "a?b",
            "a#b",
            "é",
            "a:1:2",
            "[::1]x",
            "[127.0.0.1]:1",
        ] {
            assert!(bad.parse::<Authority>().is_err(), "{bad}");
        }
    }
}
