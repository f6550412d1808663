//! How much may be traded in any 24 hours.

use super::max_order::{WANTED, money_compared, money_shown};
use super::spent::Spending;
use super::{Cap, Change, Counted, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage};
use crate::book::{Budget, Lasting};
use crate::{Denial, Permission};

/// `max_day`: how much may be traded in any 24 hours, counting fills and orders that are alive.
#[derive(Clone, Copy, Debug)]
pub struct MaxDay;

const DAY: Spending = Spending { limit: "max_day", budget: Budget::Turnover, lasting: Lasting::Day };

impl Limit for MaxDay {
    fn name(&self) -> &'static str {
        DAY.limit
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Count]
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
        let limit = match (&counted.rules.max_day, counted.scope) {
            (Some(Cap::Unlimited), _) | (None, Scope::Key | Scope::Group) => return Ok(()),
            (Some(Cap::At(limit)), _) => limit,
            (None, Scope::Bot) if !counted.added.opening => return Ok(()),
            (None, Scope::Bot) => return Err(Denial::NotGranted { needs: Permission::Trade }),
        };
        let Some(spent) = DAY.short(counted, limit)? else { return Ok(()) };
        Err(match counted.scope {
            scope @ (Scope::Key | Scope::Group) => {
                Denial::SharedMaxDay { scope, asked: spent.asked, limit: spent.limit }
            }
            Scope::Bot => Denial::MaxDay(spent),
        })
    }

    fn used(&self, counted: &Counted<'_>) -> Option<(String, String)> {
        let of = self.shown(counted.rules)?.text;
        let most = counted.rules.max_day.as_ref().and_then(Cap::at);
        Some((DAY.shown(counted, most), of))
    }
}
