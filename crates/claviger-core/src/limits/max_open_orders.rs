//! How many orders may be open at a time.

use super::compare::settings;
use super::{Cap, Change, Counted, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage, UNLIMITED};
use crate::Denial;

/// `max_open_orders`: how many orders may be open at a time.
#[derive(Clone, Copy, Debug)]
pub struct MaxOpenOrders;

pub(super) const WANTED: &str = "a whole number from 0 to 5000, or \"unlimited\"";
const MOST: u32 = 5000;

impl Limit for MaxOpenOrders {
    fn name(&self) -> &'static str {
        "max_open_orders"
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Count]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "how many orders may be open at a time, counting those whose fate is not known",
            form: "a whole number",
            example: "max_open_orders = 50",
            absent: "no limit but claviger's own of 5000 a bot",
        }
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        let cap = count_given(given).ok_or_else(|| given.misfit(WANTED))?;
        rules.max_open_orders = Some(cap);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        rules.max_open_orders.as_ref().map(count_shown)
    }

    fn compare(&self, _scope: Scope, old: &Rules, new: &Rules) -> Change {
        let (old, new) = (old.max_open_orders.as_ref(), new.max_open_orders.as_ref());
        settings(old, new, &Cap::Unlimited, |a, b| a <= b)
    }

    fn count(&self, counted: &Counted<'_>) -> Result<(), Denial> {
        let opens = counted.added.opens;
        let open = counted.usage.open_orders().saturating_add(opens);
        match counted.rules.max_open_orders.as_ref().and_then(Cap::at) {
            Some(limit) if opens > 0 && open > *limit => Err(Denial::MaxOpenOrders { limit: *limit }),
            _ => Ok(()),
        }
    }

    fn used(&self, counted: &Counted<'_>) -> Option<(String, String)> {
        let of = self.shown(counted.rules)?.text;
        Some((counted.usage.open_orders().to_string(), of))
    }
}

/// A number of open orders, or `"unlimited"`.
pub(super) fn count_given(given: &Given<'_>) -> Option<Cap<u32>> {
    match given {
        Given::Text(UNLIMITED) => Some(Cap::Unlimited),
        Given::Whole(n) => u32::try_from(*n).ok().filter(|n| *n <= MOST).map(Cap::At),
        Given::Text(_) | Given::Flag(_) | Given::List(_) | Given::Other(_) => None,
    }
}

pub(super) fn count_shown(cap: &Cap<u32>) -> Shown {
    match cap {
        Cap::Unlimited => Shown { text: UNLIMITED.into(), unlimited: true },
        Cap::At(n) => Shown { text: n.to_string(), unlimited: false },
    }
}
