//! Bots behind the gate, the market in front of it, and the time.

use std::collections::BTreeMap;
use std::sync::Arc;

use claviger_core::market::Contract;
use claviger_core::{
    Act, BotName, Cancel, ClientOrderId, ExchangeName, Instrument, Market as In, MarketView, OperatorAct,
    Order, OrderKind, OrderRef, OrderState, PolicySet, PositionSide, Reference, Resting, Side, Size,
    SurfaceName, Symbol, Time, TimeInForce,
};

use crate::gate::{Gate, Reply, Tally};
use crate::market::{Market, NewOrder, Owner, Pair, Placed};
use crate::number::{fixed, plain};

/// From what a run begins.
#[derive(Clone, Debug)]
pub struct Start {
    /// The policies.
    pub policies: Arc<PolicySet>,
    /// The exchange that their keys are of.
    pub exchange: ExchangeName,
    /// What can be traded.
    pub pairs: Vec<Pair>,
    /// What the account has at the beginning, in whole units of the first pair's quote currency.
    pub cash: i128,
    /// Whether spot's reference prices come from this market's own books alone, as of a pair that one exchange lists;
    /// else they are the fair prices, as where other exchanges list it.
    pub own_reference: bool,
}

/// One run.
#[derive(Clone, Debug)]
pub struct Arena {
    /// The market.
    pub market: Market,
    gate: Gate,
    view: MarketView,
    exchange: ExchangeName,
    now: u64,
    own_reference: bool,
    worth_before: i128,
    owners: BTreeMap<u64, (BotName, usize)>,
    refreshed: u64,
}

/// Honest traders look again after so long.
const REFRESH_MS: u64 = 1_000;

const START_MS: u64 = 1_700_000_000_000;

impl Arena {
    /// The beginning of a run.
    #[must_use]
    pub fn new(start: Start) -> Self {
        let market = Market::new(start.pairs, start.cash * crate::number::ONE);
        let gate = Gate::new(&start.policies, start.exchange.clone());
        let worth_before = market.worth(Owner::Account);
        let mut arena = Self {
            market,
            gate,
            view: MarketView::default(),
            exchange: start.exchange,
            now: START_MS,
            own_reference: start.own_reference,
            worth_before,
            owners: BTreeMap::new(),
            refreshed: START_MS,
        };
        let at = arena.time();
        for (name, _) in start.policies.bots() {
            arena.gate.operator(OperatorAct::BotAdded(name.clone()), at);
        }
        if let Some(surface) = arena.surface(0) {
            start.policies.keys().for_each(|(key, _)| arena.gate.holds_reduce_only(key, &surface, at));
        }
        arena.list();
        arena.look();
        arena
    }

    /// Milliseconds since the beginning.
    #[must_use]
    pub const fn elapsed(&self) -> u64 {
        self.now - START_MS
    }

    /// The time.
    #[must_use]
    pub const fn time(&self) -> Time {
        Time::from_millis(self.now)
    }

    /// What was asked so far, and refused.
    #[must_use]
    pub const fn tally(&self) -> &Tally {
        &self.gate.tally
    }

    /// Whether a book folded from the journal equals the one that decided.
    #[must_use]
    pub fn is_replayable(&self) -> bool {
        self.gate.replayed(self.time())
    }

    /// Gives the account as much in coins of each pair with balances as it has in cash there, and begins.
    pub fn endow(&mut self) {
        for number in 0..self.market.pairs().len() {
            let Some(pair) = self.market.pairs().get(number) else { continue };
            let cash = self.market.account(Owner::Account).cash.get(number).copied().unwrap_or_default();
            let size = cash / pair.fair.max(1) / pair.step * pair.step;
            if !pair.has_positions() {
                self.market.endow(number, size);
            }
        }
        self.begin();
    }

    /// Takes what the account is worth now for what it was worth before: what was given to it is no gain.
    pub fn begin(&mut self) {
        self.worth_before = self.market.worth(Owner::Account);
    }

    /// What the account lost, at fair prices, in 1e-16 of the first pair's quote currency; below zero for a gain.
    #[must_use]
    pub fn loss(&self) -> i128 {
        self.worth_before - self.market.worth(Owner::Account)
    }

    /// What the account was worth before, in the same.
    #[must_use]
    pub const fn equity(&self) -> i128 {
        self.worth_before
    }

    /// Lets time pass; honest traders, and whoever asks for prices, look again.
    pub fn wait(&mut self, ms: u64) {
        self.now += ms;
        if self.now - self.refreshed >= REFRESH_MS {
            self.refreshed = self.now;
            self.market.refresh();
        }
        self.tell();
        self.look();
    }

