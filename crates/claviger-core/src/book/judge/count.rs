//! Fourth stage: what was used so far, and what a request would add.

use super::{Judged, Refused};
use crate::book::Budget;
use crate::book::fold::paces;
use crate::book::judge::case::Case;
use crate::book::ledger::can_rest;
use crate::entry::{Leg, Reservation};
use crate::limits::{Added, Cost, Counted, Stage};
use crate::{Act, Decimal, Deed, Denial, Detail, How, Level, Money, Order};

/// What one step does to an order.
#[derive(Clone, Copy)]
enum Deal<'a> {
    /// It places this one.
    Places(&'a Order),
    /// It amends one.
    Amends,
    /// Neither.
    Neither,
}

impl Case<'_> {
    /// Asks every limit that counts, at every level, about all steps together.
    pub(super) fn count(&self, judged: &Judged) -> Result<(), Refused> {
        let act = &judged.leaves.act;
        let asked = self.rules().any(|rules| !rules.may_self_trade());
        let meets_own = asked && self.meets(judged);
        for level in self.policy.levels() {
            let (scope, rules) = (level.scope(), level.rules());
            let mut added = self.added(act, judged, level).map_err(super::at(level))?;
            added.meets_own = meets_own;
            added.stands = self.stands(judged, rules).map_err(super::at(level))?;
            let usage = self.book.usage_at(level, &self.ask.bot, self.policy.key());
            let counted =
                Counted { scope, rules, usage, added: &added, prices: self.prices, now: self.book.now };
            for limit in Stage::Count.limits() {
                limit.count(&counted).map_err(|denial| {
                    let used = limit.used(&counted).map(|(used, of)| format!("{used} of {of}").into());
                    Box::new((denial, Detail { used, ..super::detail(level) }))
                })?;
            }
        }
        Ok(())
    }

    fn added(&self, act: &Act, judged: &Judged, level: Level<'_>) -> Result<Added, Denial> {
        // What has no signature anybody could send, so it uses up nothing.
        let paces = if super::is_unsigned(self.ask.evidence) { Added::default().paces } else { paces(act) };
        let added = Added { paces, ..Added::default() };
        let mut sum = Sum { case: self, level, added };
        match act {
            Act::Steps(steps) => {
                for (n, (step, leg)) in steps.steps.iter().zip(&judged.legs).enumerate() {
                    let deal = Deal::of(&step.deed);
                    let rival = rival(steps.how, n).and_then(|rival| judged.legs.get(rival));
                    sum.add(deal, leg, rival)?;
                }
            }
            Act::Place(order) => sum.add(Deal::Places(order), &judged.alone, None)?,
            Act::Amend(_) => sum.add(Deal::Amends, &judged.alone, None)?,
            Act::Special(special) => {
                sum.added.outside = special.what.trades();
                sum.add(Deal::Neither, &judged.alone, None)?;
            }
            Act::Read
            | Act::Test(_)
            | Act::Cancel(_)
            | Act::ClosePosition { .. }
            | Act::Countdown { .. }
            | Act::CancelAll { .. }
            | Act::SetLeverage { .. }
            | Act::SetMarginMode { .. }
            | Act::Transfer(_)
            | Act::Withdraw(_)
            | Act::Change => {}
        }
        Ok(sum.added)
    }
}

impl<'a> Deal<'a> {
    const fn of(deed: &'a Deed) -> Self {
        match deed {
            Deed::Place(order) => Self::Places(order),
            Deed::Amend(_) => Self::Amends,
            Deed::Cancel(_) => Self::Neither,
        }
    }
}

/// The earlier step of which, with this one, at most one fills: the larger of both is counted once, at this one.
pub(super) const fn rival(how: How, step: usize) -> Option<usize> {
    match (how, step) {
        (How::OneOf, 1) => Some(0),
        (How::ThenOneOf, 2) => Some(1),
        (How::OneOf | How::ThenOneOf | How::Batch | How::Replace { .. } | How::Then, _) => None,
    }
}

/// What the steps so far add to one level.
struct Sum<'a> {
    case: &'a Case<'a>,
    level: Level<'a>,
    added: Added,
}

impl Sum<'_> {
    fn add(&mut self, deal: Deal<'_>, leg: &Leg, rival: Option<&Leg>) -> Result<(), Denial> {
        let known = match deal {
            Deal::Amends => leg.target.and_then(|id| self.case.book.orders.get(&id)),
            Deal::Places(_) | Deal::Neither => None,
        };
        for budget in Budget::ALL {
            let of = |held: &Reservation| held.of(self.level, budget).cloned();
            let reserved = |leg: &Leg| leg.reservation.as_ref().and_then(of);
            let rival = rival.and_then(reserved).map(|money| money.amount).unwrap_or_default();
            let held = known.and_then(|known| of(&known.held));
            let cost = self.added.cost_mut(budget);
            cost.add(reserved(leg), rival).and_then(|()| cost.keep(held)).ok_or(TOO_LARGE)?;
        }
        match deal {
            Deal::Places(order) => {
                self.added.opens = self.added.opens.saturating_add(u32::from(can_rest(order)));
                if can_rest(order) && self.level.rules().counts_by_symbol() {
                    self.added.open_in(order.market, &order.symbol);
                }
                self.added.opening |= !self.case.is_exit(order);
            }
            Deal::Amends => self.added.opening |= known.is_none_or(|known| !self.case.is_exit(&known.order)),
            Deal::Neither => {}
        }
        Ok(())
    }
}

const TOO_LARGE: Denial = Denial::Unmeasured { why: "its value is too large" };

impl Cost {
    /// Where the level limits the budget, all of it is in that limit's currency. `rival` was counted before.
    fn add(&mut self, reserved: Option<Money>, rival: Decimal) -> Option<()> {
        if let Some(money) = reserved {
            let before = self.hold.as_ref().map(|hold| hold.amount).unwrap_or_default();
            let amount = before.plus(money.amount.less(rival))?;
            self.hold = Some(Money::new(amount, money.asset));
        }
        Some(())
    }

    /// What is held already for an order that is amended.
    fn keep(&mut self, held: Option<Money>) -> Option<()> {
        self.held = self.held.plus(held.map(|money| money.amount).unwrap_or_default())?;
        Some(())
    }
}
