//! Made-up history: candles and public trades that fit the price now.

use rust_decimal::Decimal;

use super::Listing;
use super::walk::mix;

/// One candle.
pub(crate) struct Candle {
    pub(crate) start: u64,
    pub(crate) open: Decimal,
    pub(crate) high: Decimal,
    pub(crate) low: Decimal,
    pub(crate) close: Decimal,
    pub(crate) volume: Decimal,
}

/// One public trade.
pub(crate) struct Print {
    pub(crate) id: u64,
    pub(crate) price: Decimal,
    pub(crate) qty: Decimal,
    pub(crate) time: u64,
    pub(crate) seller_took: bool,
}

impl Listing {
    /// The candles that start in `from..=to`, oldest first, at most `count` of the newest.
    pub(crate) fn candles(&self, span: u64, (from, to): (u64, u64), count: usize, now: u64) -> Vec<Candle> {
        let span = span.max(1);
        let last = to.min(now) / span;
        let first =
            from.div_ceil(span).max(last.saturating_sub(u64::try_from(count).unwrap_or(1)).saturating_add(1));
        (first..=last).map(|index| self.candle(index, span, now)).collect()
    }

    fn candle(&self, index: u64, span: u64, now: u64) -> Candle {
        let open = self.near(mix(index));
        let is_last = index == now / span;
        let close = if is_last { self.price } else { self.near(mix(index.saturating_add(1))) };
        let edge = self.instrument.to_tick(self.price * Decimal::new(2, 4));
        let volume = self.instrument.to_step(Decimal::from(mix(index) % 1000) + self.instrument.step);
        Candle {
            start: index.saturating_mul(span),
            open,
            high: open.max(close) + edge,
            low: (open.min(close) - edge).max(self.instrument.tick),
            close,
            volume: volume.max(self.instrument.step),
        }
    }

    /// The last public trades, oldest first; one every 250 ms.
    pub(crate) fn prints(&self, count: usize, now: u64) -> Vec<Print> {
        let last = now / 250;
        let first = last.saturating_sub(u64::try_from(count).unwrap_or(1)).saturating_add(1);
        (first..=last)
            .map(|id| Print {
                id,
                price: if id == last { self.price } else { self.near(mix(id)) },
                qty: self.instrument.step * Decimal::from(1 + mix(id) % 100),
                time: id.saturating_mul(250),
                seller_took: mix(id).is_multiple_of(2),
            })
            .collect()
    }

    /// A price within a tenth of a per cent.
    fn near(&self, seed: u64) -> Decimal {
        let points = Decimal::from(seed % 201) - Decimal::ONE_HUNDRED;
        self.instrument.to_tick(self.price + self.price * points * Decimal::new(1, 5))
    }
}
