//! Numbers, through one strict grammar.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number that is zero or more, exactly as it can be written with at most 15 significant digits.
///
/// Grammar: `^(0|[1-9][0-9]{0,14})(\.[0-9]{1,18})?$`, and no more than 15 digits from the first that is not zero to the
/// last that is not zero. So it survives a reader that parses it as a 64-bit float, and no sign, exponent,
/// underscore or leading zero has a second meaning. Trailing zeros are dropped: `1.50` prints as `1.5`.
///
/// Arithmetic is checked and may carry more digits than the grammar admits; [`Decimal::floor_to`] brings a result back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Decimal(rust_decimal::Decimal);

/// The text is not a plain decimal number of at most 15 significant digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a plain decimal number (digits, at most one point, at most 15 significant digits)")]
pub struct NotADecimal(pub Box<str>);

const INTEGER_DIGITS: usize = 15;
const FRACTION_DIGITS: usize = 18;
const SIGNIFICANT_DIGITS: usize = 15;

impl FromStr for Decimal {
    type Err = NotADecimal;

    fn from_str(text: &str) -> Result<Self, NotADecimal> {
        let bad = || NotADecimal(text.chars().take(40).collect::<String>().into());
        let (whole, fraction) = match text.split_once('.') {
            Some((whole, fraction)) if (1..=FRACTION_DIGITS).contains(&fraction.len()) => (whole, fraction),
            Some(_) => return Err(bad()),
            None => (text, ""),
        };
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let leading = whole.len() > 1 && whole.starts_with('0');
        if whole.is_empty() || whole.len() > INTEGER_DIGITS || leading || !digits(whole) || !digits(fraction)
        {
            return Err(bad());
        }
        let all = format!("{whole}{fraction}");
        if all.trim_matches('0').len() > SIGNIFICANT_DIGITS {
            return Err(bad());
        }
        rust_decimal::Decimal::from_str_exact(text).map(|n| Self(n.normalize())).map_err(|_| bad())
    }
}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self(rust_decimal::Decimal::ZERO);
    /// The largest number there is.
    pub(crate) const MAX: Self = Self(rust_decimal::Decimal::MAX);
    /// One.
    pub const ONE: Self = Self(rust_decimal::Decimal::ONE);

    /// A whole number.
    #[must_use]
    pub fn from_u64(n: u64) -> Self {
        Self(rust_decimal::Decimal::from(n))
    }

    /// Whether it is zero.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// The sum; `None` if it does not fit.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self::tidy)
    }

    /// The difference; `None` if it would be below zero.
    #[must_use]
    pub fn minus(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).filter(|n| !n.is_sign_negative() || n.is_zero()).map(Self::tidy)
    }

    /// The difference, or zero where it would be below zero.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        self.minus(other).unwrap_or(Self::ZERO)
    }

    /// The product; `None` if it does not fit.
    #[must_use]
    pub fn times(self, other: Self) -> Option<Self> {
        self.0.checked_mul(other.0).map(Self::tidy)
    }

    /// The quotient; `None` if `other` is zero or the result does not fit.
    #[must_use]
    pub fn over(self, other: Self) -> Option<Self> {
        self.0.checked_div(other.0).map(Self::tidy)
    }

    /// The largest multiple of `step` that is not above this number; `None` if `step` is zero.
    #[must_use]
    pub fn floor_to(self, step: Self) -> Option<Self> {
        let rest = self.0.checked_rem(step.0)?;
        self.0.checked_sub(rest).map(Self::tidy)
    }

    /// The smallest multiple of `step` that is not below this number; `None` if `step` is zero or it does not fit.
    #[must_use]
    pub fn ceil_to(self, step: Self) -> Option<Self> {
        let floor = self.floor_to(step)?;
        if floor == self { Some(floor) } else { floor.plus(step) }
    }

    /// The smallest number of at most `digits` digits after the point that is not below this one.
    #[must_use]
    pub fn rounded_up(self, digits: u32) -> Self {
        Self::tidy(self.0.round_dp_with_strategy(digits, rust_decimal::RoundingStrategy::AwayFromZero))
    }

    /// Whether it is written within the grammar of this type, so that any reader reads the same number.
    #[must_use]
    pub fn is_plain(self) -> bool {
        self.to_string().parse::<Self>() == Ok(self)
    }

    /// What a number that may be below zero is above it.
    pub(crate) fn above_zero(n: rust_decimal::Decimal) -> Self {
        if n.is_sign_negative() { Self::ZERO } else { Self::tidy(n) }
    }

    pub(crate) const fn into_inner(self) -> rust_decimal::Decimal {
        self.0
    }

    fn tidy(n: rust_decimal::Decimal) -> Self {
        Self(n.normalize())
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    /// Reads what [`Serialize`] wrote: results of arithmetic may have more digits than the grammar for outside text.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        plain
            .then(|| rust_decimal::Decimal::from_str_exact(&text).ok())
            .flatten()
            .map(Self::tidy)
            .ok_or_else(|| serde::de::Error::custom(NotADecimal(text.as_ref().into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_grammar() {
        for good in ["0", "1", "0.1", "10.50", "0.00000001", "123456789012345", "0.000000000000000001"] {
            assert!(good.parse::<Decimal>().is_ok(), "{good}");
        }
        for bad in [
            "",
            ".",
            "1.",
            ".5",
            "00",
            "01",
            "+1",
            "-1",
            "1e5",
            "1E5",
            "1_000",
            " 1",
            "1 ",
            "0x1",
            "NaN",
            "inf",
            "１",
            "1234567890123456",
            "1.234567890123456",
            "0.0000000000000000001",
            "1.2.3",
            "1,5",
        ] {
            assert!(bad.parse::<Decimal>().is_err(), "{bad}");
        }
    }

    #[test]
    fn prints_one_way() {
        for (text, printed) in [("1.50", "1.5"), ("0.0", "0"), ("100", "100"), ("0.10", "0.1")] {
            assert_eq!(text.parse::<Decimal>().unwrap().to_string(), printed);
        }
    }

    #[test]
    fn rounds_to_steps() {
        let n = |t: &str| t.parse::<Decimal>().unwrap();
        assert_eq!(n("1.23456").floor_to(n("0.01")), Some(n("1.23")));
        assert_eq!(n("1.23456").ceil_to(n("0.01")), Some(n("1.24")));
        assert_eq!(n("1.23").ceil_to(n("0.01")), Some(n("1.23")));
        assert_eq!(n("1").floor_to(Decimal::ZERO), None);
        assert_eq!(n("1").minus(n("2")), None);
        assert_eq!(n("1.000000001").rounded_up(8), n("1.00000001"));
        assert_eq!(n("1.00000001").rounded_up(8), n("1.00000001"));
        assert_eq!(n("999999999999999").rounded_up(8), n("999999999999999"));
    }
}
