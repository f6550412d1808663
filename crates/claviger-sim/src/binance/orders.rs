//! Placing, changing, cancelling and listing orders, on all three surfaces.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::errors::{BAD_SIDE, BAD_TYPE, NO_SUCH_ORDER, Refusal, UNKNOWN_ORDER};
use super::render::{cancelled, order, placed, trade};
use super::terms::{self, Terms, leg};
use super::{Call, routes};
use crate::engine::{Fill, Instrument, Leg, Market, NewOrder, Order, Reject, Side, Status, mix};
use crate::json::parse;

pub(super) type Answer = Result<Value, Refusal>;

pub(super) fn place(call: &mut Call<'_>) -> Answer {
    let new = draft(call)?;
    let kind = response_kind(call)?;
    let done = accept(call, new)?;
    if call.market.is_paid_in_full() {
        return Ok(placed(&done, &fills_of(call, &done), &kind));
    }
    Ok(order(&if kind == "RESULT" { done } else { unmatched(done) }))
}

/// An order's fills, oldest first.
fn fills_of<'a>(call: &'a Call<'_>, order: &Order) -> Vec<&'a Fill> {
    let mut fills: Vec<&Fill> = call.engine.fills_for(order).collect();
    fills.reverse();
    fills
}

/// Futures acknowledge an order before it is matched.
fn unmatched(done: Order) -> Order {
    Order { status: Status::New, filled: Decimal::ZERO, turnover: Decimal::ZERO, ..done }
}

fn response_kind(call: &Call<'_>) -> Result<String, Refusal> {
    let usual = if call.market.is_paid_in_full() && matches!(call.get("type"), Some("LIMIT" | "MARKET")) {
        "FULL"
    } else {
        "ACK"
    };
    match call.get("newOrderRespType").unwrap_or(usual) {
        kind @ ("ACK" | "RESULT" | "FULL") => Ok(kind.to_owned()),
        _ => Err(Refusal::illegal("newOrderRespType", "ACK|RESULT|FULL")),
    }
}

fn accept(call: &mut Call<'_>, new: NewOrder) -> Result<Order, Refusal> {
    let (account, now, instrument) = (call.account().to_owned(), call.now, Arc::clone(&new.instrument));
    call.engine.place(&account, new, now).map_err(|reject| Refusal::rejected(reject, &instrument))
}

pub(super) fn test(call: &mut Call<'_>) -> Answer {
    draft(call)?;
    response_kind(call)?;
    Ok(json!({}))
}

/// What the exchange echoes of an order.
const LABELS: [&str; 14] = [
    "type",
    "timeInForce",
    "strategyId",
    "strategyType",
    "selfTradePreventionMode",
    "stopPrice",
    "icebergQty",
    "trailingDelta",
    "closePosition",
    "workingType",
    "priceMatch",
    "pegPriceType",
    "activationPrice",
    "callbackRate",
];

/// Reads the parameters of an order, as strictly as the exchange does.
pub(super) fn draft(call: &mut Call<'_>) -> Result<NewOrder, Refusal> {
    let instrument = call.instrument()?;
    let side = side(call)?;
    let Terms { force, price, size, trigger } = terms::read(call, &instrument, side)?;
    let leg = leg(call)?;
    let close = trigger.is_some() && call.boolean("closePosition")?;
    let reduce_only =
        !call.market.is_paid_in_full() && (call.boolean("reduceOnly")? || close && leg == Leg::Net);
    if leg != Leg::Net && call.get("reduceOnly").is_some() {
        return Err(Refusal::needless("reduceOnly"));
    }
    near_market(call, &instrument, price)?;
    let client_id = Some(client_id(call, "newClientOrderId")?);
    let mut labels = BTreeMap::new();
    for name in LABELS {
        if let Some(value) = call.get(name) {
            labels.insert(name, value.to_owned());
        }
    }
    Ok(NewOrder {
        instrument,
        client_id,
        side,
        force,
        price,
        size,
        reduce_only,
        leg,
        labels,
        trigger,
        list: None,
        pending: false,
        companion: false,
    })
}

pub(super) fn side(call: &Call<'_>) -> Result<Side, Refusal> {
    match call.must("side")? {
        "BUY" => Ok(Side::Buy),
        "SELL" => Ok(Side::Sell),
        _ => Err(Refusal::of(BAD_SIDE)),
    }
}

