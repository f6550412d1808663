//! The orders that are alive or of unknown fate, and how requests name them.

use std::collections::BTreeMap;

use super::{Book, DAY_MS};
use crate::entry::Reservation;
use crate::value::counted;
use crate::{
    BotName, Decimal, Intent, IntentId, KeyName, Money, Order, OrderKind, OrderRef, OrderState, Size,
    SurfaceName, Symbol, Time, TimeInForce,
};

/// An order that is alive, or whose fate is not known.
#[derive(Clone, Debug, PartialEq)]
pub struct Tracked {
    pub(super) bot: BotName,
    pub(super) key: KeyName,
    pub(super) surface: SurfaceName,
    pub(super) order: Order,
    pub(super) fate: Fate,
    pub(super) exchange_id: Option<Box<str>>,
    pub(super) held: Reservation,
    /// The largest size it may have had; `held` is for so much.
    pub(super) basis: Decimal,
    pub(super) amendment: Option<PendingAmendment>,
    /// Whether an amendment's outcome is unknown, so that size and price may be either.
    pub(super) doubtful: bool,
    pub(super) deadline: Time,
    pub(super) settled: Time,
    pub(super) ends: Option<Time>,
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
    pub(super) by: IntentId,
    pub(super) size: Size,
    pub(super) kind: OrderKind,
    pub(super) held: Reservation,
    pub(super) basis: Decimal,
}

impl Tracked {
    /// Whose it is.
    #[must_use]
    pub const fn bot(&self) -> &BotName {
        &self.bot
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
        self.exchange_id.as_deref()
    }

    /// How to ask the exchange about it: by its id, or by the client's.
    #[must_use]
    pub fn reference(&self) -> Option<OrderRef> {
        let by_id = self.exchange_id.clone().map(OrderRef::Exchange);
        by_id.or_else(|| self.order.client_id.clone().map(OrderRef::Client))
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
        TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill => order.trigger.is_some(),
    }
}

/// The number in a size.
pub(super) const fn number(size: Size) -> Decimal {
    match size {
        Size::Base(n) | Size::Quote(n) | Size::Contracts(n) => n,
    }
}

/// A request is not under way any more this long after its deadline.
pub(super) const LANDED_MS: u64 = 10_000;

/// How orders are named, per account: exchanges number them by surface and symbol.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Names(BTreeMap<Name, Vec<IntentId>>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    text: Box<str>,
    by_client: bool,
    symbol: Symbol,
    surface: SurfaceName,
    key: KeyName,
}

impl Name {
    fn new(place: Place<'_>, by: &OrderRef) -> Self {
        let (text, by_client) = match by {
            OrderRef::Exchange(id) => (id.clone(), false),
            OrderRef::Client(id) => (id.as_str().into(), true),
        };
        let (key, surface, symbol) = (place.key.clone(), place.surface.clone(), place.symbol.clone());
        Self { text, by_client, symbol, surface, key }
    }
}

/// Where an order's name means something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) key: &'a KeyName,
    pub(super) surface: &'a SurfaceName,
    pub(super) symbol: &'a Symbol,
}

impl<'a> Place<'a> {
    pub(super) const fn of(order: &'a Tracked) -> Self {
        Self { key: &order.key, surface: &order.surface, symbol: &order.order.symbol }
    }
}

impl Names {
    /// Every order that may be meant.
    pub(super) fn meant(&self, place: Place<'_>, by: &OrderRef) -> &[IntentId] {
        self.0.get(&Name::new(place, by)).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, place: Place<'_>, by: &OrderRef, id: IntentId) {
        let ids = self.0.entry(Name::new(place, by)).or_default();
        if let Err(place) = ids.binary_search(&id) {
            ids.insert(place, id);
        }
    }

    fn remove(&mut self, place: Place<'_>, by: &OrderRef, id: IntentId) {
        let name = Name::new(place, by);
        if let Some(ids) = self.0.get_mut(&name) {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                self.0.remove(&name);
            }
        }
    }
}

