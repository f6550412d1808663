//! Conditional orders of USDⓈ-M, which have ids of their own.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Call;
use super::errors::{BAD_TYPE, NO_SUCH_ORDER, Refusal, UNKNOWN_ORDER};
use super::orders::{Answer, client_id, side};
use super::public::add;
use super::render;
use super::terms::{base_size, forbid, force, leg, level, limit_price, trailing};
use crate::engine::{Algo, AlgoStatus, Amount, Branch, Force, Instrument, Leg, NewAlgo, Side, Trigger};

const KEPT: &[&str] =
    &["type", "workingType", "priceMatch", "selfTradePreventionMode", "callbackRate", "priceProtect"];

pub(super) fn place(call: &mut Call<'_>) -> Answer {
    if call.must("algoType")? != "CONDITIONAL" {
        return Err(Refusal::illegal("algoType", "CONDITIONAL"));
    }
    let (instrument, side, leg) = (call.instrument()?, side(call)?, leg(call)?);
    let branch = branch(call, &instrument, side)?;
    let (amount, reduce_only) = amount(call, leg)?;
    let force = if call.get("timeInForce").is_some() { force(call)? } else { Force::Gtc };
    let client_id = client_id(call, "clientAlgoId")?;
    let kept = KEPT.iter().filter_map(|name| Some((*name, call.get(name)?.to_owned())));
    let labels: BTreeMap<&'static str, String> = kept.collect();
    let what = NewAlgo {
        instrument: instrument.clone(),
        client_id,
        side,
        leg,
        force,
        reduce_only,
        amount,
        branches: vec![branch],
        labels,
    };
    let (account, now) = (call.account().to_owned(), call.now);
    let done = call.engine.place_algo(&account, what, now);
    done.map(|algo| shown(call, &algo)).map_err(|reject| Refusal::rejected(reject, &instrument))
}

fn branch(call: &Call<'_>, instrument: &Instrument, side: Side) -> Result<Branch, Refusal> {
    let kind = call.must("type")?;
    let trigger = match kind {
        "TRAILING_STOP_MARKET" => trailing(call, instrument, ("activatePrice", side))?,
        "STOP" | "STOP_MARKET" | "TAKE_PROFIT" | "TAKE_PROFIT_MARKET" => {
            level(call, "triggerPrice", (kind, side))?
        }
        _ => return Err(Refusal::of(BAD_TYPE)),
    };
    let price = match kind {
        "STOP" | "TAKE_PROFIT" => Some(limit_price(call, instrument, side)?),
        _ => {
            forbid(call, &["price"])?;
            None
        }
    };
    Ok(Branch { trigger, price, name: "trigger" })
}

/// How much, and whether it may only reduce.
fn amount(call: &Call<'_>, leg: Leg) -> Result<(Amount, bool), Refusal> {
    let reduce_only = call.boolean("reduceOnly")?;
    if leg != Leg::Net && call.get("reduceOnly").is_some() {
        return Err(Refusal::needless("reduceOnly"));
    }
    if !call.boolean("closePosition")? {
        return Ok((Amount::Of(base_size(call)?), reduce_only));
    }
    if call.get("quantity").is_some() || call.get("reduceOnly").is_some() {
        return Err(Refusal::new(-4136, "Target strategy invalid for orderType, closePosition"));
    }
    Ok((Amount::Close, leg == Leg::Net))
}

const fn status(status: AlgoStatus) -> &'static str {
    match status {
        AlgoStatus::Live => "NEW",
        AlgoStatus::Effective => "FINISHED",
        AlgoStatus::Canceled => "CANCELED",
        AlgoStatus::Failed => "REJECTED",
    }
}

