//! One request with all that it is judged by, and the judging of single orders and cancels.

use super::{Judged, Refused, at, plain};
use crate::book::ledger::{Tracked, client_name, surface};
use crate::book::names::Place;
use crate::book::{Ask, Book};
use crate::bound::bounded;
use crate::entry::{Figures, Leg, Losses, ReferenceUsed, Reservation, Share};
use crate::limits::{Formed, Limit as _, MaxLossDay, Rules, Stage, Weighed};
use crate::loss::risk;
use crate::value::{Prices, Terms};
use crate::worth::{Worth, worth};
use crate::{
    Act, BotPolicy, Cancel, Denial, GroupName, Intent, LegId, Level, Market, Money, Order, PolicySet,
    Reference, Symbol,
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
    pub(super) reservation: Reservation,
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
        let crowded = self.policy.levels().any(|level| {
            let most = match level {
                Level::Bot(_) => ORDERS_PER_BOT,
                Level::Key(_) => ORDERS_PER_KEY,
                // Each of them is one of a bot's and of a key's.
                Level::Group(..) => return false,
            };
            let usage = self.book.usage_at(level, &self.ask.bot, self.policy.key());
            usage.orders.len().saturating_add(orders) > most
        });
        if crowded {
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
        terms.after = after.zip(terms.start()).map(|(first, start)| order.starts_after(first, start));
        let doubt = |refused| doubted(order, &terms, refused);
        let mut leaves = bounded(order, &terms, self.policy.levels()).map_err(plain).map_err(doubt)?;
        leaves.client_id = leaves.client_id.or_else(|| LegId::new(self.ask.id, step).client_order_id());
        self.names_anew(&leaves).map_err(plain)?;
        let Weight { reservation, figures } = self.weighed(&leaves, &terms).map_err(doubt)?;
        Ok((leaves, Leg { target: None, reservation: Some(reservation), figures }))
    }

    /// An order that only its client id finds must be found by it alone: else the exchange's word on the new order could
    /// pass for its word on the old one, and free what is held for that.
    fn names_anew(&self, order: &Order) -> Result<(), Denial> {
        let Some(name) = client_name(order) else { return Ok(()) };
        let same = self.book.meant(self.place_of(&order.symbol), &name);
        let same = same.iter().filter_map(|id| self.book.orders.get(id));
        let mut same = same.filter(|known| known.bot == self.ask.bot);
        let why = "its client order id is that of an order whose fate is not known yet";
        if same.any(|known| known.has_no_other_name()) { Err(Denial::Unmeasured { why }) } else { Ok(()) }
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
        let mut terms = self.prices.terms(market, symbol).ok_or_else(unlisted)?;
        terms.holds_reduce_only = self.book.holds_reduce_only(self.policy);
        Ok(terms)
    }

    /// Whether an order can only make a position smaller, as far as that is known of this account.
    pub(super) fn is_exit(&self, order: &Order) -> bool {
        order.is_exit_where(self.book.holds_reduce_only(self.policy))
    }

    /// The limits of every level.
    pub(super) fn rules(&self) -> impl Iterator<Item = &'a Rules> {
        self.policy.levels().map(Level::rules)
    }

    /// Second stage, at every level.
    pub(super) fn formed(&self, order: &Order) -> Result<(), Refused> {
        for level in self.policy.levels() {
            let (scope, rules) = (level.scope(), level.rules());
            let formed = Formed { scope, rules, order, exit: self.is_exit(order), now: self.ask.now };
            for limit in Stage::Form.limits() {
                limit.form(&formed).map_err(at(level))?;
            }
        }
        Ok(())
    }

    /// Third stage, at every level.
    pub(super) fn weighed(&self, order: &Order, terms: &Terms<'_>) -> Result<Weight, Refused> {
        let worth = worth(order, terms).map_err(plain)?;
        let value = worth.value.as_ref();
        for level in self.policy.levels() {
            let (scope, rules) = (level.scope(), level.rules());
            let weighed = Weighed { scope, rules, order, value, terms, prices: self.prices };
            for limit in Stage::Weigh.limits() {
                limit.weigh(&weighed).map_err(at(level))?;
            }
        }
        let reference = terms.reference.map(|reference| self.used(reference));
        let mut reservation = self.reservation(&worth.hold)?;
        self.losses(&mut reservation, order, &worth, terms)?;
        Ok(Weight { reservation, figures: Figures { reference, value: worth.value } })
    }

    pub(super) fn used(&self, reference: &Reference) -> ReferenceUsed {
        let (price, source) = (reference.price, reference.source.clone());
        ReferenceUsed { price, source, age_ms: self.prices.age(reference) }
    }

    /// A value in the currency in which each level counts what is traded.
    pub(super) fn reservation(&self, value: &Money) -> Result<Reservation, Refused> {
        let counted = |rules: &Rules| {
            let counted = match rules.turnover_asset() {
                Some((limit, asset)) => self.prices.in_asset(value, asset, limit),
                None => Ok(value.clone()),
            };
            counted.map_err(plain)
        };
        let share = |(group, rules): (&GroupName, &Rules)| {
            Ok(Share { group: group.clone(), turnover: counted(rules)?, loss: None })
        };
        Ok(Reservation {
            bot: counted(self.policy.rules())?,
            key: counted(self.policy.key_policy().rules())?,
            loss: Losses::default(),
            groups: self.policy.group_rules().map(share).collect::<Result<_, Refused>>()?,
        })
    }

    /// Reserves what an order may lose, at each level that limits that. No exit is refused for it: where nothing leads to
    /// the limit's currency, it counts in its own.
    fn losses(
        &self,
        reservation: &mut Reservation,
        order: &Order,
        worth: &Worth,
        terms: &Terms<'_>,
    ) -> Result<(), Refused> {
        if self.rules().all(|rules| rules.max_loss().is_none()) {
            return Ok(());
        }
        let risk = risk(order, worth, terms).map_err(plain)?;
        let too_large = Denial::Unmeasured { why: "its value is too large" };
        let lost = |rules: &Rules| {
            let Some(limit) = rules.max_loss() else { return Ok(None) };
            let lost = risk.with_fee(rules.fee()).ok_or_else(|| plain(too_large.clone()))?;
            match self.prices.in_asset(&lost, &limit.asset, MaxLossDay.name()) {
                Err(_) if terms.is_exit(order) => Ok(Some(lost)),
                converted => converted.map(Some).map_err(plain),
            }
        };
        reservation.loss =
            Losses { bot: lost(self.policy.rules())?, key: lost(self.policy.key_policy().rules())? };
        for (share, (_, rules)) in reservation.groups.iter_mut().zip(self.policy.group_rules()) {
            share.loss = lost(rules)?;
        }
        Ok(())
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
        let owners = meant.iter().filter_map(|id| self.book.order(*id)).map(Tracked::bot);
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

/// Why an order is refused, where that is because what would make it an exit may not hold.
fn doubted(order: &Order, terms: &Terms<'_>, refused: Refused) -> Refused {
    if !order.is_exit() || terms.is_exit(order) {
        return refused;
    }
    let (because, detail) = *refused;
    Box::new((Denial::NoExit { because: Box::new(because) }, detail))
}
