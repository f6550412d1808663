//! Giving a market order the worst price it may have.

use crate::limits::{Cap, Percent, Rules, edge, farthest};
use crate::shape::fits;
use crate::value::Terms;
use crate::{Decimal, Denial, Instrument, Level, Order, OrderKind, Side, Size, TimeInForce};

/// The order as it may leave: a market order that goes to the book at once becomes an immediate-or-cancel limit at the
/// edge of the tighter band, anything else stays as it is.
///
/// An exit that waits for a price may be a market order, and so may any exit where no band of exits holds at any
/// level: an exit that cannot leave is worse than one at a bad price, and it can lose no more than the position.
///
/// # Errors
/// If a market order could open and has a trigger or no band; if one has no fresh reference; if a size in quote currency
/// cannot be turned into one in base units; if the order does not fit ([`fits`]).
pub fn bounded<'a>(
    order: &Order,
    terms: &Terms<'_>,
    levels: impl Iterator<Item = Level<'a>> + Clone,
) -> Result<Order, Denial> {
    let more = &order.more;
    let apart = more.or.is_none() && more.slices.is_none() && more.chase.is_none();
    let at_once = order.kind == OrderKind::Market && !order.waits() && apart;
    let whole = matches!(order.size, Size::Position);
    let order = if at_once && !whole { at_the_edge(order, terms, levels.clone())? } else { order.clone() };
    fits(&order, terms, farthest(levels))?;
    Ok(order)
}

fn at_the_edge<'a>(
    order: &Order,
    terms: &Terms<'_>,
    levels: impl Iterator<Item = Level<'a>>,
) -> Result<Order, Denial> {
    let exit = terms.is_exit(order);
    let opens = |rules: &Rules| rules.price_band().and_then(Cap::at).copied();
    let bands =
        levels.map(Level::rules).filter_map(|rules| if exit { rules.exits_within() } else { opens(rules) });
    let band = match (bands.min(), exit) {
        (Some(band), _) => band,
        (None, true) => return Ok(order.clone()),
        (None, false) => {
            return Err(Denial::Unbounded { why: "price_band is unlimited; send a limit order" });
        }
    };
    let no_reference = || Denial::NoReference { symbol: order.symbol.clone() };
    terms.reference.ok_or_else(no_reference)?;
    let start = terms.start().ok_or_else(no_reference)?;
    let price = worst_price(order, start, band, terms)?;
    let size = match order.size {
        Size::Quote(amount) => Size::Base(from_quote(amount, price.max(start), terms.instrument)?),
        Size::Base(_) | Size::Contracts(_) | Size::Position => order.size,
    };
    let kind = OrderKind::Limit { price };
    Ok(Order { kind, size, time_in_force: TimeInForce::ImmediateOrCancel, ..order.clone() })
}

/// The edge of the band, on the instrument's steps and within the band.
fn worst_price(
    order: &Order,
    reference: Decimal,
    band: Percent,
    terms: &Terms<'_>,
) -> Result<Decimal, Denial> {
    let edge = edge(order.side, reference, band, order.market, terms);
    let step = terms.instrument.price_step;
    let price = match order.side {
        Side::Buy => edge.and_then(|edge| edge.floor_to(step)),
        Side::Sell => edge.and_then(|edge| edge.ceil_to(step)),
    };
    price
        .filter(|price| !price.is_zero() && price.is_plain())
        .ok_or(Denial::Unbounded { why: "the edge of price_band is no price of the instrument" })
}

/// How many base units an amount of quote currency is at a price, rounded down to the instrument's steps.
fn from_quote(amount: Decimal, price: Decimal, instrument: &Instrument) -> Result<Decimal, Denial> {
    let size = amount.over(price).and_then(|size| size.floor_to(instrument.size_step));
    let size = size
        .filter(|size| size.is_plain())
        .ok_or(Denial::Unbounded { why: "its amount of quote currency is no size of the instrument" })?;
    if size.is_zero() || size < instrument.min_size {
        return Err(Denial::TooSmall { min_size: instrument.min_size });
    }
    Ok(size)
}
