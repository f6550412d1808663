//! What one key owns: balances by wallet, positions, settings.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;

use super::instrument::{Instrument, Market, Wallet};
use super::order::{Leg, Side};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Balance {
    pub(crate) free: Decimal,
    pub(crate) locked: Decimal,
}

/// An open position, or one that was open.
#[derive(Clone, Debug)]
pub(crate) struct Position {
    pub(crate) instrument: Arc<Instrument>,
    pub(crate) leg: Leg,
    /// Signed: below zero is short.
    pub(crate) qty: Decimal,
    pub(crate) entry: Decimal,
    pub(crate) realized: Decimal,
    pub(crate) opened: u64,
    pub(crate) updated: u64,
}

impl Position {
    fn new(instrument: &Arc<Instrument>, leg: Leg) -> Self {
        Self {
            instrument: Arc::clone(instrument),
            leg,
            qty: Decimal::ZERO,
            entry: Decimal::ZERO,
            realized: Decimal::ZERO,
            opened: 0,
            updated: 0,
        }
    }

    /// Adds a fill and says what it realized.
    pub(crate) fn add(&mut self, side: Side, qty: Decimal, price: Decimal, now: u64) -> Decimal {
        let signed = side.sign() * qty;
        let closing = if self.qty * signed < Decimal::ZERO { qty.min(self.qty.abs()) } else { Decimal::ZERO };
        let gain = self.instrument.gain(-side.sign() * closing, self.entry, price);
        let opening = qty - closing;
        let left = (self.qty.abs() - closing).max(Decimal::ZERO);
        if opening > Decimal::ZERO {
            if left.is_zero() {
                self.opened = now;
            }
            self.entry = self.entry_after(left, opening, price);
        }
        self.qty += signed;
        self.updated = now;
        self.realized += gain;
        gain
    }

    fn entry_after(&self, left: Decimal, opening: Decimal, price: Decimal) -> Decimal {
        let total = left + opening;
        let entry = if self.instrument.shape == super::instrument::Shape::Inverse {
            // The harmonic mean keeps the gain of an inverse contract right.
            let coins = self.instrument.value(left, self.entry.max(self.instrument.tick))
                + self.instrument.value(opening, price);
            (total * self.instrument.contract).checked_div(coins)
        } else {
            (left * self.entry + opening * price).checked_div(total)
        };
        entry.unwrap_or(price).round_dp(8)
    }
}

/// Funds moved between wallets.
#[derive(Clone, Debug)]
pub(crate) struct Moved {
    pub(crate) id: u64,
    pub(crate) asset: String,
    pub(crate) amount: Decimal,
    pub(crate) kind: String,
    pub(crate) from: Wallet,
    pub(crate) to: Wallet,
    pub(crate) client_id: String,
    pub(crate) time: u64,
}

/// Funds sent away.
#[derive(Clone, Debug)]
pub(crate) struct Withdrawal {
    pub(crate) id: u64,
    pub(crate) asset: String,
    pub(crate) amount: Decimal,
    pub(crate) address: String,
    pub(crate) network: String,
    pub(crate) client_id: String,
    pub(crate) time: u64,
}

/// The account of one key.
#[derive(Default)]
pub(crate) struct Account {
    pub(crate) balances: BTreeMap<(Wallet, String), Balance>,
    pub(crate) positions: BTreeMap<(Market, &'static str, Leg), Position>,
    pub(crate) leverage: BTreeMap<(Market, &'static str), u32>,
    pub(crate) isolated: BTreeMap<(Market, &'static str), bool>,
    pub(crate) hedge: BTreeMap<Wallet, bool>,
    pub(crate) moved: Vec<Moved>,
    pub(crate) withdrawals: Vec<Withdrawal>,
    /// What the margin account owes.
    pub(crate) debts: BTreeMap<String, Decimal>,
}

impl Account {
    pub(crate) fn balance(&self, wallet: Wallet, asset: &str) -> Balance {
        self.balances.get(&(wallet, asset.to_owned())).copied().unwrap_or_default()
    }

    pub(crate) fn balance_mut(&mut self, wallet: Wallet, asset: &str) -> &mut Balance {
        self.balances.entry((wallet, asset.to_owned())).or_default()
    }

    pub(crate) fn position_mut(&mut self, instrument: &Arc<Instrument>, leg: Leg) -> &mut Position {
        let key = (instrument.market, instrument.symbol, leg);
        self.positions.entry(key).or_insert_with(|| Position::new(instrument, leg))
    }

    pub(crate) fn held(&self, instrument: &Instrument, leg: Leg) -> Decimal {
        let key = (instrument.market, instrument.symbol, leg);
        self.positions.get(&key).map_or(Decimal::ZERO, |position| position.qty)
    }

    pub(crate) fn leverage(&self, instrument: &Instrument) -> u32 {
        let first = if instrument.market == Market::Swap { 3 } else { 20 };
        self.leverage.get(&(instrument.market, instrument.symbol)).copied().unwrap_or(first)
    }

    pub(crate) fn is_isolated(&self, instrument: &Instrument) -> bool {
        self.isolated.get(&(instrument.market, instrument.symbol)).copied().unwrap_or_default()
    }

    pub(crate) fn is_hedged(&self, wallet: Wallet) -> bool {
        self.hedge.get(&wallet).copied().unwrap_or_default()
    }

    /// How much of an order would close what is held.
    pub(crate) fn closable(&self, instrument: &Instrument, leg: Leg, side: Side) -> Decimal {
        let held = self.held(instrument, leg);
        if held * side.sign() < Decimal::ZERO { held.abs() } else { Decimal::ZERO }
    }
}
