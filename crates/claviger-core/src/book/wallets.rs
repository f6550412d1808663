//! What accounts hold, as the exchange told it, and what orders may have changed since.
//!
//! Kept only of accounts that were told of at least once: nobody else pays for it. What orders may still add is the sum
//! over those that are alive or of unknown fate; what they added is remembered until an answer comes that was asked for
//! later. So the worst case is never less than what is held, whatever came first.

mod open;

use std::collections::BTreeMap;

use super::{Book, Named, Tracked};
use crate::entry::ObservedEntry;
use crate::{
    Asset, Decimal, Holdings, KeyName, Market, PositionSide, Sheet, Side, Signed, SurfaceName, Symbol, Time,
};

use open::Open;
pub(super) use open::{Amount, amounts, parts};

/// What an account tells may lag behind what it told of an order: so long, in milliseconds.
const LAG_MS: u64 = 1000;

/// Without word for so long after something changed, nobody knows what is held: 60 seconds.
const WORD_MS: u64 = 60_000;

/// The accounts of every real key of which something was told, by the surface that serves them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Wallets(Named<KeyName, BTreeMap<SurfaceName, Wallet>>);

/// One account.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wallet {
    /// From when on changes are remembered: what was asked before says too little.
    from: Time,
    balances: Option<Seen<BTreeMap<Asset, Signed>>>,
    positions: Option<Seen<BTreeMap<Held, Signed>>>,
    open: BTreeMap<Held, Open>,
    moved: BTreeMap<Held, Moved>,
    /// When something last changed that is known of.
    changed: Time,
}

/// What is held: of a pair its base asset, of contracts a position.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Held {
    pub(super) market: Market,
    pub(super) symbol: Symbol,
    pub(super) side: PositionSide,
}

/// What was told, and when it was asked for.
#[derive(Clone, Debug, PartialEq)]
struct Seen<T> {
    what: T,
    asked: Time,
    /// When something changed first that it may not tell of.
    stirred: Option<Time>,
}

/// What filled and may not be in what was told yet, by the second in which it was heard of.
#[derive(Clone, Debug, Default, PartialEq)]
struct Moved(BTreeMap<Time, [Decimal; 2]>);

/// The most seconds that are told apart; earlier ones count as the first of these.
const SECONDS: usize = 120;

/// How well an account is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Nothing is known of it.
    Unseen,
    /// Something changed since.
    Stirred,
    /// Nothing changed, but positions are open, whose worth moves with the market.
    Open,
    /// Nothing changed.
    Still,
}

impl<T> Seen<T> {
    /// Whether it says what is held now, beside what orders changed.
    fn holds(&self, now: Time) -> bool {
        self.stirred.is_none_or(|at| now.since(at) <= WORD_MS)
    }
}

impl Wallets {
    pub(super) fn of(&self, key: &KeyName, surface: &SurfaceName) -> Option<&Wallet> {
        self.0.get(key)?.get(surface)
    }

    fn of_mut(&mut self, key: &KeyName, surface: &SurfaceName) -> Option<&mut Wallet> {
        if self.0.is_empty() { None } else { self.0.get_mut(key)?.get_mut(surface) }
    }

    /// An order is alive.
    pub(super) fn add(&mut self, order: &Tracked) {
        if let Some(wallet) = self.of_mut(&order.key, &order.surface) {
            wallet.add(order);
        }
    }

    /// It is not any more, or is about to change.
    pub(super) fn remove(&mut self, order: &Tracked) {
        let Some(wallet) = self.of_mut(&order.key, &order.surface) else { return };
        for (held, side, part) in parts(order) {
            let Some(open) = wallet.open.get_mut(&held) else { continue };
            open.take_off(side, part);
            if open.is_nothing() {
                wallet.open.remove(&held);
            }
        }
    }

    /// So much more of an order filled, or may have.
    pub(super) fn fill(&mut self, order: &Tracked, units: Decimal, at: Time) {
        let Some(wallet) = self.of_mut(&order.key, &order.surface) else { return };
        wallet.moved.entry(Held::of(&order.order)).or_default().add(order.order.side, units, at);
        wallet.stir(at);
    }

    /// An order filled, nobody knows how far: nothing is known before there is word.
    pub(super) fn doubt(&mut self, order: &Tracked, at: Time) {
        let Some(wallet) = self.of_mut(&order.key, &order.surface) else { return };
        wallet.stir(at);
        let long_ago = Some(Time::default());
        wallet.balances.iter_mut().for_each(|seen| seen.stirred = long_ago);
        wallet.positions.iter_mut().for_each(|seen| seen.stirred = long_ago);
    }

