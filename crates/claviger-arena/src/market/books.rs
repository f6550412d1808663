//! Order books: price, then time.

use std::collections::BTreeMap;

use claviger_core::{Asset, Side, SurfaceName, Symbol};

use super::Owner;
use crate::number::{ONE, ppm};

/// How much honest traders show around the fair price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depth {
    /// Levels on each side.
    pub levels: i128,
    /// From the fair price to the first level and between levels, in parts of a million.
    pub gap_ppm: i128,
    /// The value of one level, in whole units of the quote currency.
    pub value: i128,
}

impl Depth {
    /// A pair that many trade: 10 levels of 20,000, 0.02 % apart.
    #[must_use]
    pub const fn deep() -> Self {
        Self { levels: 10, gap_ppm: 200, value: 20_000 }
    }

    /// A pair that hardly anybody trades: 3 levels of 20, 0.5 % apart.
    #[must_use]
    pub const fn thin() -> Self {
        Self { levels: 3, gap_ppm: 5_000, value: 20 }
    }
}

/// One instrument and what honest traders think of it.
#[derive(Clone, Debug)]
pub struct Pair {
    /// As the exchange spells it.
    pub symbol: Symbol,
    /// The exchange's surface where it is traded.
    pub surface: SurfaceName,
    /// In which market.
    pub market: claviger_core::Market,
    /// What is traded.
    pub base: Asset,
    /// What the price counts.
    pub quote: Asset,
    /// What one unit of the base is worth.
    pub fair: i128,
    /// What it traded at last.
    pub last: i128,
    /// Prices are multiples of this.
    pub tick: i128,
    /// Sizes are multiples of this.
    pub step: i128,
    /// Taker's and maker's fee, in parts of a million of the value.
    pub fee_ppm: i128,
    /// How much worse than the mark price an order may trade, in parts of a million, where the exchange bounds that: Binance's
    /// futures do (filter `PERCENT_PRICE`, 15 % in the example of its documentation).
    pub bound_ppm: Option<i128>,
    /// Base units in one contract, where sizes count contracts.
    pub contract: Option<i128>,
    /// Honest depth.
    pub depth: Depth,
}

impl Pair {
    /// Whether there are positions, rather than balances.
    #[must_use]
    pub const fn has_positions(&self) -> bool {
        matches!(self.market, claviger_core::Market::Usdm)
    }

    /// A price on its steps.
    #[must_use]
    pub fn on_tick(&self, price: i128) -> i128 {
        (price / self.tick).max(1) * self.tick
    }

    /// How much of the base so much of the quote is at a price, on its steps. `value` is in whole units.
    #[must_use]
    pub fn size_for(&self, value: i128, price: i128) -> i128 {
        (value * ONE * ONE / price.max(1)) / self.step * self.step
    }

    /// What honest traders quote now.
    pub(super) fn quotes(&self) -> Vec<(Side, i128, i128)> {
        let mut quotes = Vec::new();
        for level in 1..=self.depth.levels {
            let away = ppm(self.fair, self.depth.gap_ppm * level);
            for (side, price) in [(Side::Buy, self.fair - away), (Side::Sell, self.fair + away)] {
                let price = self.on_tick(price);
                quotes.push((side, price, self.size_for(self.depth.value, price).max(self.step)));
            }
        }
        quotes
    }

    /// The worst price of an order, where the exchange bounds that.
    pub(crate) fn bounded(&self, side: Side) -> Option<i128> {
        let room = ppm(self.fair, self.bound_ppm?);
        Some(match side {
            Side::Buy => self.fair + room,
            Side::Sell => self.fair - room,
        })
    }
}

/// What rests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rest {
    pub(super) id: u64,
    pub(super) owner: Owner,
    pub(super) left: i128,
}

/// One fill.
pub(super) struct Trade {
    pub(super) maker: u64,
    pub(super) owner: Owner,
    pub(super) price: i128,
    pub(super) size: i128,
}

/// By rank, best first, then by age: bids by their price below zero.
type Half = BTreeMap<(i128, u64), Rest>;

#[derive(Clone, Debug, Default)]
struct Book {
    bids: Half,
    asks: Half,
}

impl Book {
    const fn half(&mut self, side: Side) -> &mut Half {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }
}

/// The books of all pairs.
#[derive(Clone, Debug)]
pub(super) struct Books(Vec<Book>);

/// A price's place among those of a side, and back.
const fn rank(side: Side, price: i128) -> i128 {
    match side {
        Side::Buy => -price,
        Side::Sell => price,
    }
}

impl Books {
    pub(super) fn new(pairs: usize) -> Self {
        Self(vec![Book::default(); pairs])
    }

    pub(super) fn best(&self, pair: usize, side: Side) -> Option<i128> {
        let book = self.0.get(pair)?;
        let half = match side {
            Side::Buy => &book.bids,
            Side::Sell => &book.asks,
        };
        half.first_key_value().map(|((ranked, _), _)| rank(side, *ranked))
    }

    /// Whether an order of that side would fill at once.
    pub(super) fn crosses(&self, pair: usize, side: Side, limit: Option<i128>) -> bool {
        self.best(pair, side.opposite()).is_some_and(|best| reaches(side, limit, best))
    }

    /// Takes up to so much from the best order on the other side, if the limit reaches it.
    pub(super) fn take(&mut self, pair: usize, side: Side, limit: Option<i128>, most: i128) -> Option<Trade> {
        let half = self.0.get_mut(pair)?.half(side.opposite());
        let mut first = half.first_entry()?;
        let price = rank(side.opposite(), first.key().0);
        if most <= 0 || !reaches(side, limit, price) {
            return None;
        }
        let rest = first.get_mut();
        let size = rest.left.min(most);
        rest.left -= size;
        let trade = Trade { maker: rest.id, owner: rest.owner, price, size };
        if rest.left == 0 {
            first.remove();
        }
        Some(trade)
    }

    pub(super) fn rest(&mut self, pair: usize, side: Side, price: i128, rest: Rest) {
        if let Some(book) = self.0.get_mut(pair) {
            book.half(side).insert((rank(side, price), rest.id), rest);
        }
    }

    pub(super) fn remove(&mut self, pair: usize, side: Side, id: u64) {
        if let Some(book) = self.0.get_mut(pair) {
            book.half(side).retain(|_, rest| rest.id != id);
        }
    }

    pub(super) fn drop_honest(&mut self, pair: usize) {
        if let Some(book) = self.0.get_mut(pair) {
            book.bids.retain(|_, rest| rest.owner != Owner::Honest);
            book.asks.retain(|_, rest| rest.owner != Owner::Honest);
        }
    }
}

pub(super) fn reaches(side: Side, limit: Option<i128>, price: i128) -> bool {
    limit.is_none_or(|limit| rank(side.opposite(), price) <= rank(side.opposite(), limit))
}
