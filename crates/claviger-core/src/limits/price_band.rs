//! How far from the reference price a bot may buy and sell.

use std::fmt;
use std::str::FromStr;

use super::compare::settings;
use super::{Cap, Change, Given, Help, Limit, Misfit, Rules, Scope, Shown, UNLIMITED, Weighed};
use crate::value::Terms;
use crate::{Decimal, Denial, End, Market, Order, Side, Wake};

/// `price_band`: how much higher than the reference price a bot may buy, and how much lower it may sell.
#[derive(Clone, Copy, Debug)]
pub struct PriceBand;

/// A part of a hundred, above 0 and below 100, written as `2%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(Decimal);

/// The text is not a percentage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a percentage like `2%`")]
pub struct NotAPercent;

const WANTED: &str = "a percentage above 0 and below 100 like \"2%\" or \"0.5%\", or \"unlimited\"";

impl FromStr for Percent {
    type Err = NotAPercent;

    fn from_str(text: &str) -> Result<Self, NotAPercent> {
        let number: Decimal = text.strip_suffix('%').and_then(|n| n.parse().ok()).ok_or(NotAPercent)?;
        if number.is_zero() || number >= Decimal::from_u64(100) { Err(NotAPercent) } else { Ok(Self(number)) }
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

impl Percent {
    /// So many whole parts of a hundred.
    pub(crate) fn whole(n: u64) -> Self {
        Self(Decimal::from_u64(n))
    }

    /// A tenth of a hundredth.
    pub(crate) fn tenth() -> Self {
        Self(Decimal::ONE.over(Decimal::from_u64(10)).unwrap_or(Decimal::ONE))
    }

    /// `price` and this part of it more; `None` if it does not fit.
    #[must_use]
    pub fn above(self, price: Decimal) -> Option<Decimal> {
        price.plus(self.part(price)?)
    }

    /// `price` less this part of it; `None` if it does not fit.
    #[must_use]
    pub fn below(self, price: Decimal) -> Option<Decimal> {
        price.minus(self.part(price)?)
    }

    /// Three times as much, below 100: exits may be so much worse than openings until they have a band of their own.
    pub(crate) fn for_exits(self) -> Self {
        let most = Decimal::from_u64(99);
        Self(self.0.times(Decimal::from_u64(3)).map_or(most, |triple| triple.min(most)).max(self.0))
    }

    /// This part of a price; `None` if it does not fit.
    pub(crate) fn of(self, price: Decimal) -> Option<Decimal> {
        self.part(price)
    }

    fn part(self, price: Decimal) -> Option<Decimal> {
        price.times(self.0)?.over(Decimal::from_u64(100))
    }
}

/// The worst price that a band allows around `from`. Of options it is a part of the underlying's price.
pub(crate) fn edge(
    side: Side,
    from: Decimal,
    band: Percent,
    market: Market,
    terms: &Terms<'_>,
) -> Option<Decimal> {
    let whole = if market == Market::Option { terms.underlying? } else { from };
    let room = band.of(whole)?;
    match side {
        Side::Buy => from.plus(room),
        Side::Sell => Some(from.less(room)),
    }
}

impl Limit for PriceBand {
    fn name(&self) -> &'static str {
        "price_band"
    }

    fn help(&self) -> Help {
        Help {
            meaning: "how much above the reference price it may buy and how much below it may sell, three times that for exits; bounds market orders",
            form: "a percentage",
            example: "price_band = \"2%\"",
            absent: "no trade grant without it",
        }
    }

    fn needed_to_trade(&self) -> bool {
        true
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        rules.price_band = Some(given.cap(WANTED)?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        Some(match rules.price_band.as_ref()? {
            Cap::Unlimited => Shown { text: UNLIMITED.into(), unlimited: true },
            Cap::At(band) => Shown { text: band.to_string(), unlimited: false },
        })
    }

    fn compare(&self, scope: Scope, old: &Rules, new: &Rules) -> Change {
        let absent = match scope {
            Scope::Bot => Cap::At(Percent(Decimal::ZERO)),
            Scope::Key => Cap::Unlimited,
        };
        settings(old.price_band.as_ref(), new.price_band.as_ref(), &absent, |a, b| a <= b)
    }

    fn weigh(&self, weighed: &Weighed<'_>) -> Result<(), Denial> {
        let band = match (&weighed.rules.price_band, weighed.scope) {
            (Some(Cap::Unlimited), _) | (None, Scope::Key) => return Ok(()),
            (Some(Cap::At(band)), _) => *band,
            (None, Scope::Bot) => return Err(Denial::NotGranted { needs: crate::Permission::Trade }),
        };
        let order = weighed.order;
        let no_reference = || Denial::NoReference { symbol: order.symbol.clone() };
        weighed.terms.reference.ok_or_else(no_reference)?;
        let start = weighed.terms.start().ok_or_else(no_reference)?;
        let limit = Edge { order, terms: weighed.terms, band, exit: weighed.terms.is_exit(order) };
        for end in order.ends() {
            limit.holds(order.side, &end, start)?;
        }
        let attached = Edge { exit: matches!(order.market, Market::Usdm | Market::Coinm), ..limit };
        let (side, filled) = (order.side.opposite(), order.fills_near(start));
        for exit in &order.more.exits {
            for end in exit.wakes().map(Wake::end) {
                attached.holds(side, &end, filled)?;
            }
            // A profit is taken beyond the order's price. A trigger on this side of it would be met at once, so a limit is held
            // to where the order fills, too.
            if let Some(profit) = exit.take_profit.as_ref().map(Wake::end).filter(|end| end.price.is_some()) {
                attached.holds(side, &End { trigger: None, trail: None, ..profit }, filled)?;
            }
        }
        Ok(())
    }
}

/// The band around the price at which something goes to the book.
struct Edge<'a> {
    order: &'a Order,
    terms: &'a Terms<'a>,
    band: Percent,
    exit: bool,
}

impl Edge<'_> {
    /// One end of an order, which goes to the book at `from` unless it waits for a price. An exit that waits may have no
    /// limit; whatever opens and has none was refused before.
    fn holds(&self, side: Side, end: &End, from: Decimal) -> Result<(), Denial> {
        let reference = if end.waits() { end.wakes_at(side, from) } else { Some(from) };
        let reference = reference.ok_or(Denial::Unmeasured { why: "its trigger is no price" })?;
        let Some(price) = end.price else {
            // A stop may close at the market; what goes to the book at once can be a market order, which gets the band's edge.
            let why = "nothing holds it to a price; send a market order";
            return if self.exit && end.waits() { Ok(()) } else { Err(Denial::Unbounded { why }) };
        };
        let band = if self.exit { self.band.for_exits() } else { self.band };
        if self.order.market == Market::Option && self.terms.underlying.is_none() {
            return Err(Denial::NoReference { symbol: self.order.symbol.clone() });
        }
        let edge = edge(side, reference, band, self.order.market, self.terms)
            .ok_or(Denial::Unmeasured { why: "its price is too large" })?;
        let inside = match side {
            Side::Buy => price <= edge,
            Side::Sell => price >= edge,
        };
        let exit = self.exit;
        if inside {
            Ok(())
        } else {
            Err(Denial::Band { side, price, edge, band: self.band, exit, reference })
        }
    }
}
