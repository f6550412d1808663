//! What an order is worth, and how much of that counts.

use crate::value::{Terms, counted};
use crate::{Decimal, Denial, End, Exit, Instrument, Market, Money, Order, Side, Size, Wake};

/// An order's value, and what is held for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worth {
    /// What the order is worth; `None` for a whole position, whose size nobody here knows.
    pub value: Option<Money>,
    /// What counts against the day: nothing for an exit; else its value, and that of what is attached to it where no
    /// position side holds that to closing.
    pub hold: Money,
}

/// Measures an order: its quantity times the largest of its limits, its triggers and the reference price. A sold option
/// is worth what it is on.
///
/// # Errors
/// If the size is zero or in a unit that the instrument does not have; if there is no reference, and it is a sell, is of
/// an option, waits for a price or has none.
pub fn worth(order: &Order, terms: &Terms<'_>) -> Result<Worth, Denial> {
    let priced = order.ends().all(|end| !end.waits() && end.price.is_some());
    let told = priced && order.side == Side::Buy && order.market != Market::Option;
    if terms.reference.is_none() && !told {
        return Err(Denial::NoReference { symbol: order.symbol.clone() });
    }
    let zero = Money::new(Decimal::ZERO, terms.instrument.quote.clone());
    if matches!(order.size, Size::Position) {
        return Ok(Worth { value: None, hold: zero });
    }
    let value = match (order.market, order.side) {
        (Market::Option, Side::Sell) => of_underlying(order.size, terms.instrument)?,
        _ => money(order.size, terms.instrument, highest(order.side, order.ends(), terms))?,
    };
    let hold = if terms.is_exit(order) { zero } else { with_attached(order, &value, terms)? };
    Ok(Worth { value: Some(value), hold })
}

/// What an order may make trade: itself, and then what is attached to it.
fn with_attached(order: &Order, value: &Money, terms: &Terms<'_>) -> Result<Money, Denial> {
    let mut sum = value.amount;
    for exit in order.more.exits.iter().filter(|_| order.attached_may_open()) {
        let worth = attached(order, exit, terms)?;
        sum = sum.plus(worth.amount).ok_or(TOO_LARGE)?;
    }
    counted(sum, &value.asset).ok_or(TOO_LARGE)
}

fn attached(order: &Order, exit: &Exit, terms: &Terms<'_>) -> Result<Money, Denial> {
    let size = exit.size.map_or(order.size, |n| order.size.with(n));
    let ends = exit.wakes().map(Wake::end);
    money(size, terms.instrument, highest(order.side.opposite(), ends, terms))
}

const TOO_LARGE: Denial = Denial::Unmeasured { why: "its value is too large" };

/// The largest price that is named, or at which anything may wake.
fn highest(side: Side, ends: impl Iterator<Item = End>, terms: &Terms<'_>) -> Decimal {
    let reference = terms.reference.map_or(Decimal::ZERO, |reference| reference.price);
    let start = terms.start().unwrap_or(reference);
    let named = ends.flat_map(|end| {
        let activation = end.trail.and_then(|trail| trail.activation);
        [end.price, end.trigger, activation, end.wakes_at(side, start)]
    });
    named.flatten().fold(reference.max(start), Decimal::max)
}

fn money(size: Size, instrument: &Instrument, price: Decimal) -> Result<Money, Denial> {
    let amount = at(size, instrument, price)?;
    counted(amount, &instrument.quote).filter(|m| !m.amount.is_zero()).ok_or(TOO_LARGE)
}

/// What contracts of an option stand for, in the base asset.
pub(crate) fn of_underlying(size: Size, instrument: &Instrument) -> Result<Money, Denial> {
    let (Size::Contracts(n), Some(contract)) = (size, &instrument.contract) else { return Err(OTHER_UNIT) };
    if contract.asset != instrument.base {
        return Err(Denial::Unmeasured { why: "its contract does not count the underlying" });
    }
    let units = n.times(contract.size).ok_or(TOO_LARGE)?;
    counted(units, &contract.asset).filter(|m| !m.amount.is_zero()).ok_or(NOTHING)
}

/// So many units of an instrument at a price, in its quote currency.
///
/// # Errors
/// If the contract counts neither base nor quote currency, or the value is too large.
pub(crate) fn at_price(units: Decimal, instrument: &Instrument, price: Decimal) -> Result<Money, Denial> {
    if units.is_zero() {
        return Ok(Money::new(Decimal::ZERO, instrument.quote.clone()));
    }
    let size = if instrument.contract.is_some() { Size::Contracts(units) } else { Size::Base(units) };
    money(size, instrument, price)
}

const OTHER_UNIT: Denial = Denial::Unmeasured { why: "its size is not in the unit of the instrument" };
const NOTHING: Denial = Denial::Unmeasured { why: "its size is zero" };

/// What a size is worth at a price, in the instrument's quote currency.
fn at(size: Size, instrument: &Instrument, price: Decimal) -> Result<Decimal, Denial> {
    let amount = match (size, &instrument.contract) {
        (Size::Quote(amount), None) => Some(amount),
        (Size::Base(n), None) => n.times(price),
        // Where a contract counts base and quote alike, as of an option whose premium is paid in its base, it is its price.
        (Size::Contracts(n), Some(contract)) if contract.asset == instrument.base => {
            n.times(contract.size).and_then(|units| units.times(price))
        }
        (Size::Contracts(n), Some(contract)) if contract.asset == instrument.quote => n.times(contract.size),
        (Size::Contracts(_), Some(_)) => {
            return Err(Denial::Unmeasured {
                why: "its contract counts neither the base nor the quote currency",
            });
        }
        (Size::Position, _) => return Err(Denial::Unmeasured { why: "its size is a position's" }),
        (Size::Contracts(_), None) | (Size::Quote(_) | Size::Base(_), Some(_)) => return Err(OTHER_UNIT),
    };
    match amount {
        None => Err(TOO_LARGE),
        Some(amount) if amount.is_zero() => Err(NOTHING),
        Some(amount) => Ok(amount),
    }
}
