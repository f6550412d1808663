//! Amounts of an asset.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Asset, Decimal};

/// An amount of one asset, written as `1000 USDT`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Money {
    /// How much.
    pub amount: Decimal,
    /// Of what.
    pub asset: Asset,
}

/// The text is not an amount and an asset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an amount and an asset with one space between, like `1000 USDT`")]
pub struct NotMoney(pub Box<str>);

impl Money {
    /// An amount of an asset.
    #[must_use]
    pub const fn new(amount: Decimal, asset: Asset) -> Self {
        Self { amount, asset }
    }
}

impl FromStr for Money {
    type Err = NotMoney;

    fn from_str(text: &str) -> Result<Self, NotMoney> {
        let bad = || NotMoney(text.chars().take(64).collect::<String>().into());
        let (amount, asset) = text.split_once(' ').ok_or_else(bad)?;
        Ok(Self { amount: amount.parse().map_err(|_| bad())?, asset: asset.parse().map_err(|_| bad())? })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.asset)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    /// Reads what [`Serialize`] wrote; the amount may be a result of arithmetic.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        let bad = || serde::de::Error::custom(NotMoney(text.chars().take(64).collect::<String>().into()));
        let (amount, asset) = text.split_once(' ').ok_or_else(bad)?;
        let amount = Decimal::deserialize(serde::de::value::StrDeserializer::<D::Error>::new(amount))?;
        Ok(Self { amount, asset: asset.parse().map_err(|_| bad())? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_one_form_only() {
        assert_eq!("1000.50 USDT".parse::<Money>().unwrap().to_string(), "1000.5 USDT");
        for bad in [
            "",
            "1000",
            "USDT",
            "1000USDT",
            "1000  USDT",
            " 1000 USDT",
            "1000 usdt",
            "-1 USDT",
            "1e3 USDT",
            "1 USDT ",
        ] {
            assert!(bad.parse::<Money>().is_err(), "{bad}");
        }
    }
}