impl Book {
    /// Begins to track an order, holding what it may cost.
    pub(super) fn track(&mut self, id: IntentId, order: Tracked) {
        if let Some(client) = &order.order.client_id {
            self.names.add(Place::of(&order), &OrderRef::Client(client.clone()), id);
        }
        let usages = self.usages(&order.bot, &order.key);
        for (usage, money) in usages.into_iter().zip([&order.held.bot, &order.held.key]) {
            usage.hold(money);
            usage.orders.insert(id);
            if order.can_rest() {
                usage.opened();
            }
        }
        self.orders.insert(id, order);
    }

    /// Stops tracking an order, and gives back all that was held for it.
    pub(super) fn untrack(&mut self, id: IntentId) -> Option<Tracked> {
        let order = self.orders.remove(&id)?;
        if let Some(client) = &order.order.client_id {
            self.names.remove(Place::of(&order), &OrderRef::Client(client.clone()), id);
        }
        if let Some(exchange) = &order.exchange_id {
            self.names.remove(Place::of(&order), &OrderRef::Exchange(exchange.clone()), id);
        }
        if let Some(end) = order.ends {
            self.ends.remove(&(end, id));
        }
        let held = order.amendment.as_ref().map_or(&order.held, |amendment| &amendment.held);
        let usages = self.usages(&order.bot, &order.key);
        for (usage, money) in usages.into_iter().zip([&held.bot, &held.key]) {
            usage.release(money);
            usage.orders.remove(&id);
            if order.can_rest() {
                usage.closed();
            }
        }
        Some(order)
    }

    /// The end of an order that can fill no more: what was filled counts from now on; untold, all of it.
    pub(super) fn finish(&mut self, id: IntentId, filled: Option<Decimal>, at: Time) -> Option<Money> {
        let order = self.untrack(id)?;
        let (held, basis) = match &order.amendment {
            Some(amendment) => (&amendment.held, amendment.basis),
            None => (&order.held, order.basis),
        };
        let filled = filled.filter(|_| !matches!(order.order.size, Size::Quote(_)));
        let part = |money: &Money| part_of(money, filled, basis);
        let (bot, key) = (part(&held.bot), part(&held.key));
        for (usage, money) in self.usages(&order.bot, &order.key).into_iter().zip([&bot, &key]) {
            usage.fill(money, at);
        }
        Some(bot)
    }

    /// The window of an order of unknown fate that cannot rest is over.
    pub(super) fn expire(&mut self, id: IntentId) {
        self.untrack(id);
    }

    /// Nobody knows what became of it. One that cannot rest counts for a day from when it must have landed; one that can,
    /// until it is seen.
    pub(super) fn doubt(&mut self, id: IntentId, at: Time) {
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
    pub(super) fn live(&mut self, id: IntentId, at: Time) {
        if let Some(order) = self.orders.get_mut(&id) {
            order.fate = Fate::Live;
            order.settled = at;
        }
    }

    /// Notes the exchange's id of an order.
    pub(super) fn name(&mut self, id: IntentId, exchange_id: &str) {
        let Some(order) = self.orders.get_mut(&id) else { return };
        let before = order.exchange_id.replace(exchange_id.into());
        if let Some(before) = before.map(OrderRef::Exchange) {
            self.names.remove(Place::of(order), &before, id);
        }
        self.names.add(Place::of(order), &OrderRef::Exchange(exchange_id.into()), id);
    }

    /// The usage of a bot and of its key.
    pub(super) fn usages(&mut self, bot: &BotName, key: &KeyName) -> [&mut super::Usage; 2] {
        let state = self.bots.entry(bot.clone()).or_default();
        [&mut state.usage, self.keys.entry(key.clone()).or_default()]
    }

    /// Whether what an answer says of an order can be about this one.
    pub(super) fn fits(&self, id: IntentId, state: &OrderState) -> bool {
        self.orders.get(&id).is_some_and(|order| match &order.exchange_id {
            Some(known) => *known == state.id,
            None => state.client_id.is_none() || state.client_id == order.order.client_id,
        })
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
