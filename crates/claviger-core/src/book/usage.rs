//! What one bot, or one real key, has used.

use std::collections::{BTreeMap, BTreeSet};

use super::window::Window;
use crate::limits::Span;
use crate::{Asset, Decimal, Money, Time};

/// 24 hours, in milliseconds: how long a fill counts.
pub const DAY_MS: u64 = 24 * 60 * 60 * 1000;

const DAY_GRAIN_MS: u64 = 60_000;

/// Which of two paces a request counts at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// It places or amends an order.
    Order,
    /// It cancels or sets something.
    Other,
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

/// What one bot, or one real key, has used. Changed only by folding entries and by the passing of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Usage {
    pub(super) frozen: bool,
    pub(super) orders: BTreeSet<crate::LegId>,
    open: u32,
    held: BTreeMap<Asset, Decimal>,
    filled: BTreeMap<Asset, Window<Decimal>>,
    attempts: [Attempts; 2],
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
            open: 0,
            held: BTreeMap::new(),
            filled: BTreeMap::new(),
            attempts: [Attempts::new(), Attempts::new()],
        }
    }

    /// How many orders are open, or may be.
    #[must_use]
    pub const fn open_orders(&self) -> u32 {
        self.open
    }

    /// Whether an operator froze it.
    #[must_use]
    pub const fn is_frozen(&self) -> bool {
        self.frozen
    }

    /// What counts against the day: fills of 24 hours and what is held, by currency.
    pub fn day(&self) -> impl Iterator<Item = Money> + '_ {
        let assets: BTreeSet<&Asset> = self.held.keys().chain(self.filled.keys()).collect();
        assets.into_iter().map(|asset| Money::new(self.day_in(asset), asset.clone()))
    }

    fn day_in(&self, asset: &Asset) -> Decimal {
        let held = self.held.get(asset).copied().unwrap_or_default();
        let filled = self.filled.get(asset).map(Window::total).unwrap_or_default();
        super::window::sum(held, filled)
    }

    /// When `amount` more will be free, if fills alone are in the way.
    #[must_use]
    pub fn refills(&self, asset: &Asset, amount: Decimal) -> Option<Time> {
        self.filled.get(asset)?.ends_for(amount)
    }

    /// The attempts at a pace within a span.
    #[must_use]
    pub const fn attempts(&self, pace: Pace, span: Span) -> &Window<u64> {
        let [order, other] = &self.attempts;
        let attempts = match pace {
            Pace::Order => order,
            Pace::Other => other,
        };
        match span {
            Span::Second => &attempts.second,
            Span::Minute => &attempts.minute,
        }
    }

    pub(super) fn prune(&mut self, now: Time) {
        self.filled.retain(|_, window| {
            window.prune(now);
            !window.is_empty()
        });
        for window in self.attempts.iter_mut().flat_map(Attempts::windows) {
            window.prune(now);
        }
    }

    pub(super) fn attempt(&mut self, pace: Pace, at: Time, count: u64) {
        for window in self.at_pace(pace).into_iter().filter(|_| count > 0) {
            window.add(at, count);
        }
    }

    pub(super) fn take_back_attempt(&mut self, pace: Pace, at: Time, count: u64) {
        for window in self.at_pace(pace).into_iter().filter(|_| count > 0) {
            window.take_back(at, count);
        }
    }

    fn at_pace(&mut self, pace: Pace) -> [&mut Window<u64>; 2] {
        let [order, other] = &mut self.attempts;
        match pace {
            Pace::Order => order.windows(),
            Pace::Other => other.windows(),
        }
    }

    pub(super) fn opened(&mut self) {
        self.open = self.open.saturating_add(1);
    }

    pub(super) fn closed(&mut self) {
        self.open = self.open.saturating_sub(1);
    }

    pub(super) fn hold(&mut self, money: &Money) {
        if !money.amount.is_zero() {
            let held = self.held.entry(money.asset.clone()).or_default();
            *held = super::window::sum(*held, money.amount);
        }
    }

    pub(super) fn release(&mut self, money: &Money) {
        let Some(held) = self.held.get_mut(&money.asset) else { return };
        *held = held.less(money.amount);
        if held.is_zero() {
            self.held.remove(&money.asset);
        }
    }

    pub(super) fn fill(&mut self, money: &Money, at: Time) {
        if !money.amount.is_zero() {
            let window = || Window::new(DAY_MS, DAY_GRAIN_MS);
            self.filled.entry(money.asset.clone()).or_insert_with(window).add(at, money.amount);
        }
    }
}
