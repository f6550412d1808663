//! Conditional orders: stop-loss, take-profit, both as one, plain trigger, trailing; alone or attached to an order.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::errors::Refusal;
use super::orders::{Page, leg, mode, short, side};
use super::render::{self, plain};
use super::{Answer, Call, Params};
use crate::engine::{
    Algo, AlgoStatus, Amount, Branch, Distance, Force, Instrument, Leg, Level, Market, NewAlgo, Order,
    Reject, Side, Size, Trigger,
};

type Answered = Result<Answer, Refusal>;

const TYPES: [&str; 4] = ["conditional", "oco", "trigger", "move_order_stop"];

fn refused(reject: Reject) -> Refusal {
    match reject {
        Reject::WouldTrigger => {
            Refusal::new(200, "51278", "SL trigger price cannot be higher than the last price.")
        }
        other => Refusal::placing(other),
    }
}

fn gone(_: Reject) -> Refusal {
    Refusal::new(
        200,
        "51400",
        "Cancellation failed as the order has been filled, canceled or does not exist.",
    )
}

pub(super) fn place(call: &mut Call<'_>) -> Answered {
    let (instrument, kind) = (call.instrument()?, call.must("ordType")?);
    mode(call, &instrument)?;
    if !TYPES.contains(&kind.as_str()) {
        return Err(Refusal::parameter("ordType"));
    }
    let what = draft(call, &instrument, (&kind, side(call)?))?;
    let (account, now) = (call.account().to_owned(), call.now);
    let tag = call.get("tag").unwrap_or_default();
    let row = match call.engine.place_algo(&account, what, now) {
        Ok(algo) => {
            json!({ "algoId": algo.id.to_string(), "algoClOrdId": algo.what.client_id, "clOrdId": "", "sCode": "0", "sMsg": "", "tag": tag })
        }
        Err(reject) => {
            let refusal = refused(reject);
            let row = json!({ "algoId": "", "algoClOrdId": call.get("algoClOrdId").unwrap_or_default(), "clOrdId": "", "sCode": refusal.code, "sMsg": refusal.msg, "tag": tag });
            return Ok(Answer { code: "1", data: json!([row]) });
        }
    };
    Ok(json!([row]).into())
}

fn draft(
    call: &mut Call<'_>,
    instrument: &Arc<Instrument>,
    (kind, side): (&str, Side),
) -> Result<NewAlgo, Refusal> {
    let leg = leg(call, instrument)?;
    let branches = branches(call, instrument, (kind, side))?;
    let mut labels: BTreeMap<&'static str, String> = BTreeMap::new();
    for name in ["tag", "tdMode", "callbackRatio", "callbackSpread", "activePx", "tgtCcy"] {
        labels.insert(name, call.get(name).unwrap_or_default());
    }
    labels.insert("algoType", kind.to_owned());
    if instrument.market == Market::Swap {
        let name = call.account().to_owned();
        labels.insert("lever", call.engine.account(&name).leverage(instrument).to_string());
    }
    let amount = match call.get("closeFraction").as_deref() {
        Some("1") => Amount::Close,
        Some(_) => return Err(Refusal::parameter("closeFraction")),
        None => Amount::Of(size(call, instrument, (&branches, side))?),
    };
    Ok(NewAlgo {
        instrument: Arc::clone(instrument),
        client_id: short(call, "algoClOrdId", 32)?.unwrap_or_default(),
        side,
        leg,
        force: Force::Gtc,
        reduce_only: instrument.market == Market::Swap
            && leg == Leg::Net
            && (call.boolean("reduceOnly")? || amount == Amount::Close),
        amount,
        branches,
        labels,
    })
}

/// A spot buy at the market is in quote unless `tgtCcy` says otherwise.
fn size(
    call: &Call<'_>,
    instrument: &Instrument,
    (branches, side): (&[Branch], Side),
) -> Result<Size, Refusal> {
    let amount = call.decimal("sz")?.ok_or_else(|| Refusal::parameter("sz"))?;
    let market = branches.iter().all(|branch| branch.price.is_none());
    if instrument.market != Market::Spot || !market {
        return Ok(Size::Qty(amount));
    }
    match (call.get("tgtCcy").as_deref(), side) {
        (Some("quote_ccy"), _) | (None, Side::Buy) => Ok(Size::Quote(amount)),
        (Some("base_ccy"), _) | (None, Side::Sell) => Ok(Size::Qty(amount)),
        (Some(_), _) => Err(Refusal::parameter("tgtCcy")),
    }
}

