//! Giving a market order the worst price it may have.

use crate::limits::{Cap, Percent, Rules, edge};
use crate::{Decimal, Denial, Instrument, Order, OrderKind, Reference, Side, Size, TimeInForce};

/// A trigger may be this far from the reference price.
const TRIGGER_DISTANCE: u64 = 60;

/// The order as it may leave: a market order becomes an immediate-or-cancel limit at the edge of the tighter band,
/// anything else stays as it is.
///
/// # Errors
/// If a market order has a trigger, no band, or no fresh reference; if a size in quote currency cannot be turned into
/// one in base units; if a trigger is further from the reference than 60 %.
pub fn bounded(
    order: &Order,
    instrument: &Instrument,
    reference: Option<&Reference>,
    levels: [&Rules; 2],
) -> Result<Order, Denial> {
    if let Some(trigger) = order.trigger {
        let symbol = order.symbol.clone();
        near(trigger, reference.ok_or(Denial::NoReference { symbol })?.price)?;
    }
    match order.kind {
        OrderKind::Limit { .. } => Ok(order.clone()),
        OrderKind::Floating { .. } => Err(Denial::Unbounded { why: "the exchange finds its price" }),
        OrderKind::Market => at_the_edge(order, instrument, reference, levels),
    }
}

fn near(trigger: Decimal, reference: Decimal) -> Result<(), Denial> {
    let most = Percent::whole(TRIGGER_DISTANCE);
    let (low, high) = (most.below(reference), most.above(reference));
    if low.is_some_and(|low| trigger >= low) && high.is_some_and(|high| trigger <= high) {
        Ok(())
    } else {
        Err(Denial::TriggerTooFar { trigger, most, reference })
    }
}

fn at_the_edge(
    order: &Order,
    instrument: &Instrument,
    reference: Option<&Reference>,
    levels: [&Rules; 2],
) -> Result<Order, Denial> {
    if order.trigger.is_some() {
        return Err(Denial::Unbounded { why: "it waits for a trigger; give it a limit price" });
    }
    let bands = levels.into_iter().filter_map(|rules| rules.price_band().and_then(Cap::at));
    let band =
        *bands.min().ok_or(Denial::Unbounded { why: "price_band is unlimited; send a limit order" })?;
    let reference = reference.ok_or_else(|| Denial::NoReference { symbol: order.symbol.clone() })?.price;
    let price = worst_price(order.side, reference, band, instrument.price_step)?;
    let size = match order.size {
        Size::Quote(amount) => Size::Base(from_quote(amount, price.max(reference), instrument)?),
        Size::Base(_) | Size::Contracts(_) | Size::Position => order.size,
    };
    let kind = OrderKind::Limit { price };
    Ok(Order { kind, size, time_in_force: TimeInForce::ImmediateOrCancel, ..order.clone() })
}

/// The edge of the band, on the instrument's steps and within the band.
fn worst_price(side: Side, reference: Decimal, band: Percent, step: Decimal) -> Result<Decimal, Denial> {
    let edge = edge(side, reference, band);
    let price = match side {
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
