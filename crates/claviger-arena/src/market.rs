//! A market: order books, fees, honest depth around a fair price, and the accounts that trade there.

mod accounts;
mod books;

pub use accounts::Account;
pub use books::{Depth, Pair};

use std::collections::BTreeMap;

use claviger_core::Side;

use crate::number::ppm;
use accounts::Accounts;
use books::{Books, Trade};

/// Who owns an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// Whoever quotes around the fair price.
    Honest,
    /// The thief's accomplice, who has an account of its own with plenty in it.
    Thief,
    /// The account that the bots trade for.
    Account,
}

/// An order as it arrives.
#[derive(Clone, Debug)]
pub struct NewOrder {
    /// Whose.
    pub owner: Owner,
    /// Which pair, by its number.
    pub pair: usize,
    /// On which side.
    pub side: Side,
    /// Its size, in base units.
    pub size: i128,
    /// Its limit; none for a market order.
    pub limit: Option<i128>,
    /// The last price at which it wakes.
    pub trigger: Option<i128>,
    /// Whether what does not fill at once is dropped.
    pub at_once: bool,
    /// Whether it is refused if it would fill at once.
    pub post_only: bool,
    /// Whether it only closes.
    pub reduce_only: bool,
}

/// What became of an order so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Placed {
    /// Its number.
    pub id: u64,
    /// How much of it filled.
    pub filled: i128,
    /// Whether it is over.
    pub over: bool,
}

/// Every pair, every account, every order.
#[derive(Clone, Debug)]
pub struct Market {
    pairs: Vec<Pair>,
    books: Books,
    accounts: Accounts,
    orders: BTreeMap<u64, Live>,
    waiting: Vec<u64>,
    touched: Vec<u64>,
    next: u64,
}

/// An order that is not over, or was not told of since.
#[derive(Clone, Debug)]
struct Live {
    order: NewOrder,
    /// Whether it wakes when the price rises to its trigger; else when it falls to it.
    rises: bool,
    placed: Placed,
}

impl Market {
    /// A market of these pairs in which the account has `cash` of each quote currency, in 1e-8.
    #[must_use]
    pub fn new(pairs: Vec<Pair>, cash: i128) -> Self {
        let books = Books::new(pairs.len());
        let accounts = Accounts::new(&pairs, cash);
        let (orders, waiting, touched) = (BTreeMap::new(), Vec::new(), Vec::new());
        let mut market = Self { pairs, books, accounts, orders, waiting, touched, next: 0 };
        market.refresh();
        market
    }

    /// The pairs, by number.
    #[must_use]
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    /// What an account has.
    #[must_use]
    pub fn account(&self, owner: Owner) -> &Account {
        self.accounts.of(owner)
    }

    /// What an account is worth at fair prices, in the quote currency of the first pair, in 1e-16.
    #[must_use]
    pub fn worth(&self, owner: Owner) -> i128 {
        self.accounts.worth(owner, &self.pairs)
    }

    /// Best bid and best ask of a pair.
    #[must_use]
    pub fn top(&self, pair: usize) -> (Option<i128>, Option<i128>) {
        (self.books.best(pair, Side::Buy), self.books.best(pair, Side::Sell))
    }

    /// The last price of a pair.
    #[must_use]
    pub fn last(&self, pair: usize) -> i128 {
        self.pairs.get(pair).map_or(0, |pair| pair.last)
    }

    /// Gives the account some of a pair's base, at no cost.
    pub fn endow(&mut self, pair: usize, size: i128) {
        self.accounts.endow(pair, size);
    }

    /// Moves the fair price of a pair; honest depth follows with the next refresh.
    pub fn set_fair(&mut self, pair: usize, fair: i128) {
        if let Some(pair) = self.pairs.get_mut(pair) {
            pair.fair = fair;
        }
    }

    /// Honest traders look again: old quotes go, new ones come around the fair price and take what stands beyond it.
    pub fn refresh(&mut self) {
        for pair in 0..self.pairs.len() {
            self.books.drop_honest(pair);
            let Some(quotes) = self.pairs.get(pair).map(Pair::quotes) else { continue };
            for (side, limit, size) in quotes {
                let owner = Owner::Honest;
                let (trigger, at_once, post_only, reduce_only) = (None, false, false, false);
                let order = NewOrder {
                    owner,
                    pair,
                    side,
                    size,
                    limit: Some(limit),
                    trigger,
                    at_once,
                    post_only,
                    reduce_only,
                };
                self.place(order);
            }
        }
    }

