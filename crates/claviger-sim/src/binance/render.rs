//! Orders and trades in Binance's JSON.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::public::add;
use crate::engine::{Fill, Force, Leg, Market, Order, Shape, Side, Status};

/// A number of spot: always eight places.
pub(super) fn eight(value: Decimal) -> String {
    format!("{value:.8}")
}

/// A number without needless zeros.
pub(super) fn plain(value: Decimal) -> String {
    value.normalize().to_string()
}

pub(super) const fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "BUY",
        Side::Sell => "SELL",
    }
}

pub(super) const fn leg(leg: Leg) -> &'static str {
    match leg {
        Leg::Net => "BOTH",
        Leg::Long => "LONG",
        Leg::Short => "SHORT",
    }
}

const fn status(order: &Order) -> &'static str {
    match order.status {
        Status::New if order.pending => "PENDING_NEW",
        Status::New => "NEW",
        Status::PartiallyFilled => "PARTIALLY_FILLED",
        Status::Filled => "FILLED",
        Status::Canceled => "CANCELED",
        Status::Expired => "EXPIRED",
    }
}

fn force(order: &Order) -> &'static str {
    match (order.force, order.instrument.market) {
        (Force::Gtc, _) | (Force::PostOnly, Market::Spot | Market::Margin) => "GTC",
        (Force::Ioc, _) => "IOC",
        (Force::Fok, _) => "FOK",
        (Force::PostOnly, _) => "GTX",
    }
}

fn kind(order: &Order) -> &str {
    if !order.label("type").is_empty() {
        return order.label("type");
    }
    match (order.price, order.force, order.instrument.market) {
        (None, ..) => "MARKET",
        (Some(_), Force::PostOnly, Market::Spot | Market::Margin) => "LIMIT_MAKER",
        (Some(_), ..) => "LIMIT",
    }
}

/// An order as queries show it.
pub(super) fn order(order: &Order) -> Value {
    if order.instrument.market.is_paid_in_full() {
        let mut body = spot_core(order);
        add(
            &mut body,
            json!({
                "stopPrice": or_zero(order.label("stopPrice")), "icebergQty": or_zero(order.label("icebergQty")),
                "time": order.created, "updateTime": order.updated, "isWorking": order.waits.is_none() && !order.pending, "workingTime": order.created,
                "origQuoteOrderQty": eight(order.quote_qty.unwrap_or_default()), "selfTradePreventionMode": stp(order),
            }),
        );
        return body;
    }
    futures_order(order)
}

fn or_zero(label: &str) -> &str {
    if label.is_empty() { "0.00000000" } else { label }
}

fn list(order: &Order) -> i64 {
    order.list.and_then(|id| i64::try_from(id).ok()).unwrap_or(-1)
}

/// What spot shows of an order everywhere.
fn spot_core(order: &Order) -> Value {
    let mut body = json!({
        "symbol": order.instrument.symbol, "orderId": order.id, "orderListId": list(order), "clientOrderId": order.client_id,
        "price": eight(order.price.unwrap_or_default()), "origQty": eight(order.qty),
        "executedQty": eight(order.filled), "cummulativeQuoteQty": eight(order.turnover),
        "status": status(order), "timeInForce": force(order), "type": kind(order), "side": side(order.side),
    });
    if !order.label("stopPrice").is_empty() {
        add(&mut body, json!({ "stopPrice": order.label("stopPrice") }));
    }
    if order.instrument.market == Market::Margin {
        add(&mut body, json!({ "isIsolated": false }));
    }
    for name in ["strategyId", "strategyType", "trailingDelta"] {
        if let Ok(number) = order.label(name).parse::<i64>() {
            add(&mut body, json!({ name: number }));
        }
    }
    body
}

fn stp(order: &Order) -> &str {
    match order.label("selfTradePreventionMode") {
        "" => "NONE",
        given => given,
    }
}

