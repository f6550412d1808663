//! One order, read from a body and written as one.

use claviger_core::{
    ClientOrderId, Decimal, Market, More, Order, OrderKind, Params, PositionSide, Side, Size, TimeInForce,
    Value,
};

use super::fields::{LISTS, alphanumeric, peek};
use super::instrument::Instrument;
use crate::fields::{Fields, Words, meaning};
use crate::{PrintError, ReadError, Row};

const MODE: &str = "tdMode";
const BAN_AMEND: &str = "banAmend";

/// Reads the order of a request; its trade mode stays among the parameters.
pub(super) fn read(fields: &mut Fields<'_>) -> Result<Order, ReadError> {
    let symbol = fields.symbol("instId").ok_or_else(|| missing("instId"))?;
    let mode = peek(fields, MODE)?.ok_or_else(|| missing(MODE))?;
    let market = Instrument::of(&symbol)?.market(&mode)?;
    if market != Market::Margin && fields.has("ccy") {
        return Err(meaning("`ccy` is for the margin market only"));
    }
    let side = side(fields)?;
    let (kind, time_in_force) = kind(fields)?;
    let size = size(fields, market, side, kind)?;
    let position_side = position_side(fields, market)?;
    let reduce_only = reduce_only(fields, market, side, position_side)?;
    let client_id = fields.client_id("clOrdId");
    if let Some(id) = &client_id {
        alphanumeric("clOrdId", id.as_str(), 32)?;
    }
    keep_ban_amend(fields, market, kind)?;
    Ok(Order {
        market,
        symbol,
        side,
        kind,
        size,
        time_in_force,
        trigger: None,
        reduce_only,
        position_side,
        client_id,
        more: More::default(),
    })
}

fn side(fields: &mut Fields<'_>) -> Result<Side, ReadError> {
    match fields.text("side").as_deref() {
        Some("buy") => Ok(Side::Buy),
        Some("sell") => Ok(Side::Sell),
        Some(_) | None => Err(missing("side")),
    }
}

fn kind(fields: &mut Fields<'_>) -> Result<(OrderKind, TimeInForce), ReadError> {
    let word = fields.text("ordType").ok_or_else(|| missing("ordType"))?;
    let price = fields.number("px");
    let time_in_force = match (&*word, price) {
        ("market", None) => return Ok((OrderKind::Market, TimeInForce::ImmediateOrCancel)),
        ("market", Some(_)) => return Err(meaning("`px` has no meaning for a market order")),
        ("limit", _) => TimeInForce::GoodTillCancelled,
        ("post_only", _) => TimeInForce::PostOnly,
        ("fok", _) => TimeInForce::FillOrKill,
        ("ioc", _) => TimeInForce::ImmediateOrCancel,
        _ => return Err(meaning(format!("`ordType` = `{word}` is not yet read"))),
    };
    let price = positive("px", price.ok_or_else(|| missing("px"))?)?;
    Ok((OrderKind::Limit { price }, time_in_force))
}

fn size(fields: &mut Fields<'_>, market: Market, side: Side, kind: OrderKind) -> Result<Size, ReadError> {
    let amount = positive("sz", fields.number("sz").ok_or_else(|| missing("sz"))?)?;
    let unit = fields.text("tgtCcy");
    match (market, kind, side, unit.as_deref()) {
        (Market::Usdm | Market::Coinm, _, _, None) => Ok(Size::Contracts(amount)),
        (Market::Spot, OrderKind::Limit { .. }, _, None | Some("base_ccy")) => Ok(Size::Base(amount)),
        (Market::Spot, OrderKind::Market, _, Some("base_ccy")) => Ok(Size::Base(amount)),
        (Market::Spot, OrderKind::Market, _, Some("quote_ccy")) => Ok(Size::Quote(amount)),
        (Market::Margin, OrderKind::Limit { .. }, _, None) => Ok(Size::Base(amount)),
        (Market::Spot | Market::Margin, OrderKind::Market, Side::Buy, None) => Ok(Size::Quote(amount)),
        (Market::Spot | Market::Margin, OrderKind::Market, Side::Sell, None) => Ok(Size::Base(amount)),
        (_, _, _, Some(unit)) => Err(meaning(format!("`tgtCcy` = `{unit}` does not fit this order"))),
        (Market::Option, _, _, None) | (_, OrderKind::Floating { .. }, _, None) => {
            Err(meaning("options are not yet read"))
        }
    }
}

