//! How much may be lost in any 24 hours.

use super::max_order::{WANTED, money_capped, money_shown};
use super::spent::Spending;
use super::{Cap, Change, Counted, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage};
use crate::book::{Budget, Lasting};
use crate::{Denial, Money};

/// `max_loss_day`: how much may be lost in any 24 hours by filling at worse prices than the reference, and in fees.
#[derive(Clone, Copy, Debug)]
pub struct MaxLossDay;

const LOSS: Spending = Spending { limit: "max_loss_day", budget: Budget::Loss, lasting: Lasting::Day };

impl Limit for MaxLossDay {
    fn name(&self) -> &'static str {
        LOSS.limit
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Count]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "the highest loss in any 24 hours by filling at worse prices than the reference and in fees, counted before an order leaves",
            form: "an amount and an asset",
            example: "max_loss_day = \"50 USDT\"",
            absent: "no limit",
        }
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        rules.max_loss_day = Some(given.cap(WANTED)?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        rules.max_loss_day.as_ref().map(money_shown)
    }

    fn compare(&self, _scope: Scope, old: &Rules, new: &Rules) -> Change {
        money_capped(old.max_loss_day.as_ref(), new.max_loss_day.as_ref())
    }

    /// What exits lose counts, but no exit is refused for it.
    fn count(&self, counted: &Counted<'_>) -> Result<(), Denial> {
        let Some(limit) = counted.rules.max_loss().filter(|_| counted.added.opening) else { return Ok(()) };
        let Some(spent) = LOSS.short(counted, limit)? else { return Ok(()) };
        Err(match counted.scope {
            scope @ (Scope::Key | Scope::Group) => {
                Denial::SharedMaxLossDay { scope, asked: spent.asked, limit: spent.limit }
            }
            Scope::Bot => Denial::MaxLossDay(spent),
        })
    }

    fn used(&self, counted: &Counted<'_>) -> Option<(String, String)> {
        let of = self.shown(counted.rules)?.text;
        Some((LOSS.shown(counted, counted.rules.max_loss()), of))
    }
}

impl Rules {
    /// What may be lost, where that is limited.
    pub(crate) fn max_loss(&self) -> Option<&Money> {
        self.max_loss_day.as_ref().and_then(Cap::at)
    }
}
