//! The types of Binance's orders: whether they wait for a trigger, and whether they have a price.

use claviger_core::{Market, Order, OrderKind, TimeInForce, Value};

use super::refuse;
use crate::binance::names::Names;
use crate::fields::{Fields, meaning};
use crate::{PrintError, ReadError};

/// What `type` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Type {
    pub word: &'static str,
    /// Whether it goes to the book without a price.
    pub market: bool,
    pub wakes: Option<Wakes>,
    /// Whether a distance wakes it and nothing else does.
    pub trails: bool,
    pub post_only: bool,
}

/// Whether the trigger is on the losing or the winning side; it decides which way the price must move to wake it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wakes {
    Stop,
    TakeProfit,
}

const PLAIN: Type = Type { word: "LIMIT", market: false, wakes: None, trails: false, post_only: false };

/// Spot's and margin's.
const SPOT: [Type; 7] = [
    PLAIN,
    Type { word: "MARKET", market: true, ..PLAIN },
    Type { word: "LIMIT_MAKER", post_only: true, ..PLAIN },
    Type { word: "STOP_LOSS", market: true, wakes: Some(Wakes::Stop), ..PLAIN },
    Type { word: "STOP_LOSS_LIMIT", wakes: Some(Wakes::Stop), ..PLAIN },
    Type { word: "TAKE_PROFIT", market: true, wakes: Some(Wakes::TakeProfit), ..PLAIN },
    Type { word: "TAKE_PROFIT_LIMIT", wakes: Some(Wakes::TakeProfit), ..PLAIN },
];

/// The futures'.
const FUTURES: [Type; 7] = [
    PLAIN,
    Type { word: "MARKET", market: true, ..PLAIN },
    Type { word: "STOP", wakes: Some(Wakes::Stop), ..PLAIN },
    Type { word: "STOP_MARKET", market: true, wakes: Some(Wakes::Stop), ..PLAIN },
    Type { word: "TAKE_PROFIT", wakes: Some(Wakes::TakeProfit), ..PLAIN },
    Type { word: "TAKE_PROFIT_MARKET", market: true, wakes: Some(Wakes::TakeProfit), ..PLAIN },
    Type { word: "TRAILING_STOP_MARKET", market: true, trails: true, ..PLAIN },
];

const fn types(market: Market) -> &'static [Type] {
    match market {
        Market::Spot | Market::Margin => &SPOT,
        Market::Usdm | Market::Coinm => &FUTURES,
        Market::Option => &[PLAIN],
    }
}

/// Whether post-only orders have a type of their own there.
pub(super) const fn has_maker(market: Market) -> bool {
    matches!(market, Market::Spot | Market::Margin)
}

impl Type {
    pub(super) fn read(market: Market, names: &Names, fields: &mut Fields<'_>) -> Result<Self, ReadError> {
        let word = match implied(names, fields) {
            Some(word) => word.into(),
            None => fields.text(names.kind).ok_or_else(|| ReadError::Missing(names.kind.into()))?,
        };
        let odd = || meaning(format!("an order of type {word} cannot be judged"));
        let found = types(market).iter().find(|kind| *kind.word == *word).copied().ok_or_else(odd)?;
        let waits = found.wakes.is_some() || found.trails;
        match (market, names.algo, waits) {
            (Market::Usdm, false, true) => {
                Err(meaning(format!("an order of type {word} belongs to POST /fapi/v1/algoOrder")))
            }
            (_, true, false) => {
                Err(meaning(format!("an order of type {word} waits for nothing: place it as usual")))
            }
            _ => Ok(found),
        }
    }
}

/// The type of a leg for which its endpoint asks none.
fn implied(names: &Names, fields: &Fields<'_>) -> Option<&'static str> {
    match (names.kind.is_empty(), names.trigger.is_empty(), fields.has(names.price)) {
        (false, _, _) => None,
        (true, true, _) => Some("LIMIT_MAKER"),
        (true, false, true) => Some("STOP_LOSS_LIMIT"),
        (true, false, false) => Some("STOP_LOSS"),
    }
}

impl Wakes {
    /// The family of the order's type, the same with and without a limit.
    pub(super) fn value(self, market: Market) -> Value {
        let word = match (self, market) {
            (Self::TakeProfit, _) => "TAKE_PROFIT",
            (Self::Stop, Market::Spot | Market::Margin) => "STOP_LOSS",
            (Self::Stop, Market::Usdm | Market::Coinm | Market::Option) => "STOP",
        };
        Value::Text(word.into())
    }
}

/// The type of an order, `None` where its endpoint asks for none; `told` is what it left beside itself.
pub(super) fn word(
    order: &Order,
    names: &Names,
    told: Option<&Value>,
) -> Result<Option<&'static str>, PrintError> {
    let unfit = || refuse("the trigger", "it does not fit its parameters");
    let known = [Wakes::Stop, Wakes::TakeProfit];
    let wakes = match told {
        None => None,
        Some(told) => Some(known.into_iter().find(|w| w.value(order.market) == *told).ok_or_else(unfit)?),
    };
    let trails = order.more.trail.is_some();
    let market = order.kind == OrderKind::Market;
    let post_only = has_maker(order.market) && !market && order.time_in_force == TimeInForce::PostOnly;
    let waits = order.trigger.is_some() || trails;
    if waits != (wakes.is_some() || trails) {
        return Err(unfit());
    }
    // What trails on the futures has one type; on spot and margin it has that of its trigger.
    let trails = trails && wakes.is_none();
    let wanted = |kind: &&Type| {
        kind.market == market && kind.wakes == wakes && kind.trails == trails && kind.post_only == post_only
    };
    let found = types(order.market).iter().find(wanted);
    let found = found.ok_or_else(|| refuse("the order", "its market has no such type"))?.word;
    let fits = match (names.kind.is_empty(), names.trigger.is_empty()) {
        (false, _) => return Ok(Some(found)),
        (true, true) => found == "LIMIT_MAKER",
        (true, false) => found == "STOP_LOSS" || found == "STOP_LOSS_LIMIT",
    };
    if fits { Ok(None) } else { Err(refuse("the order", "its leg has no such type")) }
}
