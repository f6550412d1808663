//! Numbers, through one strict grammar.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number that is zero or more, exactly as it can be written with at most 15 significant digits.
///
/// Grammar: `^(0|[1-9][0-9]{0,14})(\.[0-9]{1,18})?$`, and no more than 15 digits from the first that is not zero to the
/// last that is not zero. So it survives a reader that parses it as a 64-bit float, and no sign, exponent,
/// underscore or leading zero has a second meaning. Trailing zeros are dropped: `1.50` prints as `1.5`.
///
/// Arithmetic is checked and may carry more digits than the grammar admits; [`Decimal::floor_to`] brings a result back.
#[derive(Clone, Copy, Default)]
pub struct Decimal(rust_decimal::Decimal);

/// The text is not a plain decimal number of at most 15 significant digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a plain decimal number (digits, at most one point, at most 15 significant digits)")]
pub struct NotADecimal(pub Box<str>);

const INTEGER_DIGITS: usize = 15;
const FRACTION_DIGITS: usize = 18;
const SIGNIFICANT_DIGITS: usize = 15;
/// The first mantissa of one digit too many.
const PLAIN: i128 = 1_000_000_000_000_000;
const FRACTION_SCALE: u32 = 18;

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
        rust_decimal::Decimal::from_str_exact(text).map(Self::tidy).map_err(|_| bad())
    }
}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self(rust_decimal::Decimal::ZERO);
    /// The largest number there is.
    pub(crate) const MAX: Self = Self(rust_decimal::Decimal::MAX);
    /// A hundredth.
    pub(crate) const HUNDREDTH: Self = Self(rust_decimal::Decimal::from_parts(1, 0, 0, false, 2));
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
        if self.is_zero() || other.is_zero() {
            return Some(if self.is_zero() { other } else { self });
        }
        let short = self.aligned(other).and_then(|(a, b, scale)| short(a.checked_add(b)?, scale));
        short.or_else(|| self.0.checked_add(other.0).map(Self::tidy))
    }

    /// The difference; `None` if it would be below zero.
    #[must_use]
    pub fn minus(self, other: Self) -> Option<Self> {
        if other.is_zero() {
            return Some(self);
        }
        let short = self.aligned(other).and_then(|(a, b, scale)| short(a.checked_sub(b)?, scale));
        let slow = || self.0.checked_sub(other.0).filter(|n| !n.is_sign_negative() || n.is_zero());
        short.or_else(|| slow().map(Self::tidy))
    }

    /// The difference, or zero where it would be below zero.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        self.minus(other).unwrap_or(Self::ZERO)
    }

    /// The product; `None` if it does not fit.
    #[must_use]
    pub fn times(self, other: Self) -> Option<Self> {
        let scale = self.0.scale().saturating_add(other.0.scale());
        let product = self.digits().zip(other.digits()).and_then(|(a, b)| short(a.saturating_mul(b), scale));
        product.or_else(|| self.0.checked_mul(other.0).map(Self::tidy))
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
        if self.0.scale() <= digits {
            return self;
        }
        Self::tidy(self.0.round_dp_with_strategy(digits, rust_decimal::RoundingStrategy::AwayFromZero))
    }

    /// Whether it is written within the grammar of this type, so that any reader reads the same number.
    #[must_use]
    pub fn is_plain(self) -> bool {
        // Trailing zeros are dropped, so the mantissa has the significant digits and no more than the number is written with.
        self.0.mantissa() < PLAIN && self.0.scale() <= FRACTION_SCALE
    }

    /// What a number that may be below zero is above it.
    pub(crate) fn above_zero(n: rust_decimal::Decimal) -> Self {
        if n.is_sign_negative() { Self::ZERO } else { Self::tidy(n) }
    }

    pub(crate) const fn into_inner(self) -> rust_decimal::Decimal {
        self.0
    }

    /// Drops trailing zeros. Most numbers have none, and most others are small: those need no division of 96 bits.
    fn tidy(n: rust_decimal::Decimal) -> Self {
        let short = u64::try_from(n.mantissa()).ok().and_then(|digits| short(digits.into(), n.scale()));
        short.unwrap_or_else(|| Self(n.normalize()))
    }
}

