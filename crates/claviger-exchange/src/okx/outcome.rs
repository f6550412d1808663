//! What answers say became of a request. What they do not say for certain is unknown.

use claviger_core::{
    Act, ClientOrderId, Deed, Execution, Intent, OrderRef, OrderState, Outcome, Param, Resting, Step, Value,
};

use super::answer::{Answer, text};
use super::codes::rejects;
use crate::json::{Bounds, Json};

mod algo;

pub(super) fn outcome(intent: &Intent, status: u16, body: &[u8]) -> Outcome {
    let Some(answer) =
        Answer::of(body, Bounds::SMALL).filter(|_| status == 200 || (400..500).contains(&status))
    else {
        return unknown(format!("the exchange answered {status} without a readable answer"));
    };
    if let (Act::Steps(steps), "0" | "1" | "2") = (&intent.act, answer.code())
        && !answer.data().is_empty()
    {
        return each(&steps.steps, &answer);
    }
    match answer.code() {
        "0" if status == 200 => match executed(&intent.act, &answer) {
            Some(execution) => Outcome::Executed(execution),
            None => unknown("the answer does not fit the request"),
        },
        "1" => match answer.only().and_then(|item| text(item, "sCode")) {
            Some(code) => failed(code),
            None => unknown("the exchange says that it failed, and not why"),
        },
        code if rejects(code) && answer.data().is_empty() => Outcome::NotExecuted { code: code.into() },
        code => unknown(format!("code {} leaves open whether it was done", cut(code))),
    }
}

/// One item of the answer for each of the request, in its order; some may be done and others not, whatever the code.
fn each(steps: &[Step], answer: &Answer<'_>) -> Outcome {
    if answer.data().len() != steps.len() {
        return unknown("the answer does not fit the steps of the request");
    }
    let one = |(step, item): (&Step, &Json<'_>)| match text(item, "sCode") {
        Some("0") => match accepted_of(&step.deed, item) {
            Some(execution) => Outcome::Executed(execution),
            None => unknown("the answer does not fit the step"),
        },
        Some(code) => failed(code),
        None => unknown("the exchange does not say what became of the step"),
    };
    Outcome::Each(steps.iter().zip(answer.data()).map(one).collect())
}

fn failed(code: &str) -> Outcome {
    if rejects(code) {
        Outcome::NotExecuted { code: code.into() }
    } else {
        unknown(format!("code {} leaves open whether it was done", cut(code)))
    }
}

/// What was done; `None` where the answer is not to this request.
fn executed(act: &Act, answer: &Answer<'_>) -> Option<Execution> {
    match act {
        Act::Place(order) => accepted_of(&Deed::Place(order.clone()), answer.only()?),
        Act::Amend(amendment) => accepted_of(&Deed::Amend(amendment.clone()), answer.only()?),
        Act::Cancel(cancel) => accepted_of(&Deed::Cancel(cancel.clone()), answer.only()?),
        Act::Transfer(_) => text(answer.only()?, "transId").map(|_| Execution::default()),
        Act::Withdraw(_) => {
            let item = answer.only()?;
            text(item, "wdId").or_else(|| text(item, "ordId")).map(|_| Execution::default())
        }
        Act::ClosePosition { symbol, .. } => {
            let here = text(answer.only()?, "instId") == Some(symbol.as_str());
            here.then(Execution::default)
        }
        Act::Countdown { .. } => text(answer.only()?, "triggerTime").map(|_| Execution::default()),
        Act::CancelAll { .. } => {
            (answer.only()?.get("result") == Some(&Json::Flag(true))).then(Execution::default)
        }
        Act::Special(_) | Act::Change => every_item(answer).then(Execution::default),
        Act::Read | Act::Test(_) | Act::SetLeverage { .. } => Some(Execution::default()),
        Act::SetMarginMode { .. } | Act::Steps(_) => None,
    }
}

/// Whether no item says that it failed.
fn every_item(answer: &Answer<'_>) -> bool {
    answer.data().iter().all(|item| text(item, "sCode").is_none_or(|code| code == "0"))
}

/// The order of an item that says success; `None` where it is another one than the step's.
fn accepted_of(deed: &Deed, item: &Json<'_>) -> Option<Execution> {
    match deed {
        Deed::Place(order) => accepted(item, order.more.algo, None, order.client_id.as_ref()),
        Deed::Amend(amendment) => touched(item, &amendment.order),
        Deed::Cancel(cancel) => touched(item, &cancel.order),
    }
}

fn touched(item: &Json<'_>, order: &OrderRef) -> Option<Execution> {
    match order {
        OrderRef::Exchange(id) => accepted(item, false, Some(id), None),
        OrderRef::Client(id) => accepted(item, false, None, Some(id)),
        OrderRef::Algo(id) => accepted(item, true, Some(id), None),
        OrderRef::AlgoClient(id) => accepted(item, true, None, Some(id)),
        OrderRef::List(_) | OrderRef::ListClient(_) => None,
    }
}

/// An order that the exchange accepted, or accepted to change or cancel: that is done later, so nothing is told of how
/// it stands.
fn accepted(
    item: &Json<'_>,
    algo: bool,
    id: Option<&str>,
    client_id: Option<&ClientOrderId>,
) -> Option<Execution> {
    if text(item, "sCode") != Some("0") {
        return None;
    }
    let found = order_id(item, if algo { "algoId" } else { "ordId" })?;
    let named = text(item, if algo { "algoClOrdId" } else { "clOrdId" });
    let other = id.is_some_and(|id| id != found)
        || client_id.is_some_and(|id| named.is_some_and(|named| named != id.as_str()));
    let state = OrderState {
        id: found.into(),
        client_id: named.and_then(|n| n.parse().ok()),
        filled: None,
        algo,
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
    if !["instId", "ordId", "clOrdId", "algoId", "algoClOrdId"].into_iter().all(asked) {
        return None;
    }
    if *intent.endpoint.path == *algo::PATH {
        return algo::status(item);
    }
    let resting = match text(item, "state")? {
        "live" | "partially_filled" => Resting::Open,
        "filled" | "canceled" | "mmp_canceled" => Resting::Done,
        _ => return None,
    };
    Some(OrderState {
        id: order_id(item, "ordId")?.into(),
        client_id: text(item, "clOrdId").and_then(|id| id.parse().ok()),
        filled: Some(text(item, "accFillSz")?.parse().ok()?),
        resting,
        size: text(item, "sz").and_then(|size| size.parse().ok()),
        price: text(item, "px").and_then(|price| price.parse().ok()),
        ..OrderState::default()
    })
}

/// 51603: the order does not exist.
pub(super) fn order_absent(status: u16, body: &[u8]) -> bool {
    status == 200 && Answer::of(body, Bounds::SMALL).is_some_and(|answer| answer.code() == "51603")
}

fn order_id<'j>(item: &'j Json<'_>, name: &str) -> Option<&'j str> {
    text(item, name).filter(|id| is_id(id))
}

fn is_id(id: &str) -> bool {
    id.len() <= 40 && id.bytes().all(|b| b.is_ascii_digit())
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
