//! Claviger's own calls, from a closed list: asking what became of orders, and what keys may do.

use std::collections::HashMap;

use claviger_core::book::{Fate, Tracked};
use claviger_core::entry::ObservedEntry;
use claviger_core::{Entry, Intent, KeyName, LegId, Observed, OrderRef, Outcome, Resting, Symbol, Time};
use claviger_door::{Returns, Seen};
use claviger_exchange::{AnswerKind, Exchange, HouseCall, Security};

use crate::authenticate::surface;
use crate::fresh::own_wish;
use crate::hints::Blamed;
use crate::record::{Grounds, Written};
use crate::room::Room;
use crate::settle::{Matter, Pending};

/// A reading call of claviger's own: it changes nothing, so it needs no durable entry before it leaves.
pub(crate) struct HouseRead {
    pub(crate) key: KeyName,
    pub(crate) intent: Intent,
    pub(crate) about: About,
}

/// What is asked about.
pub(crate) enum About {
    /// What became of an order.
    Order(OrderRead),
    /// What the key may do; a bot may wait for why its request was refused.
    Key(Option<Blamed>),
    /// What the account holds.
    Holdings,
}

/// The order that is asked about.
pub(crate) struct OrderRead {
    id: LegId,
    symbol: Symbol,
    order: OrderRef,
}

/// When each key was last asked with, and about which order.
#[derive(Debug, Default)]
pub(crate) struct House {
    last: HashMap<KeyName, (Time, Option<LegId>)>,
    swept: Time,
}

/// The least time between two calls with one key, in milliseconds.
const PACE_MS: u64 = 1000;

/// How long after its deadline an order of unknown fate is asked about: by then it has arrived or never will.
const LANDED_MS: u64 = 10_000;

/// How long an answer may take, in milliseconds; far more than the way out gives it.
const LONGEST_MS: u64 = 300_000;

/// How often the book forgets what time made irrelevant, in milliseconds.
const SWEEP_MS: u64 = 60_000;

impl Room {
    /// The next call that claviger wants to make for itself, if any is due.
    pub(crate) fn chore(&mut self) -> Option<Box<Written>> {
        let now = self.now();
        if now.since(self.house.swept) > SWEEP_MS {
            self.house.swept = now;
            self.book.sweep(now);
            self.give_up(now);
        }
        let keys: Vec<KeyName> = self.keys.keys().cloned().collect();
        keys.into_iter()
            .find_map(|key| self.chore_with(key, now))
            .or_else(|| self.sheet_wanted(now))
            .or_else(|| self.look_wanted(now))
    }

    /// Settles as unknown what was not settled in time.
    fn give_up(&mut self, now: Time) {
        for pending in self.tickets.take_older(now.minus(LONGEST_MS)) {
            tracing::warn!(endpoint = ?pending.leaves.endpoint, "an answer was never told");
            if let Matter::Change(id) = pending.matter {
                self.conclude(id, Outcome::Unknown { why: "never told".into() }, Some(pending.sent));
            }
        }
    }

    fn chore_with(&mut self, key: KeyName, now: Time) -> Option<Box<Written>> {
        let (last, after) = self.house.last.get(&key).copied().unwrap_or_default();
        if now.since(last) < PACE_MS || self.tickets.asks_already(&key) {
            return None;
        }
        let (id, read) = self.due(&key, after, now)?;
        self.house.last.insert(key, (now, Some(id)));
        self.own_call(read)
    }

    /// The call that asks what a key may do.
    pub(crate) fn key_call(&self, key: &KeyName, blamed: Option<Blamed>) -> Option<Box<Written>> {
        let exchange = claviger_exchange::exchange(&self.keys.get(key)?.exchange)?;
        let intent = exchange.house(&HouseCall::KeyInfo).filter(|intent| !intent.act.changes_state())?;
        self.own_call(HouseRead { key: key.clone(), intent, about: About::Key(blamed) })
    }