fn shown(call: &Call<'_>, algo: &Algo) -> Value {
    let (what, branch) = (&algo.what, algo.branch("trigger"));
    let placed = algo.placed.and_then(|(order, _)| call.engine.order(order));
    let label = |name: &str, usual: &str| match algo.label(name) {
        "" => usual.to_owned(),
        given => given.to_owned(),
    };
    let mut body = json!({
        "algoId": algo.id, "clientAlgoId": what.client_id, "algoType": "CONDITIONAL", "orderType": algo.label("type"),
        "symbol": what.instrument.symbol, "side": render::side(what.side), "positionSide": render::leg(what.leg),
        "timeInForce": match what.force { Force::Gtc => "GTC", Force::Ioc => "IOC", Force::Fok => "FOK", Force::PostOnly => "GTX" },
        "quantity": match what.amount { Amount::Of(crate::engine::Size::Qty(qty)) => render::plain(qty), _ => "0".to_owned() },
        "algoStatus": status(algo.status), "price": render::plain(branch.and_then(|one| one.price).unwrap_or_default()),
        "triggerPrice": render::plain(branch.and_then(|one| one.trigger.at()).unwrap_or_default()),
        "icebergQuantity": null, "selfTradePreventionMode": label("selfTradePreventionMode", "EXPIRE_MAKER"),
        "workingType": label("workingType", "CONTRACT_PRICE"), "priceMatch": label("priceMatch", "NONE"),
        "closePosition": what.amount == Amount::Close, "priceProtect": algo.label("priceProtect").eq_ignore_ascii_case("true"),
        "reduceOnly": what.reduce_only, "createTime": algo.created, "updateTime": algo.updated, "goodTillDate": 0,
        "triggerTime": if algo.status == AlgoStatus::Live { 0 } else { algo.updated },
        "actualOrderId": placed.map(|order| order.id.to_string()).unwrap_or_default(),
        "actualPrice": render::plain(placed.map(crate::engine::Order::average).unwrap_or_default()),
    });
    if let Some(Trigger::Trail { start, .. }) = branch.map(|one| &one.trigger) {
        let start = start.map(|start| render::plain(start.at)).unwrap_or_default();
        add(&mut body, json!({ "activatePrice": start, "callbackRate": algo.label("callbackRate") }));
    }
    body
}

/// The conditional order that `algoId` or `clientAlgoId` names.
fn named(call: &Call<'_>, missing: (i32, &str)) -> Result<Algo, Refusal> {
    let (id, client) = (call.integer("algoId")?, call.get("clientAlgoId"));
    if id.is_none() && client.is_none() {
        return Err(Refusal::mandatory("algoId"));
    }
    call.engine.find_algo(call.account(), id, client).cloned().ok_or_else(|| Refusal::of(missing))
}

pub(super) fn query(call: &mut Call<'_>) -> Answer {
    let found = named(call, NO_SUCH_ORDER)?;
    Ok(shown(call, &found))
}

pub(super) fn cancel(call: &mut Call<'_>) -> Answer {
    let (found, account, now) = (named(call, UNKNOWN_ORDER)?, call.account().to_owned(), call.now);
    let done = call.engine.cancel_algo(&account, found.id, now);
    done.map_err(|_| Refusal::of(UNKNOWN_ORDER))?;
    Ok(json!({ "algoId": found.id, "clientAlgoId": found.what.client_id, "code": "200", "msg": "success" }))
}

pub(super) fn cancel_all(call: &mut Call<'_>) -> Answer {
    let (instrument, account, now) = (call.instrument()?, call.account().to_owned(), call.now);
    let live: Vec<u64> = call
        .engine
        .algos_of(&account)
        .filter(|one| one.status == AlgoStatus::Live && one.what.instrument.symbol == instrument.symbol)
        .map(|one| one.id)
        .collect();
    for id in live {
        let _ = call.engine.cancel_algo(&account, id, now);
    }
    Ok(json!({ "code": 200, "msg": "The operation of cancel all open order is done." }))
}

fn list(call: &Call<'_>, live: bool) -> Answer {
    let symbol = call.get("symbol").map(|symbol| call.named(symbol)).transpose()?;
    let fits = |algo: &&Algo| {
        (!live || algo.status == AlgoStatus::Live)
            && symbol.as_ref().is_none_or(|one| one.symbol == algo.what.instrument.symbol)
    };
    Ok(call.engine.algos_of(call.account()).filter(fits).map(|algo| shown(call, algo)).collect())
}

pub(super) fn open(call: &mut Call<'_>) -> Answer {
    list(call, true)
}

pub(super) fn all(call: &mut Call<'_>) -> Answer {
    list(call, false)
}