/// The ways in which an order of this kind is woken.
fn branches(
    call: &Call<'_>,
    instrument: &Instrument,
    (kind, side): (&str, Side),
) -> Result<Vec<Branch>, Refusal> {
    let now = call.engine.price(instrument);
    let both = [
        branch(call, "tp", |at| Trigger::take(side, at))?,
        branch(call, "sl", |at| Trigger::stop(side, at))?,
    ];
    let both: Vec<Branch> = both.into_iter().flatten().collect();
    let all = match (kind, both.len()) {
        ("oco", 2) | ("conditional", 1 | 2) => both,
        ("trigger", _) => {
            let at = call.decimal("triggerPx")?.ok_or_else(|| Refusal::parameter("triggerPx"))?;
            let price = order_price(call, "orderPx")?.ok_or_else(|| Refusal::parameter("orderPx"))?;
            vec![Branch { trigger: Trigger::either(at, now), price, name: "trigger" }]
        }
        ("move_order_stop", _) => {
            vec![Branch { trigger: trailing(call, (side, now))?, price: None, name: "trigger" }]
        }
        _ => return Err(Refusal::parameter("slTriggerPx")),
    };
    Ok(all)
}

fn branch(
    call: &Call<'_>,
    name: &'static str,
    trigger: impl Fn(Decimal) -> Trigger,
) -> Result<Option<Branch>, Refusal> {
    let (at, px) = (format!("{name}TriggerPx"), format!("{name}OrdPx"));
    let Some(at) = call.decimal(&at)? else { return Ok(None) };
    let price = order_price(call, &px)?.ok_or_else(|| Refusal::parameter(&px))?;
    Ok(Some(Branch { trigger: trigger(at), price, name }))
}

/// The price of what is placed; −1 is the market.
fn order_price(call: &Call<'_>, name: &str) -> Result<Option<Option<Decimal>>, Refusal> {
    if call.get(name).as_deref() == Some("-1") {
        return Ok(Some(None));
    }
    Ok(call.decimal(name)?.map(Some))
}

fn trailing(call: &Call<'_>, (side, now): (Side, Decimal)) -> Result<Trigger, Refusal> {
    let distance = match (call.decimal("callbackRatio")?, call.decimal("callbackSpread")?) {
        (Some(ratio), None) => Distance::Ratio(ratio),
        (None, Some(spread)) => Distance::Spread(spread),
        _ => return Err(Refusal::parameter("callbackRatio")),
    };
    let start = call.decimal("activePx")?.map(|at| Level { at, above: side == Side::Sell });
    Ok(Trigger::trail(side, start, distance, now))
}

/// What `attachAlgoOrds` ties to an order: each a stop-loss, a take-profit, or both as one.
pub(super) fn attached(call: &mut Call<'_>, instrument: &Arc<Instrument>) -> Result<Vec<NewAlgo>, Refusal> {
    let Some(Value::Array(list)) = call.params.get("attachAlgoOrds").cloned() else { return Ok(Vec::new()) };
    let (opening, sent) = (side(call)?, call.params.clone());
    let closing = if opening == Side::Buy { Side::Sell } else { Side::Buy };
    let mut out = Vec::new();
    for item in list {
        let Value::Object(item) = item else { return Err(Refusal::parameter("attachAlgoOrds")) };
        let mut own: Params = item.into_iter().collect();
        for name in ["instId", "tdMode", "posSide", "tag"] {
            own.extend(sent.get(name).map(|value| (name.to_owned(), value.clone())));
        }
        let client = own.get("attachAlgoClOrdId").cloned();
        own.extend(client.map(|client| ("algoClOrdId".to_owned(), client)));
        // How much is known once the order is over; until then, as much as the order asks for.
        own.insert("sz".to_owned(), sent.get("sz").cloned().unwrap_or_default());
        own.insert("tgtCcy".to_owned(), json!("base_ccy"));
        let kind = if own.contains_key("tpTriggerPx") && own.contains_key("slTriggerPx") {
            "oco"
        } else {
            "conditional"
        };
        call.params = own;
        let what = draft(call, instrument, (kind, closing));
        call.params.clone_from(&sent);
        let what = what?;
        out.push(NewAlgo { reduce_only: instrument.market == Market::Swap && what.leg == Leg::Net, ..what });
    }
    Ok(out)
}

