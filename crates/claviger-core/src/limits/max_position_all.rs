//! How much an account may hold of all instruments of a market.

use super::max_order::{WANTED, money_capped, money_shown};
use super::max_position::unseen;
use super::{Cap, Change, Counted, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage};
use crate::{Denial, Money};

/// `max_position_all`: how much the account may hold of all instruments of one market together.
#[derive(Clone, Copy, Debug)]
pub struct MaxPositionAll;

impl Limit for MaxPositionAll {
    fn name(&self) -> &'static str {
        "max_position_all"
    }

    fn help(&self) -> Help {
        Help {
            meaning: "the same as `max_position` of all instruments of the order's market together, long and short added up; on spot, all that the account has but the limit's own asset",
            form: "an amount and an asset",
            example: "max_position_all = \"20000 USDT\"",
            absent: "no limit",
        }
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Count]
    }

    /// A group's bots trade in several accounts.
    fn stands_at(&self, scope: Scope) -> bool {
        !matches!(scope, Scope::Group)
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        rules.max_position_all = Some(given.cap(WANTED)?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        rules.max_position_all.as_ref().map(money_shown)
    }

    fn compare(&self, _scope: Scope, old: &Rules, new: &Rules) -> Change {
        money_capped(old.max_position_all.as_ref(), new.max_position_all.as_ref())
    }

    fn count(&self, counted: &Counted<'_>) -> Result<(), Denial> {
        let Some(limit) = counted.rules.max_position_in_all() else { return Ok(()) };
        if counted.added.outside {
            return Err(unseen(self.name()));
        }
        let above = counted.added.stands.all.iter().any(|all| all.amount > limit.amount);
        if above { Err(Denial::MaxPositionAll { limit: limit.clone() }) } else { Ok(()) }
    }

    fn used(&self, counted: &Counted<'_>) -> Option<(String, String)> {
        let of = self.shown(counted.rules)?.text;
        Some((counted.added.stands.all.as_ref()?.to_string(), of))
    }
}

impl Rules {
    /// What may be held of all instruments, where that is limited.
    pub(crate) fn max_position_in_all(&self) -> Option<&Money> {
        self.max_position_all.as_ref().and_then(Cap::at)
    }

    /// Whether it has to be known what the account holds.
    pub(crate) fn watches_holdings(&self) -> bool {
        self.max_position_each().is_some() || self.max_position_in_all().is_some()
    }
}
