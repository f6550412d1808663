//! What moves money without an order book: loans, conversions at a quoted price; and switches that cancel when time is up.

use rust_decimal::Decimal;

use super::instrument::{Instrument, Market, Wallet};
use super::order::{Reject, Side};
use super::{Engine, Order};

/// A price for a conversion, for a short time.
#[derive(Clone, Debug)]
pub(crate) struct Quote {
    pub(crate) id: u64,
    pub(crate) account: String,
    pub(crate) wallet: Wallet,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) pays: Decimal,
    pub(crate) gets: Decimal,
    pub(crate) until: u64,
}

/// A conversion that was done.
#[derive(Clone, Debug)]
pub(crate) struct Conversion {
    pub(crate) id: u64,
    pub(crate) quote: Quote,
    pub(crate) client_id: String,
    pub(crate) time: u64,
}

/// Cancels orders once its time is up.
#[derive(Clone, Debug)]
pub(crate) struct Switch {
    pub(crate) account: String,
    pub(crate) market: Option<Market>,
    pub(crate) symbol: Option<&'static str>,
    pub(crate) tag: Option<String>,
    pub(crate) at: u64,
}

impl Switch {
    fn guards(&self, order: &Order) -> bool {
        order.account == self.account
            && self.market.is_none_or(|market| market == order.instrument.market)
            && self.symbol.is_none_or(|symbol| symbol == order.instrument.symbol)
            && self.tag.as_deref().is_none_or(|tag| tag == order.label("tag"))
    }

    fn is_same(&self, other: &Self) -> bool {
        self.account == other.account
            && self.market == other.market
            && self.symbol == other.symbol
            && self.tag == other.tag
    }
}

impl Engine {
    /// Arms a switch in the place of an equal one; time 0 disarms it.
    pub(crate) fn arm(&mut self, switch: Switch) {
        self.switches.retain(|known| !known.is_same(&switch));
        if switch.at > 0 {
            self.switches.push(switch);
        }
    }

    /// Lets the switches act whose time is up.
    pub(crate) fn tick(&mut self, now: u64) {
        let (due, rest) =
            std::mem::take(&mut self.switches).into_iter().partition(|one: &Switch| one.at <= now);
        self.switches = rest;
        for switch in &due {
            let guarded: Vec<u64> = self
                .live_of(&switch.account)
                .filter(|order| switch.guards(order))
                .map(|order| order.id)
                .collect();
            for id in guarded {
                let _ = self.cancel(&switch.account, id, now);
            }
        }
    }

    /// What one unit of an asset is in another, by the prices now.
    pub(crate) fn rate(&self, from: &str, to: &str) -> Option<Decimal> {
        if from == to {
            return Some(Decimal::ONE);
        }
        let direct = |base: &str, quote: &str| {
            let fits =
                |one: &Instrument| one.market == Market::Spot && one.base == base && one.quote == quote;
            self.listings.iter().find(|one| fits(&one.instrument)).map(|one| one.price)
        };
        let pair = |from: &str, to: &str| {
            direct(from, to).or_else(|| direct(to, from).and_then(|price| Decimal::ONE.checked_div(price)))
        };
        pair(from, to).or_else(|| Some(pair(from, "USDT")? * pair("USDT", to)?))
    }

    /// Quotes a conversion. `pays` or `gets` is given.
    pub(crate) fn quote(&mut self, wanted: Quote, side: Side) -> Option<Quote> {
        let rate = self.rate(&wanted.from, &wanted.to)?;
        let (pays, gets) = match side {
            Side::Sell => (wanted.pays, (wanted.pays * rate).round_dp(8)),
            Side::Buy => (wanted.gets.checked_div(rate)?.round_dp(8), wanted.gets),
        };
        let quote = Quote { id: self.next_id(), pays, gets, ..wanted };
        self.quotes.insert(quote.id, quote.clone());
        Some(quote)
    }

    /// Converts at a quoted price, once and in time.
    pub(crate) fn convert(
        &mut self,
        account: &str,
        (id, client_id): (u64, String),
        now: u64,
    ) -> Result<Conversion, Reject> {
        let known = self.quotes.get(&id).filter(|quote| quote.account == account && quote.until >= now);
        let quote = known.cloned().ok_or(Reject::UnknownOrder)?;
        if quote.pays > self.available(account, quote.wallet, &quote.from) {
            return Err(Reject::Insufficient);
        }
        self.quotes.remove(&id);
        let balances = self.account(account);
        balances.balance_mut(quote.wallet, &quote.from).free -= quote.pays;
        balances.balance_mut(quote.wallet, &quote.to).free += quote.gets;
        let done = Conversion { id: self.next_id(), quote, client_id, time: now };
        self.conversions.push(done.clone());
        Ok(done)
    }

    /// The conversions of an account, oldest first.
    pub(crate) fn conversions_of<'a>(
        &'a self,
        account: &'a str,
    ) -> impl DoubleEndedIterator<Item = &'a Conversion> {
        self.conversions.iter().filter(move |one| one.quote.account == account)
    }

    /// Lends to the margin account.
    pub(crate) fn borrow(&mut self, account: &str, asset: &str, amount: Decimal) -> Result<u64, Reject> {
        if amount <= Decimal::ZERO || amount > super::MAX_PRICE {
            return Err(Reject::Insufficient);
        }
        let balances = self.account(account);
        balances.balance_mut(Wallet::Margin, asset).free += amount;
        *balances.debts.entry(asset.to_owned()).or_default() += amount;
        Ok(self.next_id())
    }

    /// Takes back at most what is owed, and only what is there.
    pub(crate) fn repay(
        &mut self,
        account: &str,
        asset: &str,
        amount: Decimal,
    ) -> Result<(u64, Decimal), Reject> {
        let free = self.available(account, Wallet::Margin, asset);
        let balances = self.account(account);
        let owed = balances.debts.get(asset).copied().unwrap_or_default();
        let paid = amount.min(owed);
        if paid <= Decimal::ZERO || paid > free {
            return Err(Reject::Insufficient);
        }
        balances.balance_mut(Wallet::Margin, asset).free -= paid;
        balances.debts.insert(asset.to_owned(), owed - paid);
        Ok((self.next_id(), paid))
    }
}