    /// Takes an order in.
    pub fn place(&mut self, order: NewOrder) -> Placed {
        self.next += 1;
        let id = self.next;
        let last = self.last(order.pair);
        let placed = Placed { id, filled: 0, over: false };
        if let Some(trigger) = order.trigger {
            self.orders.insert(id, Live { order, rises: trigger > last, placed });
            self.waiting.push(id);
            return placed;
        }
        self.arrive(Live { order, rises: false, placed })
    }

    /// Takes an order out, if it is this owner's and not over.
    pub fn cancel(&mut self, owner: Owner, id: u64) -> Option<Placed> {
        let live = self.orders.get_mut(&id).filter(|live| live.order.owner == owner && !live.placed.over)?;
        live.placed.over = true;
        let (placed, pair, side) = (live.placed, live.order.pair, live.order.side);
        self.books.remove(pair, side, id);
        self.waiting.retain(|waiting| *waiting != id);
        self.orders.remove(&id);
        Some(placed)
    }

    /// The orders of an owner that are not over.
    pub fn open(&self, owner: Owner) -> impl Iterator<Item = u64> + '_ {
        let open = self.orders.iter().filter(move |(_, l)| l.order.owner == owner && !l.placed.over);
        open.map(|(id, _)| *id)
    }

    /// What became of the account's orders since this was asked last.
    pub fn news(&mut self) -> Vec<Placed> {
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        let placed: Vec<Placed> =
            touched.iter().filter_map(|id| self.orders.get(id)).map(|live| live.placed).collect();
        self.orders.retain(|_, live| !live.placed.over);
        placed
    }

    /// It meets the book; what is left of it rests, or is over.
    fn arrive(&mut self, mut live: Live) -> Placed {
        let order = &live.order;
        let Some(pair) = self.pairs.get(order.pair) else { return live.placed };
        let bound = pair.bounded(order.side);
        let limit = order.limit.or(bound);
        let too_far = bound
            .zip(order.limit)
            .is_some_and(|(bound, limit)| !books::reaches(order.side, Some(bound), limit));
        if too_far || order.post_only && self.books.crosses(order.pair, order.side, limit) {
            return Placed { over: true, ..live.placed };
        }
        let mut left = order.size - live.placed.filled;
        while left > 0 {
            let able = self.accounts.able(order, limit, &self.pairs).min(left);
            let Some(trade) = self.books.take(order.pair, order.side, limit, able) else { break };
            left -= trade.size;
            live.placed.filled += trade.size;
            self.settle(&live.order, &trade);
        }
        let rests = left > 0 && order.limit.is_some() && !order.at_once;
        live.placed.over = !rests;
        let (id, placed) = (live.placed.id, live.placed);
        if rests {
            let rest = books::Rest { id, owner: order.owner, left };
            self.books.rest(order.pair, order.side, limit.unwrap_or_default(), rest);
            // Nobody asks for honest quotes, and there are many.
            if order.owner != Owner::Honest {
                self.orders.insert(id, live);
            }
        }
        self.wake();
        placed
    }

    fn settle(&mut self, taker: &NewOrder, trade: &Trade) {
        let Some(pair) = self.pairs.get_mut(taker.pair) else { return };
        pair.last = trade.price;
        let fee = ppm(trade.price * trade.size, pair.fee_ppm);
        self.accounts.trade(taker.owner, taker.pair, (taker.side, trade.price, trade.size), fee);
        self.accounts.trade(trade.owner, taker.pair, (taker.side.opposite(), trade.price, trade.size), fee);
        if let Some(maker) = self.orders.get_mut(&trade.maker) {
            maker.placed.filled += trade.size;
            maker.placed.over = maker.placed.filled >= maker.order.size;
            let over = maker.placed.over;
            if maker.order.owner == Owner::Account {
                self.touched.push(trade.maker);
            } else if over {
                self.orders.remove(&trade.maker);
            }
        }
    }

    /// Whatever waits for the last price goes to the book.
    fn wake(&mut self) {
        let woken = |live: &Live, last: i128| match live.order.trigger {
            Some(trigger) if live.rises => last >= trigger,
            Some(trigger) => last <= trigger,
            None => false,
        };
        let ready = self
            .waiting
            .iter()
            .copied()
            .find(|id| self.orders.get(id).is_some_and(|live| woken(live, self.last(live.order.pair))));
        let Some(id) = ready else { return };
        self.waiting.retain(|waiting| *waiting != id);
        let Some(mut live) = self.orders.remove(&id) else { return };
        live.order.trigger = None;
        let kept = live.clone();
        let placed = self.arrive(live);
        // It stays until it was told of.
        self.orders.entry(id).or_insert(Live { placed, ..kept });
        self.touched.push(id);
    }
}
