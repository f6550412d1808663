//! One request with all that it is judged by, and the judging of single orders and cancels.

use super::{Judged, Refused, at, plain};
use crate::book::ledger::{Place, Tracked, client_name, surface};
use crate::book::{Ask, Book};
use crate::bound::bounded;
use crate::entry::{Figures, Leg, ReferenceUsed, Reservation};
use crate::limits::{Cap, Formed, LIMITS, Limit as _, MaxDay, Rules, Scope, Weighed};
use crate::value::{Prices, Terms};
use crate::worth::{Worth, worth};
use crate::{
    Act, BotPolicy, Cancel, Denial, Intent, LegId, Market, Money, Order, PolicySet, Reference, Symbol,
};

/// One bot can have this many orders in the ledger.
const ORDERS_PER_BOT: usize = 5_000;

/// One real key can have this many orders in the ledger.
const ORDERS_PER_KEY: usize = 20_000;

/// One request with all that it is judged by.
pub(super) struct Case<'a> {
    pub(super) book: &'a Book,
    pub(super) policies: &'a PolicySet,
    pub(super) policy: &'a BotPolicy,
    pub(super) ask: &'a Ask<'a>,
    pub(super) prices: &'a Prices<'a>,
}

/// What weighing an order says.
pub(super) struct Weight {
    pub(super) hold: Money,
    pub(super) figures: Figures,
}

impl<'a> Case<'a> {
    pub(super) fn place(&self, order: &Order) -> Result<Judged, Refused> {
        self.room_for(1)?;
        let (leaves, alone) = self.placed(order, (0, None))?;
        Ok(Judged { leaves: self.intent(Act::Place(leaves)), alone, legs: Vec::new() })
    }

    pub(super) fn test(&self, order: &Order) -> Result<Judged, Refused> {
        let (leaves, leg) = self.placed(order, (0, None))?;
        // Nothing is placed that would have to be found again, and not every exchange takes a name here.
        let leaves = Order { client_id: order.client_id.clone(), ..leaves };
        let alone = Leg { reservation: None, ..leg };
        Ok(Judged { leaves: self.intent(Act::Test(leaves)), alone, legs: Vec::new() })
    }

    /// Whether so many more orders fit into the ledger.
    pub(super) fn room_for(&self, orders: usize) -> Result<(), Refused> {
        let crowded = |scope, most: usize| {
            let usage = self.book.usage_at(scope, &self.ask.bot, self.policy.key());
            usage.orders.len().saturating_add(orders) > most
        };
        if crowded(Scope::Bot, ORDERS_PER_BOT) || crowded(Scope::Key, ORDERS_PER_KEY) {
            return Err(plain(Denial::Crowded { what: "orders" }));
        }
        Ok(())
    }

    /// The order that a step places, as it may leave, and what it may cost; it may wait for another order to fill.
    pub(super) fn placed(
        &self,
        order: &Order,
        (step, after): (u16, Option<&Order>),
    ) -> Result<(Order, Leg), Refused> {
        self.formed(order)?;
        let mut terms = self.terms(order.market, &order.symbol)?;
        terms.after = after.zip(terms.start()).map(|(after, start)| after.fills_near(start));
        let mut leaves = bounded(order, &terms, self.rules()).map_err(plain)?;
        leaves.client_id = leaves.client_id.or_else(|| LegId::new(self.ask.id, step).client_order_id());
        self.names_anew(&leaves).map_err(plain)?;
        let weight = self.weighed(&leaves, &terms)?;
        let reservation = Some(self.reservation(&weight.hold)?);
        Ok((leaves, Leg { target: None, reservation, figures: weight.figures }))
    }

    /// An order that only its client id finds must be found by it alone: else the exchange's word on the new order could
    /// pass for its word on the old one, and free what is held for that.
    fn names_anew(&self, order: &Order) -> Result<(), Denial> {
        let Some(name) = client_name(order) else { return Ok(()) };
        let same = self.book.meant(self.place_of(&order.symbol), &name);
        let same = same.iter().filter_map(|id| self.book.orders.get(id));
        let mut same = same.filter(|known| known.bot == self.ask.bot);
        let why = "its client order id is that of an order whose fate is not known yet";
        if same.any(Tracked::has_no_other_name) { Err(Denial::Unmeasured { why }) } else { Ok(()) }
    }