    /// Something else happened to the accounts of a key.
    pub(super) fn stir(&mut self, key: &KeyName, at: Time) {
        self.0.get_mut(key).into_iter().flat_map(BTreeMap::values_mut).for_each(|wallet| wallet.stir(at));
    }

    /// The name is another key's from now on.
    pub(super) fn forget(&mut self, key: &KeyName) {
        self.0.remove(key);
    }
}

impl Wallet {
    const fn new(from: Time) -> Self {
        let changed = from;
        Self { from, balances: None, positions: None, open: BTreeMap::new(), moved: BTreeMap::new(), changed }
    }

    fn add(&mut self, order: &Tracked) {
        for (held, side, part) in parts(order) {
            self.open.entry(held).or_default().add(side, part);
        }
        self.open.retain(|_, open| !open.is_nothing());
    }

    fn stir(&mut self, at: Time) {
        self.changed = self.changed.max(at);
        if let Some(seen) = &mut self.balances {
            seen.stirred.get_or_insert(at);
        }
        if let Some(seen) = &mut self.positions {
            seen.stirred.get_or_insert(at);
        }
    }

    /// Takes in what was told, unless something asked for later was, or it was asked for too early.
    fn see(&mut self, told: &Holdings, asked: Time) {
        if asked < self.from.plus(LAG_MS) {
            return;
        }
        let stirred = (self.changed.plus(LAG_MS) >= asked).then_some(asked);
        if let Some(told) = told.balances.as_ref().filter(|_| later(self.balances.as_ref(), asked)) {
            self.balances = Some(Seen { what: by_asset(told), asked, stirred });
            self.settled(asked, |held| held.market == Market::Spot);
        }
        if let Some(told) = told.positions.as_ref().filter(|_| later(self.positions.as_ref(), asked)) {
            self.positions = Some(Seen { what: by_place(told), asked, stirred });
            self.settled(asked, |held| held.market != Market::Spot);
        }
    }

    /// What was heard of before it was asked for is in what was told.
    fn settled(&mut self, asked: Time, of: impl Fn(&Held) -> bool) {
        for (_, moved) in self.moved.iter_mut().filter(|(held, _)| of(held)) {
            moved.0.retain(|second, _| second.plus(1000 + LAG_MS) > asked);
        }
        self.moved.retain(|_, moved| !moved.0.is_empty());
    }

    fn word(&self, sheet: Sheet) -> Word {
        let stirred = match sheet {
            Sheet::Balances => self.balances.as_ref().map(|seen| seen.stirred),
            Sheet::Positions => self.positions.as_ref().map(|seen| seen.stirred),
        };
        match stirred {
            None => Word::Unseen,
            Some(Some(_)) => Word::Stirred,
            Some(None) if self.has_positions() => Word::Open,
            Some(None) => Word::Still,
        }
    }

    fn has_positions(&self) -> bool {
        self.positions.as_ref().is_some_and(|seen| !seen.what.is_empty())
    }

    /// Whether this says the same as what is known.
    fn says(&self, told: &Holdings) -> bool {
        let same = told
            .balances
            .as_ref()
            .is_none_or(|told| self.balances.as_ref().is_some_and(|seen| seen.what == by_asset(told)));
        same && told
            .positions
            .as_ref()
            .is_none_or(|told| self.positions.as_ref().is_some_and(|seen| seen.what == by_place(told)))
    }

    /// The balances, where they are known.
    pub(super) fn balances(&self, now: Time) -> Option<&BTreeMap<Asset, Signed>> {
        self.balances.as_ref().filter(|seen| seen.holds(now)).map(|seen| &seen.what)
    }

    /// The open positions, where they are known.
    pub(super) fn positions(&self, now: Time) -> Option<&BTreeMap<Held, Signed>> {
        self.positions.as_ref().filter(|seen| seen.holds(now)).map(|seen| &seen.what)
    }

    /// What filled on a side and may not be in what was told, and what may still fill.
    pub(super) fn more(&self, held: &Held, side: Side) -> (Decimal, Amount) {
        let moved = self.moved.get(held).map(|moved| moved.sum(side)).unwrap_or_default();
        (moved, self.open.get(held).map(|open| open.of(side)).unwrap_or_default())
    }

