//! What answers say became of a request. What they do not say for certain is unknown.

use claviger_core::{
    Act, ClientOrderId, Execution, Intent, OrderRef, OrderState, Outcome, Param, Resting, Value,
};

use super::answer::{Answer, text};
use super::codes::rejects;
use crate::json::{Bounds, Json};

pub(super) fn outcome(intent: &Intent, status: u16, body: &[u8]) -> Outcome {
    let Some(answer) =
        Answer::of(body, Bounds::SMALL).filter(|_| status == 200 || (400..500).contains(&status))
    else {
        return unknown(format!("the exchange answered {status} without a readable answer"));
    };
    match answer.code() {
        "0" if status == 200 => match executed(intent, &answer) {
            Some(execution) => Outcome::Executed(execution),
            None => unknown("the answer does not fit the request"),
        },
        "1" => match answer.only().and_then(|item| text(item, "sCode")) {
            Some(code) if rejects(code) => Outcome::NotExecuted { code: code.into() },
            Some(code) => unknown(format!("code {code} leaves open whether it was done")),
            None => unknown("the exchange says that it failed, and not why"),
        },
        code if rejects(code) && answer.data().is_empty() => Outcome::NotExecuted { code: code.into() },
        code => unknown(format!("code {} leaves open whether it was done", cut(code))),
    }
}

/// What was done; `None` where the answer is not to this request.
fn executed(intent: &Intent, answer: &Answer<'_>) -> Option<Execution> {
    match &intent.act {
        Act::Place(order) => accepted(answer.only()?, None, order.client_id.as_ref()),
        Act::Amend(amendment) => touched(answer.only()?, &amendment.order),
        Act::Cancel(cancel) => touched(answer.only()?, &cancel.order),
        Act::Transfer(_) => text(answer.only()?, "transId").map(|_| Execution::default()),
        Act::Withdraw(_) => {
            let item = answer.only()?;
            text(item, "wdId").or_else(|| text(item, "ordId")).map(|_| Execution::default())
        }
        Act::Read | Act::Test(_) | Act::SetLeverage { .. } | Act::Change => Some(Execution::default()),
        Act::CancelAll { .. }
        | Act::SetMarginMode { .. }
        | Act::Steps(_)
        | Act::ClosePosition { .. }
        | Act::Countdown { .. }
        | Act::Special(_) => None,
    }
}

fn touched(item: &Json<'_>, order: &OrderRef) -> Option<Execution> {
    match order {
        OrderRef::Exchange(id) => accepted(item, Some(id), None),
        OrderRef::Client(id) => accepted(item, None, Some(id)),
        OrderRef::Algo(_) | OrderRef::AlgoClient(_) | OrderRef::List(_) | OrderRef::ListClient(_) => None,
    }
}

/// An order that the exchange accepted, or accepted to change or cancel: that is done later, so nothing is told of how
/// it stands.
fn accepted(item: &Json<'_>, id: Option<&str>, client_id: Option<&ClientOrderId>) -> Option<Execution> {
    if text(item, "sCode") != Some("0") {
        return None;
    }
    let found = order_id(item)?;
    let named = text(item, "clOrdId");
    let other = id.is_some_and(|id| id != found)
        || client_id.is_some_and(|id| named.is_some_and(|named| named != id.as_str()));
    let state = OrderState {
        id: found.into(),
        client_id: named.and_then(|n| n.parse().ok()),
        filled: None,
        ..OrderState::default()
    };
    (!other).then_some(Execution { order: Some(state), also: Vec::new() })
}

pub(super) fn order_status(intent: &Intent, status: u16, body: &[u8]) -> Option<OrderState> {
    if status != 200 {
        return None;
    }
    let answer = Answer::good(body, Bounds::SMALL)?;
    let item = answer.only()?;
    let asked = |name| param(intent, name).is_none_or(|want| text(item, name) == Some(want));
    if !(asked("instId") && asked("ordId") && asked("clOrdId")) {
        return None;
    }
    let resting = match text(item, "state")? {
        "live" | "partially_filled" => Resting::Open,
        "filled" | "canceled" | "mmp_canceled" => Resting::Done,
        _ => return None,
    };
    Some(OrderState {
        id: order_id(item)?.into(),
        client_id: text(item, "clOrdId").and_then(|id| id.parse().ok()),
        filled: Some(text(item, "accFillSz")?.parse().ok()?),
        resting,
        ..OrderState::default()
    })
}

/// 51603: the order does not exist.
pub(super) fn order_absent(status: u16, body: &[u8]) -> bool {
    status == 200 && Answer::of(body, Bounds::SMALL).is_some_and(|answer| answer.code() == "51603")
}

fn order_id<'j>(item: &'j Json<'_>) -> Option<&'j str> {
    text(item, "ordId").filter(|id| id.len() <= 40 && id.bytes().all(|b| b.is_ascii_digit()))
}

fn param<'i>(intent: &'i Intent, name: &str) -> Option<&'i str> {
    let Param { value, .. } = intent.params.iter().find(|p| *p.name == *name)?;
    if let Value::Text(text) = value { Some(text) } else { None }
}

fn unknown(why: impl Into<Box<str>>) -> Outcome {
    Outcome::Unknown { why: why.into() }
}

fn cut(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).take(16).collect()
}
