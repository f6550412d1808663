//! How far from the reference price a bot may buy and sell.

use std::fmt;
use std::str::FromStr;

use super::compare::settings;
use super::way::{Beyond, ways};
use super::{Cap, Change, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage, UNLIMITED, Weighed};
use crate::value::Terms;
use crate::{Decimal, Denial, Market, Permission, Side};

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

pub(super) const WANTED: &str =
    "a percentage above 0 and below 100 like \"2%\" or \"0.5%\", or \"unlimited\"";

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

    /// Three times as much, below 100: exits may be so much worse than openings where they have no band of their own.
    pub(crate) fn for_exits(self) -> Self {
        let most = Decimal::from_u64(99);
        Self(self.0.times(Decimal::from_u64(3)).map_or(most, |triple| triple.min(most)).max(self.0))
    }

    /// This part of a price; `None` if it does not fit.
    pub(crate) fn of(self, price: Decimal) -> Option<Decimal> {
        self.part(price)
    }

    fn part(self, price: Decimal) -> Option<Decimal> {
        price.times(self.0)?.times(Decimal::HUNDREDTH)
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

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Weigh]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "how much above the reference price it may buy and how much below it may sell, three times that for exits unless `exit_band` says otherwise; bounds market orders",
            form: "a percentage",
            example: "price_band = \"2%\"",
            absent: "no trade grant without it",
        }
    }

    fn needed_for(&self, permission: Permission) -> bool {
        permission == Permission::Trade
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
            Scope::Key | Scope::Group => Cap::Unlimited,
        };
        settings(old.price_band.as_ref(), new.price_band.as_ref(), &absent, |a, b| a <= b)
    }

    fn weigh(&self, weighed: &Weighed<'_>) -> Result<(), Denial> {
        let band = match (&weighed.rules.price_band, weighed.scope) {
            (Some(Cap::Unlimited), _) | (None, Scope::Key | Scope::Group) => return Ok(()),
            (Some(Cap::At(band)), _) => *band,
            (None, Scope::Bot) => return Err(Denial::NotGranted { needs: Permission::Trade }),
        };
        let exits_apart = weighed.rules.exit_band.is_some();
        for way in ways(weighed)?.into_iter().filter(|way| !(way.exit && exits_apart)) {
            let within = if way.exit { band.for_exits() } else { band };
            if let Some(Beyond { price, edge, reference }) = way.beyond(within, weighed)? {
                let (side, exit) = (way.side, way.exit);
                return Err(Denial::Band { side, price, edge, band, exit, reference });
            }
        }
        Ok(())
    }
}
