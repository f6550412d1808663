//! Reference prices from what an exchange says of a pair.

use claviger_core::Decimal;

/// The middle one of last trade, best bid and best ask; `None` where one of them is missing.
///
/// To move it, one must move two of the three: a trade alone moves it no further than the book, and depth that is shown on
/// one side alone no further than the last trade.
pub(crate) fn middle([last, bid, ask]: [Option<Decimal>; 3]) -> Option<Decimal> {
    let mut three = [last?, bid?, ask?];
    three.sort_unstable();
    let [_, middle, _] = three;
    Some(middle)
}
