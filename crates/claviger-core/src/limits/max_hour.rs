//! How much may be traded in any hour.

use super::max_order::{WANTED, money_capped, money_shown};
use super::spent::Spending;
use super::{Cap, Change, Counted, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage};
use crate::Denial;
use crate::book::{Budget, Lasting};

/// `max_hour`: how much may be traded in any hour, counting fills and orders that are alive.
#[derive(Clone, Copy, Debug)]
pub struct MaxHour;

const HOUR: Spending = Spending { limit: "max_hour", budget: Budget::Turnover, lasting: Lasting::Hour };

impl Limit for MaxHour {
    fn name(&self) -> &'static str {
        HOUR.limit
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Count]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "the same as `max_day` for any hour: the highest value of fills in it and of orders that are alive or of unknown fate, without exits",
            form: "an amount and an asset",
            example: "max_hour = \"5000 USDT\"",
            absent: "no limit",
        }
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        rules.max_hour = Some(given.cap(WANTED)?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        rules.max_hour.as_ref().map(money_shown)
    }

    fn compare(&self, _scope: Scope, old: &Rules, new: &Rules) -> Change {
        money_capped(old.max_hour.as_ref(), new.max_hour.as_ref())
    }

    fn count(&self, counted: &Counted<'_>) -> Result<(), Denial> {
        let Some(limit) = counted.rules.max_hour.as_ref().and_then(Cap::at) else { return Ok(()) };
        let Some(spent) = HOUR.short(counted, limit)? else { return Ok(()) };
        Err(match counted.scope {
            scope @ (Scope::Key | Scope::Group) => {
                Denial::SharedMaxHour { scope, asked: spent.asked, limit: spent.limit }
            }
            Scope::Bot => Denial::MaxHour(spent),
        })
    }

    fn used(&self, counted: &Counted<'_>) -> Option<(String, String)> {
        let of = self.shown(counted.rules)?.text;
        let most = counted.rules.max_hour.as_ref().and_then(Cap::at);
        Some((HOUR.shown(counted, most), of))
    }
}