fn position_side(fields: &mut Fields<'_>, market: Market) -> Result<PositionSide, ReadError> {
    match (fields.text("posSide").as_deref(), market) {
        (None | Some("net"), _) => Ok(PositionSide::Net),
        (Some("long"), Market::Usdm | Market::Coinm) => Ok(PositionSide::Long),
        (Some("short"), Market::Usdm | Market::Coinm) => Ok(PositionSide::Short),
        (Some(side), _) => Err(meaning(format!("`posSide` = `{side}` does not fit the instrument"))),
    }
}

/// The exchange ignores the flag where it does not apply, so it is refused there: nobody may count on it.
fn reduce_only(
    fields: &mut Fields<'_>,
    market: Market,
    side: Side,
    position: PositionSide,
) -> Result<bool, ReadError> {
    if fields.flag("reduceOnly") != Some(true) {
        return Ok(false);
    }
    match (market, position, side) {
        (Market::Spot, _, _) => Err(meaning("`reduceOnly` has no meaning on spot")),
        (_, PositionSide::Net, _)
        | (_, PositionSide::Long, Side::Sell)
        | (_, PositionSide::Short, Side::Buy) => Ok(true),
        (_, PositionSide::Long, Side::Buy) | (_, PositionSide::Short, Side::Sell) => {
            Err(meaning("`reduceOnly` contradicts `side` and `posSide`, which open a position"))
        }
    }
}

/// `banAmend` forbids the exchange to shrink a spot market order to the balance; elsewhere it says nothing.
fn keep_ban_amend(fields: &mut Fields<'_>, market: Market, kind: OrderKind) -> Result<(), ReadError> {
    let flag = fields.flag(BAN_AMEND);
    match flag {
        Some(flag) if market == Market::Spot && kind == OrderKind::Market => {
            fields.put(BAN_AMEND, if flag { "true" } else { "false" }, LISTS)
        }
        Some(_) | None => Ok(()),
    }
}

/// Writes an order in the exchange's words, with the parameters that go along.
pub(super) fn words(row: &Row, order: &Order, params: &Params) -> Result<(Words, Params), PrintError> {
    agree(order, params)?;
    let mut words: Words = vec![
        ("instId", order.symbol.to_string()),
        ("side", side_word(order.side).to_owned()),
        ("ordType", kind_word(order)?.to_owned()),
        ("sz", size_word(order)?),
    ];
    if let OrderKind::Limit { price } = order.kind {
        words.push(("px", price.to_string()));
    }
    match order.position_side {
        PositionSide::Net => {}
        PositionSide::Long => words.push(("posSide", "long".into())),
        PositionSide::Short => words.push(("posSide", "short".into())),
    }
    if order.reduce_only {
        words.push(("reduceOnly", "true".into()));
    }
    if let Some(unit) = unit_word(order) {
        words.push(("tgtCcy", unit.into()));
    }
    if let Some(id) = order.client_id.as_ref().filter(|_| row.param("clOrdId").is_some()) {
        alphanumeric("clOrdId", id.as_str(), 32).map_err(|_| cannot("clOrdId", "does not fit"))?;
        words.push(("clOrdId", id.to_string()));
    }
    let priced = order.kind != OrderKind::Market;
    let kept = params.iter().filter(|p| !(priced && *p.name == *BAN_AMEND)).cloned().collect();
    Ok((words, kept))
}

