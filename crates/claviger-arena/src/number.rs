//! Exact sums: prices and sizes in 1e-8, what they make in 1e-16, so that nothing is ever rounded but fees.

use claviger_core::Decimal;

/// One, as a price or a size.
pub const ONE: i128 = 100_000_000;

/// One, as a product of both.
const WHOLE: i128 = ONE * ONE;

/// A number as a price or a size; digits beyond 1e-8 are cut.
#[must_use]
pub fn fixed(number: Decimal) -> i128 {
    let text = number.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let part: String = part.chars().chain("00000000".chars()).take(8).collect();
    format!("{whole}{part}").parse().unwrap_or_default()
}

/// A price or a size as the core takes it; nothing where it is below zero or has too many digits.
#[must_use]
pub fn plain(units: i128) -> Option<Decimal> {
    if units < 0 {
        return None;
    }
    format!("{}.{:08}", units / ONE, units % ONE).parse().ok()
}

/// A product as people read it, to the cent and away from zero.
#[must_use]
pub fn dollars(product: i128) -> String {
    let cents = (product.abs() + WHOLE / 100 - 1) / (WHOLE / 100);
    let sign = if product < 0 && cents > 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents / 100, cents % 100)
}

/// So many parts of a million of something, rounded up.
pub(crate) const fn ppm(of: i128, parts: i128) -> i128 {
    (of * parts + 999_999).div_euclid(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for (text, units) in [("0.1", 10_000_000), ("50000", 5_000_000_000_000), ("0.00000001", 1)] {
            assert_eq!(fixed(text.parse().unwrap()), units);
            assert_eq!(plain(units), text.parse().ok());
        }
        assert_eq!(plain(-1), None);
        assert_eq!(dollars(420 * WHOLE), "420.00");
        assert_eq!(dollars(1), "0.01");
        assert_eq!(dollars(-1), "-0.01");
        assert_eq!(dollars(0), "0.00");
        assert_eq!(ppm(1_000_000, 2), 2);
        assert_eq!(ppm(1, 1), 1);
    }
}
