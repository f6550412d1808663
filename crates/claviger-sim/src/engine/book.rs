//! The book around a price: deterministic, so that the same price always shows the same depth.

use rust_decimal::Decimal;

use super::instrument::{Instrument, Shape};
use super::order::Side;
use super::walk::mix;

/// One level: price and quantity.
pub(crate) type Level = (Decimal, Decimal);

/// Levels that a taker can reach.
const REACH: usize = 500;

/// The levels that an order of this side would meet, best first.
pub(crate) fn levels(instrument: &Instrument, price: Decimal, side: Side, count: usize) -> Vec<Level> {
    let gap = instrument.to_tick(price * Decimal::new(1, 4));
    let spread = instrument.to_tick(price * Decimal::new(2, 5));
    let mut at = price + side.sign() * spread;
    let mut out = Vec::with_capacity(count.min(REACH));
    while out.len() < count && at >= instrument.tick {
        out.push((at, quantity(instrument, at)));
        at += side.sign() * gap;
    }
    out
}

/// The best price that an order of this side would meet.
pub(crate) fn best(instrument: &Instrument, price: Decimal, side: Side) -> Decimal {
    levels(instrument, price, side, 1).first().map_or(price, |level| level.0)
}

/// Half to one and a half of the instrument's depth, by the price alone.
fn quantity(instrument: &Instrument, price: Decimal) -> Decimal {
    let seed = u64::try_from(price.mantissa()).unwrap_or_default();
    let share = Decimal::from(500 + mix(seed) % 1000) * Decimal::new(1, 3);
    let one = match instrument.shape {
        Shape::Spot | Shape::Linear => price * instrument.contract,
        Shape::Inverse => instrument.contract,
    };
    let raw = (instrument.depth * share).checked_div(one).unwrap_or_default();
    instrument.to_step(raw).max(instrument.step)
}

/// What an order takes from the book at once, up to its limit.
pub(crate) fn take(
    instrument: &Instrument,
    price: Decimal,
    side: Side,
    limit: Option<Decimal>,
    wanted: Wanted,
) -> Vec<Level> {
    let mut left = wanted;
    let mut out = Vec::new();
    for (at, there) in levels(instrument, price, side, REACH) {
        if limit.is_some_and(|limit| side.sign() * (at - limit) > Decimal::ZERO) {
            break;
        }
        let qty = instrument.to_step(left.at(at)).min(there);
        if qty <= Decimal::ZERO {
            break;
        }
        left.less(qty, at);
        out.push((at, qty));
    }
    out
}

/// What a taker is after.
#[derive(Clone, Copy)]
pub(crate) enum Wanted {
    Qty(Decimal),
    /// An amount of quote to spend or to earn.
    Quote(Decimal),
}

impl Wanted {
    fn at(self, price: Decimal) -> Decimal {
        match self {
            Self::Qty(qty) => qty,
            Self::Quote(quote) => quote.checked_div(price).unwrap_or_default(),
        }
    }

    fn less(&mut self, qty: Decimal, price: Decimal) {
        match self {
            Self::Qty(left) => *left -= qty,
            Self::Quote(left) => *left -= qty * price,
        }
    }
}
