//! Names, each with its own grammar.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The text does not fit the grammar of the name it was to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {wanted}")]
pub struct NotAName {
    /// What was given, cut to 64 characters.
    pub text: Box<str>,
    /// What was wanted, with its grammar.
    pub wanted: &'static str,
}

// A name is copied into the entry, the ledger and the budgets of every order, so copies share one text.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $wanted:literal, $max:literal, $fits:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl FromStr for $name {
            type Err = NotAName;

            fn from_str(text: &str) -> Result<Self, NotAName> {
                let fits: fn(u8) -> bool = $fits;
                if !text.is_empty() && text.len() <= $max && text.bytes().all(fits) {
                    Ok(Self(text.into()))
                } else {
                    Err(NotAName { text: text.chars().take(64).collect::<String>().into(), wanted: $wanted })
                }
            }
        }

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

const fn lower_name(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'
}

const fn own_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'-' || b == b'_'
}

name!(
    /// An exchange, as configuration spells it: `binance`, `okx`.
    ExchangeName, "the name of an exchange (1 to 32 of a-z, 0-9, -)", 32, lower_name
);
name!(
    /// One of an exchange's interfaces, with hosts, paths and rules of its own: `spot`, `usdm`.
    SurfaceName, "the name of a surface (1 to 32 of a-z, 0-9, -)", 32, lower_name
);
name!(
    /// A bot, as its operator calls it.
    BotName, "the name of a bot (1 to 64 of A-Z, a-z, 0-9, -, _)", 64, own_name
);
name!(
    /// A real key, as its operator calls it. It names the secret and never holds it.
    KeyName, "the name of a key (1 to 64 of A-Z, a-z, 0-9, -, _)", 64, own_name
);
name!(
    /// Several bots that have limits together, as their operator calls them.
    GroupName, "the name of a group (1 to 64 of A-Z, a-z, 0-9, -, _)", 64, own_name
);
name!(
    /// An instrument as the exchange spells it: 1 to 40 ASCII capitals, digits, `-` or `_`.
    Symbol, "a symbol (1 to 40 of A-Z, 0-9, -, _)", 40,
    |b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-' || b == b'_'
);
name!(
    /// A currency or coin: 1 to 20 ASCII capitals or digits.
    Asset, "an asset (1 to 20 of A-Z, 0-9)", 20, |b| b.is_ascii_uppercase() || b.is_ascii_digit()
);
name!(
    /// The client's own name for an order: 1 to 36 of `[.A-Z:/a-z0-9_-]`; exchanges narrow it further.
    ClientOrderId, "a client order id (1 to 36 of A-Z, a-z, 0-9, . : / _ -)", 36,
    |b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b':' | b'/' | b'_' | b'-')
);
