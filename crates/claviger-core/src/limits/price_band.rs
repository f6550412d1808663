//! How far from the reference price a bot may buy and sell.

use std::fmt;
use std::str::FromStr;

use super::compare::settings;
use super::{Cap, Change, Given, Help, Limit, Misfit, Rules, Scope, Shown, UNLIMITED, Weighed};
use crate::{Decimal, Denial, Side};

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

    fn part(self, price: Decimal) -> Option<Decimal> {
        price.times(self.0)?.over(Decimal::from_u64(100))
    }
}

/// The worst price that a band allows.
pub(crate) fn edge(side: Side, reference: Decimal, band: Percent) -> Option<Decimal> {
    match side {
        Side::Buy => band.above(reference),
        Side::Sell => band.below(reference),
    }
}

impl Limit for PriceBand {
    fn name(&self) -> &'static str {
        "price_band"
    }

    fn help(&self) -> Help {
        Help {
            meaning: "how much above the reference price it may buy and how much below it may sell; bounds market orders",
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
        let Some(price) = weighed.order.worst() else {
            return Err(Denial::Unbounded { why: "it has no price" });
        };
        let no_reference = || Denial::NoReference { symbol: weighed.order.symbol.clone() };
        let reference = weighed.reference.ok_or_else(no_reference)?;
        let from = weighed.order.trigger.unwrap_or(reference.price);
        let side = weighed.order.side;
        let edge = edge(side, from, band).ok_or(Denial::Unmeasured { why: "its price is too large" })?;
        let inside = match side {
            Side::Buy => price <= edge,
            Side::Sell => price >= edge,
        };
        if inside { Ok(()) } else { Err(Denial::Band { side, price, edge, band, reference: from }) }
    }
}
