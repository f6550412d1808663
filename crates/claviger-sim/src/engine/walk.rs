//! Prices that move by themselves, from a seed.

use rust_decimal::Decimal;

/// SplitMix64's finalizer: a good spread of the bits of a number.
pub(crate) const fn mix(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A seeded source of small relative moves.
pub(crate) struct Walk {
    state: u64,
}

impl Walk {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A move between −2 and +2 basis points.
    pub(crate) fn next_move(&mut self) -> Decimal {
        self.state = self.state.wrapping_add(1);
        let points = i64::try_from(mix(self.state) % 401).unwrap_or(200);
        Decimal::new(points.saturating_sub(200), 6)
    }
}
