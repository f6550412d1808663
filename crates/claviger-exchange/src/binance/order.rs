//! Orders in Binance's words and in claviger's.

use claviger_core::{
    ClientOrderId, Decimal, Market, More, Order, OrderKind, Param, Params, PositionSide, Side, Size,
    TimeInForce, Value,
};

use super::read::{side, symbol};
use crate::exchange::unnamed;
use crate::fields::{Fields, Words, meaning};
use crate::{PrintError, ReadError};

/// What `type` says, apart from its price: whether a trigger wakes it, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Type {
    market: bool,
    wakes: Option<Wakes>,
    post_only: bool,
}

/// Whether the trigger is on the losing or the winning side; it decides which way the price must move to wake it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wakes {
    Stop,
    TakeProfit,
}

/// What stands in the intent's parameters for an order with a trigger, since [`Order`] holds the trigger's price only.
pub(super) const WAKES: &str = "type";

/// An order, and for one with a trigger the parameter that says which kind of trigger it is.
pub(super) fn read(market: Market, fields: &mut Fields<'_>) -> Result<(Order, Option<Param>), ReadError> {
    without_unjudged(fields)?;
    let word = fields.text("type").unwrap_or_default();
    let kind = type_of(market, &word)?;
    let (side, position_side) = (side(fields)?, position_side(fields));
    let order = Order {
        market,
        symbol: symbol(fields)?,
        side,
        kind: price(kind, &word, fields)?,
        size: size(market, kind, fields)?,
        time_in_force: time_in_force(kind, &word, fields)?,
        trigger: trigger(kind, &word, fields)?,
        reduce_only: reduce_only(side, position_side, fields)?,
        position_side,
        client_id: fields.client_id("newClientOrderId"),
        more: More::default(),
    };
    let wakes = kind.wakes.map(|wakes| Param { name: WAKES.into(), value: wakes_value(market, wakes) });
    Ok((order, wakes))
}

/// Refuses by name what changes an order's meaning beyond what [`Order`] holds; its default may be spelled out.
fn without_unjudged(fields: &mut Fields<'_>) -> Result<(), ReadError> {
    const DEFAULTS: [(&str, &str); 3] =
        [("closePosition", "false"), ("priceProtect", "false"), ("priceMatch", "NONE")];
    const UNJUDGED: [&str; 8] = [
        "trailingDelta",
        "icebergQty",
        "pegPriceType",
        "pegOffsetValue",
        "pegOffsetType",
        "activationPrice",
        "callbackRate",
        "goodTillDate",
    ];
    for (name, default) in DEFAULTS {
        if fields.is_judged(name) && fields.take(name).is_some_and(|value| !is_word(&value, default)) {
            return Err(meaning(format!("`{name}` cannot be judged in an order")));
        }
    }
    match UNJUDGED.into_iter().find(|name| fields.has(name)) {
        Some(name) => Err(meaning(format!("`{name}` cannot be judged in an order"))),
        None => Ok(()),
    }
}

fn is_word(value: &Value, word: &str) -> bool {
    match value {
        Value::Text(text) => **text == *word,
        Value::Flag(flag) => flag.to_string() == word,
        Value::Number(_) | Value::Whole(_) | Value::List(_) => false,
    }
}

fn type_of(market: Market, word: &str) -> Result<Type, ReadError> {
    let plain = |market| Type { market, wakes: None, post_only: false };
    let wakes = |market, wakes| Type { market, wakes: Some(wakes), post_only: false };
    match (market, word) {
        (_, "LIMIT") => Ok(plain(false)),
        (_, "MARKET") => Ok(plain(true)),
        (Market::Spot, "LIMIT_MAKER") => Ok(Type { post_only: true, ..plain(false) }),
        (Market::Spot, "STOP_LOSS") | (Market::Coinm, "STOP_MARKET") => Ok(wakes(true, Wakes::Stop)),
        (Market::Spot, "STOP_LOSS_LIMIT") | (Market::Coinm, "STOP") => Ok(wakes(false, Wakes::Stop)),
        (Market::Spot, "TAKE_PROFIT") | (Market::Coinm, "TAKE_PROFIT_MARKET") => {
            Ok(wakes(true, Wakes::TakeProfit))
        }
        (Market::Spot, "TAKE_PROFIT_LIMIT") | (Market::Coinm, "TAKE_PROFIT") => {
            Ok(wakes(false, Wakes::TakeProfit))
        }
        (Market::Usdm, _) => Err(meaning(format!(
            "an order of type {word} belongs to POST /fapi/v1/algoOrder, which claviger cannot read yet"
        ))),
        _ => Err(meaning(format!("an order of type {word} cannot be judged"))),
    }
}