    pub(crate) fn own_call(&self, read: HouseRead) -> Option<Box<Written>> {
        let now = self.now();
        let exchange = claviger_exchange::exchange(read.intent.endpoint.exchange.as_str())?;
        let surface = surface(exchange, read.intent.endpoint.surface.as_str())?;
        let time =
            self.markets.exchange_time(&read.intent.endpoint.exchange, &read.intent.endpoint.surface, now);
        Some(Box::new(Written {
            grounds: Grounds::House(Box::new(read)),
            exchange,
            surface,
            wish: own_wish(time.ms),
            returns: Returns::House,
            only: None,
            quotes: None,
            security: Security::Signed,
            answer: AnswerKind::Stream,
        }))
    }

    /// Orders of unknown fate first, then live ones, each after the one asked about last.
    fn due(&self, key: &KeyName, after: Option<LegId>, now: Time) -> Option<(LegId, HouseRead)> {
        let unsure = |order: &Tracked| order.fate() == Fate::Unsure && landed(order, now);
        let live = |order: &Tracked| order.fate() == Fate::Live;
        self.next(key, after, &unsure).or_else(|| self.next(key, after, &live))
    }

    fn next(
        &self,
        key: &KeyName,
        after: Option<LegId>,
        wanted: &dyn Fn(&Tracked) -> bool,
    ) -> Option<(LegId, HouseRead)> {
        let orders = || self.book.orders(key).filter(|(_, order)| wanted(order));
        let mut round = orders().filter(|(id, _)| Some(*id) > after).chain(orders());
        round.find_map(|(id, order)| Some((id, self.question(key, id, order)?)))
    }

    fn question(&self, key: &KeyName, id: LegId, tracked: &Tracked) -> Option<HouseRead> {
        let exchange = claviger_exchange::exchange(&self.keys.get(key)?.exchange)?;
        let order = tracked.reference()?;
        let (market, symbol) = (tracked.order().market, tracked.order().symbol.clone());
        let surface = tracked.surface().clone();
        let call = HouseCall::OrderStatus { surface, market, symbol: symbol.clone(), order: order.clone() };
        let intent = exchange.house(&call).filter(|intent| !intent.act.changes_state())?;
        let about = About::Order(OrderRead { id, symbol, order });
        Some(HouseRead { key: key.clone(), intent, about })
    }

    /// Takes in what the exchange said of an order.
    pub(crate) fn observe(&mut self, read: &HouseRead, pending: &Pending, seen: &Seen) {
        let (Seen::Answer { status, body }, About::Order(asked)) = (seen, &read.about) else { return };
        let Some(what) = said(pending.exchange, (read, asked), (*status, body)) else {
            tracing::debug!(order = %asked.id, status, "the exchange said nothing certain of an order");
            return;
        };
        if self.is_news(asked.id, &what) {
            let entry = Entry::Observed(Box::new(ObservedEntry {
                at: self.now(),
                asked_at: pending.left,
                key: read.key.clone(),
                surface: read.intent.endpoint.surface.clone(),
                what,
            }));
            self.note(&entry);
            self.fold(&entry);
        }
    }

    /// A live order that is still open is known already.
    fn is_news(&self, id: LegId, what: &Observed) -> bool {
        let known = self.book.order(id).is_some_and(|o| o.fate() == Fate::Live && o.exchange_id().is_some());
        !(known && matches!(what, Observed::Order { state, .. } if state.resting == Resting::Open))
    }
}

fn landed(order: &Tracked, now: Time) -> bool {
    order.deadline().plus(LANDED_MS) < now
}

fn said(
    exchange: &dyn Exchange,
    (read, asked): (&HouseRead, &OrderRead),
    (status, body): (u16, &[u8]),
) -> Option<Observed> {
    let symbol = asked.symbol.clone();
    match exchange.order_status(&read.intent, status, body) {
        Some(state) => Some(Observed::Order { symbol, state }),
        None if exchange.order_absent(&read.intent, status, body) => {
            Some(Observed::Absent { symbol, order: asked.order.clone() })
        }
        None => None,
    }
}
