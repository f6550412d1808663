//! How large one order may be.

use super::compare::settings;
use super::{Cap, Change, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage, UNLIMITED, Weighed};
use crate::value::Prices;
use crate::{Denial, Money, Permission};

/// `max_order`: how large one order may be.
#[derive(Clone, Copy, Debug)]
pub struct MaxOrder;

pub(super) const WANTED: &str = "an amount and an asset like \"1000 USDT\", or \"unlimited\"";

impl Limit for MaxOrder {
    fn name(&self) -> &'static str {
        "max_order"
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Weigh]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "the highest value of one order: quantity times the largest of limit, trigger and reference price; none for exits",
            form: "an amount and an asset",
            example: "max_order = \"1000 USDT\"",
            absent: "no trade grant without it",
        }
    }

    fn needed_for(&self, permission: Permission) -> bool {
        permission == Permission::Trade
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        rules.max_order = Some(given.cap(WANTED)?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        rules.max_order.as_ref().map(money_shown)
    }

    fn compare(&self, scope: Scope, old: &Rules, new: &Rules) -> Change {
        money_compared(scope, old.max_order.as_ref(), new.max_order.as_ref())
    }

    fn weigh(&self, weighed: &Weighed<'_>) -> Result<(), Denial> {
        if weighed.terms.is_exit(weighed.order) {
            return Ok(());
        }
        if weighed.rules.max_order.is_none() && matches!(weighed.scope, Scope::Bot) {
            return Err(Denial::NotGranted { needs: Permission::Trade });
        }
        let value = weighed.value.ok_or(Denial::Unmeasured { why: "its size is a position's" })?;
        within(weighed.rules, value, weighed.prices)
    }
}

/// Whether a value is within the limit of one level, where it has one.
pub(crate) fn within(rules: &Rules, value: &Money, prices: &Prices<'_>) -> Result<(), Denial> {
    let Some(Cap::At(limit)) = &rules.max_order else { return Ok(()) };
    let asked = prices.in_asset(value, &limit.asset, MaxOrder.name())?;
    if asked.amount <= limit.amount { Ok(()) } else { Err(Denial::MaxOrder { asked, limit: limit.clone() }) }
}

pub(super) fn money_shown(cap: &Cap<Money>) -> Shown {
    match cap {
        Cap::Unlimited => Shown { text: UNLIMITED.into(), unlimited: true },
        Cap::At(money) => Shown { text: money.to_string(), unlimited: false },
    }
}

pub(super) fn money_compared(scope: Scope, old: Option<&Cap<Money>>, new: Option<&Cap<Money>>) -> Change {
    match (scope, old, new) {
        (_, None, None) => Change::Same,
        (Scope::Bot, None, Some(_)) => Change::Wider,
        (Scope::Bot, Some(_), None) => Change::Narrower,
        (Scope::Bot | Scope::Key | Scope::Group, _, _) => money_capped(old, new),
    }
}

/// The same where nothing written is no limit.
pub(super) fn money_capped(old: Option<&Cap<Money>>, new: Option<&Cap<Money>>) -> Change {
    settings(old, new, &Cap::Unlimited, |a, b| a.asset == b.asset && a.amount <= b.amount)
}