    /// A bot asks for an order.
    pub fn order(&mut self, bot: &BotName, pair: usize, order: Order) -> Reply {
        self.prepared(bot, pair, order, |_| {})
    }

    /// The same, and something happens between the decision and the order's arrival.
    pub fn prepared(
        &mut self,
        bot: &BotName,
        pair: usize,
        order: Order,
        meanwhile: impl FnOnce(&mut Market),
    ) -> Reply {
        let Some(surface) = self.surface(pair) else { return Reply::Refused("no such pair") };
        let left = match self.gate.ask(
            bot,
            Act::Place(order),
            &surface,
            (&self.view, Time::from_millis(self.now)),
        ) {
            Ok(left) => left,
            Err(rule) => return Reply::Refused(rule),
        };
        meanwhile(&mut self.market);
        let Act::Place(order) = &left.act else {
            self.gate.fail(left.id, self.time());
            return Reply::Refused("not an order");
        };
        let Some(arrives) = self.arriving(pair, order) else {
            self.gate.fail(left.id, self.time());
            return Reply::Refused("not carried out");
        };
        let placed = self.market.place(arrives);
        self.owners.insert(placed.id, (bot.clone(), pair));
        let state = self.state(pair, &placed, order.client_id.clone());
        self.gate.settle(left.id, Some(state), self.time());
        self.tell();
        Reply::Left { order: placed.id, filled: placed.filled, over: placed.over }
    }

    /// A bot asks to cancel one of its orders.
    pub fn cancel(&mut self, bot: &BotName, pair: usize, id: u64) -> Reply {
        let Some((market, symbol)) = self.market.pairs().get(pair).map(|p| (p.market, p.symbol.clone()))
        else {
            return Reply::Refused("no such pair");
        };
        let cancel = Cancel { market, symbol, order: OrderRef::Exchange(id.to_string().into()) };
        let Some(surface) = self.surface(pair) else { return Reply::Refused("no such pair") };
        match self.gate.ask(bot, Act::Cancel(cancel), &surface, (&self.view, self.time())) {
            Err(rule) => Reply::Refused(rule),
            Ok(left) => {
                let Some(placed) = self.market.cancel(Owner::Account, id) else {
                    self.gate.fail(left.id, self.time());
                    return Reply::Refused("not open");
                };
                let state = self.state(pair, &placed, None);
                self.gate.settle(left.id, Some(state), self.time());
                Reply::Left { order: id, filled: placed.filled, over: true }
            }
        }
    }

    /// A bot asks to close its whole position at the market.
    pub fn close(&mut self, bot: &BotName, pair: usize) -> Reply {
        let Some((market, symbol)) = self.market.pairs().get(pair).map(|p| (p.market, p.symbol.clone()))
        else {
            return Reply::Refused("no such pair");
        };
        let act = Act::ClosePosition { market, symbol, position_side: PositionSide::Net };
        let Some(surface) = self.surface(pair) else { return Reply::Refused("no such pair") };
        match self.gate.ask(bot, act, &surface, (&self.view, self.time())) {
            Err(rule) => Reply::Refused(rule),
            Ok(left) => {
                let held = self.market.account(Owner::Account).base.get(pair).copied().unwrap_or_default();
                let side = if held > 0 { Side::Sell } else { Side::Buy };
                let placed = self.market.place(NewOrder {
                    owner: Owner::Account,
                    pair,
                    side,
                    size: held.abs(),
                    limit: None,
                    trigger: None,
                    at_once: true,
                    post_only: false,
                    reduce_only: true,
                });
                self.gate.settle(left.id, None, self.time());
                Reply::Left { order: placed.id, filled: placed.filled, over: true }
            }
        }
    }

    /// An operator freezes a bot.
    pub fn freeze(&mut self, bot: &BotName) {
        self.gate.freeze(bot, self.time());
    }

    /// An order as a bot would write it: a limit, or a market order where there is no price.
    #[must_use]
    pub fn draft(&self, pair: usize, side: Side, size: i128, limit: Option<i128>) -> Option<Order> {
        let of = self.market.pairs().get(pair)?;
        let kind = match limit {
            Some(price) => OrderKind::Limit { price: plain(price)? },
            None => OrderKind::Market,
        };
        let size = match of.contract {
            None => Size::Base(plain(size)?),
            Some(contract) => Size::Contracts(plain(size * crate::number::ONE / contract)?),
        };
        Some(Order {
            market: of.market,
            symbol: of.symbol.clone(),
            side,
            kind,
            size,
            time_in_force: TimeInForce::GoodTillCancelled,
            trigger: None,
            reduce_only: false,
            position_side: PositionSide::Net,
            client_id: None,
            more: claviger_core::More::default(),
        })
    }

