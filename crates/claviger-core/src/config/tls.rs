//! TLS of the bots' listeners.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// TLS of the listeners that other machines reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    pub(super) names: Vec<TlsName>,
    pub(super) chain: Option<PathBuf>,
}

/// A name or address that bots connect to: a DNS name in lower case, or an address in its usual form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsName(Box<str>);

/// Neither a name nor an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither a DNS name in lower case nor an address")]
pub struct NotATlsName;

impl FromStr for TlsName {
    type Err = NotATlsName;

    fn from_str(text: &str) -> Result<Self, NotATlsName> {
        match text.parse::<IpAddr>() {
            Ok(address) if !address.is_unspecified() => Ok(Self(address.to_canonical().to_string().into())),
            Err(_) if super::authority::is_name(text) => Ok(Self(text.into())),
            Ok(_) | Err(_) => Err(NotATlsName),
        }
    }
}

impl Tls {
    /// The names and addresses that bots connect to; at least one. The first one is what claviger tells them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| &*name.0)
    }

    /// The operator's certificate and those above it, in PEM; `None`: a certificate of the listener's own CA.
    #[must_use]
    pub fn chain(&self) -> Option<&Path> {
        self.chain.as_deref()
    }

    /// The first name, as it stands in a URL.
    #[must_use]
    pub fn url_host(&self) -> String {
        let first = self.names().next().unwrap_or_default();
        if first.contains(':') { format!("[{first}]") } else { first.to_owned() }
    }
}

impl fmt::Display for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.names().collect();
        let by = self.chain.as_ref().map_or_else(|| "its own CA".into(), |file| file.display().to_string());
        write!(f, "{} by {by}", names.join(", "))
    }
}
