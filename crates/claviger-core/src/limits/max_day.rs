//! How much may be traded in any 24 hours.

use super::max_order::{WANTED, money_compared, money_shown};
use super::{Cap, Change, Counted, Given, Help, Limit, Misfit, Rules, Scope, Shown};
use crate::{Decimal, Denial, Money, Permission};

/// `max_day`: how much may be traded in any 24 hours, counting fills and orders that are alive.
#[derive(Clone, Copy, Debug)]
pub struct MaxDay;

impl Limit for MaxDay {
    fn name(&self) -> &'static str {
        "max_day"
    }

    fn help(&self) -> Help {
        Help {
            meaning: "the highest value of fills in any 24 hours and of orders that are alive or of unknown fate, without exits",
            form: "an amount and an asset",
            example: "max_day = \"20000 USDT\"",
            absent: "no trade grant without it",
        }
    }

    fn needed_for(&self, permission: Permission) -> bool {
        permission == Permission::Trade
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        rules.max_day = Some(given.cap(WANTED)?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        rules.max_day.as_ref().map(money_shown)
    }

    fn compare(&self, scope: Scope, old: &Rules, new: &Rules) -> Change {
        money_compared(scope, old.max_day.as_ref(), new.max_day.as_ref())
    }

    fn count(&self, counted: &Counted<'_>) -> Result<(), Denial> {
        let Some(hold) = counted.added.hold.as_ref().filter(|hold| !hold.amount.is_zero()) else {
            return Ok(());
        };
        let limit = match (&counted.rules.max_day, counted.scope) {
            (Some(Cap::Unlimited), _) | (None, Scope::Key) => return Ok(()),
            (Some(Cap::At(limit)), _) => limit,
            (None, Scope::Bot) => return Err(Denial::NotGranted { needs: Permission::Trade }),
        };
        let used = spent(counted, limit)?.less(counted.added.held);
        let left = limit.amount.less(used);
        if hold.asset == limit.asset && hold.amount <= left {
            return Ok(());
        }
        Err(match counted.scope {
            Scope::Key => Denial::KeyMaxDay { asked: hold.clone(), limit: limit.clone() },
            Scope::Bot => Denial::MaxDay {
                asked: hold.clone(),
                left: Money::new(left, limit.asset.clone()),
                limit: limit.clone(),
                refills: counted.usage.refills(&limit.asset, hold.amount.less(left)),
            },
        })
    }

    fn used(&self, counted: &Counted<'_>) -> Option<(String, String)> {
        let of = self.shown(counted.rules)?.text;
        let used = match counted.rules.max_day.as_ref().and_then(Cap::at) {
            Some(limit) => match spent(counted, limit) {
                Ok(used) => Money::new(used, limit.asset.clone()).to_string(),
                Err(_) => listed(counted),
            },
            None => listed(counted),
        };
        Some((used, of))
    }
}

/// Everything used at this level, in the limit's currency: what was counted in another one is converted.
fn spent(counted: &Counted<'_>, limit: &Money) -> Result<Decimal, Denial> {
    let mut sum = Decimal::ZERO;
    for money in counted.usage.day() {
        let part = counted.prices.in_asset(&money, &limit.asset, MaxDay.name())?;
        sum = sum.plus(part.amount).ok_or(Denial::Unmeasured { why: "the day's sum is too large" })?;
    }
    Ok(sum)
}

fn listed(counted: &Counted<'_>) -> String {
    let parts: Vec<String> = counted.usage.day().map(|money| money.to_string()).collect();
    if parts.is_empty() { "0".into() } else { parts.join(" + ") }
}
