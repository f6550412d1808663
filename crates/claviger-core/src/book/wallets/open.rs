//! What orders that are alive, or of unknown fate, may still add.

use super::{BySide as _, Held, add};
use crate::book::Tracked;
use crate::{Decimal, Exit, Market, Order, PositionSide, Side, Size};

/// What may still be bought and sold, at most.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::book) struct Open([Amount; 2]);

/// How much is open on one side.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::book) struct Amount {
    /// In the unit of the instrument's orders.
    pub(in crate::book) units: Decimal,
    /// In quote currency, where an order says no more.
    pub(in crate::book) quote: Decimal,
    /// Of orders that are told to be `reduceOnly`, in the unit of the instrument's orders.
    pub(in crate::book) told: Decimal,
}

impl Amount {
    pub(in crate::book) fn plus(&mut self, more: Self) {
        add(&mut self.units, more.units);
        add(&mut self.quote, more.quote);
        add(&mut self.told, more.told);
    }

    /// What is left where so much is taken off; nothing of what would be below zero.
    pub(in crate::book) fn less(self, part: Self) -> Self {
        let Self { units, quote, told } = self;
        Self { units: units.less(part.units), quote: quote.less(part.quote), told: told.less(part.told) }
    }

    /// What may open something, where the exchange holds orders to `reduceOnly` or may not.
    pub(in crate::book) fn that_may_open(self, holds_reduce_only: bool) -> Self {
        let zero = Decimal::ZERO;
        let mut all = Self { told: zero, ..self };
        if !holds_reduce_only {
            add(&mut all.units, self.told);
        }
        all
    }
}

impl Open {
    pub(super) fn add(&mut self, side: Side, part: Amount) {
        self.0.of_mut(side).plus(part);
    }

    pub(super) fn take_off(&mut self, side: Side, part: Amount) {
        let sum = self.0.of_mut(side);
        *sum = sum.less(part);
    }

    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn of(&self, side: Side) -> Amount {
        *self.0.of(side)
    }
}

/// What an order of the ledger may still buy or sell, and what is attached to it.
pub(in crate::book) fn parts(tracked: &Tracked) -> impl Iterator<Item = (Held, Side, Amount)> + '_ {
    amounts(&tracked.order, tracked.largest(), tracked.filled)
}

/// What an order of this size may still buy or sell after so much of it filled, and what is attached to it. A hedged
/// position's exits only make it smaller.
pub(in crate::book) fn amounts(
    order: &Order,
    size: Decimal,
    filled: Decimal,
) -> impl Iterator<Item = (Held, Side, Amount)> + '_ {
    let hedged = order.position_side != PositionSide::Net;
    let left = match order.size {
        // How much of the quote amount is left is not told.
        Size::Quote(_) => size,
        Size::Base(_) | Size::Contracts(_) => size.less(filled),
        Size::Position => Decimal::ZERO,
    };
    let own = (!(hedged && order.is_exit())).then(|| (order.side, amount(order, left, order.is_exit())));
    let attached = order.more.exits.iter().filter(|_| order.attached_may_open());
    let attached = attached
        .map(move |exit: &Exit| (order.side.opposite(), amount(order, exit.size.unwrap_or(size), false)));
    own.into_iter().chain(attached).map(|(side, amount)| (Held::of(order), side, amount))
}

const fn amount(order: &Order, n: Decimal, told: bool) -> Amount {
    let zero = Decimal::ZERO;
    match (order.size, told) {
        (Size::Quote(_), _) => Amount { units: zero, quote: n, told: zero },
        (Size::Base(_) | Size::Contracts(_) | Size::Position, true) => {
            Amount { units: zero, quote: zero, told: n }
        }
        (Size::Base(_) | Size::Contracts(_) | Size::Position, false) => {
            Amount { units: n, quote: zero, told: zero }
        }
    }
}

impl Held {
    /// What an order is in.
    pub(in crate::book) fn of(order: &Order) -> Self {
        let side = match order.market {
            Market::Usdm | Market::Coinm => order.position_side,
            Market::Spot | Market::Margin | Market::Option => PositionSide::Net,
        };
        Self { market: order.market, symbol: order.symbol.clone(), side }
    }
}