fn type_word(order: &Order, wakes: Option<Wakes>) -> Option<&'static str> {
    let limit = matches!(order.kind, OrderKind::Limit { .. });
    match (order.market, wakes, limit) {
        (Market::Spot, None, true) if order.time_in_force == TimeInForce::PostOnly => Some("LIMIT_MAKER"),
        (Market::Spot | Market::Usdm | Market::Coinm, None, true) => Some("LIMIT"),
        (Market::Spot | Market::Usdm | Market::Coinm, None, false) => Some("MARKET"),
        (Market::Spot, Some(Wakes::Stop), true) => Some("STOP_LOSS_LIMIT"),
        (Market::Spot, Some(Wakes::Stop), false) => Some("STOP_LOSS"),
        (Market::Spot, Some(Wakes::TakeProfit), true) => Some("TAKE_PROFIT_LIMIT"),
        (Market::Spot, Some(Wakes::TakeProfit), false) => Some("TAKE_PROFIT"),
        (Market::Coinm, Some(Wakes::Stop), true) => Some("STOP"),
        (Market::Coinm, Some(Wakes::Stop), false) => Some("STOP_MARKET"),
        (Market::Coinm, Some(Wakes::TakeProfit), true) => Some("TAKE_PROFIT"),
        (Market::Coinm, Some(Wakes::TakeProfit), false) => Some("TAKE_PROFIT_MARKET"),
        (Market::Usdm, Some(_), _) | (Market::Margin | Market::Option, _, _) => None,
    }
}

fn price(kind: Type, word: &str, fields: &mut Fields<'_>) -> Result<OrderKind, ReadError> {
    match (kind.market, fields.number("price")) {
        (true, None) => Ok(OrderKind::Market),
        (true, Some(_)) => Err(meaning(format!("`price` has no meaning in an order of type {word}"))),
        (false, Some(price)) => Ok(OrderKind::Limit { price: above_zero("price", price)? }),
        (false, None) => Err(ReadError::Missing("price".into())),
    }
}

fn size(market: Market, kind: Type, fields: &mut Fields<'_>) -> Result<Size, ReadError> {
    match (fields.number("quantity"), fields.number("quoteOrderQty")) {
        (Some(quantity), None) if market == Market::Coinm => {
            Ok(Size::Contracts(above_zero("quantity", quantity)?))
        }
        (Some(quantity), None) => Ok(Size::Base(above_zero("quantity", quantity)?)),
        (None, Some(quote)) if kind.market && kind.wakes.is_none() => {
            Ok(Size::Quote(above_zero("quoteOrderQty", quote)?))
        }
        (None, Some(_)) => Err(meaning("`quoteOrderQty` has a meaning in market orders only")),
        (Some(_), Some(_)) => Err(meaning("`quantity` and `quoteOrderQty` both say how much: send one")),
        (None, None) => Err(ReadError::Missing("quantity".into())),
    }
}

fn above_zero(name: &str, number: Decimal) -> Result<Decimal, ReadError> {
    let zero = ReadError::Value { name: name.into(), why: "wanted a number above zero".into() };
    if number.is_zero() { Err(zero) } else { Ok(number) }
}

fn time_in_force(kind: Type, word: &str, fields: &mut Fields<'_>) -> Result<TimeInForce, ReadError> {
    match (kind.market || kind.post_only, fields.text("timeInForce").as_deref()) {
        (true, Some(_)) => Err(meaning(format!("`timeInForce` has no meaning in an order of type {word}"))),
        (true, None) if kind.post_only => Ok(TimeInForce::PostOnly),
        (true, None) => Ok(TimeInForce::ImmediateOrCancel),
        (false, Some("GTC")) => Ok(TimeInForce::GoodTillCancelled),
        (false, Some("IOC")) => Ok(TimeInForce::ImmediateOrCancel),
        (false, Some("FOK")) => Ok(TimeInForce::FillOrKill),
        (false, Some("GTX")) => Ok(TimeInForce::PostOnly),
        (false, Some(other)) => Err(meaning(format!("timeInForce {other} cannot be judged"))),
        (false, None) => Err(ReadError::Missing("timeInForce".into())),
    }
}

fn time_word(order: &Order) -> Option<&'static str> {
    match (order.time_in_force, order.kind) {
        (_, OrderKind::Market) => None,
        (TimeInForce::GoodTillCancelled, _) => Some("GTC"),
        (TimeInForce::ImmediateOrCancel, _) => Some("IOC"),
        (TimeInForce::FillOrKill, _) => Some("FOK"),
        (TimeInForce::PostOnly, _) if order.market == Market::Spot => None,
        (TimeInForce::PostOnly, _) => Some("GTX"),
    }
}

fn trigger(kind: Type, word: &str, fields: &mut Fields<'_>) -> Result<Option<Decimal>, ReadError> {
    match (kind.wakes, fields.number("stopPrice")) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(meaning(format!("`stopPrice` has no meaning in an order of type {word}"))),
        (Some(_), None) => Err(ReadError::Missing("stopPrice".into())),
        (Some(_), Some(price)) => above_zero("stopPrice", price).map(Some),
    }
}

