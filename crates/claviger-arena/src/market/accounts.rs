//! Who has what.

use claviger_core::Side;

use super::{NewOrder, Owner, Pair};
use crate::number::{ONE, ppm};

/// What one account has: cash in the quote currency of each pair, in 1e-16, and base units or a position, in 1e-8. Pairs of
/// one base on the same market share nothing here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// By pair.
    pub cash: Vec<i128>,
    /// By pair.
    pub base: Vec<i128>,
}

/// All accounts but that of honest traders, who always have enough.
#[derive(Clone, Debug)]
pub(super) struct Accounts {
    account: Account,
    thief: Account,
}

/// How many times its worth an account can have open.
const LEVERAGE: i128 = 3;

impl Accounts {
    /// The account's cash is split evenly: one purse a pair keeps currencies apart.
    pub(super) fn new(pairs: &[Pair], cash: i128) -> Self {
        let count = i128::try_from(pairs.len()).unwrap_or(1).max(1);
        let purse = |pair: &Pair| {
            let first = pairs.first().map_or(ONE, |first| in_first(first, pairs, pair));
            cash / count * ONE * ONE / first
        };
        let own = Account { cash: pairs.iter().map(purse).collect(), base: vec![0; pairs.len()] };
        let thief = Account { cash: vec![0; pairs.len()], base: vec![0; pairs.len()] };
        Self { account: own, thief }
    }

    pub(super) const fn of(&self, owner: Owner) -> &Account {
        match owner {
            Owner::Account => &self.account,
            Owner::Thief | Owner::Honest => &self.thief,
        }
    }

    pub(super) fn endow(&mut self, pair: usize, size: i128) {
        if let Some(base) = self.account.base.get_mut(pair) {
            *base += size;
        }
    }

    /// At fair prices, in the quote currency of the first pair.
    pub(super) fn worth(&self, owner: Owner, pairs: &[Pair]) -> i128 {
        let Some(first) = pairs.first() else { return 0 };
        let account = self.of(owner);
        let parts = account.cash.iter().zip(&account.base).zip(pairs);
        parts.map(|((cash, base), pair)| (cash + base * pair.fair) / ONE * in_first(first, pairs, pair)).sum()
    }

    /// How much of an order the account can pay for or deliver.
    pub(super) fn able(&self, order: &NewOrder, limit: Option<i128>, pairs: &[Pair]) -> i128 {
        let Some(pair) = pairs.get(order.pair) else { return 0 };
        if order.owner != Owner::Account {
            return i128::MAX;
        }
        let cash = self.account.cash.get(order.pair).copied().unwrap_or_default();
        let base = self.account.base.get(order.pair).copied().unwrap_or_default();
        let signed = match order.side {
            Side::Buy => base,
            Side::Sell => -base,
        };
        if order.reduce_only {
            return (-signed).max(0);
        }
        if pair.has_positions() {
            let worth = (cash + base * pair.fair).max(0);
            let most = worth * LEVERAGE / pair.fair.max(1);
            return (most - signed).max(0) / pair.step * pair.step;
        }
        match order.side {
            Side::Sell => base.max(0),
            Side::Buy => {
                let price = limit.unwrap_or(pair.fair * 2);
                let each = price + ppm(price, pair.fee_ppm);
                (cash / each.max(1)).max(0) / pair.step * pair.step
            }
        }
    }

    pub(super) fn trade(
        &mut self,
        owner: Owner,
        pair: usize,
        (side, price, size): (Side, i128, i128),
        fee: i128,
    ) {
        let account = match owner {
            Owner::Honest => return,
            Owner::Thief => &mut self.thief,
            Owner::Account => &mut self.account,
        };
        let (Some(cash), Some(base)) = (account.cash.get_mut(pair), account.base.get_mut(pair)) else {
            return;
        };
        let sign = match side {
            Side::Buy => 1,
            Side::Sell => -1,
        };
        *base += sign * size;
        *cash -= sign * size * price + fee;
    }
}

/// What one unit of a pair's quote currency is in that of the first pair, in 1e-8: 1, or the fair price of a pair that says.
fn in_first(first: &Pair, pairs: &[Pair], pair: &Pair) -> i128 {
    if pair.quote == first.quote {
        return ONE;
    }
    let via = pairs.iter().find(|by| by.base == pair.quote && by.quote == first.quote);
    via.map_or(ONE, |by| by.fair)
}