    /// The order that left, as it arrives; `None` if it is of a kind that this market does not know.
    fn arriving(&self, pair: usize, order: &Order) -> Option<NewOrder> {
        let of = self.market.pairs().get(pair)?;
        let limit = match order.kind {
            OrderKind::Limit { price } => Some(fixed(price)),
            OrderKind::Market => None,
            OrderKind::Floating { .. } => return None,
        };
        let size = match (order.size, of.contract) {
            (Size::Base(size), None) => fixed(size),
            (Size::Contracts(count), Some(contract)) => fixed(count) * contract / crate::number::ONE,
            (Size::Quote(_) | Size::Position | Size::Base(_) | Size::Contracts(_), _) => return None,
        };
        let more = order.more == claviger_core::More::default();
        let at_once = match order.time_in_force {
            TimeInForce::ImmediateOrCancel => true,
            TimeInForce::GoodTillCancelled | TimeInForce::PostOnly => limit.is_none(),
            _ => return None,
        };
        more.then(|| NewOrder {
            owner: Owner::Account,
            pair,
            side: order.side,
            size,
            limit,
            trigger: order.trigger.map(fixed),
            at_once,
            post_only: order.time_in_force == TimeInForce::PostOnly,
            reduce_only: order.reduce_only,
        })
    }

    fn state(&self, pair: usize, placed: &Placed, client_id: Option<ClientOrderId>) -> OrderState {
        let contract = self.market.pairs().get(pair).and_then(|pair| pair.contract);
        let filled = contract.map_or(placed.filled, |one| placed.filled * crate::number::ONE / one);
        OrderState {
            id: placed.id.to_string().into(),
            client_id,
            filled: plain(filled),
            resting: if placed.over { Resting::Done } else { Resting::Open },
            ..OrderState::default()
        }
    }

    /// What became of resting orders reaches the book.
    fn tell(&mut self) {
        let at = self.time();
        for placed in self.market.news() {
            let Some((bot, pair)) = self.owners.get(&placed.id).cloned() else { continue };
            let Some(symbol) = self.market.pairs().get(pair).map(|pair| pair.symbol.clone()) else {
                continue;
            };
            let Some(surface) = self.surface(pair) else { continue };
            let state = self.state(pair, &placed, None);
            self.gate.observe(&bot, &surface, (symbol, state), at);
            if placed.over {
                self.owners.remove(&placed.id);
            }
        }
    }

    fn surface(&self, pair: usize) -> Option<SurfaceName> {
        self.market.pairs().get(pair).map(|pair| pair.surface.clone())
    }

    /// Lists every pair in the view.
    fn list(&mut self) {
        let venue = self.view.venues.entry(self.exchange.clone()).or_default();
        for pair in self.market.pairs() {
            let steps = (plain(pair.tick), plain(pair.step));
            let (Some(price_step), Some(size_step)) = steps else { continue };
            let contract =
                pair.contract.and_then(plain).map(|size| Contract { size, asset: pair.base.clone() });
            let size_step = if contract.is_some() { claviger_core::Decimal::ONE } else { size_step };
            let instrument = Instrument {
                base: pair.base.clone(),
                quote: pair.quote.clone(),
                contract,
                price_step,
                size_step,
                min_size: size_step,
                underlying: None,
            };
            venue.instruments.entry(pair.market).or_default().insert(pair.symbol.clone(), instrument);
        }
    }

    /// Takes reference prices anew.
    pub fn look(&mut self) {
        let at = self.time();
        let prices: Vec<(In, Symbol, i128)> = (0..self.market.pairs().len())
            .filter_map(|n| self.market.pairs().get(n).map(|pair| (n, pair)))
            .map(|(n, pair)| (pair.market, pair.symbol.clone(), self.reference(n, pair)))
            .collect();
        let Some(venue) = self.view.venues.get_mut(&self.exchange) else { return };
        for (market, symbol, price) in prices {
            let Some(price) = plain(price) else { continue };
            let reference = Reference { price, at, source: "arena".into() };
            venue.references.entry(market).or_default().insert(symbol, reference);
        }
    }

    /// The middle one of last price, best bid and best ask, as claviger takes it from one exchange; else the fair price.
    fn reference(&self, number: usize, pair: &Pair) -> i128 {
        if !self.own_reference || pair.has_positions() {
            return pair.fair;
        }
        let (bid, ask) = self.market.top(number);
        let mut three = [pair.last, bid.unwrap_or(pair.last), ask.unwrap_or(pair.last)];
        three.sort_unstable();
        let [_, middle, _] = three;
        middle
    }
}
