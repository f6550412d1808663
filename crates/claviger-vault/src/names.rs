//! The names that secrets are filed under and bound to.

use std::fmt;
use std::str::FromStr;

/// Why a text is not a name of its kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be {rule}")]
pub struct NotAName {
    what: &'static str,
    rule: &'static str,
}

/// How others name a real key: 1 to 64 of `a-z`, `0-9`, `-`, `_`, `.`, starting with a letter or digit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyRef(Box<str>);

impl KeyRef {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyRef {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let rule = "1 to 64 of a-z, 0-9, `-`, `_` and `.`, starting with a letter or digit";
        let first = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let rest = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b));
        if first && rest && text.len() <= 64 {
            Ok(Self(text.into()))
        } else {
            Err(NotAName { what: "the name of a key", rule })
        }
    }
}

impl fmt::Display for KeyRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an exchange calls the key; it goes into requests, and never to a bot. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyId(Box<str>);

impl KeyId {
    /// The id as it is sent to the exchange.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyId {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        if (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(Self(text.into()))
        } else {
            Err(NotAName { what: "the exchange's id of a key", rule: "1 to 255 visible ASCII characters" })
        }
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyId(…)")
    }
}

/// The id of a virtual key, as the bot sends it: 1 to 64 of letters, digits and `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VirtualId(Box<str>);

impl VirtualId {
    /// The id as the bot sends it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn minted(text: String) -> Self {
        Self(text.into())
    }
}

impl FromStr for VirtualId {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        if (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            Ok(Self(text.into()))
        } else {
            Err(NotAName { what: "the id of a virtual key", rule: "1 to 64 letters, digits and `-`" })
        }
    }
}

impl fmt::Display for VirtualId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a secret is sealed to: it signs for this exchange, this environment and these hosts, and for nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    exchange: Box<str>,
    environment: Box<str>,
    hosts: Vec<Box<str>>,
}

impl Binding {
    /// `exchange` and `environment`: 1 to 32 of `a-z`, `0-9`, `-`. `hosts`: at most 64 authorities in lower case
    /// (`host` or `host:port`), which are compared as text.
    pub fn new(exchange: &str, environment: &str, hosts: &[&str]) -> Result<Self, NotAName> {
        let mut hosts = hosts.iter().map(|h| host(h)).collect::<Result<Vec<_>, _>>()?;
        hosts.sort();
        hosts.dedup();
        if hosts.len() > 64 {
            return Err(NotAName { what: "the list of hosts", rule: "at most 64 long" });
        }
        Ok(Self { exchange: word(exchange)?, environment: word(environment)?, hosts })
    }

    /// The exchange's name.
    #[must_use]
    pub fn exchange(&self) -> &str {
        &self.exchange
    }

    /// The exchange's environment, such as `live` or `testnet`.
    #[must_use]
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// The authorities that signed requests may go to, sorted.
    pub fn hosts(&self) -> impl ExactSizeIterator<Item = &str> {
        self.hosts.iter().map(AsRef::as_ref)
    }

    /// Whether a request to `to` may be signed.
    #[must_use]
    pub fn covers(&self, to: Destination<'_>) -> bool {
        *self.exchange == *to.exchange
            && *self.environment == *to.environment
            && self.hosts.iter().any(|h| **h == *to.host)
    }
}

/// Where the request to be signed will be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Destination<'a> {
    /// The exchange's name.
    pub exchange: &'a str,
    /// Its environment.
    pub environment: &'a str,
    /// The authority that the connection goes to.
    pub host: &'a str,
}

fn word(text: &str) -> Result<Box<str>, NotAName> {
    let fine = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if fine && (1..=32).contains(&text.len()) {
        Ok(text.into())
    } else {
        Err(NotAName { what: "an exchange or environment", rule: "1 to 32 of a-z, 0-9 and `-`" })
    }
}

fn host(text: &str) -> Result<Box<str>, NotAName> {
    let fine = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.:[]".contains(&b));
    if fine && (1..=255).contains(&text.len()) {
        Ok(text.into())
    } else {
        Err(NotAName { what: "a host", rule: "1 to 255 of a-z, 0-9, `-`, `.`, `:` and brackets" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_names() {
        for good in ["binance-main", "0", "a_b.c", &"x".repeat(64)] {
            assert_eq!(good.parse::<KeyRef>().unwrap().as_str(), good);
        }
        for bad in ["", "-a", ".a", "A", "a b", "a/b", "\u{e9}", "a\0", &"x".repeat(65)] {
            assert!(bad.parse::<KeyRef>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn ids() {
        for bad in ["", "a b", "a\n", "\u{e9}", &"x".repeat(256)] {
            assert!(bad.parse::<KeyId>().is_err(), "{bad:?}");
            assert!(bad.parse::<VirtualId>().is_err(), "{bad:?}");
        }
        assert!(!format!("{:?}", "canary".parse::<KeyId>().unwrap()).contains("canary"));
    }

    #[test]
    fn a_binding_covers_exactly_its_own() {
        let binding = Binding::new("okx", "live", &["www.okx.com", "eea.okx.com:8443"]).unwrap();
        let to = |exchange, environment, host| binding.covers(Destination { exchange, environment, host });
        assert!(to("okx", "live", "www.okx.com"));
        assert!(to("okx", "live", "eea.okx.com:8443"));
        assert!(!to("okx", "live", "eea.okx.com"));
        assert!(!to("okx", "live", "okx.com"));
        assert!(!to("okx", "live", "WWW.OKX.COM"));
        assert!(!to("okx", "live", "www.okx.com."));
        assert!(!to("okx", "live", ""));
        assert!(!to("okx", "demo", "www.okx.com"));
        assert!(!to("binance", "live", "www.okx.com"));
    }

    #[test]
    fn odd_bindings_are_refused() {
        assert!(Binding::new("", "live", &[]).is_err());
        assert!(Binding::new("okx", "Live", &[]).is_err());
        assert!(Binding::new("okx", "live", &[""]).is_err());
        assert!(Binding::new("okx", "live", &["a/b"]).is_err());
        let many: Vec<String> = (0..65).map(|i| format!("h{i}")).collect();
        assert!(Binding::new("okx", "live", &many.iter().map(String::as_str).collect::<Vec<_>>()).is_err());
    }
}