    /// Everything in which something filled, or may.
    pub(super) fn touched(&self) -> impl Iterator<Item = &Held> {
        self.open.keys().chain(self.moved.keys().filter(|held| !self.open.contains_key(held)))
    }
}

fn later<T>(seen: Option<&Seen<T>>, asked: Time) -> bool {
    seen.is_none_or(|seen| seen.asked < asked)
}

fn by_asset(told: &[crate::Balance]) -> BTreeMap<Asset, Signed> {
    summed(told.iter().map(|balance| (balance.asset.clone(), balance.total)))
}

/// A contract held under two margin modes is told of twice.
fn by_place(told: &[crate::Position]) -> BTreeMap<Held, Signed> {
    let held = |p: &crate::Position| Held { market: p.market, symbol: p.symbol.clone(), side: p.side };
    summed(told.iter().map(|position| (held(position), position.size)))
}

/// What exchanges tell has so few digits that its sums fit.
fn summed<K: Ord>(told: impl Iterator<Item = (K, Signed)>) -> BTreeMap<K, Signed> {
    let mut sums: BTreeMap<K, Signed> = BTreeMap::new();
    for (what, n) in told {
        let sum = sums.entry(what).or_default();
        *sum = sum.plus(n).unwrap_or(*sum);
    }
    sums
}

impl Book {
    pub(super) fn saw_holdings(&mut self, entry: &ObservedEntry, told: &Holdings) {
        if entry.asked_at < self.account_since(&entry.key) {
            return;
        }
        if self.wallets.of(&entry.key, &entry.surface).is_none() {
            let mut wallet = Wallet::new(entry.at);
            let here = self.orders(&entry.key).filter(|(_, order)| order.surface == entry.surface);
            here.for_each(|(_, order)| wallet.add(order));
            self.wallets.0.entry(entry.key.clone()).or_default().insert(entry.surface.clone(), wallet);
        }
        if let Some(wallet) = self.wallets.of_mut(&entry.key, &entry.surface) {
            wallet.see(told, entry.asked_at);
        }
    }

    /// How well an account is known.
    #[must_use]
    pub fn holdings_known(&self, key: &KeyName, surface: &SurfaceName, sheet: Sheet) -> Word {
        self.wallets.of(key, surface).map_or(Word::Unseen, |wallet| wallet.word(sheet))
    }

    /// Whether what was told of an account is worth an entry: it is not known yet, or something changed since.
    #[must_use]
    pub fn holdings_are_news(&self, key: &KeyName, surface: &SurfaceName, told: &Holdings) -> bool {
        let Some(wallet) = self.wallets.of(key, surface) else { return true };
        let told_of =
            [(Sheet::Balances, told.balances.is_some()), (Sheet::Positions, told.positions.is_some())];
        let stirred = |sheet| matches!(wallet.word(sheet), Word::Unseen | Word::Stirred);
        !wallet.says(told) || told_of.into_iter().any(|(sheet, told)| told && stirred(sheet))
    }
}

impl Moved {
    fn add(&mut self, side: Side, units: Decimal, at: Time) {
        let second = Time::from_millis(at.millis().saturating_sub(at.millis() % 1000));
        let both = self.0.entry(second).or_default();
        add(both.of_mut(side), units);
        while self.0.len() > SECONDS {
            let (Some((_, early)), Some(mut next)) = (self.0.pop_first(), self.0.first_entry()) else {
                return;
            };
            let [bought, sold] = next.get_mut();
            add(bought, early[0]);
            add(sold, early[1]);
        }
    }

    fn sum(&self, side: Side) -> Decimal {
        self.0.values().fold(Decimal::ZERO, |sum, both| super::window::sum(sum, *both.of(side)))
    }
}

/// One for each side.
pub(super) trait BySide<T> {
    fn of(&self, side: Side) -> &T;
    fn of_mut(&mut self, side: Side) -> &mut T;
}

impl<T> BySide<T> for [T; 2] {
    fn of(&self, side: Side) -> &T {
        let [buys, sells] = self;
        match side {
            Side::Buy => buys,
            Side::Sell => sells,
        }
    }

    fn of_mut(&mut self, side: Side) -> &mut T {
        let [buys, sells] = self;
        match side {
            Side::Buy => buys,
            Side::Sell => sells,
        }
    }
}

fn add(sum: &mut Decimal, more: Decimal) {
    *sum = super::window::sum(*sum, more);
}
