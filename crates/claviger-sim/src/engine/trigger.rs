//! What an order waits for before it may match.

use rust_decimal::Decimal;

use super::order::Side;

/// How far a trailing stop stays behind the best price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Distance {
    /// A share of the best price.
    Ratio(Decimal),
    /// An amount of the quote currency.
    Spread(Decimal),
}

impl Distance {
    fn from(self, best: Decimal) -> Decimal {
        match self {
            Self::Ratio(ratio) => best * ratio,
            Self::Spread(spread) => spread,
        }
    }
}

/// A price that must be reached, and on which side it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Level {
    pub(crate) at: Decimal,
    /// Reached by rising.
    pub(crate) above: bool,
}

impl Level {
    pub(crate) fn is_reached(self, price: Decimal) -> bool {
        if self.above { price >= self.at } else { price <= self.at }
    }
}

/// What wakes an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trigger {
    At(Level),
    /// Behind the best price since `start` was reached (at once without one); `above` as in [`Level`].
    Trail {
        start: Option<Level>,
        distance: Distance,
        above: bool,
        best: Option<Decimal>,
    },
}

impl Trigger {
    /// A stop: buys once the price rose there, sells once it fell there.
    pub(crate) fn stop(side: Side, at: Decimal) -> Self {
        Self::At(Level { at, above: side == Side::Buy })
    }

    /// A take-profit: the other way round.
    pub(crate) fn take(side: Side, at: Decimal) -> Self {
        Self::At(Level { at, above: side == Side::Sell })
    }

    /// A plain trigger: whichever way the price has to go.
    pub(crate) fn either(at: Decimal, now: Decimal) -> Self {
        Self::At(Level { at, above: at > now })
    }

    /// A trailing stop. Without a start it follows from now on.
    pub(crate) fn trail(side: Side, start: Option<Level>, distance: Distance, now: Decimal) -> Self {
        let best = start.is_none_or(|start| start.is_reached(now)).then_some(now);
        Self::Trail { start, distance, above: side == Side::Buy, best }
    }

    /// Whether this price wakes the order; a trailing stop remembers the price.
    pub(crate) fn fires(&mut self, price: Decimal) -> bool {
        match self {
            Self::At(level) => level.is_reached(price),
            Self::Trail { start, distance, above, best } => {
                if best.is_none() && start.is_none_or(|start| start.is_reached(price)) {
                    *best = Some(price);
                }
                let Some(best) = best else { return false };
                *best = if *above { (*best).min(price) } else { (*best).max(price) };
                let way = distance.from(*best);
                let at = if *above { *best + way } else { *best - way };
                Level { at, above: *above }.is_reached(price)
            }
        }
    }

    /// The price that wakes it, where that is fixed.
    pub(crate) fn at(&self) -> Option<Decimal> {
        match self {
            Self::At(level) => Some(level.at),
            Self::Trail { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(mut trigger: Trigger, prices: &[i64], expect: Option<usize>) {
        let fired = prices.iter().position(|&price| trigger.fires(Decimal::from(price)));
        assert_eq!(fired, expect, "{trigger:?} {prices:?}");
    }

    #[test]
    fn wakes() {
        let d = Decimal::from;
        check(Trigger::stop(Side::Sell, d(90)), &[100, 95, 91, 90], Some(3));
        check(Trigger::stop(Side::Buy, d(110)), &[100, 109, 111], Some(2));
        check(Trigger::take(Side::Sell, d(110)), &[100, 90, 110], Some(2));
        check(Trigger::take(Side::Buy, d(90)), &[100, 110, 89], Some(2));
        check(Trigger::either(d(90), d(100)), &[100, 110, 90], Some(2));
        let ratio = Distance::Ratio(Decimal::new(1, 1));
        check(Trigger::trail(Side::Sell, None, ratio, d(100)), &[110, 100, 99], Some(2));
        check(Trigger::trail(Side::Buy, None, Distance::Spread(d(5)), d(100)), &[90, 94, 95], Some(2));
        let start = Some(Level { at: d(120), above: true });
        check(Trigger::trail(Side::Sell, start, ratio, d(100)), &[80, 119, 120, 109, 108], Some(4));
    }
}
