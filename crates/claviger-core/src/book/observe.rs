//! What the exchange says of orders, outside of the answers to intents.

use std::collections::BTreeSet;

use super::Book;
use super::ledger::{Fate, LANDED_MS, told_client_name, told_name};
use super::names::Place;
use super::quotes::Offer;
use super::resting::reach;
use crate::entry::ObservedEntry;
use crate::{
    Decimal, KeyName, LegId, Observed, OrderKind, OrderRef, OrderState, Resting, Size, Symbol, Time,
};

impl Book {
    pub(super) fn fold_observed(&mut self, entry: &ObservedEntry) {
        match &entry.what {
            Observed::Order { symbol, state } => {
                self.saw_order(entry, symbol, state);
            }
            Observed::Absent { symbol, order } => self.saw_no_order(entry, symbol, order),
            Observed::OpenOrders { symbol, orders } => {
                let mut seen = BTreeSet::new();
                for (symbol, state) in orders {
                    match self.saw_order(entry, symbol, state) {
                        Some(id) => seen.extend([id]),
                        // It may be any of those that share its name: none of them is over for not being recognised.
                        None => seen.extend(self.possibly(entry, symbol, state)),
                    }
                }
                self.saw_only(entry, symbol.as_ref(), &seen);
            }
            Observed::Account { holds_reduce_only } => self.saw_account(entry, *holds_reduce_only),
            Observed::Holdings(told) => self.saw_holdings(entry, told),
            Observed::Quote { bot, id, gives, until } => {
                let offer = Offer { key: &entry.key, surface: &entry.surface, id };
                let quotes = &mut self.bots.entry(bot.clone()).or_default().quotes;
                quotes.add(offer, gives, (entry.at, *until));
            }
        }
    }

    /// The state of one order; says which order of the ledger it is.
    fn saw_order(&mut self, entry: &ObservedEntry, symbol: &Symbol, state: &OrderState) -> Option<LegId> {
        let place = Place { key: &entry.key, surface: &entry.surface, symbol };
        let id = self.recognised(place, state, entry.asked_at)?;
        self.name(id, state);
        self.looks(id, state, entry.asked_at);
        self.progress(id, state.filled, entry.at);
        match state.resting {
            Resting::Done => {
                self.finish(id, state.filled, entry.at);
            }
            Resting::Open => self.live_again(id, entry.at),
            Resting::Untold => {}
        }
        Some(id)
    }

    /// After an amendment of unknown outcome: what the exchange says of size and price, once it must have landed.
    fn looks(&mut self, id: LegId, state: &OrderState, asked_at: Time) {
        let Some(order) = self.orders.get(&id) else { return };
        let landed = order.doubtful.is_some_and(|until| until < asked_at) && order.amendment.is_none();
        let (Some(n), OrderKind::Limit { .. }, Some(price)) = (state.size, order.order.kind, state.price)
        else {
            return;
        };
        let size = match order.order.size {
            Size::Base(_) => Size::Base(n),
            Size::Contracts(_) => Size::Contracts(n),
            Size::Quote(_) | Size::Position => return,
        };
        if landed && !order.order.waits() && order.order.more.or.is_none() && n <= order.basis {
            self.change(id, |order| {
                (order.order.size, order.order.kind) = (size, OrderKind::Limit { price });
                order.doubtful = None;
                order.reach = reach(&order.order);
            });
        }
    }

    /// By the exchange's id; or by the client's, once the order must have arrived. Client ids can be used again, so one
    /// that means several orders means none.
    fn recognised(&self, place: Place<'_>, state: &OrderState, asked_at: Time) -> Option<LegId> {
        if let Some([id]) = told_name(state).map(|name| self.meant(place, &name)) {
            return Some(*id);
        }
        match self.meant(place, &told_client_name(state)?) {
            [id] if self.fits(*id, state) && self.is_settled(*id, asked_at) => Some(*id),
            _ => None,
        }
    }

    /// Every order that a state could be about, by the client's name for it.
    fn possibly(&self, entry: &ObservedEntry, symbol: &Symbol, state: &OrderState) -> Vec<LegId> {
        let place = Place { key: &entry.key, surface: &entry.surface, symbol };
        let named = told_client_name(state).map(|name| self.meant(place, &name));
        named.unwrap_or_default().iter().copied().filter(|id| self.fits(*id, state)).collect()
    }

    fn live_again(&mut self, id: LegId, at: Time) {
        if let Some(end) =
            self.orders.get_mut(&id).filter(|order| order.can_rest()).and_then(|o| o.ends.take())
        {
            self.ends.remove(&(end, id));
        }
        let pending =
            self.orders.get(&id).is_some_and(|order| order.fate == Fate::Pending || !order.can_rest());
        if !pending {
            self.live(id, at);
        }
    }

    /// The exchange does not have it. One that it never confirmed was never placed; another one is over, and what it
    /// filled is not known.
    fn saw_no_order(&mut self, entry: &ObservedEntry, symbol: &Symbol, by: &OrderRef) {
        let place = Place { key: &entry.key, surface: &entry.surface, symbol };
        let [id] = *self.meant(place, by) else { return };
        if !self.is_settled(id, entry.asked_at) {
            return;
        }
        let known =
            self.orders.get(&id).is_some_and(|order| order.known_as.is_some() || order.fate == Fate::Live);
        let filled = if known { None } else { Some(Decimal::ZERO) };
        self.finish(id, filled, entry.at);
    }

    /// These are all that are open: another order that can rest and was settled before the question is over.
    fn saw_only(&mut self, entry: &ObservedEntry, symbol: Option<&Symbol>, seen: &BTreeSet<LegId>) {
        let over: Vec<LegId> = self
            .orders(&entry.key as &KeyName)
            .filter(|(id, order)| {
                let here = order.surface == entry.surface && symbol.is_none_or(|s| *s == order.order.symbol);
                here && order.can_rest() && !seen.contains(id) && self.is_settled(*id, entry.asked_at)
            })
            .map(|(id, _)| id)
            .collect();
        for id in over {
            self.finish(id, None, entry.at);
        }
    }

    /// Whether a question asked at `asked_at` must have been answered with this order in mind.
    fn is_settled(&self, id: LegId, asked_at: Time) -> bool {
        self.orders.get(&id).is_some_and(|order| match order.fate {
            Fate::Pending => false,
            Fate::Live => order.settled < asked_at,
            Fate::Unsure => order.settled.max(order.deadline.plus(LANDED_MS)) < asked_at,
        })
    }
}