    pub(super) fn intent(&self, act: Act) -> Intent {
        let intent = &self.ask.intent;
        Intent {
            endpoint: intent.endpoint.clone(),
            permission: intent.permission,
            act,
            params: intent.params.clone(),
        }
    }

    pub(super) fn terms(&self, market: Market, symbol: &Symbol) -> Result<Terms<'a>, Refused> {
        let unlisted = || plain(Denial::NoInstrument { market, symbol: symbol.clone() });
        self.prices.terms(market, symbol).ok_or_else(unlisted)
    }

    pub(super) fn rules(&self) -> [&Rules; 2] {
        self.policy.levels().map(|(_, rules)| rules)
    }

    /// Second stage, at both levels.
    pub(super) fn formed(&self, order: &Order) -> Result<(), Refused> {
        for (scope, rules) in self.policy.levels() {
            let formed = Formed { scope, rules, order, now: self.ask.now };
            for limit in LIMITS {
                limit.form(&formed).map_err(at(scope))?;
            }
        }
        Ok(())
    }

    /// Third stage, at both levels.
    pub(super) fn weighed(&self, order: &Order, terms: &Terms<'_>) -> Result<Weight, Refused> {
        let Worth { value, hold } = worth(order, terms).map_err(plain)?;
        for (scope, rules) in self.policy.levels() {
            let weighed = Weighed { scope, rules, order, value: value.as_ref(), terms, prices: self.prices };
            for limit in LIMITS {
                limit.weigh(&weighed).map_err(at(scope))?;
            }
        }
        let reference = terms.reference.map(|reference| self.used(reference));
        Ok(Weight { hold, figures: Figures { reference, value } })
    }

    pub(super) fn used(&self, reference: &Reference) -> ReferenceUsed {
        let (price, source) = (reference.price, reference.source.clone());
        ReferenceUsed { price, source, age_ms: self.prices.age(reference) }
    }

    /// A value in the currency in which each level counts its day.
    pub(super) fn reservation(&self, value: &Money) -> Result<Reservation, Refused> {
        let [bot, key] = self.rules().map(|rules| match rules.max_day().and_then(Cap::at) {
            Some(limit) => self.prices.in_asset(value, &limit.asset, MaxDay.name()),
            None => Ok(value.clone()),
        });
        Ok(Reservation { bot: bot.map_err(plain)?, key: key.map_err(plain)? })
    }

    pub(super) fn cancel(&self, cancel: &Cancel) -> Result<Judged, Refused> {
        let target = self.cancelled(cancel)?;
        target.map_or(Ok(()), |id| self.may_end(id, cancel))?;
        let alone = Leg { target, ..Leg::default() };
        Ok(Judged { alone, ..Judged::as_asked(self.ask) })
    }

    /// The order of the ledger that a cancel is about, where it is one.
    pub(super) fn cancelled(&self, cancel: &Cancel) -> Result<Option<LegId>, Refused> {
        let meant = self.book.meant(self.place_of(&cancel.symbol), &cancel.order);
        let owners = meant.iter().filter_map(|id| self.book.orders.get(id)).map(Tracked::bot);
        let (mut own, mut others) = (0_usize, 0_usize);
        for owner in owners {
            match owner {
                owner if *owner == self.ask.bot => own += 1,
                owner if self.policies.bot(owner).is_some_and(|p| p.key() == self.policy.key()) => {
                    others += 1
                }
                _ => {}
            }
        }
        let unknown_is_ours = !self.policy.is_shared();
        if others > 0 || (own == 0 && !unknown_is_ours) {
            return Err(plain(Denial::NotOwnOrder));
        }
        Ok(match meant {
            [id] if own == 1 => Some(*id),
            _ => None,
        })
    }

    pub(super) fn place_of<'b>(&'b self, symbol: &'b Symbol) -> Place<'b> {
        Place { key: self.policy.key(), surface: surface(&self.ask.intent), symbol }
    }
}
