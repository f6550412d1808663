//! Prices, and what an amount is in another currency.

use std::collections::BTreeMap;

use crate::{
    Asset, Decimal, Denial, ExchangeName, Instrument, Market, MarketView, Money, Order, Reference, Symbol,
    Time, Venue,
};

/// A reference price older than this is no reference: 10 seconds.
pub const FRESH_MS: u64 = 10_000;

/// A conversion leads over at most this many reference prices.
const HOPS: usize = 3;

/// Values are rounded up to this many digits after the point, so that their sums stay exact.
const VALUE_DIGITS: u32 = 8;

/// No order may be worth more than this in any currency, so that sums of them always fit.
const MOST: u64 = 1_000_000_000_000_000;

/// What an order of one instrument is measured by.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The instrument.
    pub instrument: &'a Instrument,
    /// Its fresh reference price, where there is one.
    pub reference: Option<&'a Reference>,
    /// The price at which another order fills that it waits for.
    pub after: Option<Decimal>,
    /// Of an option, the fresh price of one unit of the underlying in the premium's currency, where there is one.
    pub underlying: Option<Decimal>,
    /// Whether the exchange is known to hold orders of this account to `reduceOnly` in one-way mode.
    pub holds_reduce_only: bool,
}

impl Terms<'_> {
    /// Whether an order can only make a position smaller: by its side in hedge mode, by its flag in one-way mode, where
    /// the exchange is known to hold this account's orders to it. A flag that may be ignored makes no exit.
    #[must_use]
    pub fn is_exit(&self, order: &Order) -> bool {
        order.is_exit_where(self.holds_reduce_only)
    }

    /// Where the market is when the order begins: at the reference price, or where the order fills that it waits for.
    #[must_use]
    pub fn start(&self) -> Option<Decimal> {
        self.after.or_else(|| self.reference.map(|reference| reference.price))
    }
}

/// Fresh prices of one exchange.
#[derive(Clone, Copy, Debug)]
pub struct Prices<'a> {
    venue: Option<&'a Venue>,
    now: Time,
}

impl<'a> Prices<'a> {
    /// The prices of an exchange that are fresh at `now`.
    #[must_use]
    pub fn new(view: &'a MarketView, exchange: &ExchangeName, now: Time) -> Self {
        Self { venue: view.venues.get(exchange), now }
    }

    /// No prices at all.
    #[must_use]
    pub const fn none(now: Time) -> Self {
        Self { venue: None, now }
    }