/// The order's market must be what instrument and trade mode say.
fn agree(order: &Order, params: &Params) -> Result<(), PrintError> {
    let mode = params.iter().find(|p| *p.name == *MODE).map(|p| &p.value);
    let market = match mode {
        Some(Value::Text(mode)) => Instrument::of(&order.symbol).and_then(|i| i.market(mode)).ok(),
        Some(Value::Number(_) | Value::Whole(_) | Value::Flag(_) | Value::List(_)) | None => None,
    };
    if market != Some(order.market) {
        return Err(cannot(MODE, "does not fit the order's market"));
    }
    if !order.more.is_plain() {
        return Err(cannot("order", "has more than is printed yet"));
    }
    if order.trigger.is_some() {
        return Err(cannot("trigger", "orders that wait for a price are another endpoint"));
    }
    if order.reduce_only && order.market == Market::Spot {
        return Err(cannot("reduceOnly", "has no meaning on spot"));
    }
    Ok(())
}

const fn side_word(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

fn kind_word(order: &Order) -> Result<&'static str, PrintError> {
    match (order.kind, order.time_in_force) {
        (OrderKind::Market, TimeInForce::ImmediateOrCancel) => Ok("market"),
        (OrderKind::Market, _) => Err(cannot("ordType", "a market order fills at once")),
        (OrderKind::Floating { .. }, _) => Err(cannot("ordType", "is not printed yet")),
        (OrderKind::Limit { .. }, TimeInForce::GoodTillCancelled) => Ok("limit"),
        (OrderKind::Limit { .. }, TimeInForce::PostOnly) => Ok("post_only"),
        (OrderKind::Limit { .. }, TimeInForce::FillOrKill) => Ok("fok"),
        (OrderKind::Limit { .. }, TimeInForce::ImmediateOrCancel) => Ok("ioc"),
    }
}

fn size_word(order: &Order) -> Result<String, PrintError> {
    let market_order = order.kind == OrderKind::Market;
    match (order.market, order.size) {
        (Market::Usdm | Market::Coinm, Size::Contracts(n)) => Ok(n.to_string()),
        (Market::Spot, Size::Base(n)) => Ok(n.to_string()),
        (Market::Spot, Size::Quote(n)) if market_order => Ok(n.to_string()),
        (Market::Margin, Size::Base(n)) if !market_order || order.side == Side::Sell => Ok(n.to_string()),
        (Market::Margin, Size::Quote(n)) if market_order && order.side == Side::Buy => Ok(n.to_string()),
        _ => Err(cannot("sz", "has a unit that the exchange does not take here")),
    }
}

const fn unit_word(order: &Order) -> Option<&'static str> {
    match (order.market, order.kind, order.size) {
        (Market::Spot, OrderKind::Market, Size::Quote(_)) => Some("quote_ccy"),
        (Market::Spot, OrderKind::Market, Size::Base(_)) => Some("base_ccy"),
        _ => None,
    }
}

/// A client order id for an intent: `cv` and its letters and digits, at most 32 in all.
pub(super) fn client_id(intent_id: &str) -> ClientOrderId {
    let letters: Vec<char> =
        intent_id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { 'Z' }).collect();
    let tail: String = letters.iter().skip(letters.len().saturating_sub(30)).collect();
    #[expect(clippy::unwrap_used, reason = "2 to 32 letters and digits fit the grammar of a client order id")]
    format!("cv{tail}").parse().unwrap()
}

pub(super) fn positive(name: &str, number: Decimal) -> Result<Decimal, ReadError> {
    if number.is_zero() { Err(meaning(format!("`{name}` is zero"))) } else { Ok(number) }
}

pub(super) fn missing(name: &str) -> ReadError {
    ReadError::Missing(name.into())
}

pub(super) fn cannot(name: &str, why: &str) -> PrintError {
    PrintError { what: format!("parameter `{name}`").into(), why: why.into() }
}
