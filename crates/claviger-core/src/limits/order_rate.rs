//! How fast a bot may send orders.

use std::fmt;
use std::str::FromStr;

use super::compare::settings;
use super::{Cap, Change, Counted, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage, UNLIMITED};
use crate::book::Pace;
use crate::{Denial, Time};

/// `order_rate`: how fast a bot may send orders.
#[derive(Clone, Copy, Debug)]
pub struct OrderRate;

/// So many in any span, written as `10/s` or `100/m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    count: u32,
    span: Span,
}

/// The span of a rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Span {
    /// One second.
    #[default]
    Second,
    /// One minute.
    Minute,
}

/// The text is not a rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a rate like `10/s` or `100/m`")]
pub struct NotARate;

pub(super) const WANTED: &str = "a rate like \"10/s\" or \"100/m\" (1 to 60000), or \"unlimited\"";
const MOST: u32 = 60_000;

impl Rate {
    /// How many.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.count
    }

    /// In any span of this length.
    #[must_use]
    pub const fn span(self) -> Span {
        self.span
    }
}

impl FromStr for Rate {
    type Err = NotARate;

    fn from_str(text: &str) -> Result<Self, NotARate> {
        let (count, span) = text.split_once('/').ok_or(NotARate)?;
        let span = match span {
            "s" => Span::Second,
            "m" => Span::Minute,
            _ => return Err(NotARate),
        };
        let plain = !count.starts_with('0') && count.bytes().all(|b| b.is_ascii_digit());
        let count = count.parse().ok().filter(|n| plain && (1..=MOST).contains(n)).ok_or(NotARate)?;
        Ok(Self { count, span })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let span = match self.span {
            Span::Second => "s",
            Span::Minute => "m",
        };
        write!(f, "{}/{span}", self.count)
    }
}

impl Limit for OrderRate {
    fn name(&self) -> &'static str {
        "order_rate"
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Count]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "how many orders may be placed or amended in any second or minute; cancels and settings have as many again, or their own `cancel_rate`",
            form: "a rate",
            example: "order_rate = \"10/s\"",
            absent: "no limit",
        }
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        rules.order_rate = Some(given.cap(WANTED)?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        rules.order_rate.as_ref().map(rate_shown)
    }

    fn compare(&self, _scope: Scope, old: &Rules, new: &Rules) -> Change {
        settings(old.order_rate.as_ref(), new.order_rate.as_ref(), &Cap::Unlimited, within)
    }

    fn count(&self, counted: &Counted<'_>) -> Result<(), Denial> {
        let Some(limit) = counted.rules.order_rate.as_ref().and_then(Cap::at) else { return Ok(()) };
        let others = if counted.rules.cancel_rate.is_none() { Some(Pace::Other) } else { None };
        let denied = |refills| Denial::OrderRate { limit: *limit, refills };
        [Pace::Order]
            .into_iter()
            .chain(others)
            .try_for_each(|pace| paced(counted, pace, *limit))
            .map_err(denied)
    }

    fn used(&self, counted: &Counted<'_>) -> Option<(String, String)> {
        let of = self.shown(counted.rules)?.text;
        let span =
            counted.rules.order_rate.as_ref().and_then(Cap::at).map(|rate| rate.span).unwrap_or_default();
        let used = counted.usage.attempts(Pace::Order, span).total();
        Some((used.to_string(), of))
    }
}

pub(super) fn rate_shown(cap: &Cap<Rate>) -> Shown {
    match cap {
        Cap::Unlimited => Shown { text: UNLIMITED.into(), unlimited: true },
        Cap::At(rate) => Shown { text: rate.to_string(), unlimited: false },
    }
}

/// Whether a rate allows nothing that another one does not.
pub(super) fn within(inner: &Rate, outer: &Rate) -> bool {
    inner.span == outer.span && inner.count <= outer.count
}

/// Whether what a request adds at a pace is within the limit; else when it would be, where this bot alone is in the way.
pub(super) fn paced(counted: &Counted<'_>, pace: Pace, limit: Rate) -> Result<(), Option<Time>> {
    let count = counted.added.at_pace(pace);
    let window = counted.usage.attempts(pace, limit.span);
    let (after, most) = (window.total().saturating_add(count), u64::from(limit.count));
    if count == 0 || after <= most {
        return Ok(());
    }
    Err(match counted.scope {
        Scope::Bot if count <= most => window.ends_for(after.saturating_sub(most)),
        Scope::Bot | Scope::Key | Scope::Group => None,
    })
}
