//! What claviger knows of the markets: an immutable picture handed to every judgement.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Asset, Decimal, ExchangeName, Market, SurfaceName, Symbol, Time};

/// Instruments, reference prices and clocks of every exchange in use.
///
/// Ages are counted from the `at` of each value, in the time of whoever holds the view.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MarketView {
    /// By exchange.
    pub venues: BTreeMap<ExchangeName, Venue>,
}

/// One exchange in a [`MarketView`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Venue {
    /// Server time by surface.
    pub clocks: BTreeMap<SurfaceName, Clock>,
    /// Instruments by market and symbol.
    pub instruments: BTreeMap<Market, BTreeMap<Symbol, Instrument>>,
    /// Reference prices by market and symbol.
    pub references: BTreeMap<Market, BTreeMap<Symbol, Reference>>,
}

/// How far an exchange's clock is from ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// Exchange time less our time, in milliseconds: the median of the last calls.
    pub offset_ms: i64,
    /// When it was last measured.
    pub at: Time,
}

/// What an exchange says of an instrument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instrument {
    /// What is traded.
    pub base: Asset,
    /// What the price counts.
    pub quote: Asset,
    /// The value of one contract; `None` where sizes count the base asset.
    pub contract: Option<Contract>,
    /// Prices are multiples of this.
    pub price_step: Decimal,
    /// Sizes are multiples of this (base units, or contracts).
    pub size_step: Decimal,
    /// The smallest size (base units, or contracts).
    pub min_size: Decimal,
    /// Of an option, the instrument whose reference price is that of the underlying.
    pub underlying: Option<Underlying>,
}

/// What an option is on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Underlying {
    /// Where its reference price is from.
    pub market: Market,
    /// Its instrument there.
    pub symbol: Symbol,
}

/// What one contract stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    /// How many units.
    pub size: Decimal,
    /// Of what: the base asset for linear contracts, the quote currency for inverse ones.
    pub asset: Asset,
}

/// A price to measure orders against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// In quote currency for one unit of the base.
    pub price: Decimal,
    /// When the exchange last said so.
    pub at: Time,
    /// Which public answer it is from: `last-bid-ask` (the middle one of the three), `mark`.
    pub source: Box<str>,
}

impl MarketView {
    /// The instrument, if the exchange lists it.
    #[must_use]
    pub fn instrument(
        &self,
        exchange: &ExchangeName,
        market: Market,
        symbol: &Symbol,
    ) -> Option<&Instrument> {
        self.venues.get(exchange)?.instruments.get(&market)?.get(symbol)
    }

    /// The reference price, of whatever age.
    #[must_use]
    pub fn reference(&self, exchange: &ExchangeName, market: Market, symbol: &Symbol) -> Option<&Reference> {
        self.venues.get(exchange)?.references.get(&market)?.get(symbol)
    }

    /// The clock of a surface, of whatever age.
    #[must_use]
    pub fn clock(&self, exchange: &ExchangeName, surface: &SurfaceName) -> Option<Clock> {
        self.venues.get(exchange)?.clocks.get(surface).copied()
    }
}
