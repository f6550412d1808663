//! The orders that are alive or of unknown fate.

use super::names::Place;
use super::usages::Usages;
use super::{Book, Budget, DAY_MS, Usage};
use crate::entry::{IntentEntry, ReadEntry, Reservation};
use crate::value::counted;
use crate::{
    Amendment, BotName, Decimal, ExchangeName, Exit, GroupName, Intent, KeyName, LegId, Money, Order,
    OrderKind, OrderRef, OrderState, Param, Size, SurfaceName, Time, TimeInForce,
};

/// An order that is alive, or whose fate is not known.
#[derive(Clone, Debug, PartialEq)]
pub struct Tracked {
    pub(super) bot: BotName,
    pub(super) key: KeyName,
    /// The groups that the bot belonged to when it was placed.
    pub(super) groups: Vec<GroupName>,
    pub(super) exchange: ExchangeName,
    pub(super) surface: SurfaceName,
    pub(super) order: Order,
    /// The most aggressive price that it may have in the book.
    pub(super) reach: Option<Decimal>,
    pub(super) fate: Fate,
    /// What the exchange calls it now.
    pub(super) known_as: Option<OrderRef>,
    /// Every name that it is found by.
    pub(super) names: Vec<OrderRef>,
    /// Another order of the same request, of which at most one fills.
    pub(super) rival: Option<LegId>,
    pub(super) held: Reservation,
    /// The largest size it may have had; `held` is for so much.
    pub(super) basis: Decimal,
    pub(super) amendment: Option<PendingAmendment>,
    /// Until when an amendment of unknown outcome could still land: size and price may be either.
    pub(super) doubtful: Option<Time>,
    pub(super) deadline: Time,
    pub(super) settled: Time,
    /// As much as the exchange said that it filled.
    pub(super) filled: Decimal,
    pub(super) ends: Option<Time>,
}

/// Whose something is: it counts at each of these.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owner<'a> {
    pub(super) bot: &'a BotName,
    pub(super) key: &'a KeyName,
    pub(super) groups: &'a [GroupName],
}

impl IntentEntry {
    pub(super) fn owner(&self) -> Owner<'_> {
        Owner { bot: &self.bot, key: &self.key, groups: &self.groups }
    }
}

impl ReadEntry {
    pub(super) fn owner(&self) -> Owner<'_> {
        Owner { bot: &self.bot, key: &self.key, groups: &self.groups }
    }
}

/// What is known of an order's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is about to leave, or under way.
    Pending,
    /// The exchange has it, and it can still fill.
    Live,
    /// Nobody can say: it counts in full.
    Unsure,
}

/// An amendment that is under way.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PendingAmendment {
    pub(super) by: LegId,
    pub(super) order: Order,
    pub(super) held: Reservation,
    pub(super) basis: Decimal,
    pub(super) deadline: Time,
}

impl Tracked {
    /// Whose it is.
    #[must_use]
    pub const fn bot(&self) -> &BotName {
        &self.bot
    }

    pub(super) fn owner(&self) -> Owner<'_> {
        Owner { bot: &self.bot, key: &self.key, groups: &self.groups }
    }

    /// Where it is.
    #[must_use]
    pub const fn surface(&self) -> &SurfaceName {
        &self.surface
    }

    /// What it is, as last known.
    #[must_use]
    pub const fn order(&self) -> &Order {
        &self.order
    }

    /// What is known of its life.
    #[must_use]
    pub const fn fate(&self) -> Fate {
        self.fate
    }

    /// The exchange's id, once it was told.
    #[must_use]
    pub fn exchange_id(&self) -> Option<&str> {
        match self.known_as.as_ref()? {
            OrderRef::Exchange(id) | OrderRef::Algo(id) | OrderRef::List(id) => Some(id),
            OrderRef::Client(_) | OrderRef::AlgoClient(_) | OrderRef::ListClient(_) => None,
        }
    }

    /// How to ask the exchange about it: by its id, or by the client's.
    #[must_use]
    pub fn reference(&self) -> Option<OrderRef> {
        self.known_as.clone().or_else(|| client_name(&self.order))
    }

    /// Whether the exchange did not tell yet what it calls the order.
    pub(super) const fn has_no_other_name(&self) -> bool {
        self.known_as.is_none()
    }

    /// Whether an amendment of unknown outcome leaves open what it looks like.
    #[must_use]
    pub const fn is_doubtful(&self) -> bool {
        self.doubtful.is_some()
    }

    /// The largest size that it may have.
    pub(super) fn largest(&self) -> Decimal {
        self.amendment.as_ref().map_or(self.basis, |amendment| amendment.basis.max(self.basis))
    }

    /// How much of it may still fill, in the unit of the instrument's orders, where that is known.
    fn left(&self) -> Option<Decimal> {
        match self.order.size {
            Size::Base(_) | Size::Contracts(_) => Some(self.largest().less(self.filled)),
            Size::Quote(_) | Size::Position => None,
        }
    }

    /// What is held for it now.
    pub(super) fn carried(&self) -> &Reservation {
        self.amendment.as_ref().map_or(&self.held, |amendment| &amendment.held)
    }

    /// Until when it could still reach the exchange.
    #[must_use]
    pub const fn deadline(&self) -> Time {
        self.deadline
    }

    /// Whether it can stay in the book, so that it counts as an open order.
    #[must_use]
    pub const fn can_rest(&self) -> bool {
        can_rest(&self.order)
    }
}

