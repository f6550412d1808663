//! Fourth stage: what was used so far, and what a request would add.

use super::{Judged, Refused};
use crate::book::fold::paces;
use crate::book::judge::case::Case;
use crate::book::ledger::can_rest;
use crate::entry::{Leg, Reservation};
use crate::limits::{Added, Counted, LIMITS, Rules, Scope};
use crate::{Act, Decimal, Deed, Denial, Detail, How, Money};

/// What one step does to an order.
#[derive(Clone, Copy)]
enum Deal {
    /// It places one.
    Places {
        /// Whether it can stay in the book.
        rests: bool,
    },
    /// It amends one.
    Amends,
    /// Neither.
    Neither,
}

impl Case<'_> {
    /// Asks every limit that counts, at both levels, about all steps together.
    pub(super) fn count(&self, judged: &Judged) -> Result<(), Refused> {
        let act = &judged.leaves.act;
        for (scope, rules) in self.policy.levels() {
            let added = self.added(act, judged, (scope, rules)).map_err(super::at(scope))?;
            let usage = self.book.usage_at(scope, &self.ask.bot, self.policy.key());
            let counted =
                Counted { scope, rules, usage, added: &added, prices: self.prices, now: self.book.now };
            for limit in LIMITS {
                limit.count(&counted).map_err(|denial| {
                    let used = limit.used(&counted).map(|(used, of)| format!("{used} of {of}").into());
                    Box::new((denial, Detail { scope: Some(scope), used, ..Detail::default() }))
                })?;
            }
        }
        Ok(())
    }

    fn added(&self, act: &Act, judged: &Judged, level: (Scope, &Rules)) -> Result<Added, Denial> {
        let mut sum = Sum { case: self, level, hold: None, held: Decimal::ZERO, opens: 0 };
        match act {
            Act::Steps(steps) => {
                for (n, (step, leg)) in steps.steps.iter().zip(&judged.legs).enumerate() {
                    let deal = Deal::of(&step.deed);
                    let rival = rival(steps.how, n).and_then(|rival| judged.legs.get(rival));
                    sum.add(deal, leg, rival)?;
                }
            }
            Act::Place(order) => sum.add(Deal::Places { rests: can_rest(order) }, &judged.alone, None)?,
            Act::Amend(_) => sum.add(Deal::Amends, &judged.alone, None)?,
            Act::Special(_) if sum.level.1.max_day().is_some() => {
                sum.add(Deal::Neither, &judged.alone, None)?
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
            | Act::Special(_)
            | Act::Change => {}
        }
        Ok(Added { hold: sum.hold, held: sum.held, opens: sum.opens, paces: paces(act) })
    }
}

impl Deal {
    const fn of(deed: &Deed) -> Self {
        match deed {
            Deed::Place(order) => Self::Places { rests: can_rest(order) },
            Deed::Amend(_) => Self::Amends,
            Deed::Cancel(_) => Self::Neither,
        }
    }
}

/// The earlier step of which, with this one, at most one fills: the larger of both is counted once, at this one.
const fn rival(how: How, step: usize) -> Option<usize> {
    match (how, step) {
        (How::OneOf, 1) => Some(0),
        (How::ThenOneOf, 2) => Some(1),
        (How::OneOf | How::ThenOneOf | How::Batch | How::Replace { .. } | How::Then, _) => None,
    }
}

/// What the steps so far add to one level.
struct Sum<'a> {
    case: &'a Case<'a>,
    level: (Scope, &'a Rules),
    hold: Option<Money>,
    held: Decimal,
    opens: u32,
}

impl Sum<'_> {
    fn add(&mut self, deal: Deal, leg: &Leg, rival: Option<&Leg>) -> Result<(), Denial> {
        let of = |leg: &Leg| leg.reservation.as_ref().map(|r| self.of(r).clone());
        let rival = rival.and_then(of).map(|money| money.amount).unwrap_or_default();
        if let Some(money) = of(leg) {
            let more = money.amount.less(rival);
            let before = self.hold.as_ref().map(|hold| hold.amount).unwrap_or_default();
            let amount = before.plus(more).ok_or(Denial::Unmeasured { why: "its value is too large" })?;
            // Where the day has a limit, all of it is in that limit's currency.
            self.hold = Some(Money::new(amount, money.asset));
        }
        match deal {
            Deal::Places { rests } => self.opens = self.opens.saturating_add(u32::from(rests)),
            Deal::Amends => {
                let known = leg.target.and_then(|id| self.case.book.orders.get(&id));
                let held = known.map(|known| self.of(&known.held).amount).unwrap_or_default();
                let too_large = Denial::Unmeasured { why: "its value is too large" };
                self.held = self.held.plus(held).ok_or(too_large)?;
            }
            Deal::Neither => {}
        }
        Ok(())
    }

    const fn of<'a>(&self, reservation: &'a Reservation) -> &'a Money {
        match self.level.0 {
            Scope::Bot => &reservation.bot,
            Scope::Key => &reservation.key,
        }
    }
}
