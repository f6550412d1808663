//! The matching engine: accounts, orders, positions and prices. Pure: time is an argument, and there is no I/O.
//!
//! Takers meet a generated book around the price; what is left of a limit order rests until the price crosses it.
//! Accounts do not trade with each other.

mod account;
mod algo;
pub(crate) mod book;
mod history;
mod instrument;
mod matching;
mod money;
mod order;
#[cfg(test)]
mod tests;
mod trigger;
mod waiting;
mod walk;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use rust_decimal::Decimal;

pub(crate) use account::{Account, Balance, Moved, Position, Withdrawal};
pub use algo::AlgoSnapshot;
pub(crate) use algo::{Algo, AlgoStatus, Amount, Branch, NewAlgo};
pub(crate) use history::{Candle, Print};
pub(crate) use instrument::{Instrument, Market, Shape, Wallet};
pub(crate) use money::{Conversion, Quote, Switch};
pub use order::OrderSnapshot;
pub(crate) use order::{Fill, Force, Leg, NewOrder, Order, Reject, Side, Size, Status};
pub(crate) use trigger::{Distance, Level, Trigger};
pub(crate) use waiting::OrderList;
pub(crate) use walk::mix;

use crate::config::Exchange;
use walk::Walk;

/// Prices above this are refused, so that no sum can overflow.
const MAX_PRICE: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);

/// An instrument and its price now.
pub(crate) struct Listing {
    pub(crate) instrument: Arc<Instrument>,
    pub(crate) price: Decimal,
    pub(crate) high: Decimal,
    pub(crate) low: Decimal,
    pub(crate) open: Decimal,
    exact: Decimal,
}

impl Listing {
    fn new(instrument: Instrument) -> Self {
        let price = instrument.start;
        Self { instrument: Arc::new(instrument), price, high: price, low: price, open: price, exact: price }
    }

    fn set(&mut self, exact: Decimal) {
        self.exact = exact.round_dp(10);
        self.price = self.instrument.to_tick(exact);
        self.high = self.high.max(self.price);
        self.low = self.low.min(self.price);
    }

    /// Best bid and best ask.
    pub(crate) fn top(&self) -> (Decimal, Decimal) {
        let best = |side| book::best(&self.instrument, self.price, side);
        (best(Side::Sell), best(Side::Buy))
    }
}

/// One exchange's whole state.
pub(crate) struct Engine {
    exchange: Exchange,
    pub(crate) listings: Vec<Listing>,
    accounts: HashMap<String, Account>,
    orders: BTreeMap<u64, Order>,
    live: BTreeSet<u64>,
    by_client: HashMap<(String, String), Vec<u64>>,
    fills: Vec<Fill>,
    lists: BTreeMap<u64, OrderList>,
    algos: BTreeMap<u64, Algo>,
    attached: BTreeMap<u64, Vec<NewAlgo>>,
    quotes: BTreeMap<u64, Quote>,
    conversions: Vec<Conversion>,
    switches: Vec<Switch>,
    /// Orders of lists to which something happened that the list has not seen yet.
    touched: Vec<u64>,
    next_id: u64,
    walk: Walk,
}

impl Engine {
    /// `now` makes ids that differ from those of an earlier run.
    pub(crate) fn new(exchange: Exchange, seed: u64, now: u64) -> Self {
        Self {
            exchange,
            listings: instrument::listed(exchange).into_iter().map(Listing::new).collect(),
            accounts: HashMap::new(),
            orders: BTreeMap::new(),
            live: BTreeSet::new(),
            by_client: HashMap::new(),
            fills: Vec::new(),
            lists: BTreeMap::new(),
            algos: BTreeMap::new(),
            attached: BTreeMap::new(),
            quotes: BTreeMap::new(),
            conversions: Vec::new(),
            switches: Vec::new(),
            touched: Vec::new(),
            next_id: now.saturating_mul(1000),
            walk: Walk::new(seed),
        }
    }

    /// Gives an account this much in each of its wallets.
    pub(crate) fn seed_balance(&mut self, account: &str, asset: &str, amount: Decimal) {
        let account = self.accounts.entry(account.to_owned()).or_default();
        for &wallet in Wallet::of(self.exchange) {
            account.balance_mut(wallet, asset).free = amount;
        }
    }

    pub(crate) fn next_id(&mut self) -> u64 {
        self.next_id = self.next_id.saturating_add(1);
        self.next_id
    }