pub(super) const fn can_rest(order: &Order) -> bool {
    match order.time_in_force {
        TimeInForce::GoodTillCancelled | TimeInForce::PostOnly => true,
        TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill => {
            order.waits() || order.more.algo || order.more.or.is_some()
        }
    }
}

/// The name that the client gave it.
pub(super) fn client_name(order: &Order) -> Option<OrderRef> {
    let id = order.client_id.clone()?;
    Some(if order.more.algo { OrderRef::AlgoClient(id) } else { OrderRef::Client(id) })
}

/// How the exchange's word on an order names it.
pub(super) fn told_name(state: &OrderState) -> Option<OrderRef> {
    let by = if state.algo { OrderRef::Algo } else { OrderRef::Exchange };
    (!state.id.is_empty()).then(|| by(state.id.clone()))
}

/// How the exchange's word on an order names it by the client's id.
pub(super) fn told_client_name(state: &OrderState) -> Option<OrderRef> {
    let by = if state.algo { OrderRef::AlgoClient } else { OrderRef::Client };
    state.client_id.clone().map(by)
}

/// The number in a size; zero for a whole position.
pub(super) fn number(size: Size) -> Decimal {
    size.number().unwrap_or_default()
}

/// The order as an amendment makes it.
pub(super) fn amended(order: &Order, amendment: &Amendment) -> Order {
    let mut order = order.clone();
    order.size = amendment.size.map_or(order.size, |n| order.size.with(n));
    order.kind = amendment.price.map_or(order.kind, |price| OrderKind::Limit { price });
    let more = &amendment.more;
    order.trigger = more.trigger.or(order.trigger);
    order.client_id = more.client_id.clone().or(order.client_id);
    order.more.or = more.or.clone().or(order.more.or);
    order.more.trail = more.trail.or(order.more.trail);
    for exit in &more.exits {
        match order.more.exits.iter_mut().find(|known| is_same(known, exit)) {
            Some(known) => known.clone_from(exit),
            None => order.more.exits.push(exit.clone()),
        }
    }
    order
}

/// Whether an amendment means this exit. Where nothing says so, what it names counts beside the others: it can add one.
fn is_same(known: &Exit, named: &Exit) -> bool {
    fn by_exchange(exit: &Exit) -> Option<&Param> {
        exit.params.iter().find(|param| param.name.ends_with("Id"))
    }
    let same_client = named.client_id.is_some() && known.client_id == named.client_id;
    same_client || (by_exchange(named).is_some() && by_exchange(known) == by_exchange(named))
}

/// A request is not under way any more this long after its deadline.
pub(super) const LANDED_MS: u64 = 10_000;

impl Book {
    /// Begins to track an order, holding what it may cost: of two rivals, what the larger one may.
    pub(super) fn track(&mut self, id: LegId, order: Tracked) {
        self.lift(order.rival);
        let names = client_name(&order.order).into_iter().chain(order.names.iter().cloned());
        let names: Vec<OrderRef> = names.collect();
        let rests = order.can_rest();
        self.usages(order.owner(), |usage| {
            usage.orders.insert(id);
            if rests {
                usage.opened(order.order.market, &order.order.symbol);
            }
        });
        self.resting.add(id, &order);
        self.wallets.add(&order);
        self.orders.insert(id, Box::new(Tracked { names: Vec::new(), ..order }));
        for name in names {
            self.call(id, name);
        }
        self.lay(Some(id));
    }