fn position_side(fields: &mut Fields<'_>) -> PositionSide {
    match fields.text("positionSide").as_deref() {
        Some("LONG") => PositionSide::Long,
        Some("SHORT") => PositionSide::Short,
        _ => PositionSide::Net,
    }
}

/// An order that opens one side of a hedged account cannot be held to reducing: nobody may count on it.
fn reduce_only(side: Side, position: PositionSide, fields: &mut Fields<'_>) -> Result<bool, ReadError> {
    let wished = fields.flag("reduceOnly") == Some(true);
    match (position, side) {
        (PositionSide::Long, Side::Buy) | (PositionSide::Short, Side::Sell) if wished => {
            Err(meaning("`reduceOnly` contradicts `side` and `positionSide`, which open a position"))
        }
        (PositionSide::Net | PositionSide::Long | PositionSide::Short, Side::Buy | Side::Sell) => Ok(wished),
    }
}

/// The family of the order's type, the same with and without a limit.
const fn wakes_word(market: Market, wakes: Wakes) -> &'static str {
    match (wakes, market) {
        (Wakes::TakeProfit, _) => "TAKE_PROFIT",
        (Wakes::Stop, Market::Spot) => "STOP_LOSS",
        (Wakes::Stop, _) => "STOP",
    }
}

fn wakes_value(market: Market, wakes: Wakes) -> Value {
    Value::Text(wakes_word(market, wakes).into())
}

/// An order in Binance's words; `rest` are the intent's parameters.
pub(super) fn words(order: &Order, rest: &Params) -> Result<Words, PrintError> {
    let refuse = |what: &str, why: &str| PrintError { what: what.into(), why: why.into() };
    if !order.more.is_plain() || matches!(order.kind, OrderKind::Floating { .. }) {
        return Err(refuse("the order", "it has more than is printed yet"));
    }
    let wakes = wakes(order, rest).ok_or_else(|| refuse("the trigger", "it does not fit its parameters"))?;
    let kind = type_word(order, wakes).ok_or_else(|| refuse("the order", "its market has no such type"))?;
    if order.market == Market::Spot && order.time_in_force == TimeInForce::PostOnly && wakes.is_some() {
        return Err(refuse("the time in force", "spot has no post-only order with a trigger"));
    }
    let mut words: Words = vec![
        ("symbol", order.symbol.to_string()),
        ("side", side_word(order.side).to_owned()),
        ("type", kind.to_owned()),
        size_word(order).ok_or_else(|| refuse("the size", "its unit does not fit the market"))?,
    ];
    words.extend(time_word(order).map(|word| ("timeInForce", word.to_owned())));
    if let OrderKind::Limit { price } = order.kind {
        words.push(("price", price.to_string()));
    }
    words.extend(order.trigger.map(|price| ("stopPrice", price.to_string())));
    words.extend(order.reduce_only.then(|| ("reduceOnly", "true".to_owned())));
    words.extend(position_word(order.position_side).map(|word| ("positionSide", word.to_owned())));
    words.extend(order.client_id.as_ref().map(|id| ("newClientOrderId", id.to_string())));
    Ok(words)
}

/// Which trigger the order has; the outer `None` where price and parameter contradict each other.
fn wakes(order: &Order, rest: &Params) -> Option<Option<Wakes>> {
    let told = rest.iter().find(|param| *param.name == *WAKES).map(|param| &param.value);
    match (order.trigger, told) {
        (None, None) => Some(None),
        (Some(_), Some(value)) => {
            let known = [Wakes::Stop, Wakes::TakeProfit];
            known.into_iter().find(|wakes| wakes_value(order.market, *wakes) == *value).map(Some)
        }
        (None, Some(_)) | (Some(_), None) => None,
    }
}

pub(super) const fn side_word(side: Side) -> &'static str {
    match side {
        Side::Buy => "BUY",
        Side::Sell => "SELL",
    }
}

const fn position_word(side: PositionSide) -> Option<&'static str> {
    match side {
        PositionSide::Net => None,
        PositionSide::Long => Some("LONG"),
        PositionSide::Short => Some("SHORT"),
    }
}

fn size_word(order: &Order) -> Option<(&'static str, String)> {
    match (order.size, order.market, order.kind) {
        (Size::Base(size), Market::Spot | Market::Usdm, _) => Some(("quantity", size.to_string())),
        (Size::Contracts(size), Market::Coinm, _) => Some(("quantity", size.to_string())),
        (Size::Quote(size), Market::Spot, OrderKind::Market) => Some(("quoteOrderQty", size.to_string())),
        _ => None,
    }
}

/// `clv-` and the letters and digits of the intent's id, cut to Binance's 36 characters.
pub(super) fn client_id(intent_id: &str) -> ClientOrderId {
    let id: String = intent_id.chars().filter(|c| c.is_ascii_alphanumeric()).take(32).collect();
    format!("clv-{id}").parse().unwrap_or_else(|_| unnamed())
}
