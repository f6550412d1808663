//! How many orders may be open at a time in one instrument.

use super::compare::settings;
use super::max_open_orders::{WANTED, count_given, count_shown};
use super::{Cap, Change, Counted, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage};
use crate::Denial;

/// `max_open_per_symbol`: how many orders may be open at a time in one instrument.
#[derive(Clone, Copy, Debug)]
pub struct MaxOpenPerSymbol;

impl Limit for MaxOpenPerSymbol {
    fn name(&self) -> &'static str {
        "max_open_per_symbol"
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Count]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "how many orders may be open at a time in any one instrument, counting those whose fate is not known",
            form: "a whole number",
            example: "max_open_per_symbol = 10",
            absent: "no limit",
        }
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        rules.max_open_per_symbol = Some(count_given(given).ok_or_else(|| given.misfit(WANTED))?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        rules.max_open_per_symbol.as_ref().map(count_shown)
    }

    fn compare(&self, _scope: Scope, old: &Rules, new: &Rules) -> Change {
        let (old, new) = (old.max_open_per_symbol.as_ref(), new.max_open_per_symbol.as_ref());
        settings(old, new, &Cap::Unlimited, |a, b| a <= b)
    }

    fn count(&self, counted: &Counted<'_>) -> Result<(), Denial> {
        let limit = counted.rules.max_open_per_symbol.as_ref().and_then(Cap::at);
        let Some(limit) = limit else { return Ok(()) };
        for (market, symbol, opens) in &counted.added.opens_in {
            if counted.usage.open_in(*market, symbol).saturating_add(*opens) > *limit {
                return Err(Denial::MaxOpenPerSymbol { symbol: symbol.clone(), limit: *limit });
            }
        }
        Ok(())
    }

    fn used(&self, counted: &Counted<'_>) -> Option<(String, String)> {
        let of = self.shown(counted.rules)?.text;
        Some((counted.usage.most_open_in_one().to_string(), of))
    }
}

impl Rules {
    /// Whether open orders are counted by instrument.
    pub(crate) fn counts_by_symbol(&self) -> bool {
        self.max_open_per_symbol.as_ref().is_some_and(|cap| cap.at().is_some())
    }
}
