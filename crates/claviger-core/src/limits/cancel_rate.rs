//! How fast a bot may cancel and set things.

use super::compare::settings;
use super::order_rate::{WANTED, paced, rate_shown, within};
use super::{Cap, Change, Counted, Given, Help, Limit, Misfit, Rate, Rules, Scope, Shown, Stage};
use crate::Denial;
use crate::book::Pace;

/// `cancel_rate`: how fast a bot may cancel and set things, where that is not as fast as it may place orders.
#[derive(Clone, Copy, Debug)]
pub struct CancelRate;

impl Limit for CancelRate {
    fn name(&self) -> &'static str {
        "cancel_rate"
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Count]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "how many orders may be cancelled, and settings made, in any second or minute",
            form: "a rate",
            example: "cancel_rate = \"20/s\"",
            absent: "the same rate as `order_rate`, also at a key",
        }
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        rules.cancel_rate = Some(given.cap(WANTED)?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        rules.cancel_rate.as_ref().map(rate_shown)
    }

    /// Where neither says anything of it, what changes is `order_rate`.
    fn compare(&self, _scope: Scope, old: &Rules, new: &Rules) -> Change {
        if old.cancel_rate.is_none() && new.cancel_rate.is_none() {
            return Change::Same;
        }
        settings(old.pace_of_others(), new.pace_of_others(), &Cap::Unlimited, within)
    }

    fn count(&self, counted: &Counted<'_>) -> Result<(), Denial> {
        let Some(limit) = counted.rules.cancel_rate.as_ref().and_then(Cap::at) else { return Ok(()) };
        paced(counted, Pace::Other, *limit).map_err(|refills| Denial::CancelRate { limit: *limit, refills })
    }

    fn used(&self, counted: &Counted<'_>) -> Option<(String, String)> {
        let of = self.shown(counted.rules)?.text;
        let span = counted.rules.cancel_rate.as_ref().and_then(Cap::at).map(|rate| rate.span());
        let used = counted.usage.attempts(Pace::Other, span.unwrap_or_default()).total();
        Some((used.to_string(), of))
    }
}

impl Rules {
    /// The rate of what places and amends nothing.
    fn pace_of_others(&self) -> Option<&Cap<Rate>> {
        self.cancel_rate.as_ref().or(self.order_rate.as_ref())
    }
}
