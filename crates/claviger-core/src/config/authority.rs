//! Hosts, and things that may differ by surface.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::SurfaceName;

/// A host and a port, written `host` or `host:port`; without a port it is 443.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Authority {
    host: Box<str>,
    port: u16,
}

/// The text is not a host with an optional port.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a host with an optional port, like `testnet.example.com` or `127.0.0.1:9443`")]
pub struct NotAnAuthority;

impl Authority {
    /// The host: a DNS name in lower case, an IPv4 address, or an IPv6 address without brackets.
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
        if let Some((host, rest)) = text.strip_prefix('[').and_then(|t| t.split_once(']')) {
            let host: Ipv6Addr = host.parse().map_err(|_| NotAnAuthority)?;
            let port =
                if rest.is_empty() { 443 } else { port(rest.strip_prefix(':').ok_or(NotAnAuthority)?)? };
            return Ok(Self { host: host.to_string().into(), port });
        }
        let (host, port) = match text.split_once(':') {
            Some((host, text)) => (host, port(text)?),
            None => (text, 443),
        };
        if host.parse::<Ipv4Addr>().is_ok() || is_name(host) {
            Ok(Self { host: host.into(), port })
        } else {
            Err(NotAnAuthority)
        }
    }
}

fn port(text: &str) -> Result<u16, NotAnAuthority> {
    let plain = !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| plain).ok_or(NotAnAuthority)
}

/// A DNS name in lower case whose last label is not a number.
pub(super) fn is_name(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    host.len() <= 253 && host.split('.').all(label) && last.bytes().any(|b| b.is_ascii_lowercase())
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let v6 = self.host.contains(':');
        if v6 { write!(f, "[{}]:{}", self.host, self.port) } else { write!(f, "{}:{}", self.host, self.port) }
    }
}

/// One value for every surface of an exchange, or one for each that is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BySurface<T> {
    /// For every surface.
    All(T),
    /// For each; a surface that is not here has the built-in value.
    Each(BTreeMap<SurfaceName, T>),
}

impl<T> BySurface<T> {
    /// The value for a surface.
    #[must_use]
    pub fn of(&self, surface: &SurfaceName) -> Option<&T> {
        match self {
            Self::All(value) => Some(value),
            Self::Each(values) => values.get(surface),
        }
    }
}

impl<T: fmt::Display> fmt::Display for BySurface<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(value) => fmt::Display::fmt(value, f),
            Self::Each(values) => {
                let parts: Vec<String> = values.iter().map(|(s, v)| format!("{s} = {v}")).collect();
                f.write_str(&parts.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_and_one_port() {
        for (text, printed) in [
            ("api.binance.com", "api.binance.com:443"),
            ("127.0.0.1:9443", "127.0.0.1:9443"),
            ("localhost:1", "localhost:1"),
            ("[::1]:9443", "[::1]:9443"),
            ("[::1]", "[::1]:443"),
        ] {
            assert_eq!(text.parse::<Authority>().unwrap().to_string(), printed);
        }
        for bad in [
            "",
            ":1",
            "a:",
            "a:0",
            "a:01",
            "a:65536",
            "a:+1",
            "https://a",
            "a/b",
            "a@b",
            "a b",
            "A.com",
            "a..b",
            "-a.com",
            "1.2.3",
            "1.2.3.4.5",
            "0x7f.1",
            "::1",
            "[::1",
            "[::1]x",
            "[a]",
            "a:1:2",
            "a\n",
        ] {
            assert!(bad.parse::<Authority>().is_err(), "{bad}");
        }
    }
}
