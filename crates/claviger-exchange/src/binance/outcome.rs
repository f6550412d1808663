//! What an answer says of a state-changing request: done, certainly not done, or nobody knows.
//!
//! Only what Binance documents as a rejection counts as not done; everything else is unknown.

mod several;

use claviger_core::{
    Act, Amendment, Cancel, Decimal, Execution, Intent, OrderRef, OrderState, Outcome, Resting, Symbol, Value,
};

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
        Act::Amend(amendment) => amended(amendment, json),
        Act::Cancel(cancel) => cancelled(cancel, json),
        Act::Steps(steps) => several::executed(steps, json),
        Act::CancelAll { symbol, .. } if json.items().is_some() => {
            Outcome::Executed(Execution { order: None, also: several::reports(symbol.as_ref(), json) })
        }
        Act::CancelAll { market: claviger_core::Market::Option, .. } => {
            done(json.get("code").and_then(Json::scalar) == Some("0"), None)
        }
        Act::CancelAll { .. } | Act::SetMarginMode { .. } => {
            done(json.items().is_some() || says_success(json), None)
        }
        Act::Countdown { ms: Some(_), .. } => done(json.get("countdownTime").is_some(), None),
        Act::Countdown { ms: None, .. } => done(json.get("underlyings").is_some(), None),
        Act::SetLeverage { .. } => done(json.get("leverage").is_some(), None),
        Act::ClosePosition { .. } => unknown("Binance has no such call"),
        Act::Transfer(_) => done(json.get("tranId").or(json.get("txnId")).is_some(), None),
        Act::Withdraw(_) => done(json.get("id").is_some(), None),
        Act::Read | Act::Test(_) | Act::Special(_) | Act::Change => {
            done(json.get("code").is_none() || says_success(json), None)
        }
    }
}

/// Algo orders are cancelled with the code as a text.
fn says_success(json: &Json<'_>) -> bool {
    json.get("code").and_then(Json::scalar) == Some("200")
}

fn placed(order: &claviger_core::Order, json: &Json<'_>) -> Outcome {
    let state = if order.more.algo { algo_state(json) } else { state(json, "clientOrderId") };
    let Some(state) = state else {
        return unknown("an answer without an order");
    };
    let ours = order.client_id.is_none() || order.client_id == state.client_id;
    if !ours || !is_of(&order.symbol, json) {
        return unknown("an answer about another order");
    }
    Outcome::Executed(Execution { order: Some(state), also: Vec::new() })
}

/// What keeps its place in the book is told beside its list.
fn amended(amendment: &Amendment, json: &Json<'_>) -> Outcome {
    let Amendment { symbol, order, more, .. } = amendment;
    match json.get("amendedOrder") {
        Some(json) if more.keeps_priority => touched(symbol, order, "origClientOrderId", json),
        _ => touched(symbol, order, "clientOrderId", json),
    }
}

fn cancelled(cancel: &Cancel, json: &Json<'_>) -> Outcome {
    match &cancel.order {
        OrderRef::Exchange(_) | OrderRef::Client(_) => {
            touched(&cancel.symbol, &cancel.order, "origClientOrderId", json)
        }
        // The answer need not name the symbol.
        OrderRef::Algo(_) | OrderRef::AlgoClient(_) => match algo_state(json) {
            Some(state) if names(&cancel.order, &state) => {
                // What it became goes on.
                let resting = if state.became.is_some() { Resting::Untold } else { Resting::Done };
                let state = OrderState { resting, ..state };
                Outcome::Executed(Execution { order: Some(state), also: Vec::new() })
            }
            _ => unknown("an answer about another order"),
        },
        OrderRef::List(_) | OrderRef::ListClient(_) => several::list_cancelled(cancel, json),
    }
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
        OrderRef::Algo(id) => state.algo && *id == state.id,
        OrderRef::AlgoClient(id) => state.algo && state.client_id.as_ref() == Some(id),
        OrderRef::List(_) | OrderRef::ListClient(_) => false,
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
    let resting = text(json, "status").map_or(Resting::Untold, resting);
    Some(OrderState {
        id: id.into(),
        client_id: text(json, client_name).and_then(|text| text.parse().ok()),
        filled: text(json, "executedQty").and_then(|text| text.parse().ok()),
        resting,
        size: ["origQty", "qty", "quantity"].into_iter().find_map(|name| positive(json, name)),
        price: positive(json, "price"),
        list: list_id(json),
        ..OrderState::default()
    })
}