    /// Stops tracking an order, and gives back what was held for it alone.
    pub(super) fn untrack(&mut self, id: LegId) -> Option<Box<Tracked>> {
        self.lift(Some(id));
        let order = self.orders.remove(&id)?;
        self.resting.remove(id, &order);
        self.wallets.remove(&order);
        for name in &order.names {
            self.names.remove(Place::of(&order), name, id);
        }
        if let Some(end) = order.ends {
            self.ends.remove(&(end, id));
        }
        let rests = order.can_rest();
        self.usages(order.owner(), |usage| {
            usage.orders.remove(&id);
            if rests {
                usage.closed(order.order.market, &order.order.symbol);
            }
        });
        self.lay(order.rival);
        Some(order)
    }

    /// Changes an order and what is held for it.
    pub(super) fn change(&mut self, id: LegId, change: impl FnOnce(&mut Tracked)) {
        self.lift(Some(id));
        if let Some(order) = self.orders.get_mut(&id) {
            self.resting.remove(id, order);
            self.wallets.remove(order);
            change(order);
            self.resting.add(id, order);
            self.wallets.add(order);
        }
        self.lay(Some(id));
    }

    /// Takes what is held for an order and its rival out of the usage.
    fn lift(&mut self, id: Option<LegId>) {
        self.weighing(id, Usage::release);
    }

    /// Counts what is to be held for an order and its rival.
    fn lay(&mut self, id: Option<LegId>) {
        self.weighing(id, Usage::hold);
    }

    /// Does something with what is held for an order and its rival together: they were reserved in one step, so in one
    /// currency.
    fn weighing(&mut self, id: Option<LegId>, apply: impl Fn(&mut Usage, Budget, &Money)) {
        let Self { orders, bots, keys, groups, .. } = self;
        let mut usages = Usages { bots, keys, groups };
        let Some(order) = id.and_then(|id| orders.get(&id)) else { return };
        let (owner, own) = ((&order.bot, &order.key), order.carried());
        match order.rival.and_then(|rival| orders.get(&rival)) {
            Some(rival) => usages.apply(owner, &own.larger(rival.carried()), apply),
            None => usages.apply(owner, own, apply),
        }
    }

    /// Notes that more of an order filled, where the exchange says so.
    pub(super) fn progress(&mut self, id: LegId, filled: Option<Decimal>, at: Time) {
        let Some(order) = self.orders.get_mut(&id) else { return };
        let Some(filled) = filled.filter(|filled| *filled > order.filled) else { return };
        self.wallets.remove(order);
        self.wallets.fill(order, filled.less(order.filled), at);
        order.filled = filled;
        self.wallets.add(order);
        let (bot, key, groups) = (order.bot.clone(), order.key.clone(), order.groups.clone());
        self.usages(Owner { bot: &bot, key: &key, groups: &groups }, |usage| usage.filled_at(at));
    }

    /// The end of an order that can fill no more: what was filled counts from now on; untold, all of it.
    pub(super) fn finish(&mut self, id: LegId, filled: Option<Decimal>, at: Time) -> Option<Money> {
        self.progress(id, filled, at);
        let order = self.untrack(id)?;
        if filled.is_none() {
            // All that was left may have filled.
            match order.left() {
                Some(units) => self.wallets.fill(&order, units, at),
                None => self.wallets.doubt(&order, at),
            }
        }
        let (held, basis) = match &order.amendment {
            Some(amendment) => (&amendment.held, amendment.basis),
            None => (&order.held, order.basis),
        };
        let filled = filled.filter(|_| !matches!(order.order.size, Size::Quote(_) | Size::Position));
        let cost = held.each(|money| part_of(money, filled, basis));
        let fill = |usage: &mut Usage, budget, money: &Money| usage.fill(budget, money, at);
        self.apply((&order.bot, &order.key), &cost, fill);
        Some(cost.bot)
    }

    /// The window of an order of unknown fate that cannot rest is over.
    pub(super) fn expire(&mut self, id: LegId) {
        self.untrack(id);
    }