/// Spot's `PERCENT_PRICE_BY_SIDE`.
fn near_market(call: &Call<'_>, instrument: &Instrument, price: Option<Decimal>) -> Result<(), Refusal> {
    let (Some(price), true) = (price, instrument.market.is_paid_in_full()) else { return Ok(()) };
    let last = call.engine.price(instrument);
    let (low, high) = (last * Decimal::new(2, 1), last * Decimal::from(5));
    if (low..=high).contains(&price) {
        return Ok(());
    }
    Err(Refusal::new(-1013, "Filter failure: PERCENT_PRICE_BY_SIDE"))
}

/// The client id that was sent, or one that the exchange makes.
pub(super) fn client_id(call: &mut Call<'_>, name: &str) -> Result<String, Refusal> {
    let (extra, range) = if call.market.is_paid_in_full() {
        ("-_", "^[a-zA-Z0-9-_]{1,36}$")
    } else {
        (".:/_-", "^[.A-Z:/a-z0-9_-]{1,36}$")
    };
    let Some(given) = call.get(name).map(str::to_owned) else {
        let id = call.engine.next_id();
        return Ok(format!("{:016x}{:06x}", mix(id), mix(id ^ 1) & 0x00ff_ffff));
    };
    let legal = |byte: char| byte.is_ascii_alphanumeric() || extra.contains(byte);
    if given.len() <= 36 && given.chars().all(legal) { Ok(given) } else { Err(Refusal::illegal(name, range)) }
}

/// The order that `orderId` or `origClientOrderId` names.
fn named(call: &Call<'_>, missing: (i32, &str)) -> Result<Order, Refusal> {
    let instrument = call.instrument()?;
    let (id, client) = (call.integer("orderId")?, call.get("origClientOrderId"));
    if id.is_none() && client.is_none() {
        let msg = "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!";
        return Err(Refusal::new(-1102, msg));
    }
    let found = call.engine.find(call.account(), id, client, call.market);
    found
        .filter(|order| order.instrument.symbol == instrument.symbol)
        .cloned()
        .ok_or_else(|| Refusal::of(missing))
}

pub(super) fn query(call: &mut Call<'_>) -> Answer {
    Ok(order(&named(call, NO_SUCH_ORDER)?))
}

pub(super) fn query_open(call: &mut Call<'_>) -> Answer {
    let found = named(call, NO_SUCH_ORDER)?;
    if found.status.is_live() { Ok(order(&found)) } else { Err(Refusal::of(NO_SUCH_ORDER)) }
}

pub(super) fn cancel(call: &mut Call<'_>) -> Answer {
    let cancel_id = client_id(call, "newClientOrderId")?;
    let found = named(call, UNKNOWN_ORDER)?;
    restricted(call, &found)?;
    let done = end(call, &found)?;
    Ok(cancelled(&done, &cancel_id))
}

/// `cancelRestrictions`: only an order in this state is cancelled.
fn restricted(call: &Call<'_>, found: &Order) -> Result<(), Refusal> {
    let wanted = match call.get("cancelRestrictions") {
        None => return Ok(()),
        Some("ONLY_NEW") => Status::New,
        Some("ONLY_PARTIALLY_FILLED") => Status::PartiallyFilled,
        Some(_) => return Err(Refusal::illegal("cancelRestrictions", "ONLY_NEW|ONLY_PARTIALLY_FILLED")),
    };
    if found.status == wanted || !found.status.is_live() {
        return Ok(());
    }
    Err(Refusal::new(-2011, "Order was not canceled due to cancel restrictions."))
}

fn end(call: &mut Call<'_>, found: &Order) -> Result<Order, Refusal> {
    let (account, now) = (call.account().to_owned(), call.now);
    call.engine.cancel(&account, found.id, now).map_err(|reject| Refusal::rejected(reject, &found.instrument))
}

pub(super) fn cancel_all(call: &mut Call<'_>) -> Answer {
    let instrument = call.instrument()?;
    let ours = |order: &&Order| {
        order.instrument.market == call.market && order.instrument.symbol == instrument.symbol
    };
    let live: Vec<Order> = call.engine.live_of(call.account()).filter(ours).cloned().collect();
    let mut rows = Vec::new();
    for found in &live {
        let done = end(call, found)?;
        rows.push(cancelled(&done, &client_id(call, "newClientOrderId")?));
    }
    if !call.market.is_paid_in_full() {
        return Ok(json!({ "code": 200, "msg": "The operation of cancel all open order is done." }));
    }
    if rows.is_empty() { Err(Refusal::of(UNKNOWN_ORDER)) } else { Ok(Value::Array(rows)) }
}