/// What an order shows of what is tied to it.
pub(super) fn attachments(list: &[NewAlgo]) -> Value {
    let row = |what: &NewAlgo| {
        let of = |name| what.branches.iter().find(|one| one.name == name);
        let (tp, sl) = (of("tp"), of("sl"));
        json!({
            "attachAlgoId": "", "attachAlgoClOrdId": what.client_id, "tpOrdKind": "condition", "tpTriggerPx": at(tp), "tpTriggerPxType": "last",
            "tpOrdPx": price(tp), "slTriggerPx": at(sl), "slTriggerPxType": "last", "slOrdPx": price(sl), "sz": "", "failCode": "", "failReason": "",
        })
    };
    list.iter().map(row).collect()
}

fn at(branch: Option<&Branch>) -> String {
    branch.and_then(|one| one.trigger.at()).map(plain).unwrap_or_default()
}

fn price(branch: Option<&Branch>) -> String {
    branch.map(|one| one.price.map_or_else(|| "-1".to_owned(), plain)).unwrap_or_default()
}

/// The conditional order that `algoId`, else `algoClOrdId`, names.
fn named(call: &Call<'_>) -> Result<Option<Algo>, Refusal> {
    let (id, client) = (call.integer("algoId")?, call.get("algoClOrdId"));
    if id.is_none() && client.is_none() {
        return Err(Refusal::new(400, "50014", "Parameter algoId or algoClOrdId can not be empty"));
    }
    Ok(call.engine.find_algo(call.account(), id, client.as_deref()).cloned())
}

/// Does the same to each item and gathers what happened to each.
fn each(call: &mut Call<'_>, act: fn(&mut Call<'_>) -> Result<Algo, Refusal>) -> Answered {
    let items = std::mem::take(&mut call.items);
    if items.len() > 10 {
        return Err(Refusal::parameter("batch size"));
    }
    let (mut rows, mut failed) = (Vec::new(), 0_usize);
    for item in items {
        call.params = item;
        let (id, code, msg) = match act(call) {
            Ok(algo) => (algo.id.to_string(), "0", String::new()),
            Err(refusal) => {
                failed = failed.saturating_add(1);
                (call.get("algoId").unwrap_or_default(), refusal.code, refusal.msg)
            }
        };
        rows.push(json!({
            "algoId": id, "algoClOrdId": call.get("algoClOrdId").unwrap_or_default(), "clOrdId": "", "tag": "",
            "reqId": call.get("reqId").unwrap_or_default(), "sCode": code, "sMsg": msg,
        }));
    }
    let code = match failed {
        0 => "0",
        all if all == rows.len() => "1",
        _ => "2",
    };
    Ok(Answer { code, data: Value::Array(rows) })
}

pub(super) fn cancel(call: &mut Call<'_>) -> Answered {
    each(call, |call| {
        let found = named(call)?.ok_or_else(|| gone(Reject::UnknownOrder))?;
        let (account, now) = (call.account().to_owned(), call.now);
        call.engine.cancel_algo(&account, found.id, now).map_err(gone)
    })
}

/// Another size, other triggers and prices; what is not said stays.
pub(super) fn amend(call: &mut Call<'_>) -> Answered {
    each(call, |call| {
        let found = named(call)?.ok_or_else(|| Refusal::amending(Reject::UnknownOrder))?;
        let amount = match call.decimal("newSz")? {
            Some(size) => Amount::Of(Size::Qty(size)),
            None => found.what.amount,
        };
        let mut branches = found.what.branches.clone();
        for one in &mut branches {
            let (at_name, px_name) = match one.name {
                "tp" => ("newTpTriggerPx", "newTpOrdPx"),
                "sl" => ("newSlTriggerPx", "newSlOrdPx"),
                _ => ("newTriggerPx", "newOrdPx"),
            };
            if let (Some(at), Trigger::At(level)) = (call.decimal(at_name)?, &mut one.trigger) {
                level.at = at;
            }
            if let Some(price) = order_price(call, px_name)? {
                one.price = price;
            }
        }
        let now = call.now;
        call.engine.amend_algo(found.id, (amount, branches), now).map_err(Refusal::amending)
    })
}

