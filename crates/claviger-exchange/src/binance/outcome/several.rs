//! Answers about several orders.

use claviger_core::{
    Act, Cancel, Deed, Execution, How, Order, OrderRef, OrderState, Outcome, Resting, Step, Steps, Symbol,
};

use super::{executed as executed_one, is_certain, is_of, state, unknown};
use crate::json::Json;

/// What became of each step, where the answer has the marks of success.
pub(super) fn executed(steps: &Steps, json: &Json<'_>) -> Outcome {
    match steps.how {
        How::Batch => batch(&steps.steps, json),
        How::Replace { .. } => replaced(steps, json),
        How::OneOf | How::Then | How::ThenOneOf => listed(steps, json),
    }
}

/// One item of the answer for each of the request, in its order: an order, or why not.
fn batch(steps: &[Step], json: &Json<'_>) -> Outcome {
    match json.items() {
        Some(items) if items.len() == steps.len() => {
            Outcome::Each(steps.iter().zip(items).map(|(step, item)| one(step, item)).collect())
        }
        _ => unknown("an answer that does not fit the batch"),
    }
}

fn one(step: &Step, json: &Json<'_>) -> Outcome {
    let act = step.deed.clone().into_act();
    match json.get("code").and_then(Json::whole) {
        Some(code) if code < 0 => failed(&act, code),
        _ => executed_one(&act, json),
    }
}

fn failed(act: &Act, code: i64) -> Outcome {
    if is_certain(act, code) {
        Outcome::NotExecuted { code: code.to_string().into() }
    } else {
        unknown(format!("a step with code {code}, which is not known as a certain refusal"))
    }
}

/// A cancel-replace tells of both halves, also where one failed.
pub(super) fn replaced(steps: &Steps, json: &Json<'_>) -> Outcome {
    let (How::Replace { .. }, [cancel, place]) = (steps.how, &*steps.steps) else {
        return unknown("an answer that does not fit the request");
    };
    let half = |step: &Step, result: &str, response: &str| {
        let told = json.get(response);
        match (json.get(result).and_then(Json::text), told) {
            (Some("SUCCESS"), Some(told)) => executed_one(&step.deed.clone().into_act(), told),
            (Some("FAILURE"), Some(told)) => one(step, told),
            (Some("NOT_ATTEMPTED"), _) => Outcome::NotExecuted { code: "NOT_ATTEMPTED".into() },
            _ => unknown("an answer without the marks of a cancel-replace"),
        }
    };
    let cancelled = half(cancel, "cancelResult", "cancelResponse");
    let placed = half(place, "newOrderResult", "newOrderResponse");
    Outcome::Each(vec![cancelled, placed])
}

/// A list that was placed: its orders are found by the client's ids.
fn listed(steps: &Steps, json: &Json<'_>) -> Outcome {
    let named = json.get("listClientOrderId").and_then(Json::text);
    let ours = steps.client_id.as_ref().is_none_or(|id| named == Some(id.as_str()));
    let told = reports(None, json);
    if !ours || json.get("orderListId").is_none() || told.len() != steps.steps.len() {
        return unknown("an answer without the list");
    }
    let find = |step: &Step| match &step.deed {
        Deed::Place(order) => leg(order, &told, json),
        Deed::Amend(_) | Deed::Cancel(_) => unknown("an answer that does not fit the request"),
    };
    Outcome::Each(steps.steps.iter().map(find).collect())
}

fn leg(order: &Order, told: &[OrderState], json: &Json<'_>) -> Outcome {
    if !is_of(&order.symbol, json) {
        return unknown("an answer about another instrument");
    }
    match &order.client_id {
        // Nobody can tell which of them it is.
        None => Outcome::Executed(Execution::default()),
        Some(id) => match told.iter().find(|state| state.client_id.as_ref() == Some(id)) {
            Some(state) => Outcome::Executed(Execution { order: Some(state.clone()), also: Vec::new() }),
            None => unknown("an answer about another order"),
        },
    }
}

/// A list that was cancelled, with each of its orders.
pub(super) fn list_cancelled(cancel: &Cancel, json: &Json<'_>) -> Outcome {
    let ours = match &cancel.order {
        OrderRef::List(id) => json.get("orderListId").and_then(Json::scalar) == Some(id),
        OrderRef::ListClient(id) => json.get("listClientOrderId").and_then(Json::text) == Some(id.as_str()),
        OrderRef::Exchange(_) | OrderRef::Client(_) | OrderRef::Algo(_) | OrderRef::AlgoClient(_) => false,
    };
    let also = reports(Some(&cancel.symbol), json);
    if !ours || !is_of(&cancel.symbol, json) || also.is_empty() {
        return unknown("an answer about another list");
    }
    Outcome::Executed(Execution { order: None, also })
}

/// Every order of the instrument that an answer reports: those of a list, or all that were cancelled, lists among them.
pub(super) fn reports(symbol: Option<&Symbol>, json: &Json<'_>) -> Vec<OrderState> {
    match (json.items(), json.get("orderReports").and_then(Json::items)) {
        (Some(items), _) | (None, Some(items)) => {
            items.iter().flat_map(|item| reports(symbol, item)).collect()
        }
        (None, None) if symbol.is_some_and(|symbol| !is_of(symbol, json)) => Vec::new(),
        (None, None) => report(json).into_iter().collect(),
    }
}

/// A cancelled order tells its own name as `origClientOrderId`, beside that of the cancel.
fn report(json: &Json<'_>) -> Option<OrderState> {
    let name = if json.get("origClientOrderId").is_some() { "origClientOrderId" } else { "clientOrderId" };
    state(json, name).map(|state| match json.get("status") {
        Some(_) => state,
        None => OrderState { resting: Resting::Untold, ..state },
    })
}
