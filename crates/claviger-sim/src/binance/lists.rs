//! Order lists: OCO, OTO and OTOCO, on spot and margin.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Call;
use super::errors::{Refusal, UNKNOWN_ORDER};
use super::orders::{Answer, client_id, draft};
use super::render::{cancelled, placed};
use crate::engine::{NewOrder, Order, OrderList};

/// The members of one leg, as they are called when it is an order of its own.
const MEMBERS: &[(&str, &str)] = &[
    ("Type", "type"),
    ("Side", "side"),
    ("Quantity", "quantity"),
    ("Price", "price"),
    ("StopPrice", "stopPrice"),
    ("TrailingDelta", "trailingDelta"),
    ("IcebergQty", "icebergQty"),
    ("TimeInForce", "timeInForce"),
    ("ClientOrderId", "newClientOrderId"),
    ("StrategyId", "strategyId"),
    ("StrategyType", "strategyType"),
    ("PegPriceType", "pegPriceType"),
];

/// One leg: the parameters that start with `prefix`, and those that all legs share.
fn leg(call: &mut Call<'_>, prefix: &str, shared: &[(&str, &str)]) -> Result<NewOrder, Refusal> {
    let sent = call.params.clone();
    let mut own: BTreeMap<String, String> = BTreeMap::new();
    for name in ["symbol", "selfTradePreventionMode"] {
        own.extend(sent.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    for (name, from) in shared {
        let value = sent.get(*from).ok_or_else(|| Refusal::mandatory(from))?;
        own.insert((*name).to_owned(), value.clone());
    }
    for (member, name) in MEMBERS {
        own.extend(sent.get(&format!("{prefix}{member}")).map(|value| ((*name).to_owned(), value.clone())));
    }
    call.params = own;
    let new = draft(call);
    call.params = sent;
    new
}

const BOTH: &[(&str, &str)] = &[("side", "side"), ("quantity", "quantity")];

pub(super) fn oco(call: &mut Call<'_>) -> Answer {
    let legs = vec![leg(call, "above", BOTH)?, leg(call, "below", BOTH)?];
    place(call, legs, Vec::new())
}

/// The older form: a limit and a stop.
pub(super) fn old_oco(call: &mut Call<'_>) -> Answer {
    let limit = with(
        call,
        &[("type", "LIMIT_MAKER")],
        &[("price", "price"), ("newClientOrderId", "limitClientOrderId")],
    )?;
    let kind = if call.get("stopLimitPrice").is_some() { "STOP_LOSS_LIMIT" } else { "STOP_LOSS" };
    let moved = [
        ("stopPrice", "stopPrice"),
        ("price", "stopLimitPrice"),
        ("timeInForce", "stopLimitTimeInForce"),
        ("newClientOrderId", "stopClientOrderId"),
    ];
    let stop = with(call, &[("type", kind)], &moved)?;
    place(call, vec![limit, stop], Vec::new())
}

/// A leg of the older form.
fn with(call: &mut Call<'_>, fixed: &[(&str, &str)], moved: &[(&str, &str)]) -> Result<NewOrder, Refusal> {
    let sent = call.params.clone();
    let mut own: BTreeMap<String, String> =
        fixed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let shared = ["symbol", "side", "quantity", "selfTradePreventionMode"].map(|name| (name, name));
    for (name, from) in shared.iter().chain(moved) {
        own.extend(sent.get(*from).map(|value| ((*name).to_owned(), value.clone())));
    }
    call.params = own;
    let new = draft(call);
    call.params = sent;
    new
}

pub(super) fn oto(call: &mut Call<'_>) -> Answer {
    let (working, pending) = (leg(call, "working", &[])?, leg(call, "pending", &[])?);
    place(call, vec![working], vec![pending])
}

pub(super) fn otoco(call: &mut Call<'_>) -> Answer {
    let working = leg(call, "working", &[])?;
    let shared = &[("side", "pendingSide"), ("quantity", "pendingQuantity")];
    let mut pending = vec![leg(call, "pendingAbove", shared)?];
    if call.get("pendingBelowType").is_some() {
        pending.push(leg(call, "pendingBelow", shared)?);
    }
    place(call, vec![working], pending)
}

fn place(call: &mut Call<'_>, working: Vec<NewOrder>, pending: Vec<NewOrder>) -> Answer {
    let (account, now, instrument) = (call.account().to_owned(), call.now, call.instrument()?);
    let client = client_id(call, "listClientOrderId")?;
    let done = call.engine.place_list(&account, client, (working, pending), now);
    let list = done.map_err(|reject| Refusal::rejected(reject, &instrument))?;
    let reports: Vec<Value> = orders(call, &list).iter().map(|order| placed(order, &[], "RESULT")).collect();
    let mut body = shown(call, &list);
    super::public::add(&mut body, json!({ "orderReports": reports }));
    Ok(body)
}

fn orders(call: &Call<'_>, list: &OrderList) -> Vec<Order> {
    list.orders().filter_map(|id| call.engine.order(id).cloned()).collect()
}

fn shown(call: &Call<'_>, list: &OrderList) -> Value {
    let orders = orders(call, list);
    let live = orders.iter().any(|order| order.status.is_live());
    let row = |order: &Order| json!({ "symbol": order.instrument.symbol, "orderId": order.id, "clientOrderId": order.client_id });
    json!({
        "orderListId": list.id, "contingencyType": if list.pending.is_empty() { "OCO" } else { "OTO" },
        "listStatusType": if live { "EXEC_STARTED" } else { "ALL_DONE" },
        "listOrderStatus": if live { "EXECUTING" } else { "ALL_DONE" }, "listClientOrderId": list.client_id,
        "transactionTime": list.created, "symbol": orders.first().map_or("", |order| order.instrument.symbol),
        "orders": orders.iter().map(row).collect::<Vec<_>>(), "isIsolated": false,
    })
}

/// The list that `orderListId` or one of the client ids names.
fn named(call: &Call<'_>) -> Result<OrderList, Refusal> {
    let (id, client) =
        (call.integer("orderListId")?, call.get("listClientOrderId").or(call.get("origClientOrderId")));
    if id.is_none() && client.is_none() {
        return Err(Refusal::mandatory("orderListId"));
    }
    call.engine.find_list(call.account(), id, client).cloned().ok_or(Refusal::of(UNKNOWN_ORDER))
}

pub(super) fn cancel(call: &mut Call<'_>) -> Answer {
    let (list, cancel_id) = (named(call)?, client_id(call, "newClientOrderId")?);
    let (account, now) = (call.account().to_owned(), call.now);
    let live: Vec<u64> =
        orders(call, &list).iter().filter(|order| order.status.is_live()).map(|order| order.id).collect();
    if live.is_empty() {
        return Err(Refusal::of(UNKNOWN_ORDER));
    }
    for id in live {
        // Cancelling one leg ends the others; those are gone then.
        let _ = call.engine.cancel(&account, id, now);
    }
    let reports: Vec<Value> = orders(call, &list).iter().map(|order| cancelled(order, &cancel_id)).collect();
    let mut body = shown(call, &list);
    super::public::add(&mut body, json!({ "orderReports": reports }));
    Ok(body)
}

pub(super) fn query(call: &mut Call<'_>) -> Answer {
    let list = named(call)?;
    Ok(shown(call, &list))
}

fn ours(call: &Call<'_>) -> Vec<OrderList> {
    let market = call.market;
    let fits = |list: &&OrderList| {
        list.orders()
            .next()
            .and_then(|id| call.engine.order(id))
            .is_some_and(|one| one.instrument.market == market)
    };
    call.engine.lists_of(call.account()).filter(fits).cloned().collect()
}

pub(super) fn open(call: &mut Call<'_>) -> Answer {
    let live = |list: &&OrderList| orders(call, list).iter().any(|order| order.status.is_live());
    Ok(ours(call).iter().filter(live).map(|list| shown(call, list)).collect())
}

pub(super) fn all(call: &mut Call<'_>) -> Answer {
    Ok(ours(call).iter().map(|list| shown(call, list)).collect())
}