fn text<'j>(json: &'j Json<'_>, name: &str) -> Option<&'j str> {
    json.get(name).and_then(Json::text)
}

fn positive(json: &Json<'_>, name: &str) -> Option<Decimal> {
    let number: Decimal = text(json, name)?.parse().ok()?;
    (!number.is_zero()).then_some(number)
}

/// The list that an order belongs to; -1 is none.
fn list_id(json: &Json<'_>) -> Option<Box<str>> {
    let id = json.get("orderListId").filter(|id| matches!(id, Json::Number(_)))?.scalar()?;
    id.bytes().all(|b| b.is_ascii_digit()).then(|| id.into())
}

/// An order that the exchange keeps among its algo orders, in the words of USDⓈ-M or of portfolio margin.
fn algo_state(json: &Json<'_>) -> Option<OrderState> {
    let id = json.get("algoId").or_else(|| json.get("strategyId"));
    let id = id.filter(|id| matches!(id, Json::Number(_)))?.scalar()?;
    if !id.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let client_id = text(json, "clientAlgoId").or_else(|| text(json, "newClientStrategyId"));
    let became = json.get("actualOrderId").and_then(Json::scalar);
    let became = became.filter(|id| id.bytes().all(|b| b.is_ascii_digit()) && !id.is_empty() && *id != "0");
    let status = text(json, "algoStatus").or_else(|| text(json, "strategyStatus"));
    let resting = match (status.map_or(Resting::Untold, algo_resting), became) {
        (Resting::Done, Some(_)) => Resting::Untold,
        (resting, _) => resting,
    };
    Some(OrderState {
        id: id.into(),
        client_id: client_id.and_then(|text| text.parse().ok()),
        resting,
        size: positive(json, "quantity").or_else(|| positive(json, "origQty")),
        price: positive(json, "price"),
        algo: true,
        became: became.map(Into::into),
        ..OrderState::default()
    })
}

fn algo_resting(status: &str) -> Resting {
    match status {
        "NEW" => Resting::Open,
        "CANCELED" | "REJECTED" | "EXPIRED" => Resting::Done,
        // It has woken: what it became goes on.
        _ => Resting::Untold,
    }
}

fn resting(status: &str) -> Resting {
    match status {
        "NEW" | "PARTIALLY_FILLED" | "PENDING_NEW" | "PENDING_CANCEL" | "ACCEPTED" => Resting::Open,
        "FILLED" | "CANCELED" | "CANCELLED" | "REJECTED" | "EXPIRED" | "EXPIRED_IN_MATCH" => Resting::Done,
        _ => Resting::Untold,
    }
}

fn refused(act: &Act, status: u16, json: &Json<'_>) -> Outcome {
    if let (Act::Steps(steps), Some(data)) = (act, json.get("data")) {
        return several::replaced(steps, data);
    }
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
/// Left out on purpose: -1000, -1001, -1006, -1007, -1008 (the state is not told), -2012 (a batch done in part), and for
/// several steps -2021 and -2022 (a cancel-replace done in part).
fn is_certain(act: &Act, code: i64) -> bool {
    match code {
        -2022..=-2021 if matches!(act, Act::Steps(_)) => false,
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
        && asked("origClientOrderId", "clientOrderId")
        && asked("clientOrderId", "clientOrderId")
        && asked("algoId", "algoId")
        && asked("clientAlgoId", "clientAlgoId");
    let algo = json.get("algoId").is_some();
    let state = if algo { algo_state(&json) } else { state(&json, "clientOrderId") };
    state.filter(|_| same)
}
