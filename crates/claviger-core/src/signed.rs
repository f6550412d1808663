//! Numbers that may be below zero, as exchanges tell what is held.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Decimal, NotADecimal};

/// A number of at most 12 digits after the point, which may be below zero.
///
/// Grammar: `^-?[0-9]{1,15}(\.[0-9]{1,40})?$`, without a leading zero that another digit follows. Of longer fractions the
/// digits beyond the twelfth are dropped, so that a sum of what is held stays exact.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Signed(rust_decimal::Decimal);

const INTEGER_DIGITS: usize = 15;
const FRACTION_DIGITS: usize = 40;
const KEPT_DIGITS: usize = 12;

impl FromStr for Signed {
    type Err = NotADecimal;

    fn from_str(text: &str) -> Result<Self, NotADecimal> {
        let bad = || NotADecimal(text.chars().take(64).collect::<String>().into());
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = match digits.split_once('.') {
            Some((whole, fraction)) if (1..=FRACTION_DIGITS).contains(&fraction.len()) => (whole, fraction),
            Some(_) => return Err(bad()),
            None => (digits, ""),
        };
        let are_digits = whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit());
        let leading = whole.len() > 1 && whole.starts_with('0');
        if !(1..=INTEGER_DIGITS).contains(&whole.len()) || leading || !are_digits {
            return Err(bad());
        }
        let kept = fraction.get(..KEPT_DIGITS.min(fraction.len())).unwrap_or_default();
        let short = if kept.is_empty() { whole.to_owned() } else { format!("{whole}.{kept}") };
        let n = rust_decimal::Decimal::from_str_exact(&short).map_err(|_| bad())?;
        let negative = digits.len() < text.len() && !n.is_zero();
        Ok(Self(if negative { -n } else { n }.normalize()))
    }
}

impl Signed {
    /// Zero.
    pub const ZERO: Self = Self(rust_decimal::Decimal::ZERO);

    /// Whether it is zero.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// Whether it is below zero.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self < Self::ZERO
    }

    /// The same amount on the other side of zero.
    #[must_use]
    pub fn negated(self) -> Self {
        Self(-self.0)
    }

    /// The sum; `None` if it does not fit.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(|n| Self(n.normalize()))
    }

    /// The difference; `None` if it does not fit.
    #[must_use]
    pub fn minus(self, other: Self) -> Option<Self> {
        self.plus(other.negated())
    }

    /// How far it is above zero; zero where it is below.
    #[must_use]
    pub fn above_zero(self) -> Decimal {
        Decimal::above_zero(self.0)
    }
}

impl From<Decimal> for Signed {
    fn from(n: Decimal) -> Self {
        Self(n.into_inner())
    }
}

impl fmt::Display for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for Signed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Signed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_exchanges_tell() {
        for (text, read) in [
            ("0", "0"),
            ("0.00000000", "0"),
            ("-0.000", "0"),
            ("-12.50", "-12.5"),
            ("123456789.12345678", "123456789.12345678"),
            ("10679.688460531643092577", "10679.688460531643"),
            ("-0.00000000000000000001", "0"),
        ] {
            assert_eq!(text.parse::<Signed>().unwrap().to_string(), read, "{text}");
        }
        let long = format!("0.{}", "1".repeat(41));
        for bad in
            ["", "-", ".", "1.", ".5", "01", "-01", "+1", "--1", "1e5", "1_0", " 1", "1 ", "NaN", &long]
        {
            assert!(bad.parse::<Signed>().is_err(), "{bad}");
        }
        assert!("1234567890123456".parse::<Signed>().is_err(), "16 digits before the point");
    }

    #[test]
    fn counts_on_both_sides_of_zero() {
        let n = |text: &str| text.parse::<Signed>().unwrap();
        assert_eq!(n("1.5").minus(n("2")), Some(n("-0.5")));
        assert_eq!(n("-0.5").above_zero(), Decimal::ZERO);
        assert_eq!(n("0.5").above_zero().to_string(), "0.5");
        assert!(n("-0.5").is_negative() && !n("-0").is_negative());
    }
}
