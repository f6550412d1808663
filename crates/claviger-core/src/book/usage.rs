//! What one bot, or one real key, has used.

use std::collections::{BTreeMap, BTreeSet};

use super::budget::{Budget, Lasting};
use super::window::Window;
use crate::limits::Span;
use crate::{Asset, Decimal, Market, Money, Symbol, Time};

/// 24 hours, in milliseconds: how long a fill counts.
pub const DAY_MS: u64 = 24 * 60 * 60 * 1000;

const DAY_GRAIN_MS: u64 = 60_000;

/// One hour, in milliseconds.
pub const HOUR_MS: u64 = 60 * 60 * 1000;

const HOUR_GRAIN_MS: u64 = 5_000;

/// Which pace a request counts at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// It places or amends an order.
    Order,
    /// It cancels or sets something.
    Other,
    /// Whatever it does.
    Any,
}

/// Attempts in the last second and minute.
#[derive(Clone, Debug, PartialEq)]
struct Attempts {
    second: Window<u64>,
    minute: Window<u64>,
}

impl Attempts {
    const fn new() -> Self {
        Self { second: Window::new(1000, 1), minute: Window::new(60_000, 100) }
    }

    fn windows(&mut self) -> [&mut Window<u64>; 2] {
        [&mut self.second, &mut self.minute]
    }
}

/// Ten minutes, in milliseconds: within so long something has to fill.
const CHURN_MS: u64 = 10 * 60 * 1000;

const CHURN_GRAIN_MS: u64 = 5_000;

/// The orders of the last ten minutes, and when something last filled.
#[derive(Clone, Debug, PartialEq)]
struct Unfilled {
    orders: Window<u64>,
    /// Nothing once it is longer ago than that.
    last_fill: Option<Time>,
}

impl Unfilled {
    const fn new() -> Self {
        Self { orders: Window::new(CHURN_MS, CHURN_GRAIN_MS), last_fill: None }
    }

    fn prune(&mut self, now: Time) {
        self.orders.prune(now);
        self.last_fill = self.last_fill.filter(|at| now.since(*at) < CHURN_MS.saturating_add(CHURN_GRAIN_MS));
    }
}

/// What was used in one currency.
#[derive(Clone, Debug, PartialEq)]
struct InAsset {
    asset: Asset,
    held: Decimal,
    hour: Window<Decimal>,
    day: Window<Decimal>,
}

impl InAsset {
    fn new(asset: Asset) -> Self {
        let (hour, day) = (Window::new(HOUR_MS, HOUR_GRAIN_MS), Window::new(DAY_MS, DAY_GRAIN_MS));
        Self { asset, held: Decimal::ZERO, hour, day }
    }

    const fn filled(&self, lasting: Lasting) -> &Window<Decimal> {
        match lasting {
            Lasting::Hour => &self.hour,
            Lasting::Day => &self.day,
        }
    }
}

/// What was used of one budget, by currency; mostly there is one.
#[derive(Clone, Debug, PartialEq)]
struct Used(Vec<InAsset>);

impl Used {
    fn get(&self, asset: &Asset) -> Option<&InAsset> {
        self.0.iter().find(|of| of.asset == *asset)
    }

    fn get_mut(&mut self, asset: &Asset) -> Option<&mut InAsset> {
        self.0.iter_mut().find(|of| of.asset == *asset)
    }

    /// Changes what was used in a currency. The currencies stay in order, so that it is the same however it came about.
    fn change(&mut self, asset: &Asset, change: impl FnOnce(&mut InAsset)) {
        if let Some(of) = self.get_mut(asset) {
            return change(of);
        }
        let mut of = InAsset::new(asset.clone());
        change(&mut of);
        let place = self.0.partition_point(|other| other.asset < of.asset);
        self.0.insert(place, of);
    }

    fn prune(&mut self, now: Time) {
        for of in &mut self.0 {
            of.hour.prune(now);
            of.day.prune(now);
        }
        self.0.retain(|of| !of.held.is_zero() || !of.day.is_empty());
    }
}

/// What one bot, or one real key, has used. Changed only by folding entries and by the passing of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Usage {
    pub(super) frozen: bool,
    pub(super) orders: BTreeSet<crate::LegId>,
    pub(super) active: Option<Time>,
    open: u32,
    open_in: BTreeMap<Market, BTreeMap<Symbol, u32>>,
    turnover: Used,
    loss: Used,
    unfilled: Unfilled,
    attempts: [Attempts; 3],
}

impl Default for Usage {
    fn default() -> Self {
        Self::new()
    }
}