impl Decimal {
    /// All digits, where they are no more than 64 bits.
    fn digits(self) -> Option<u128> {
        u64::try_from(self.0.mantissa()).ok().map(u128::from)
    }

    /// The digits of both at one scale, where the exact sum and difference of both surely fit.
    ///
    /// The library does the same over words of 32 bits; nearly every number here fits into one of 64.
    fn aligned(self, other: Self) -> Option<(u128, u128, u32)> {
        let scale = self.0.scale().max(other.0.scale());
        let digits = |n: Self| {
            let by = 10_u64.checked_pow(scale.saturating_sub(n.0.scale()))?;
            Some(n.digits()?.saturating_mul(u128::from(by)))
        };
        Some((digits(self)?, digits(other)?, scale))
    }
}

/// A number of so many digits after the point without trailing zeros, where its digits fit into 64 bits.
fn short(digits: u128, mut scale: u32) -> Option<Decimal> {
    let mut digits = u64::try_from(digits).ok()?;
    if digits == 0 {
        return Some(Decimal::ZERO);
    }
    while scale > 0 && digits.is_multiple_of(10) {
        (digits, scale) = (digits / 10, scale.saturating_sub(1));
    }
    if scale > rust_decimal::Decimal::MAX_SCALE {
        return None;
    }
    let (low, high) = (u32::try_from(digits & 0xffff_ffff).ok()?, u32::try_from(digits >> 32).ok()?);
    Some(Decimal(rust_decimal::Decimal::from_parts(low, high, 0, false, scale)))
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match self.aligned(*other) {
            Some((a, b, _)) => a.cmp(&b),
            None => self.0.cmp(&other.0),
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Decimal {
    /// Without trailing zeros, every number is written in one way.
    fn eq(&self, other: &Self) -> bool {
        (self.0.mantissa(), self.0.scale()) == (other.0.mantissa(), other.0.scale())
    }
}

impl Eq for Decimal {}

impl Hash for Decimal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.0.mantissa(), self.0.scale()).hash(state);
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
    /// Any number that the library has, more often small ones than large ones.
    fn any() -> impl proptest::strategy::Strategy<Value = rust_decimal::Decimal> {
        use proptest::prelude::*;
        let digits = prop_oneof![
            Just(0),
            1..1_000_u128,
            (1..1_000_u128, 0..24_u32).prop_map(|(n, zeros)| n * 10_u128.pow(zeros)),
            any::<u64>().prop_map(u128::from),
            any::<u128>().prop_map(|n| n >> 32),
        ];
        (digits, 0..=28_u32).prop_map(|(n, scale)| {
            let n = i128::try_from(n).unwrap();
            rust_decimal::Decimal::from_i128_with_scale(n, scale)
        })
    }

    proptest::proptest! {
        /// Counting in 64 bits where that is enough says what the library says.
        #[test]
        fn short_ways_lead_to_the_same(a in any(), b in any(), digits in 0..20_u32) {
            let slow = |n: Option<rust_decimal::Decimal>| n.map(|n| n.normalize().to_string());
            let fast = |n: Option<Decimal>| n.map(|n| n.to_string());
            let (x, y) = (Decimal::tidy(a), Decimal::tidy(b));
            let (a, b) = (a.normalize(), b.normalize());
            assert_eq!(x.to_string(), a.to_string());
            assert_eq!(fast(x.plus(y)), slow(a.checked_add(b)));
            assert_eq!(fast(x.minus(y)), slow(a.checked_sub(b).filter(|n| !n.is_sign_negative())));
            assert_eq!(fast(x.times(y)), slow(a.checked_mul(b)));
            assert_eq!((x.cmp(&y), x == y), (a.cmp(&b), a == b));
            let up = rust_decimal::RoundingStrategy::AwayFromZero;
            assert_eq!(fast(Some(x.rounded_up(digits))), slow(Some(a.round_dp_with_strategy(digits, up))));
            assert_eq!(x.is_plain(), x.to_string().parse::<Decimal>() == Ok(x));
        }
    }
}
