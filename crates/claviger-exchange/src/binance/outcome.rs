//! What an answer says of a state-changing request: done, certainly not done, or nobody knows.
//!
//! Only what Binance documents as a rejection counts as not done; everything else is unknown.

use claviger_core::{Act, Execution, Intent, OrderRef, OrderState, Outcome, Resting, Symbol, Value};

use crate::json::{self, Bounds, Json};

pub(super) fn outcome(intent: &Intent, status: u16, body: &[u8]) -> Outcome {
    let Ok(json) = json::parse(body, Bounds::SMALL) else {
        return unknown(format!("HTTP {status} with a body that is not whole JSON"));
    };
    match status {
        200..=299 => executed(&intent.act, &json),
        400..=499 => refused(&intent.act, status, &json),
        _ => unknown(format!("HTTP {status}")),
    }
}

fn unknown(why: impl Into<Box<str>>) -> Outcome {
    Outcome::Unknown { why: why.into() }
}

fn executed(act: &Act, json: &Json<'_>) -> Outcome {
    let done = |fits: bool, order| match fits {
        true => Outcome::Executed(Execution { order, also: Vec::new() }),
        false => unknown("an answer without the marks of success"),
    };
    match act {
        Act::Place(order) => placed(order, json),
        Act::Amend(amendment) => touched(&amendment.symbol, &amendment.order, "clientOrderId", json),
        Act::Cancel(cancel) => touched(&cancel.symbol, &cancel.order, "origClientOrderId", json),
        Act::CancelAll { .. } | Act::SetMarginMode { .. } => {
            done(json.items().is_some() || says_success(json), None)
        }
        Act::SetLeverage { .. } => done(json.get("leverage").is_some(), None),
        Act::Steps(_) | Act::ClosePosition { .. } | Act::Countdown { .. } | Act::Special(_) => {
            unknown("such an answer is not read yet")
        }
        Act::Transfer(_) => done(json.get("tranId").is_some(), None),
        Act::Withdraw(_) => done(json.get("id").is_some(), None),
        Act::Read | Act::Test(_) | Act::Change => {
            done(json.get("code").is_none() || says_success(json), None)
        }
    }
}

fn says_success(json: &Json<'_>) -> bool {
    json.get("code").and_then(Json::whole) == Some(200)
}

fn placed(order: &claviger_core::Order, json: &Json<'_>) -> Outcome {
    let Some(state) = state(json, "clientOrderId") else {
        return unknown("an answer without an order");
    };
    let ours = order.client_id.is_none() || order.client_id == state.client_id;
    if !ours || !is_of(&order.symbol, json) {
        return unknown("an answer about another order");
    }
    Outcome::Executed(Execution { order: Some(state), also: Vec::new() })
}

/// An order that was amended or cancelled. On spot, `clientOrderId` in a cancel's answer is the cancel's own, and
/// `origClientOrderId` the order's; futures tell the order's as `clientOrderId`.
fn touched(symbol: &Symbol, order: &OrderRef, client_name: &str, json: &Json<'_>) -> Outcome {
    let name = if json.get(client_name).is_some() { client_name } else { "clientOrderId" };
    match state(json, name) {
        Some(state) if is_of(symbol, json) && names(order, &state) => {
            Outcome::Executed(Execution { order: Some(state), also: Vec::new() })
        }
        Some(_) => unknown("an answer about another order"),
        None => unknown("an answer without an order"),
    }
}

fn names(order: &OrderRef, state: &OrderState) -> bool {
    match order {
        OrderRef::Exchange(id) => *id == state.id,
        OrderRef::Client(id) => state.client_id.as_ref() == Some(id),
        OrderRef::Algo(_) | OrderRef::AlgoClient(_) | OrderRef::List(_) | OrderRef::ListClient(_) => false,
    }
}

fn is_of(symbol: &Symbol, json: &Json<'_>) -> bool {
    json.get("symbol").and_then(Json::text) == Some(symbol.as_str())
}

