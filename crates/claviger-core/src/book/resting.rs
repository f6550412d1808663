//! Which orders are in which exchange's book, so that an order that would trade with one of them is found at once.

use std::collections::{BTreeMap, BTreeSet};

use super::ledger::{LANDED_MS, Tracked};
use super::{Book, Fate, Named};
use crate::{Decimal, ExchangeName, LegId, Market, Order, Side, Symbol, Time};

/// The orders that are, or may be, in the books of exchanges, by their most aggressive price.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Resting(Named<Place, Sides>);

/// One book of one exchange.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Place {
    symbol: Symbol,
    market: Market,
    exchange: ExchangeName,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Sides {
    buys: Levels,
    sells: Levels,
}

/// Orders by their price.
type Levels = BTreeMap<Decimal, BTreeSet<LegId>>;

impl Place {
    fn new(exchange: &ExchangeName, order: &Order) -> Self {
        let market = match order.market {
            Market::Margin | Market::Spot => Market::Spot,
            other @ (Market::Usdm | Market::Coinm | Market::Option) => other,
        };
        Self { symbol: order.symbol.clone(), market, exchange: exchange.clone() }
    }
}

impl Sides {
    const fn of(&mut self, side: Side) -> &mut Levels {
        match side {
            Side::Buy => &mut self.buys,
            Side::Sell => &mut self.sells,
        }
    }
}

/// The best price at which an order would trade while it is in the book; `None` while it waits for a price.
pub(super) fn reach(order: &Order) -> Option<Decimal> {
    let any = match order.side {
        Side::Buy => Decimal::MAX,
        Side::Sell => Decimal::ZERO,
    };
    let prices = order.ends().filter(|end| !end.waits()).map(|end| end.price.unwrap_or(any));
    prices.reduce(|a, b| further(order.side, a, b))
}

/// The more aggressive of two prices.
fn further(side: Side, a: Decimal, b: Decimal) -> Decimal {
    match side {
        Side::Buy => a.max(b),
        Side::Sell => a.min(b),
    }
}

impl Resting {
    pub(super) fn add(&mut self, id: LegId, order: &Tracked) {
        if let Some(price) = order.reach {
            let sides = self.0.entry(Place::new(&order.exchange, &order.order)).or_default();
            sides.of(order.order.side).entry(price).or_default().insert(id);
        }
    }

    pub(super) fn remove(&mut self, id: LegId, order: &Tracked) {
        let Some(price) = order.reach else { return };
        let place = Place::new(&order.exchange, &order.order);
        let Some(sides) = self.0.get_mut(&place) else { return };
        let levels = sides.of(order.order.side);
        if let Some(level) = levels.get_mut(&price) {
            level.remove(&id);
            if level.is_empty() {
                levels.remove(&price);
            }
        }
        if sides.buys.is_empty() && sides.sells.is_empty() {
            self.0.remove(&place);
        }
    }
}

impl Book {
    /// Whether an order that is or may be in the exchange's book, whoever's it is, would trade with this one.
    pub(super) fn is_met(
        &self,
        exchange: &ExchangeName,
        order: &Order,
        (price, except): (Decimal, Option<LegId>),
    ) -> bool {
        let Some(sides) = self.resting.0.get(&Place::new(exchange, order)) else { return false };
        let counts =
            |id: &LegId| Some(*id) != except && self.orders.get(id).is_some_and(|o| o.may_trade(self.now));
        let mut met = match order.side {
            Side::Buy => sides.sells.range(..=price),
            Side::Sell => sides.buys.range(price..),
        };
        met.any(|(_, level)| level.iter().any(counts))
    }
}

impl Tracked {
    /// It may be that order as well.
    pub(super) fn may_reach(&mut self, other: &Order) {
        let side = self.order.side;
        self.reach = self.reach.into_iter().chain(reach(other)).reduce(|a, b| further(side, a, b));
    }

    /// Whether it may be in the exchange's book, or on its way there.
    fn may_trade(&self, now: Time) -> bool {
        match self.fate {
            Fate::Pending | Fate::Live => true,
            Fate::Unsure => self.can_rest() || now <= self.deadline.plus(LANDED_MS),
        }
    }
}