impl Usage {
    /// Nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            frozen: false,
            orders: BTreeSet::new(),
            active: None,
            open: 0,
            open_in: BTreeMap::new(),
            turnover: Used(Vec::new()),
            loss: Used(Vec::new()),
            unfilled: Unfilled::new(),
            attempts: [Attempts::new(), Attempts::new(), Attempts::new()],
        }
    }

    /// How many orders are open, or may be.
    #[must_use]
    pub const fn open_orders(&self) -> u32 {
        self.open
    }

    /// How many of them are in one instrument.
    #[must_use]
    pub fn open_in(&self, market: Market, symbol: &Symbol) -> u32 {
        self.open_in.get(&market).and_then(|symbols| symbols.get(symbol)).copied().unwrap_or_default()
    }

    /// How many are in the instrument that has most of them.
    #[must_use]
    pub fn most_open_in_one(&self) -> u32 {
        self.open_in.values().flat_map(BTreeMap::values).copied().max().unwrap_or_default()
    }

    /// When it last placed or amended an order that may have been taken, or was made or thawed.
    #[must_use]
    pub const fn last_active(&self) -> Option<Time> {
        self.active
    }

    /// Whether an operator froze it.
    #[must_use]
    pub const fn is_frozen(&self) -> bool {
        self.frozen
    }

    /// What counts against a budget: what is held, and what was filled so recently, by currency.
    pub fn used(&self, budget: Budget, lasting: Lasting) -> impl Iterator<Item = (Decimal, &Asset)> + '_ {
        let used = self.budget(budget).0.iter();
        used.map(move |of| (super::window::sum(of.held, of.filled(lasting).total()), &of.asset))
    }

    /// When `money` more will be free, if fills alone are in the way.
    #[must_use]
    pub fn refills(&self, budget: Budget, lasting: Lasting, money: &Money) -> Option<Time> {
        self.budget(budget).get(&money.asset)?.filled(lasting).ends_for(money.amount)
    }

    const fn budget(&self, budget: Budget) -> &Used {
        match budget {
            Budget::Turnover => &self.turnover,
            Budget::Loss => &self.loss,
        }
    }

    const fn budget_mut(&mut self, budget: Budget) -> &mut Used {
        match budget {
            Budget::Turnover => &mut self.turnover,
            Budget::Loss => &mut self.loss,
        }
    }

    /// The attempts at a pace within a span.
    #[must_use]
    pub const fn attempts(&self, pace: Pace, span: Span) -> &Window<u64> {
        let [order, other, any] = &self.attempts;
        let attempts = match pace {
            Pace::Order => order,
            Pace::Other => other,
            Pace::Any => any,
        };
        match span {
            Span::Second => &attempts.second,
            Span::Minute => &attempts.minute,
        }
    }

    /// How many orders were placed or amended within ten minutes and since the last fill; those of the 5 seconds in which it
    /// came count.
    #[must_use]
    pub fn unfilled(&self) -> u64 {
        match self.unfilled.last_fill {
            Some(fill) => self.unfilled.orders.total_from(fill),
            None => self.unfilled.orders.total(),
        }
    }

    /// When `count` of them will be longer ago than ten minutes.
    #[must_use]
    pub fn unfilled_ends_for(&self, count: u64) -> Option<Time> {
        self.unfilled.orders.ends_for_from(count, self.unfilled.last_fill.unwrap_or_default())
    }

    pub(super) fn filled_at(&mut self, at: Time) {
        self.unfilled.last_fill = self.unfilled.last_fill.max(Some(at));
    }

    pub(super) fn prune(&mut self, now: Time) {
        self.turnover.prune(now);
        self.loss.prune(now);
        self.unfilled.prune(now);
        for window in self.attempts.iter_mut().flat_map(Attempts::windows) {
            window.prune(now);
        }
    }

    pub(super) fn attempt(&mut self, pace: Pace, at: Time, count: u64) {
        if count == 0 {
            return;
        }
        self.at_pace(pace).into_iter().for_each(|window| window.add(at, count));
        if pace == Pace::Order {
            self.unfilled.orders.add(at, count);
        }
    }

    pub(super) fn take_back_attempt(&mut self, pace: Pace, at: Time, count: u64) {
        if count == 0 {
            return;
        }
        self.at_pace(pace).into_iter().for_each(|window| window.take_back(at, count));
        if pace == Pace::Order {
            self.unfilled.orders.take_back(at, count);
        }
    }

    fn at_pace(&mut self, pace: Pace) -> [&mut Window<u64>; 2] {
        let [order, other, any] = &mut self.attempts;
        match pace {
            Pace::Order => order.windows(),
            Pace::Other => other.windows(),
            Pace::Any => any.windows(),
        }
    }

    pub(super) fn opened(&mut self, market: Market, symbol: &Symbol) {
        self.open = self.open.saturating_add(1);
        let symbols = self.open_in.entry(market).or_default();
        match symbols.get_mut(symbol) {
            Some(open) => *open = open.saturating_add(1),
            None => {
                symbols.insert(symbol.clone(), 1);
            }
        }
    }

    pub(super) fn closed(&mut self, market: Market, symbol: &Symbol) {
        self.open = self.open.saturating_sub(1);
        let Some(symbols) = self.open_in.get_mut(&market) else { return };
        if let Some(open) = symbols.get_mut(symbol) {
            *open = open.saturating_sub(1);
            if *open == 0 {
                symbols.remove(symbol);
            }
        }
        if symbols.is_empty() {
            self.open_in.remove(&market);
        }
    }

    pub(super) fn hold(&mut self, budget: Budget, money: &Money) {
        if !money.amount.is_zero() {
            let hold = |of: &mut InAsset| of.held = super::window::sum(of.held, money.amount);
            self.budget_mut(budget).change(&money.asset, hold);
        }
    }

    pub(super) fn release(&mut self, budget: Budget, money: &Money) {
        let used = self.budget_mut(budget);
        let Some(of) = used.get_mut(&money.asset) else { return };
        of.held = of.held.less(money.amount);
        if of.held.is_zero() && of.day.is_empty() {
            used.0.retain(|of| of.asset != money.asset);
        }
    }

    pub(super) fn fill(&mut self, budget: Budget, money: &Money, at: Time) {
        if !money.amount.is_zero() {
            self.budget_mut(budget).change(&money.asset, |of| {
                of.hour.add(at, money.amount);
                of.day.add(at, money.amount);
            });
        }
    }
}