    /// The instrument. Margin trades the instruments of spot.
    #[must_use]
    pub fn instrument(&self, market: Market, symbol: &Symbol) -> Option<&'a Instrument> {
        let listed = |market| self.venue?.instruments.get(&market)?.get(symbol);
        listed(market).or_else(|| listed(same_book(market)?))
    }

    /// The fresh reference price. Margin trades in the book of spot.
    #[must_use]
    pub fn reference(&self, market: Market, symbol: &Symbol) -> Option<&'a Reference> {
        let fresh = |market| self.venue?.references.get(&market)?.get(symbol).filter(|r| self.fresh(r));
        fresh(market).or_else(|| fresh(same_book(market)?))
    }

    /// Whether the price of an asset on spot is followed, fresh or not.
    #[must_use]
    pub(crate) fn follows(&self, asset: &Asset) -> bool {
        let spot = self.venue.and_then(|venue| {
            Some((venue.references.get(&Market::Spot)?, venue.instruments.get(&Market::Spot)?))
        });
        spot.is_some_and(|(references, instruments)| {
            references.keys().filter_map(|symbol| instruments.get(symbol)).any(|pair| pair.base == *asset)
        })
    }

    /// What an order of an instrument is measured by; `None` where it is not listed.
    #[must_use]
    pub fn terms(&self, market: Market, symbol: &Symbol) -> Option<Terms<'a>> {
        let instrument = self.instrument(market, symbol)?;
        let underlying = instrument.underlying.as_ref().and_then(|of| {
            let price = self.reference(of.market, &of.symbol)?.price;
            let quote = &self.instrument(of.market, &of.symbol)?.quote;
            match &instrument.quote {
                premium if *premium == instrument.base => Some(Decimal::ONE),
                premium => (premium == quote).then_some(price),
            }
        });
        let reference = self.reference(market, symbol);
        Some(Terms { instrument, reference, after: None, underlying, holds_reduce_only: true })
    }

    /// `money` in another currency, rounded up.
    ///
    /// # Errors
    /// If no fresh reference prices lead there.
    pub fn in_asset(&self, money: &Money, wanted: &Asset, limit: &'static str) -> Result<Money, Denial> {
        let amount = self.amount_in((money.amount, &money.asset), wanted, limit)?;
        Ok(Money::new(amount, wanted.clone()))
    }

    /// The same of an amount of an asset.
    ///
    /// # Errors
    /// As [`Prices::in_asset`].
    pub fn amount_in(
        &self,
        (amount, asset): (Decimal, &Asset),
        wanted: &Asset,
        limit: &'static str,
    ) -> Result<Decimal, Denial> {
        // What is in that currency already was counted where it was made.
        if asset == wanted || amount.is_zero() {
            return Ok(amount);
        }
        let no_way = || Denial::NoConversion { limit, given: asset.clone(), wanted: wanted.clone() };
        self.convert((amount, asset), wanted).and_then(countable).ok_or_else(no_way)
    }

    /// The largest amount that the shortest way over fresh reference prices leads to.
    fn convert(&self, (amount, asset): (Decimal, &Asset), wanted: &Asset) -> Option<Decimal> {
        let mut reached = BTreeMap::from([(asset, amount)]);
        for _ in 0..HOPS {
            let mut next: BTreeMap<&Asset, Decimal> = BTreeMap::new();
            for (instrument, price) in self.pairs() {
                let by_base = reached.get(&instrument.base).and_then(|n| n.times(price));
                let by_quote = reached.get(&instrument.quote).and_then(|n| n.over(price));
                keep_larger(&mut next, &instrument.quote, by_base);
                keep_larger(&mut next, &instrument.base, by_quote);
            }
            if let Some(amount) = next.get(wanted) {
                return Some(*amount);
            }
            for (asset, amount) in next {
                reached.entry(asset).or_insert(amount);
            }
        }
        None
    }

    /// Every instrument with a fresh price of one asset in another; options have none.
    fn pairs(&self) -> impl Iterator<Item = (&'a Instrument, Decimal)> {
        let now = *self;
        let markets =
            self.venue.into_iter().flat_map(|venue| venue.references.iter().map(move |m| (venue, m)));
        let priced = markets.filter(|(_, (market, _))| **market != Market::Option);
        priced.flat_map(move |(venue, (market, references))| {
            let fresh = references.iter().filter(move |(_, r)| now.fresh(r) && !r.price.is_zero());
            fresh.filter_map(move |(symbol, r)| Some((venue.instruments.get(market)?.get(symbol)?, r.price)))
        })
    }

    /// How old a price is, in milliseconds.
    #[must_use]
    pub const fn age(&self, reference: &Reference) -> u64 {
        self.now.since(reference.at)
    }

    fn fresh(&self, reference: &Reference) -> bool {
        let early = reference.at.since(self.now);
        !reference.price.is_zero() && self.age(reference) <= FRESH_MS && early <= FRESH_MS
    }
}

const fn same_book(market: Market) -> Option<Market> {
    match market {
        Market::Margin => Some(Market::Spot),
        Market::Spot | Market::Usdm | Market::Coinm | Market::Option => None,
    }
}

fn keep_larger<'a>(amounts: &mut BTreeMap<&'a Asset, Decimal>, asset: &'a Asset, amount: Option<Decimal>) {
    let Some(amount) = amount.filter(|n| !n.is_zero()) else { return };
    let kept = amounts.entry(asset).or_insert(amount);
    *kept = amount.max(*kept);
}

/// An amount as it is counted: rounded up, and not above what sums can hold.
pub(crate) fn counted(amount: Decimal, asset: &Asset) -> Option<Money> {
    countable(amount).map(|amount| Money::new(amount, asset.clone()))
}

fn countable(amount: Decimal) -> Option<Decimal> {
    let amount = amount.rounded_up(VALUE_DIGITS);
    (amount <= Decimal::from_u64(MOST)).then_some(amount)
}
