//! The ways in which the parts of an order go to the book, and whether they are within a band.

use super::{Percent, Weighed, edge};
use crate::{Decimal, Denial, End, Market, Side, Wake};

/// One way in which a part of an order goes to the book.
pub(super) struct Way {
    /// On which side.
    pub(super) side: Side,
    /// What it waits for, and its price.
    end: End,
    /// Where the market is when it begins.
    from: Decimal,
    /// Whether it can only close.
    pub(super) exit: bool,
}

/// A price that is worse than a band allows.
pub(super) struct Beyond {
    pub(super) price: Decimal,
    /// The worst one allowed.
    pub(super) edge: Decimal,
    /// What it is measured from.
    pub(super) reference: Decimal,
}

/// Every way, as far as a band is concerned that says how bad a price may be.
///
/// # Errors
/// If there is no fresh reference.
pub(super) fn ways(weighed: &Weighed<'_>) -> Result<Vec<Way>, Denial> {
    let mut ways = written(weighed)?;
    let start = start(weighed)?;
    let (side, from) = (weighed.order.side.opposite(), weighed.order.fills_near(start));
    // A profit is taken beyond the order's price. A trigger on this side of it would be met at once, so a limit is held
    // to where the order fills, too.
    let profits = weighed.order.more.exits.iter().filter_map(|exit| exit.take_profit.as_ref()).map(Wake::end);
    let profits = profits.filter(|end| end.price.is_some());
    let exit = closes(weighed);
    ways.extend(profits.map(|end| Way { side, end: End { trigger: None, trail: None, ..end }, from, exit }));
    Ok(ways)
}

/// The order's own ways, and those of what is attached to it.
///
/// # Errors
/// If there is no fresh reference.
pub(super) fn written(weighed: &Weighed<'_>) -> Result<Vec<Way>, Denial> {
    let (order, start) = (weighed.order, start(weighed)?);
    let own = order.ends().map(|end| Way {
        side: order.side,
        end,
        from: start,
        exit: weighed.terms.is_exit(order),
    });
    let (side, from, exit) = (order.side.opposite(), order.fills_near(start), closes(weighed));
    let attached = order.more.exits.iter().flat_map(|exit| exit.wakes()).map(Wake::end);
    Ok(own.chain(attached.map(|end| Way { side, end, from, exit })).collect())
}

/// Whether what is attached closes a position.
const fn closes(weighed: &Weighed<'_>) -> bool {
    matches!(weighed.order.market, Market::Usdm | Market::Coinm)
}

fn start(weighed: &Weighed<'_>) -> Result<Decimal, Denial> {
    let no_reference = || Denial::NoReference { symbol: weighed.order.symbol.clone() };
    weighed.terms.reference.ok_or_else(no_reference)?;
    weighed.terms.start().ok_or_else(no_reference)
}

impl Way {
    /// Its price, where it is worse than a band allows: it goes to the book at where the market is then, unless it waits
    /// for a price. An exit that waits may have no limit; whatever opens and has none was refused before.
    ///
    /// # Errors
    /// If it cannot be measured, or nothing holds it to a price.
    pub(super) fn beyond(&self, band: Percent, weighed: &Weighed<'_>) -> Result<Option<Beyond>, Denial> {
        let reference = self.reference()?;
        let Some(price) = self.end.price else {
            // A stop may close at the market; what goes to the book at once can be a market order, which gets the band's edge.
            let why = "nothing holds it to a price; send a market order";
            return if self.exit && self.end.waits() { Ok(None) } else { Err(Denial::Unbounded { why }) };
        };
        let edge = edge_of(self.side, reference, band, weighed)?;
        let inside = match self.side {
            Side::Buy => price <= edge,
            Side::Sell => price >= edge,
        };
        Ok((!inside).then_some(Beyond { price, edge, reference }))
    }

    /// Its price, where it is further on the other side than a band allows, so that it would hardly ever fill.
    ///
    /// # Errors
    /// If it cannot be measured.
    pub(super) fn remote(&self, band: Percent, weighed: &Weighed<'_>) -> Result<Option<Beyond>, Denial> {
        let Some(price) = self.end.price else { return Ok(None) };
        let reference = self.reference()?;
        let edge = edge_of(self.side.opposite(), reference, band, weighed)?;
        let inside = match self.side {
            Side::Buy => price >= edge,
            Side::Sell => price <= edge,
        };
        Ok((!inside).then_some(Beyond { price, edge, reference }))
    }

    fn reference(&self) -> Result<Decimal, Denial> {
        let waits = self.end.waits();
        let reference = if waits { self.end.wakes_at(self.side, self.from) } else { Some(self.from) };
        reference.ok_or(Denial::Unmeasured { why: "its trigger is no price" })
    }
}

fn edge_of(side: Side, from: Decimal, band: Percent, weighed: &Weighed<'_>) -> Result<Decimal, Denial> {
    let order = weighed.order;
    if order.market == Market::Option && weighed.terms.underlying.is_none() {
        return Err(Denial::NoReference { symbol: order.symbol.clone() });
    }
    edge(side, from, band, order.market, weighed.terms)
        .ok_or(Denial::Unmeasured { why: "its price is too large" })
}
