//! What an order may lose.

use crate::limits::Percent;
use crate::value::{Terms, counted};
use crate::worth::{Worth, of_underlying};
use crate::{Decimal, Denial, End, Exit, Instrument, Market, Money, Order, Side, Size, Wake};

/// What an order may lose, in its quote currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Risk {
    /// By filling at its worst price instead of the reference price.
    pub by_price: Money,
    /// The value on which it may pay a fee.
    pub traded: Decimal,
}

impl Risk {
    /// The sum of both, with so high a fee; `None` if it is too large to count.
    #[must_use]
    pub fn with_fee(&self, fee: Percent) -> Option<Money> {
        counted(self.by_price.amount.plus(fee.of(self.traded)?)?, &self.by_price.asset)
    }
}

/// Measures what an order may lose against where the market is when it begins: its size times the distance to the worst
/// price that it can have, and the same of what is attached to it where that may open. A bought option may lose its premium.
///
/// An exit is measured as far as it can be: one without a limit price at its trigger, a whole position not at all.
///
/// # Errors
/// If it cannot be told of an order that may open: without a reference, and of a sold option.
pub fn risk(order: &Order, worth: &Worth, terms: &Terms<'_>) -> Result<Risk, Denial> {
    let instrument = terms.instrument;
    let of = |by_price, traded| Risk { by_price: Money::new(by_price, instrument.quote.clone()), traded };
    let Some(value) = &worth.value else { return Ok(of(Decimal::ZERO, Decimal::ZERO)) };
    if order.market == Market::Option {
        return Ok(of(value.amount, premium_fee_on(order, terms)?));
    }
    let traded = if terms.is_exit(order) { value.amount } else { worth.hold.amount };
    let Some(start) = terms.start() else {
        let unmeasured = Denial::NoReference { symbol: order.symbol.clone() };
        return if terms.is_exit(order) { Ok(of(Decimal::ZERO, traded)) } else { Err(unmeasured) };
    };
    let own = Way { side: order.side, size: order.size, start, instrument }.worst(order.ends());
    let mut sum = own.ok_or(TOO_LARGE)?;
    for exit in order.more.exits.iter().filter(|_| order.attached_may_open()) {
        sum = attached(order, exit, start, instrument).and_then(|more| sum.plus(more)).ok_or(TOO_LARGE)?;
    }
    Ok(of(sum, traded))
}

const TOO_LARGE: Denial = Denial::Unmeasured { why: "its value is too large" };

/// Exchanges take a part of the underlying's value as the fee of an option.
fn premium_fee_on(order: &Order, terms: &Terms<'_>) -> Result<Decimal, Denial> {
    if order.side == Side::Sell {
        return Err(Denial::LossUnknown { why: "a sold option can lose without end" });
    }
    let no_reference = || Denial::NoReference { symbol: order.symbol.clone() };
    let underlying = terms.underlying.ok_or_else(no_reference)?;
    of_underlying(order.size, terms.instrument)?.amount.times(underlying).ok_or(TOO_LARGE)
}

fn attached(order: &Order, exit: &Exit, start: Decimal, instrument: &Instrument) -> Option<Decimal> {
    let size = exit.size.map_or(order.size, |n| order.size.with(n));
    let (side, start) = (order.side.opposite(), order.fills_near(start));
    Way { side, size, start, instrument }.worst(exit.wakes().map(Wake::end))
}

/// So much, bought or sold with the market at `start`.
#[derive(Clone, Copy)]
struct Way<'a> {
    side: Side,
    size: Size,
    start: Decimal,
    instrument: &'a Instrument,
}

impl Way<'_> {
    /// What the worst of its ends loses.
    fn worst(self, ends: impl Iterator<Item = End>) -> Option<Decimal> {
        ends.map(|end| self.lost(&end)).try_fold(Decimal::ZERO, |worst, lost| Some(worst.max(lost?)))
    }

    fn lost(self, end: &End) -> Option<Decimal> {
        let price = end.price.or_else(|| end.wakes_at(self.side, self.start)).unwrap_or(self.start);
        let distance = match self.side {
            Side::Buy => price.less(self.start),
            Side::Sell => self.start.less(price),
        };
        match (self.size, &self.instrument.contract) {
            (Size::Base(n), None) => n.times(distance),
            (Size::Contracts(n), Some(contract)) if contract.asset == self.instrument.base => {
                n.times(contract.size)?.times(distance)
            }
            // So many units of the quote currency are so many of the base at that price.
            (Size::Quote(amount), None) => amount.times(distance)?.over(price),
            (Size::Contracts(n), Some(contract)) => n.times(contract.size)?.times(distance)?.over(price),
            (Size::Base(_) | Size::Quote(_), Some(_)) | (Size::Contracts(_), None) | (Size::Position, _) => {
                None
            }
        }
    }
}
