//! The numbers of intents and denials.

use claviger_core::{IntentId, Time};

/// Makes numbers that are unique within a home and sort by time: 48 bits of time, 40 random bits of this run, 40 of a count.
#[derive(Debug)]
pub(crate) struct Ids {
    run: u128,
    count: u64,
}

const COUNT_BITS: u32 = 40;
const RUN_BITS: u32 = 40;

impl Ids {
    /// Starts a run with random bytes of its own.
    pub(crate) const fn new(random: [u8; 5]) -> Self {
        let [a, b, c, d, e] = random;
        Self { run: u64::from_be_bytes([0, 0, 0, a, b, c, d, e]) as u128, count: 0 }
    }

    /// The next number.
    pub(crate) fn next(&mut self, now: Time) -> IntentId {
        self.count = self.count.wrapping_add(1);
        let count = u128::from(self.count) & ((1 << COUNT_BITS) - 1);
        let time = u128::from(now.millis()) << (RUN_BITS + COUNT_BITS);
        IntentId::new(time | (self.run << COUNT_BITS) | count)
    }
}