const fn state(status: AlgoStatus) -> &'static str {
    match status {
        AlgoStatus::Live => "live",
        AlgoStatus::Effective => "effective",
        AlgoStatus::Canceled => "canceled",
        AlgoStatus::Failed => "order_failed",
    }
}

fn shown(call: &Call<'_>, algo: &Algo) -> Value {
    let what = &algo.what;
    let (tp, sl, plain_trigger) = (algo.branch("tp"), algo.branch("sl"), algo.branch("trigger"));
    let placed = algo.placed.and_then(|(order, _)| call.engine.order(order));
    let id = placed.map(|order| order.id.to_string()).unwrap_or_default();
    json!({
        "instType": render::kind(&what.instrument), "instId": what.instrument.symbol, "algoId": algo.id.to_string(),
        "algoClOrdId": what.client_id, "clOrdId": "", "ordId": id, "ordIdList": if id.is_empty() { json!([]) } else { json!([id]) },
        "ordType": algo.label("algoType"), "side": what.side.name(), "posSide": render::leg(&what.instrument, what.leg),
        "tdMode": algo.label("tdMode"), "tgtCcy": algo.label("tgtCcy"), "ccy": "", "state": state(algo.status),
        "sz": match what.amount { Amount::Of(Size::Qty(size) | Size::Quote(size)) => plain(size), Amount::Close => String::new() },
        "closeFraction": if what.amount == Amount::Close { "1" } else { "" }, "lever": algo.label("lever"), "tag": algo.label("tag"),
        "tpTriggerPx": at(tp), "tpTriggerPxType": "last", "tpOrdPx": price(tp), "slTriggerPx": at(sl), "slTriggerPxType": "last",
        "slOrdPx": price(sl), "triggerPx": at(plain_trigger), "triggerPxType": "last", "ordPx": price(plain_trigger),
        "callbackRatio": algo.label("callbackRatio"), "callbackSpread": algo.label("callbackSpread"), "activePx": algo.label("activePx"),
        "moveTriggerPx": "", "reduceOnly": what.reduce_only.to_string(), "actualPx": placed.map(|order| plain(order.average())).unwrap_or_default(),
        "actualSz": placed.map(|order| plain(order.filled)).unwrap_or_default(), "actualSide": algo.placed.map(|one| one.1).unwrap_or_default(),
        "triggerTime": if algo.placed.is_some() { algo.updated.to_string() } else { String::new() }, "cTime": algo.created.to_string(),
        "uTime": algo.updated.to_string(), "last": plain(call.engine.price(&what.instrument)), "failCode": "", "attachAlgoOrds": [],
        "linkedOrd": { "ordId": "" }, "quickMgnType": "", "amendPxOnTriggerType": "0",
    })
}

pub(super) fn query(call: &mut Call<'_>) -> Answered {
    let found = named(call)?.ok_or_else(|| Refusal::new(200, "51603", "Order does not exist"))?;
    Ok(json!([shown(call, &found)]).into())
}

fn list(call: &Call<'_>, live: bool) -> Answered {
    let (page, kinds) = (Page::of(call)?, call.must("ordType")?);
    let (state_wanted, id) = (call.get("state"), call.integer("algoId")?);
    let fits = |algo: &&Algo| {
        (algo.status == AlgoStatus::Live) == live
            && kinds.split(',').any(|kind| kind == algo.label("algoType"))
            && id.is_none_or(|id| id == algo.id)
            && state_wanted.as_ref().is_none_or(|wanted| wanted == state(algo.status))
            && page.has(&algo.what.instrument, algo.id, algo.created)
    };
    let rows = call.engine.algos_of(call.account()).rev().filter(fits).take(page.limit());
    Ok(rows.map(|algo| shown(call, algo)).collect::<Value>().into())
}

pub(super) fn pending(call: &mut Call<'_>) -> Answered {
    list(call, true)
}

pub(super) fn history(call: &mut Call<'_>) -> Answered {
    if call.get("state").is_none() && call.get("algoId").is_none() {
        return Err(Refusal::new(400, "50015", "Either parameter state or algoId is required"));
    }
    list(call, false)
}

/// An order that was placed by a conditional order says so.
pub(super) fn parent<'a>(call: &'a Call<'_>, order: &Order) -> Option<&'a Algo> {
    call.engine.algos_of(call.account()).find(|algo| algo.placed.is_some_and(|(id, _)| id == order.id))
}