/// Cancel, then place, as one request.
pub(super) fn replace(call: &mut Call<'_>) -> Answer {
    let stop = match call.must("cancelReplaceMode")? {
        "STOP_ON_FAILURE" => true,
        "ALLOW_FAILURE" => false,
        _ => return Err(Refusal::illegal("cancelReplaceMode", "STOP_ON_FAILURE|ALLOW_FAILURE")),
    };
    let new = draft(call)?;
    let kind = response_kind(call)?;
    let (id, client) = (call.integer("cancelOrderId")?, call.get("cancelOrigClientOrderId"));
    if id.is_none() && client.is_none() {
        return Err(Refusal::mandatory("cancelOrderId"));
    }
    let found = call.engine.find(call.account(), id, client, call.market).cloned();
    let cancel_id = client_id(call, "cancelNewClientOrderId")?;
    let cancel = found.ok_or_else(|| Refusal::of(UNKNOWN_ORDER)).and_then(|found| {
        restricted(call, &found)?;
        end(call, &found)
    });
    let cancel = cancel.map(|done| cancelled(&done, &cancel_id));
    if let (Err(refusal), true) = (&cancel, stop) {
        return Err(failed(-2022, "FAILURE", &refusal.body(), ("NOT_ATTEMPTED", &Value::Null)));
    }
    let new = accept(call, new).map(|done| placed(&done, &fills_of(call, &done), &kind));
    match (cancel, new) {
        (Ok(cancel), Ok(new)) => Ok(json!({
            "cancelResult": "SUCCESS", "newOrderResult": "SUCCESS", "cancelResponse": cancel, "newOrderResponse": new,
        })),
        (Ok(cancel), Err(new)) => Err(failed(-2021, "SUCCESS", &cancel, ("FAILURE", &new.body()))),
        (Err(cancel), Ok(new)) => Err(failed(-2021, "FAILURE", &cancel.body(), ("SUCCESS", &new))),
        (Err(cancel), Err(new)) => Err(failed(-2022, "FAILURE", &cancel.body(), ("FAILURE", &new.body()))),
    }
}

fn failed(code: i32, cancel: &str, cancelled: &Value, (new, placed): (&str, &Value)) -> Refusal {
    let msg =
        if code == -2021 { "Order cancel-replace partially failed." } else { "Order cancel-replace failed." };
    let mut refusal = Refusal::new(code, msg).with_data(json!({
        "cancelResult": cancel, "newOrderResult": new, "cancelResponse": cancelled, "newOrderResponse": placed,
    }));
    if code == -2021 {
        refusal.status = 409;
    }
    refusal
}

/// Spot: less of an order, its place in the queue kept.
pub(super) fn keep_priority(call: &mut Call<'_>) -> Answer {
    let found = named(call, UNKNOWN_ORDER)?;
    let qty = call.decimal("newQty")?.ok_or_else(|| Refusal::mandatory("newQty"))?;
    if qty >= found.qty {
        return Err(Refusal::new(-2038, "Order amend (quantity increase) is not supported."));
    }
    let now = call.now;
    let done = call.engine.amend(found.id, None, Some(qty), now);
    let done = done.map_err(|reject| Refusal::rejected(reject, &found.instrument))?;
    Ok(json!({ "transactTime": now, "executionId": call.engine.next_id(), "amendedOrder": order(&done) }))
}

/// Futures: another price or quantity.
pub(super) fn modify(call: &mut Call<'_>) -> Answer {
    let found = named(call, NO_SUCH_ORDER)?;
    if side(call)? != found.side {
        return Err(Refusal::of(BAD_SIDE));
    }
    let (price, qty) = (call.decimal("price")?, call.decimal("quantity")?);
    if call.market == Market::Usdm && (price.is_none() || qty.is_none()) {
        return Err(Refusal::mandatory(if price.is_none() { "price" } else { "quantity" }));
    }
    let now = call.now;
    let done = call.engine.amend(found.id, price, qty, now);
    let missing = |reject| match reject {
        Reject::NotLive | Reject::UnknownOrder => Refusal::of(NO_SUCH_ORDER),
        other => Refusal::rejected(other, &found.instrument),
    };
    Ok(order(&done.map_err(missing)?))
}

/// Up to five orders, each with its own answer.
pub(super) fn batch(call: &mut Call<'_>) -> Answer {
    each(call, ("POST", place))
}

/// Up to five amendments, each with its own answer.
pub(super) fn modify_batch(call: &mut Call<'_>) -> Answer {
    each(call, ("PUT", modify))
}

