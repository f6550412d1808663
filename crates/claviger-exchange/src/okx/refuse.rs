//! Refusals in the exchange's own format, with the codes that stock clients raise as the right error.

use claviger_core::{Act, Deed, DenialClass, Intent, Order, OrderRef, Step, Time};

use super::claim::iso;
use crate::HttpAnswer;
use crate::json::quote;

pub(super) fn refuse(class: DenialClass, message: &str, intent: Option<&Intent>) -> HttpAnswer {
    let message = format!("claviger: {message}");
    match class {
        DenialClass::Permission => answer(200, "50027", &message),
        DenialClass::Order => order(&message, intent),
        DenialClass::Budget { refills } => order(&(message + &again(refills)), intent),
        DenialClass::Request => answer(400, "51000", &message),
        DenialClass::Stale => answer(401, "50102", &message),
        DenialClass::Signature => answer(401, "50113", &message),
        DenialClass::UnknownKey => answer(401, "50111", &message),
        DenialClass::Throttled => answer(429, "50011", &message),
        DenialClass::Unavailable => answer(503, "50001", &message),
        DenialClass::Uncertain => answer(400, "50004", &message),
    }
}

/// A refusal of a list for the sake of one item: that one is told why, the others that nothing was sent.
pub(super) fn refuse_step(class: DenialClass, message: &str, intent: &Intent, step: usize) -> HttpAnswer {
    let why = match class {
        DenialClass::Order => format!("claviger: {message}"),
        DenialClass::Budget { refills } => format!("claviger: {message}{}", again(refills)),
        _ => return refuse(class, &format!("item {}: {message}", step.saturating_add(1)), Some(intent)),
    };
    let Act::Steps(steps) = &intent.act else { return order(&why, Some(intent)) };
    let others = format!("claviger: nothing was sent, because item {} was refused", step.saturating_add(1));
    let item = |(n, one): (usize, &Step)| step_item(&one.deed, if n == step { &why } else { &others });
    failed(&steps.steps.iter().enumerate().map(item).collect::<Vec<_>>())
}

fn again(refills: Option<Time>) -> String {
    let at = refills.and_then(|time| iso(time.millis()));
    at.map(|at| format!(", could pass at {at}")).unwrap_or_default()
}

/// Orders that were not accepted, as the exchange says it: one item of a list for each of the request.
fn order(message: &str, intent: Option<&Intent>) -> HttpAnswer {
    let Some(items) = intent.and_then(|intent| items(&intent.act, message)) else {
        return answer(200, "51020", message);
    };
    failed(&items)
}

fn failed(items: &[String]) -> HttpAnswer {
    let items = items.join(",");
    body(200, format!(r#"{{"code":"1","data":[{items}],"msg":"All operations failed"}}"#))
}

/// The items of an act on orders; `None` for other acts.
fn items(act: &Act, message: &str) -> Option<Vec<String>> {
    match act {
        Act::Place(order) | Act::Test(order) => Some(vec![placed(order, message)]),
        Act::Amend(amendment) => Some(vec![named(&amendment.order, message)]),
        Act::Cancel(cancel) => Some(vec![named(&cancel.order, message)]),
        Act::Steps(steps) => Some(steps.steps.iter().map(|step| step_item(&step.deed, message)).collect()),
        Act::Read
        | Act::ClosePosition { .. }
        | Act::Countdown { .. }
        | Act::Special(_)
        | Act::CancelAll { .. }
        | Act::SetLeverage { .. }
        | Act::SetMarginMode { .. }
        | Act::Transfer(_)
        | Act::Withdraw(_)
        | Act::Change => None,
    }
}

fn step_item(deed: &Deed, message: &str) -> String {
    match deed {
        Deed::Place(order) => placed(order, message),
        Deed::Amend(amendment) => named(&amendment.order, message),
        Deed::Cancel(cancel) => named(&cancel.order, message),
    }
}

fn placed(order: &Order, message: &str) -> String {
    item(order.more.algo, "", order.client_id.as_ref().map_or("", |id| id.as_str()), message)
}

fn named(order: &OrderRef, message: &str) -> String {
    match order {
        OrderRef::Exchange(id) => item(false, id, "", message),
        OrderRef::Client(id) => item(false, "", id.as_str(), message),
        OrderRef::Algo(id) => item(true, id, "", message),
        OrderRef::AlgoClient(id) => item(true, "", id.as_str(), message),
        OrderRef::List(_) | OrderRef::ListClient(_) => item(false, "", "", message),
    }
}

fn item(algo: bool, id: &str, client_id: &str, message: &str) -> String {
    let (id, client_id, message) = (quote(id), quote(client_id), quote(message));
    let ids = if algo {
        format!(r#""algoClOrdId":{client_id},"algoId":{id},"clOrdId":"""#)
    } else {
        format!(r#""clOrdId":{client_id},"ordId":{id}"#)
    };
    format!(r#"{{{ids},"sCode":"51020","sMsg":{message},"tag":""}}"#)
}

fn answer(status: u16, code: &str, message: &str) -> HttpAnswer {
    body(status, format!(r#"{{"code":{},"data":[],"msg":{}}}"#, quote(code), quote(message)))
}

fn body(status: u16, text: String) -> HttpAnswer {
    HttpAnswer {
        status,
        headers: vec![("Content-Type".into(), "application/json".into())],
        body: text.into_bytes().into(),
    }
}