    pub(crate) fn listing(&self, market: Market, symbol: &str) -> Option<&Listing> {
        self.listings.iter().find(|one| one.instrument.market == market && one.instrument.symbol == symbol)
    }

    /// The price of an instrument now.
    pub(crate) fn price(&self, instrument: &Instrument) -> Decimal {
        self.listing(instrument.market, instrument.symbol).map_or(instrument.start, |listing| listing.price)
    }

    /// The account of a key; empty if it never held anything.
    pub(crate) fn account(&mut self, name: &str) -> &mut Account {
        self.accounts.entry(name.to_owned()).or_default()
    }

    /// Sets a price in every market that has the symbol, and fills what it crosses.
    pub(crate) fn set_price(&mut self, symbol: &str, price: Decimal, now: u64) -> bool {
        if price <= Decimal::ZERO || price > MAX_PRICE {
            return false;
        }
        let mut known = false;
        for listing in self.listings.iter_mut().filter(|listing| listing.instrument.symbol == symbol) {
            listing.set(price);
            known = true;
        }
        self.cross(now);
        known
    }

    /// One step of the price walk: each base asset moves as a whole, drawn gently back to where it started.
    pub(crate) fn step(&mut self, now: u64) {
        let mut moves: BTreeMap<&'static str, Decimal> = BTreeMap::new();
        for listing in &self.listings {
            moves.entry(listing.instrument.base).or_insert_with(|| self.walk.next_move());
        }
        for listing in &mut self.listings {
            let of = |asset: &str| moves.get(asset).copied().unwrap_or_default();
            let relative = of(listing.instrument.base) - of(listing.instrument.quote);
            let drawn = (listing.instrument.start - listing.exact) * Decimal::new(1, 4);
            let moved = listing.exact + listing.exact * relative + drawn;
            listing.set(moved.clamp(listing.instrument.tick, MAX_PRICE));
        }
        self.cross(now);
    }

    /// All orders of an account, oldest first.
    pub(crate) fn orders_of<'a>(&'a self, account: &'a str) -> impl DoubleEndedIterator<Item = &'a Order> {
        self.orders.values().filter(move |order| order.account == account)
    }

    /// The open orders of an account, oldest first.
    pub(crate) fn live_of<'a>(&'a self, account: &'a str) -> impl Iterator<Item = &'a Order> {
        self.live.iter().filter_map(|id| self.orders.get(id)).filter(move |order| order.account == account)
    }

    /// An order of an account by either of its ids; of equal client ids, the newest.
    pub(crate) fn find<'a>(
        &'a self,
        account: &'a str,
        id: Option<u64>,
        client_id: Option<&str>,
        within: Market,
    ) -> Option<&'a Order> {
        let by_id = id.and_then(|id| self.orders.get(&id)).filter(|order| order.account == account);
        let found = match (id, client_id) {
            (Some(_), _) => by_id,
            (None, Some(client)) => self
                .orders_of(account)
                .rev()
                .find(|one| one.client_id == client && one.instrument.market == within),
            (None, None) => None,
        };
        found.filter(|order| order.instrument.market == within)
    }

    /// The orders of an account that were given this client id, oldest first.
    fn called<'a>(&'a self, account: &str, client_id: &str) -> impl DoubleEndedIterator<Item = &'a Order> {
        let ids = self.by_client.get(&(account.to_owned(), client_id.to_owned()));
        ids.into_iter().flatten().filter_map(|id| self.orders.get(id))
    }

    /// The fills of one order, newest first.
    pub(crate) fn fills_for<'a>(&'a self, order: &Order) -> impl Iterator<Item = &'a Fill> {
        let id = order.id;
        // Ids only grow, so a fill of this order cannot be older than the order.
        self.fills.iter().rev().take_while(move |fill| fill.id > id).filter(move |fill| fill.order_id == id)
    }

    /// The fills of an account, oldest first.
    pub(crate) fn fills_of<'a>(&'a self, account: &'a str) -> impl DoubleEndedIterator<Item = &'a Fill> {
        self.fills.iter().filter(move |fill| fill.account == account)
    }

    /// Every order ever accepted.
    pub(crate) fn snapshots(&self) -> Vec<OrderSnapshot> {
        self.orders.values().map(OrderSnapshot::from).collect()
    }
}
