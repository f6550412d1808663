//! Orders that would trade with the owner's own.

use super::Judged;
use super::case::Case;
use crate::book::ledger::amended;
use crate::book::resting::reach;
use crate::{Act, Amendment, Decimal, Deed, How, LegId, Order, Side, Step, Steps};

impl Case<'_> {
    /// Whether any order that this places or amends could trade with another of the owner's, on this exchange: one that is
    /// or may be in the book, or one of the same request. An exit may, and what waits for a price is not in the book.
    pub(super) fn meets(&self, judged: &Judged) -> bool {
        match &judged.leaves.act {
            Act::Place(order) => self.meets_any(order, None),
            Act::Amend(amendment) => self.meets_amended(amendment, judged.alone.target),
            Act::Steps(steps) => self.meets_of_several(steps, judged),
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
            | Act::Change => false,
        }
    }

    fn meets_any(&self, order: &Order, except: Option<LegId>) -> bool {
        let exchange = &self.ask.intent.endpoint.exchange;
        self.looked_at(order).is_some_and(|price| self.book.is_met(exchange, order, (price, except)))
    }

    fn meets_amended(&self, amendment: &Amendment, target: Option<LegId>) -> bool {
        let known = target.and_then(|id| self.book.orders.get(&id));
        known.is_some_and(|known| self.meets_any(&amended(&known.order, amendment), target))
    }

    fn meets_of_several(&self, steps: &Steps, judged: &Judged) -> bool {
        // What it replaces is over before it is placed, or it is not placed.
        let replaced = match steps.how {
            How::Replace { stop_on_failure: true } => judged.legs.first().and_then(|leg| leg.target),
            How::Replace { stop_on_failure: false }
            | How::Batch
            | How::OneOf
            | How::Then
            | How::ThenOneOf => None,
        };
        // What is placed once another order has filled does not meet that one.
        let at_once = match steps.how {
            How::Then | How::ThenOneOf => 1,
            How::Replace { .. } | How::Batch | How::OneOf => steps.steps.len(),
        };
        let known = judged.legs.iter().zip(&steps.steps).take(at_once).any(|(leg, step)| match &step.deed {
            Deed::Place(order) => self.meets_any(order, replaced),
            Deed::Amend(amendment) => self.meets_amended(amendment, leg.target),
            Deed::Cancel(_) => false,
        });
        known || self.meet_each_other(steps.steps.get(..at_once).unwrap_or_default())
    }

    /// Its price in the book, if it goes there at once and is no exit.
    fn looked_at(&self, order: &Order) -> Option<Decimal> {
        reach(order).filter(|_| !self.is_exit(order))
    }

    /// Whether two orders that are placed in one request could trade with each other.
    fn meet_each_other(&self, steps: &[Step]) -> bool {
        let placed: Vec<(&Order, Decimal)> = steps
            .iter()
            .filter_map(|step| match &step.deed {
                Deed::Place(order) => Some((order, self.looked_at(order)?)),
                Deed::Amend(_) | Deed::Cancel(_) => None,
            })
            .collect();
        let of = |side| placed.iter().filter(move |(order, _)| order.side == side);
        of(Side::Buy).any(|(buy, high)| {
            of(Side::Sell)
                .any(|(sell, low)| (buy.market, &buy.symbol) == (sell.market, &sell.symbol) && low <= high)
        })
    }
}