/// An order in an answer; `None` where it is none.
fn state(json: &Json<'_>, client_name: &str) -> Option<OrderState> {
    let id = json.get("orderId").filter(|id| matches!(id, Json::Number(_)))?.scalar()?;
    if !id.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let filled = json.get("executedQty").and_then(Json::text).map(|text| text.parse().ok());
    let resting = json.get("status").and_then(Json::text).map_or(Resting::Untold, resting);
    Some(OrderState {
        id: id.into(),
        client_id: json.get(client_name).and_then(Json::text).and_then(|text| text.parse().ok()),
        filled: filled.flatten(),
        resting,
        ..OrderState::default()
    })
}

fn resting(status: &str) -> Resting {
    match status {
        "NEW" | "PARTIALLY_FILLED" | "PENDING_NEW" | "PENDING_CANCEL" => Resting::Open,
        "FILLED" | "CANCELED" | "REJECTED" | "EXPIRED" | "EXPIRED_IN_MATCH" => Resting::Done,
        _ => Resting::Untold,
    }
}

fn refused(act: &Act, status: u16, json: &Json<'_>) -> Outcome {
    match json.get("code").and_then(Json::whole) {
        Some(code) if is_certain(act, code) => Outcome::NotExecuted { code: code.to_string().into() },
        Some(code) => {
            unknown(format!("HTTP {status} with code {code}, which is not known as a certain refusal"))
        }
        None => unknown(format!("HTTP {status} without a code")),
    }
}

/// Whether Binance documents the code as refused before anything was done.
///
/// Left out on purpose: -1000, -1001, -1006, -1007, -1008 (the state is not told), -2012 (a batch done in part).
fn is_certain(act: &Act, code: i64) -> bool {
    match code {
        // Not permitted, too many requests, malformed, unsupported, clock, signature.
        -1002 | -1003 | -1016..=-1013 | -1022..=-1020 | -1034 | -1099 => true,
        // The request's own mistakes: missing, superfluous, malformed parameters.
        -1199..=-1100 => true,
        // Order and cancel rejections, unknown orders, bad keys, balance, margin and position checks.
        -2011..=-2010 | -2028..=-2013 | -2039..=-2038 => true,
        // Futures: filters, order and leverage checks; FOK and post-only orders that could not be.
        -4499..=-4000 | -5022..=-5021 | -5029..=-5024 | -5041..=-5037 => is_futures(act),
        _ => false,
    }
}

const fn is_futures(act: &Act) -> bool {
    match act {
        Act::Place(_)
        | Act::Amend(_)
        | Act::Cancel(_)
        | Act::Steps(_)
        | Act::ClosePosition { .. }
        | Act::Countdown { .. }
        | Act::CancelAll { .. }
        | Act::SetLeverage { .. }
        | Act::SetMarginMode { .. } => true,
        Act::Read | Act::Test(_) | Act::Transfer(_) | Act::Withdraw(_) | Act::Special(_) | Act::Change => {
            false
        }
    }
}

/// -2013: the order does not exist.
pub(super) fn order_absent(status: u16, body: &[u8]) -> bool {
    let json = json::parse(body, Bounds::SMALL).ok().filter(|_| status == 400);
    json.is_some_and(|json| json.get("code").and_then(Json::whole) == Some(-2013))
}

pub(super) fn order_status(intent: &Intent, status: u16, body: &[u8]) -> Option<OrderState> {
    let json = json::parse(body, Bounds::SMALL).ok().filter(|_| (200..300).contains(&status))?;
    let asked = |name: &str, told: &str| {
        let value = intent.params.iter().find(|param| *param.name == *name).map(|param| &param.value);
        let Some(Value::Text(wanted)) = value else { return true };
        json.get(told).and_then(Json::scalar) == Some(wanted)
    };
    let same = asked("symbol", "symbol")
        && asked("orderId", "orderId")
        && asked("origClientOrderId", "clientOrderId");
    state(&json, "clientOrderId").filter(|_| same)
}
