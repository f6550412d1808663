//! Orders and fills in OKX's JSON.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::engine::{Fill, Force, Instrument, Leg, Market, Order, Side, Status};

/// A number without needless zeros; nothing for zero where OKX shows nothing.
pub(super) fn plain(value: Decimal) -> String {
    value.normalize().to_string()
}

fn or_empty(value: Decimal) -> String {
    if value.is_zero() { String::new() } else { plain(value) }
}

pub(super) const fn kind(instrument: &Instrument) -> &'static str {
    match instrument.market {
        Market::Spot => "SPOT",
        _ => "SWAP",
    }
}

pub(super) fn leg(instrument: &Instrument, leg: Leg) -> &'static str {
    match (instrument.market, leg) {
        (Market::Spot, _) => "",
        (_, Leg::Net) => "net",
        (_, Leg::Long) => "long",
        (_, Leg::Short) => "short",
    }
}

const fn state(status: Status) -> &'static str {
    match status {
        Status::New => "live",
        Status::PartiallyFilled => "partially_filled",
        Status::Filled => "filled",
        Status::Canceled | Status::Expired => "canceled",
    }
}

/// Why an order was ended: 1 by its owner, 31 as post-only, 14 as immediate-or-cancel.
fn cancel_source(order: &Order) -> &'static str {
    match (order.status, order.force) {
        (Status::Canceled, _) => "1",
        (Status::Expired, Force::PostOnly) => "31",
        (Status::Expired, Force::Fok) => "15",
        (Status::Expired, _) => "14",
        _ => "",
    }
}

pub(super) fn order(order: &Order, last: Option<&Fill>) -> Value {
    let fee_ccy = match (order.instrument.market, order.side) {
        (Market::Spot, Side::Buy) => order.instrument.base,
        (Market::Spot, Side::Sell) => order.instrument.quote,
        _ => order.instrument.settle(),
    };
    let size = order.quote_qty.unwrap_or(order.qty);
    json!({
        "instType": kind(&order.instrument), "instId": order.instrument.symbol, "ordId": order.id.to_string(),
        "clOrdId": order.client_id, "tag": order.label("tag"), "px": order.price.map(plain).unwrap_or_default(),
        "pxUsd": "", "pxVol": "", "pxType": "", "sz": plain(size), "ordType": order.label("ordType"),
        "side": order.side.name(), "posSide": leg(&order.instrument, order.leg), "tdMode": order.label("tdMode"),
        "tgtCcy": order.label("tgtCcy"), "accFillSz": plain(order.filled), "avgPx": or_empty(order.average()),
        "fillPx": last.map(|fill| plain(fill.price)).unwrap_or_default(),
        "fillSz": last.map_or_else(|| "0".to_owned(), |fill| plain(fill.qty)),
        "fillTime": last.map(|fill| fill.time.to_string()).unwrap_or_default(),
        "tradeId": last.map(|fill| fill.id.to_string()).unwrap_or_default(),
        "state": state(order.status), "lever": order.label("lever"), "fee": plain(-order.fee), "feeCcy": fee_ccy,
        "rebate": "0", "rebateCcy": fee_ccy, "pnl": plain(order.realized), "source": "", "category": "normal",
        "reduceOnly": order.reduce_only.to_string(), "cancelSource": cancel_source(order), "cancelSourceReason": "",
        "algoClOrdId": "", "algoId": "", "attachAlgoClOrdId": "", "attachAlgoOrds": [], "ccy": "", "isTpLimit": "false",
        "linkedAlgoOrd": { "algoId": "" }, "quickMgnType": "", "slOrdPx": "", "slTriggerPx": "",
        "slTriggerPxType": "", "stpId": "", "stpMode": "cancel_maker", "tpOrdPx": "", "tpTriggerPx": "",
        "tpTriggerPxType": "", "cTime": order.created.to_string(), "uTime": order.updated.to_string(),
    })
}

pub(super) fn fill(fill: &Fill) -> Value {
    json!({
        "instType": kind(&fill.instrument), "instId": fill.instrument.symbol, "tradeId": fill.id.to_string(),
        "ordId": fill.order_id.to_string(), "clOrdId": fill.client_id, "billId": fill.id.to_string(), "subType": "",
        "tag": fill.tag, "fillPx": plain(fill.price), "fillSz": plain(fill.qty), "fillIdxPx": plain(fill.price),
        "fillPnl": plain(fill.realized), "fillPxVol": "", "fillPxUsd": "", "fillMarkVol": "", "fillFwdPx": "",
        "fillMarkPx": plain(fill.price), "side": fill.side.name(), "posSide": leg(&fill.instrument, fill.leg),
        "execType": if fill.maker { "M" } else { "T" }, "feeCcy": fill.fee_asset, "fee": plain(-fill.fee),
        "feeRate": plain(-fill.instrument.fee_rate(fill.maker)), "ts": fill.time.to_string(),
        "fillTime": fill.time.to_string(),
    })
}