fn each(call: &mut Call<'_>, (verb, act): (&str, fn(&mut Call<'_>) -> Answer)) -> Answer {
    let list = parse(call.must("batchOrders")?.as_bytes()).and_then(|value| value.as_array().cloned());
    let list = list.filter(|list| (1..=5).contains(&list.len()));
    let list = list.ok_or_else(|| Refusal::new(-4082, "Invalid number of batch place orders."))?;
    let path = if call.market == Market::Usdm { "/fapi/v1/order" } else { "/dapi/v1/order" };
    let Some(route) = routes::find(verb, path) else { return Err(Refusal::of(BAD_TYPE)) };
    let mut rows = Vec::new();
    for item in &list {
        call.params = fields(item)
            .ok_or_else(|| Refusal::new(-1130, "Data sent for parameter 'batchOrders' is not valid."))?;
        let one = call.check_params(route).and_then(|()| act(call));
        rows.push(one.unwrap_or_else(|refusal| refusal.body()));
    }
    Ok(Value::Array(rows))
}

/// A JSON object's members as parameters.
fn fields(item: &Value) -> Option<BTreeMap<String, String>> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    item.as_object()?.iter().map(|(name, value)| Some((name.clone(), text(value)?))).collect()
}

pub(super) fn cancel_batch(call: &mut Call<'_>) -> Answer {
    let list = |name: &str| {
        // Some clients spell them in lower case, and are understood.
        call.get(name)
            .or(call.get(&name.to_ascii_lowercase()))
            .and_then(|text| parse(text.as_bytes()))
            .and_then(|value| value.as_array().cloned())
    };
    let ids = list("orderIdList").unwrap_or_default().into_iter().map(|id| ("orderId", id));
    let clients =
        list("origClientOrderIdList").unwrap_or_default().into_iter().map(|id| ("origClientOrderId", id));
    let all: Vec<(&str, Value)> = ids.chain(clients).collect();
    let symbol = call.must("symbol")?.to_owned();
    let mut rows = Vec::new();
    for (name, id) in all {
        let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        call.params = BTreeMap::from([("symbol".to_owned(), symbol.clone()), (name.to_owned(), id)]);
        rows.push(cancel(call).unwrap_or_else(|refusal| refusal.body()));
    }
    Ok(Value::Array(rows))
}

pub(super) fn open(call: &mut Call<'_>) -> Answer {
    let symbol = optional_symbol(call)?;
    let ours =
        |order: &&Order| order.instrument.market == call.market && fits(call, &order.instrument, symbol);
    Ok(call.engine.live_of(call.account()).filter(ours).map(order).collect())
}

pub(super) fn all(call: &mut Call<'_>) -> Answer {
    let symbol = optional_symbol(call)?;
    let (from_id, limit) = (call.integer("orderId")?.unwrap_or(0), call.limit(500, 1000)?);
    let (start, end) =
        (call.integer("startTime")?.unwrap_or(0), call.integer("endTime")?.unwrap_or(u64::MAX));
    let ours = |order: &&Order| {
        order.instrument.market == call.market
            && fits(call, &order.instrument, symbol)
            && order.id >= from_id
            && (start..=end).contains(&order.created)
    };
    let rows: Vec<Value> = call.engine.orders_of(call.account()).filter(ours).map(order).collect();
    Ok(newest(rows, limit))
}

pub(super) fn trades(call: &mut Call<'_>) -> Answer {
    let symbol = optional_symbol(call)?;
    let (from_id, order_id) = (call.integer("fromId")?.unwrap_or(0), call.integer("orderId")?);
    let (start, end) =
        (call.integer("startTime")?.unwrap_or(0), call.integer("endTime")?.unwrap_or(u64::MAX));
    let limit = call.limit(500, 1000)?;
    let ours = |fill: &&Fill| {
        fill.instrument.market == call.market
            && fits(call, &fill.instrument, symbol)
            && fill.id >= from_id
            && order_id.is_none_or(|id| id == fill.order_id)
            && (start..=end).contains(&fill.time)
    };
    let rows: Vec<Value> = call.engine.fills_of(call.account()).filter(ours).map(trade).collect();
    Ok(newest(rows, limit))
}

fn optional_symbol(call: &Call<'_>) -> Result<Option<&'static str>, Refusal> {
    call.get("symbol").map(|symbol| call.named(symbol).map(|instrument| instrument.symbol)).transpose()
}

fn fits(call: &Call<'_>, instrument: &Instrument, symbol: Option<&str>) -> bool {
    symbol.is_none_or(|symbol| symbol == instrument.symbol)
        && call.get("pair").is_none_or(|pair| instrument.symbol.split('_').next() == Some(pair))
}

fn newest(mut rows: Vec<Value>, limit: usize) -> Value {
    let surplus = rows.len().saturating_sub(limit);
    Value::Array(rows.split_off(surplus))
}