    /// Nobody knows what became of it. One that cannot rest counts for a day from when it must have landed; one that can,
    /// until it is seen.
    pub(super) fn doubt(&mut self, id: LegId, at: Time) {
        let Some(order) = self.orders.get_mut(&id) else { return };
        order.fate = Fate::Unsure;
        order.settled = at;
        if !order.can_rest() {
            let end = at.max(order.deadline.plus(LANDED_MS)).plus(DAY_MS);
            if let Some(before) = order.ends.replace(end) {
                self.ends.remove(&(before, id));
            }
            self.ends.insert((end, id));
        }
    }

    /// The exchange has it, and it can still fill.
    pub(super) fn live(&mut self, id: LegId, at: Time) {
        if let Some(order) = self.orders.get_mut(&id) {
            order.fate = Fate::Live;
            order.settled = at;
        }
    }

    /// Notes how the exchange names an order.
    pub(super) fn name(&mut self, id: LegId, state: &OrderState) {
        let Some(order) = self.orders.get_mut(&id) else { return };
        let fired = matches!(order.known_as, Some(OrderRef::Exchange(_)));
        if let Some(name) = told_name(state) {
            if !(state.algo && fired) {
                order.known_as = Some(name.clone());
            }
            self.call(id, name);
        }
        if let Some(usual) = state.became.clone().map(OrderRef::Exchange) {
            if let Some(order) = self.orders.get_mut(&id) {
                order.known_as = Some(usual.clone());
            }
            self.call(id, usual);
        }
        if let Some(list) = state.list.clone() {
            self.call(id, OrderRef::List(list));
        }
    }

    /// Has an order found by a name. An id of the exchange's replaces an earlier one of its kind.
    pub(super) fn call(&mut self, id: LegId, name: OrderRef) {
        let Some(order) = self.orders.get_mut(&id) else { return };
        if order.names.contains(&name) {
            return;
        }
        let own_id = matches!(name, OrderRef::Exchange(_) | OrderRef::Algo(_));
        let same_kind =
            |known: &OrderRef| own_id && std::mem::discriminant(known) == std::mem::discriminant(&name);
        let replaced = order.names.iter().position(same_kind);
        let replaced = replaced.map(|at| order.names.remove(at));
        order.names.push(name.clone());
        if let Some(replaced) = replaced {
            self.names.remove(Place::of(order), &replaced, id);
        }
        self.names.add(Place::of(order), &name, id);
    }

    /// Does something with the usage of a bot, of its key and of each of its groups.
    pub(super) fn usages(&mut self, owner: Owner<'_>, mut each: impl FnMut(&mut Usage)) {
        each(&mut self.bots.entry(owner.bot.clone()).or_default().usage);
        each(self.keys.entry(owner.key.clone()).or_default());
        for group in owner.groups {
            each(self.groups.entry(group.clone()).or_default());
        }
    }

    /// Does something with what is reserved of each budget, at every level.
    pub(super) fn apply(
        &mut self,
        (bot, key): (&BotName, &KeyName),
        reserved: &Reservation,
        apply: impl Fn(&mut Usage, Budget, &Money),
    ) {
        let Self { bots, keys, groups, .. } = self;
        Usages { bots, keys, groups }.apply((bot, key), reserved, apply);
    }

    /// Whether what an answer says of an order can be about this one.
    pub(super) fn fits(&self, id: LegId, state: &OrderState) -> bool {
        let Some(order) = self.orders.get(&id) else { return false };
        let told = told_name(state);
        let same_kind = |known: &&OrderRef| {
            let told = told.as_ref();
            told.is_some_and(|told| std::mem::discriminant(*known) == std::mem::discriminant(told))
        };
        match order.names.iter().find(same_kind) {
            Some(known) => told.as_ref() == Some(known),
            None => state.client_id.is_none() || state.client_id == order.order.client_id,
        }
    }
}

/// The part of a held value that `filled` of `basis` stands for, rounded up; all of it where that cannot be told.
fn part_of(held: &Money, filled: Option<Decimal>, basis: Decimal) -> Money {
    let part = filled
        .filter(|filled| *filled < basis)
        .and_then(|filled| held.amount.times(filled)?.over(basis))
        .and_then(|amount| counted(amount, &held.asset));
    part.filter(|part| part.amount < held.amount).unwrap_or_else(|| held.clone())
}

/// Where an intent happens.
pub(super) const fn surface(intent: &Intent) -> &SurfaceName {
    &intent.endpoint.surface
}
