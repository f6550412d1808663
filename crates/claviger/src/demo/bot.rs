//! What a demonstration's bot can do, whatever its exchange.

use std::sync::atomic::{AtomicU64, Ordering};

use claviger_core::{Decimal, Time};
use claviger_sim::client::{Answer, Call};

use crate::stamp;

/// The time, never the same twice: two equal orders signed in one millisecond are one and the same request, which claviger
/// takes once.
pub(super) fn fresh_time() -> Time {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let now = stamp::now().millis();
    let later = |last: u64| now.max(last.saturating_add(1));
    let last = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(later(last)));
    Time::from_millis(later(last.unwrap_or_else(|last| last)))
}

/// A virtual key, as the bot has it.
pub struct VirtualKey {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: String,
    /// Its passphrase, on OKX.
    pub passphrase: Option<String>,
}

/// Buy or sell.
#[derive(Clone, Copy)]
pub enum Side {
    /// Buy.
    Buy,
    /// Sell.
    Sell,
}

/// An order as the bot wishes it.
#[derive(Clone)]
pub struct Wish {
    /// The instrument.
    pub symbol: &'static str,
    /// Buy or sell.
    pub side: Side,
    /// The limit; `None` is a market order.
    pub price: Option<Decimal>,
    /// How much of the base.
    pub size: Decimal,
}

/// A small bot that speaks its exchange's own protocol and knows nothing of claviger but where it listens.
pub trait Bot {
    /// Its name at claviger.
    fn name(&self) -> &'static str;

    /// Its exchange, as people spell it.
    fn title(&self) -> &'static str;

    /// Its virtual key.
    fn key(&self) -> &VirtualKey;

    /// The instrument it may trade, and one it may not.
    fn symbols(&self) -> (&'static str, &'static str);

    /// Asks the price.
    fn price(&self) -> Call;

    /// The price in an answer to [`Bot::price`].
    fn read_price(&self, answer: &Answer) -> Option<Decimal>;

    /// Asks for balances.
    fn balances(&self) -> Call;

    /// Places an order; `extra` is one more parameter.
    fn order(&self, wish: &Wish, extra: Option<(&'static str, &'static str)>) -> Call;

    /// The exchange's id of the order in an answer to [`Bot::order`].
    fn read_order(&self, answer: &Answer) -> Option<String>;

    /// Cancels an order.
    fn cancel(&self, symbol: &str, id: &str) -> Call;

    /// Opens a perpetual position.
    fn perpetual(&self) -> Call;

    /// Withdraws.
    fn withdraw(&self) -> Call;

    /// The exchange's error code and text, or nothing where it did what was asked.
    fn error(&self, answer: &Answer) -> Option<String>;
}
