//! Limits on what is used of a budget: what is held for orders and what filled so recently, together.

use super::{Counted, Rules};
use crate::book::{Budget, Lasting};
use crate::denial::Spent;
use crate::{Asset, Decimal, Denial, Money};

/// Which budget a limit is on, and for how long what filled counts.
#[derive(Clone, Copy)]
pub(super) struct Spending {
    pub(super) limit: &'static str,
    pub(super) budget: Budget,
    pub(super) lasting: Lasting,
}

impl Spending {
    /// Whether what a request adds is more than what is left of `most`.
    ///
    /// # Errors
    /// If no fresh reference price leads from a currency in which something was counted to that of the limit.
    pub(super) fn short(&self, counted: &Counted<'_>, most: &Money) -> Result<Option<Box<Spent>>, Denial> {
        let cost = counted.added.cost(self.budget);
        let Some(hold) = cost.hold.as_ref().filter(|hold| !hold.amount.is_zero()) else { return Ok(None) };
        let converted = |amount| counted.prices.amount_in((amount, &hold.asset), &most.asset, self.limit);
        let (asked, held) = (converted(hold.amount)?, converted(cost.held)?);
        let left = most.amount.less(self.sum(counted, most)?.less(held));
        if asked <= left {
            return Ok(None);
        }
        let asked = Money::new(asked, most.asset.clone());
        let missing = Money::new(asked.amount.less(left), most.asset.clone());
        let refills = counted.usage.refills(self.budget, self.lasting, &missing);
        let left = Money::new(left, most.asset.clone());
        Ok(Some(Box::new(Spent { asked, left, limit: most.clone(), refills })))
    }

    /// What is used, as people read it.
    pub(super) fn shown(&self, counted: &Counted<'_>, most: Option<&Money>) -> String {
        match most.map(|most| (most, self.sum(counted, most))) {
            Some((most, Ok(used))) => Money::new(used, most.asset.clone()).to_string(),
            Some((_, Err(_))) | None => self.listed(counted),
        }
    }

    /// Everything that is used, in the limit's currency: what was counted in another one is converted.
    fn sum(&self, counted: &Counted<'_>, most: &Money) -> Result<Decimal, Denial> {
        let mut sum = Decimal::ZERO;
        for used in counted.usage.used(self.budget, self.lasting) {
            let part = counted.prices.amount_in(used, &most.asset, self.limit)?;
            sum = sum.plus(part).ok_or(Denial::Unmeasured { why: "the sum of what is used is too large" })?;
        }
        Ok(sum)
    }

    fn listed(&self, counted: &Counted<'_>) -> String {
        let used = counted.usage.used(self.budget, self.lasting);
        let parts: Vec<String> =
            used.map(|(amount, asset)| Money::new(amount, asset.clone()).to_string()).collect();
        if parts.is_empty() { "0".into() } else { parts.join(" + ") }
    }
}

impl Rules {
    /// The currency in which what is traded is counted, where a limit says one, and which does.
    pub(crate) fn turnover_asset(&self) -> Option<(&'static str, &Asset)> {
        let limits = [("max_day", &self.max_day), ("max_hour", &self.max_hour)];
        limits.into_iter().find_map(|(name, cap)| Some((name, &cap.as_ref()?.at()?.asset)))
    }
}
