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
        let mut text = *b"cv00000000000000000000000000";
        text.get_mut(2..)?.copy_from_slice(&self.letters());
        std::str::from_utf8(&text).ok()?.parse().ok()
    }

    fn letters(self) -> [u8; LENGTH] {
        let mut text = [b'0'; LENGTH];
        let mut rest = self.0;
        for letter in text.iter_mut().rev() {
            let digit = usize::try_from(rest & 31).unwrap_or_default();
            *letter = ALPHABET.get(digit).copied().unwrap_or(b'0');
            rest >>= 5;
        }
        text
    }
}

impl fmt::Display for IntentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.letters()).map_err(|_| fmt::Error)?)
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

/// One order of the ledger: the intent that placed it, and the number of its step there, from 0.
///
/// Written as the intent's id; with a point and the step behind it where that is not 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegId {
    intent: IntentId,
    step: u16,
}

impl LegId {
    /// The order that a step of an intent placed.
    #[must_use]
    pub const fn new(intent: IntentId, step: u16) -> Self {
        Self { intent, step }
    }

    /// The intent.
    #[must_use]
    pub const fn intent(self) -> IntentId {
        self.intent
    }

    /// The number of the step, from 0.
    #[must_use]
    pub const fn step(self) -> u16 {
        self.step
    }

    /// The client order id that claviger gives an order whose bot named none: `cv`, the intent's id, and for a step other
    /// than the first two more; 28 or 30 characters of `0-9a-z`, within every exchange's grammar. `None` from step 1024 on.
    #[must_use]
    pub fn client_order_id(self) -> Option<ClientOrderId> {
        if self.step == 0 {
            return self.intent.client_order_id();
        }
        let letter = |n: u16| ALPHABET.get(usize::from(n)).copied().map(char::from);
        let (high, low) = (letter(self.step >> 5)?, letter(self.step & 31)?);
        format!("cv{}{high}{low}", self.intent).parse().ok()
    }
}

impl From<IntentId> for LegId {
    fn from(intent: IntentId) -> Self {
        Self::new(intent, 0)
    }
}

impl fmt::Display for LegId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            0 => write!(f, "{}", self.intent),
            step => write!(f, "{}.{step}", self.intent),
        }
    }
}

impl fmt::Debug for LegId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for LegId {
    type Err = NotAnIntentId;

    fn from_str(text: &str) -> Result<Self, NotAnIntentId> {
        let Some((intent, step)) = text.split_once('.') else { return text.parse().map(IntentId::into) };
        let bad = || NotAnIntentId(text.chars().take(40).collect::<String>().into());
        let plain = step.bytes().all(|b| b.is_ascii_digit()) && !step.starts_with('0');
        let step = step.parse().ok().filter(|_| plain).ok_or_else(bad)?;
        Ok(Self::new(intent.parse()?, step))
    }
}

impl Serialize for LegId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for LegId {
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

    #[test]
    fn an_order_is_named_by_intent_and_step() {
        let intent = IntentId::new(7);
        for step in [0, 1, 31, 32, 1023] {
            let id = LegId::new(intent, step);
            assert_eq!(id.to_string().parse(), Ok(id));
            let client = id.client_order_id().unwrap();
            assert_eq!(client.as_str().len(), if step == 0 { 28 } else { 30 });
        }
        assert_eq!(LegId::from(intent).to_string(), intent.to_string());
        assert_eq!(LegId::new(intent, 1024).client_order_id(), None);
        assert_ne!(LegId::new(intent, 1).client_order_id(), LegId::new(intent, 32).client_order_id());
        for bad in [
            "00000000000000000000000007.",
            "00000000000000000000000007.0",
            "00000000000000000000000007.01",
            ".1",
        ] {
            assert!(bad.parse::<LegId>().is_err(), "{bad}");
        }
    }
}