/// The answer to a spot order: short, with its result, or with its fills.
pub(super) fn placed(order: &Order, fills: &[&Fill], kind: &str) -> Value {
    let now = order.updated;
    if kind == "ACK" {
        return json!({
            "symbol": order.instrument.symbol, "orderId": order.id, "orderListId": -1,
            "clientOrderId": order.client_id, "transactTime": now,
        });
    }
    let mut body = spot_core(order);
    add(
        &mut body,
        json!({
            "transactTime": now, "workingTime": order.created, "selfTradePreventionMode": stp(order),
            "origQuoteOrderQty": eight(order.quote_qty.unwrap_or_default()),
        }),
    );
    if kind == "FULL" {
        let row = |fill: &&Fill| {
            json!({
                "price": eight(fill.price), "qty": eight(fill.qty), "commission": eight(fill.fee),
                "commissionAsset": fill.fee_asset, "tradeId": fill.id,
            })
        };
        add(&mut body, json!({ "fills": fills.iter().map(row).collect::<Vec<_>>() }));
    }
    body
}

/// The answer to a spot cancel: `clientOrderId` names the cancel, `origClientOrderId` the order.
pub(super) fn cancelled(order: &Order, cancel_id: &str) -> Value {
    if !order.instrument.market.is_paid_in_full() {
        return futures_order(order);
    }
    let mut body = spot_core(order);
    add(
        &mut body,
        json!({
            "origClientOrderId": order.client_id, "clientOrderId": cancel_id, "transactTime": order.updated,
            "selfTradePreventionMode": stp(order),
        }),
    );
    body
}

fn futures_order(order: &Order) -> Value {
    let value = order.instrument.value(order.filled, order.average().max(order.instrument.tick));
    let mut body = json!({
        "orderId": order.id, "symbol": order.instrument.symbol, "status": status(order),
        "clientOrderId": order.client_id, "price": plain(order.price.unwrap_or_default()),
        "avgPrice": plain(order.average()), "origQty": plain(order.qty), "executedQty": plain(order.filled),
        "cumQty": plain(order.filled), "timeInForce": force(order), "type": kind(order),
        "reduceOnly": order.reduce_only, "closePosition": order.label("closePosition") == "true", "side": side(order.side),
        "positionSide": leg(order.leg), "stopPrice": if order.label("stopPrice").is_empty() { "0" } else { order.label("stopPrice") },
        "workingType": "CONTRACT_PRICE", "priceProtect": false,
        "origType": kind(order), "time": order.created, "updateTime": order.updated, "priceMatch": if order.label("priceMatch").is_empty() { "NONE" } else { order.label("priceMatch") },
        "selfTradePreventionMode": "EXPIRE_MAKER", "goodTillDate": 0,
    });
    match order.instrument.shape {
        Shape::Inverse => {
            add(&mut body, json!({ "cumBase": plain(value), "pair": pair(order.instrument.symbol) }))
        }
        Shape::Linear | Shape::Spot => add(&mut body, json!({ "cumQuote": plain(value) })),
    }
    body
}

fn pair(symbol: &str) -> &str {
    symbol.split('_').next().unwrap_or_default()
}

/// One of the account's own trades.
pub(super) fn trade(fill: &Fill) -> Value {
    let buyer = fill.side == Side::Buy;
    let value = fill.instrument.value(fill.qty, fill.price);
    if fill.instrument.market.is_paid_in_full() {
        return json!({
            "symbol": fill.instrument.symbol, "id": fill.id, "orderId": fill.order_id, "orderListId": -1,
            "price": eight(fill.price), "qty": eight(fill.qty), "quoteQty": eight(value),
            "commission": eight(fill.fee), "commissionAsset": fill.fee_asset, "time": fill.time, "isBuyer": buyer,
            "isMaker": fill.maker, "isBestMatch": true,
        });
    }
    let mut body = json!({
        "symbol": fill.instrument.symbol, "id": fill.id, "orderId": fill.order_id, "side": side(fill.side),
        "price": plain(fill.price), "qty": plain(fill.qty), "realizedPnl": plain(fill.realized),
        "marginAsset": fill.instrument.settle(), "commission": plain(fill.fee), "commissionAsset": fill.fee_asset,
        "time": fill.time, "positionSide": leg(fill.leg), "buyer": buyer, "maker": fill.maker,
    });
    match fill.instrument.shape {
        Shape::Inverse => {
            add(&mut body, json!({ "baseQty": plain(value), "pair": pair(fill.instrument.symbol) }));
        }
        Shape::Linear | Shape::Spot => add(&mut body, json!({ "quoteQty": plain(value) })),
    }
    body
}
