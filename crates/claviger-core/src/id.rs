//! The number of an intent, and what is derived from it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ClientOrderId;

/// The number of one state-changing request, unique within a home; whoever makes it sees to that.
///
/// Written as 26 characters of `0-9a-z` without i, l, o, u: so ids made from a time and a counter sort by time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IntentId(u128);

/// The text is not the number of an intent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an intent id (26 of 0-9, a-z without i, l, o, u)")]
pub struct NotAnIntentId(pub Box<str>);

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH: usize = 26;

impl IntentId {
    /// The intent with this number: the caller's time in the upper bits and a counter or random bits in the lower ones.
    #[must_use]
    pub const fn new(number: u128) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u128 {
        self.0
    }

    /// The client order id that claviger gives an order whose bot named none: `cv` and this id, 28 characters of
    /// `0-9a-z`, within every exchange's grammar.
    #[must_use]
    pub fn client_order_id(self) -> Option<ClientOrderId> {
        format!("cv{self}").parse().ok()
    }
}

impl fmt::Display for IntentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for place in (0..LENGTH).rev() {
            let digit = usize::try_from((self.0 >> (5 * place)) & 31).unwrap_or_default();
            let letter = ALPHABET.get(digit).copied().unwrap_or(b'0');
            write!(f, "{}", char::from(letter))?;
        }
        Ok(())
    }
}

impl fmt::Debug for IntentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for IntentId {
    type Err = NotAnIntentId;

    fn from_str(text: &str) -> Result<Self, NotAnIntentId> {
        let bad = || NotAnIntentId(text.chars().take(40).collect::<String>().into());
        let fits = text.len() == LENGTH && text.as_bytes().first().is_some_and(|b| (b'0'..=b'7').contains(b));
        if !fits {
            return Err(bad());
        }
        text.bytes()
            .try_fold(0u128, |number, b| {
                let digit = ALPHABET.iter().position(|a| *a == b)?;
                Some((number << 5) | u128::try_from(digit).ok()?)
            })
            .map(Self)
            .ok_or_else(bad)
    }
}

impl Serialize for IntentId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for IntentId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_and_reads_back() {
        for number in [0, 1, 31, 32, u128::from(u64::MAX), u128::MAX] {
            let id = IntentId::new(number);
            assert_eq!(id.to_string().len(), 26);
            assert_eq!(id.to_string().parse(), Ok(id));
            assert!(id.client_order_id().is_some());
        }
        for bad in [
            "",
            "0",
            "8zzzzzzzzzzzzzzzzzzzzzzzzz",
            "0000000000000000000000000i",
            "0000000000000000000000000A",
        ] {
            assert!(bad.parse::<IntentId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn sorts_as_text_as_by_number() {
        assert!(IntentId::new(31).to_string() < IntentId::new(32).to_string());
    }
}
