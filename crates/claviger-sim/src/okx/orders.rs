//! Placing, changing, cancelling and listing orders.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::errors::Refusal;
use super::render::{fill, order, plain};
use super::{Answer, Call, algo};
use crate::engine::{Fill, Force, Instrument, Leg, Market, NewOrder, Order, Reject, Side, Size, Switch};

type Answered = Result<Answer, Refusal>;

/// Does the same to each item of the body and gathers what happened to each.
fn each(call: &mut Call<'_>, act: fn(&mut Call<'_>) -> Result<Order, Refusal>) -> Answered {
    let items = std::mem::take(&mut call.items);
    if items.len() > 20 {
        return Err(Refusal::parameter("batch size"));
    }
    let (mut rows, mut failed) = (Vec::new(), 0_usize);
    for item in items {
        call.params = item;
        let (order_id, client, code, msg) = match act(call) {
            Ok(done) => (done.id.to_string(), done.client_id, "0", String::new()),
            Err(refusal) => {
                failed = failed.saturating_add(1);
                let sent = |name| call.get(name).unwrap_or_default();
                (sent("ordId"), sent("clOrdId"), refusal.code, refusal.msg)
            }
        };
        rows.push(json!({
            "clOrdId": client, "ordId": order_id, "reqId": call.get("reqId").unwrap_or_default(), "sCode": code,
            "sMsg": msg, "subCode": "", "tag": call.get("tag").unwrap_or_default(), "ts": call.now.to_string(),
        }));
    }
    let code = match failed {
        0 => "0",
        all if all == rows.len() => "1",
        _ => "2",
    };
    Ok(Answer { code, data: Value::Array(rows) })
}

pub(super) fn place(call: &mut Call<'_>) -> Answered {
    each(call, |call| {
        if call.deadline.is_some_and(|deadline| deadline < call.now) {
            return Err(Refusal::new(200, "51149", "Order timed out. Please try again later."));
        }
        let new = draft(call)?;
        let tied = algo::attached(call, &new.instrument)?;
        let (done, now) = (accept(call, new)?, call.now);
        call.engine.attach(&done, tied, now);
        Ok(done)
    })
}

fn accept(call: &mut Call<'_>, new: NewOrder) -> Result<Order, Refusal> {
    let (account, now) = (call.account().to_owned(), call.now);
    call.engine.place(&account, new, now).map_err(Refusal::placing)
}

fn draft(call: &mut Call<'_>) -> Result<NewOrder, Refusal> {
    let instrument = call.instrument()?;
    mode(call, &instrument)?;
    let side = side(call)?;
    let (force, price) = terms(call)?;
    let size = size(call, &instrument, side, price.is_none())?;
    let leg = leg(call, &instrument)?;
    let reduce_only = call.boolean("reduceOnly")? && instrument.market == Market::Swap && leg == Leg::Net;
    let client_id = short(call, "clOrdId", 32)?;
    short(call, "tag", 16)?;
    let mut labels = BTreeMap::new();
    for name in ["tag", "tdMode", "ordType", "tgtCcy"] {
        labels.insert(name, call.get(name).unwrap_or_default());
    }
    if instrument.market == Market::Swap {
        let name = call.account().to_owned();
        labels.insert("lever", call.engine.account(&name).leverage(&instrument).to_string());
    }
    Ok(NewOrder {
        instrument,
        client_id,
        side,
        force,
        price,
        size,
        reduce_only,
        leg,
        labels,
        trigger: None,
        list: None,
        pending: false,
        companion: false,
    })
}

pub(super) fn side(call: &Call<'_>) -> Result<Side, Refusal> {
    match call.must("side")?.as_str() {
        "buy" => Ok(Side::Buy),
        "sell" => Ok(Side::Sell),
        _ => Err(Refusal::parameter("side")),
    }
}

/// Letters and digits, not too many.
pub(super) fn short(call: &Call<'_>, name: &str, most: usize) -> Result<Option<String>, Refusal> {
    let Some(text) = call.get(name) else { return Ok(None) };
    let legal = text.len() <= most && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if legal { Ok(Some(text)) } else { Err(Refusal::parameter(name)) }
}

/// Spot is paid in cash: the paper account has no margin trading.
pub(super) fn mode(call: &Call<'_>, instrument: &Instrument) -> Result<(), Refusal> {
    match (instrument.market, call.must("tdMode")?.as_str()) {
        (Market::Spot, "cash") | (Market::Swap, "cross" | "isolated") => Ok(()),
        (Market::Spot, "cross" | "isolated" | "spot_isolated") => Err(Refusal::new(
            200,
            "51010",
            "You can't complete this request under your current account mode.",
        )),
        _ => Err(Refusal::parameter("tdMode")),
    }
}

fn terms(call: &Call<'_>) -> Result<(Force, Option<Decimal>), Refusal> {
    let price = call.decimal("px")?;
    let needed = || price.map(Some).ok_or_else(|| Refusal::parameter("px"));
    Ok(match call.must("ordType")?.as_str() {
        "market" | "optimal_limit_ioc" => (Force::Ioc, None),
        "limit" => (Force::Gtc, needed()?),
        "post_only" => (Force::PostOnly, needed()?),
        "ioc" => (Force::Ioc, needed()?),
        "fok" => (Force::Fok, needed()?),
        _ => return Err(Refusal::parameter("ordType")),
    })
}

/// A spot market buy is in quote unless `tgtCcy` says otherwise, a sell in base.
fn size(call: &Call<'_>, instrument: &Instrument, side: Side, market: bool) -> Result<Size, Refusal> {
    let amount = call.decimal("sz")?.ok_or_else(|| Refusal::parameter("sz"))?;
    if instrument.market != Market::Spot || !market {
        return Ok(Size::Qty(amount));
    }
    match (call.get("tgtCcy").as_deref(), side) {
        (Some("quote_ccy"), _) | (None, Side::Buy) => Ok(Size::Quote(amount)),
        (Some("base_ccy"), _) | (None, Side::Sell) => Ok(Size::Qty(amount)),
        (Some(_), _) => Err(Refusal::parameter("tgtCcy")),
    }
}

pub(super) fn leg(call: &Call<'_>, instrument: &Instrument) -> Result<Leg, Refusal> {
    match call.get("posSide").as_deref() {
        _ if instrument.market == Market::Spot => Ok(Leg::Net),
        None | Some("net") => Ok(Leg::Net),
        Some("long") => Ok(Leg::Long),
        Some("short") => Ok(Leg::Short),
        Some(_) => Err(Refusal::parameter("posSide")),
    }
}

/// The order that `ordId`, else `clOrdId`, names.
fn named(call: &Call<'_>) -> Result<Option<Order>, Refusal> {
    let instrument = call.instrument()?;
    let (id, client) = (call.get("ordId"), call.get("clOrdId"));
    if id.is_none() && client.is_none() {
        return Err(Refusal::new(400, "50014", "Parameter ordId or clOrdId can not be empty"));
    }
    let id = id.map(|text| text.parse().map_err(|_| Refusal::parameter("ordId"))).transpose()?;
    let found = call.engine.find(call.account(), id, client.as_deref(), instrument.market);
    Ok(found.filter(|order| order.instrument.symbol == instrument.symbol).cloned())
}

pub(super) fn cancel(call: &mut Call<'_>) -> Answered {
    each(call, |call| {
        let found = named(call)?.ok_or_else(|| Refusal::cancelling(Reject::UnknownOrder))?;
        let (account, now) = (call.account().to_owned(), call.now);
        call.engine.cancel(&account, found.id, now).map_err(Refusal::cancelling)
    })
}

pub(super) fn amend(call: &mut Call<'_>) -> Answered {
    each(call, |call| {
        let found = named(call)?.ok_or_else(|| Refusal::amending(Reject::UnknownOrder))?;
        let (price, size, now) = (call.decimal("newPx")?, call.decimal("newSz")?, call.now);
        if price.is_none() && size.is_none() {
            return Err(Refusal::parameter("newSz"));
        }
        call.engine.amend(found.id, price, size, now).map_err(Refusal::amending)
    })
}

/// Closes a whole position at the market.
pub(super) fn close(call: &mut Call<'_>) -> Answered {
    let instrument = call.instrument()?;
    let leg = leg(call, &instrument)?;
    let name = call.account().to_owned();
    let held = call.engine.account(&name).held(&instrument, leg);
    if held.is_zero() {
        return Err(Refusal::new(200, "51023", "Position doesn't exist."));
    }
    let side = if held.is_sign_positive() { Side::Sell } else { Side::Buy };
    let client_id = short(call, "clOrdId", 32)?;
    let labels = BTreeMap::from([("ordType", "market".to_owned()), ("tdMode", call.must("mgnMode")?)]);
    let new = NewOrder {
        instrument: Arc::clone(&instrument),
        client_id,
        side,
        force: Force::Ioc,
        price: None,
        size: Size::Qty(held.abs()),
        reduce_only: leg == Leg::Net,
        leg,
        labels,
        trigger: None,
        list: None,
        pending: false,
        companion: false,
    };
    let done = accept(call, new)?;
    let side = super::render::leg(&instrument, leg);
    Ok(json!([{ "instId": instrument.symbol, "posSide": side, "clOrdId": done.client_id, "tag": "" }]).into())
}

/// The dead-man's switch: cancels what is open, or what is open under a tag, unless it is set again in time.
pub(super) fn cancel_all_after(call: &mut Call<'_>) -> Answered {
    let seconds = call.integer("timeOut")?.filter(|one| *one == 0 || (10..=120).contains(one));
    let seconds = seconds.ok_or_else(|| Refusal::parameter("timeOut"))?;
    let at = if seconds == 0 { 0 } else { call.now.saturating_add(seconds.saturating_mul(1000)) };
    let tag = call.get("tag").unwrap_or_default();
    let switch =
        Switch { account: call.account().to_owned(), market: None, symbol: None, tag: call.get("tag"), at };
    call.engine.arm(switch);
    Ok(json!([{ "triggerTime": at.to_string(), "tag": tag, "ts": call.now.to_string() }]).into())
}

pub(super) fn query(call: &mut Call<'_>) -> Answered {
    let found = named(call)?.ok_or_else(|| Refusal::new(200, "51603", "Order does not exist"))?;
    Ok(json!([shown(call, &found)]).into())
}

fn shown(call: &Call<'_>, one: &Order) -> Value {
    let last = if one.filled.is_zero() { None } else { call.engine.fills_for(one).next() };
    let mut body = order(one, last);
    if let Value::Object(map) = &mut body {
        map.insert("attachAlgoOrds".to_owned(), algo::attachments(call.engine.attached_to(one.id)));
        if let Some(parent) = algo::parent(call, one) {
            map.insert("algoId".to_owned(), parent.id.to_string().into());
            map.insert("algoClOrdId".to_owned(), parent.what.client_id.clone().into());
        }
    }
    body
}

pub(super) fn pending(call: &mut Call<'_>) -> Answered {
    let live: Vec<&Order> = call.engine.live_of(call.account()).collect();
    list(call, live)
}

pub(super) fn history(call: &mut Call<'_>) -> Answered {
    let done: Vec<&Order> =
        call.engine.orders_of(call.account()).filter(|one| !one.status.is_live()).collect();
    list(call, done)
}

/// Newest first, with the filters that both lists share.
fn list(call: &Call<'_>, orders: Vec<&Order>) -> Answered {
    let (state, kind) = (call.get("state"), call.get("ordType"));
    let page = Page::of(call)?;
    let fits = |row: &Value| {
        state.as_ref().is_none_or(|state| row["state"] == state.as_str())
            && kind.as_ref().is_none_or(|kind| kind.split(',').any(|kind| row["ordType"] == kind))
    };
    let chosen = orders.into_iter().rev().filter(|one| page.has(&one.instrument, one.id, one.created));
    let rows = chosen.map(|one| shown(call, one)).filter(fits).take(page.limit);
    Ok(rows.collect::<Value>().into())
}

pub(super) fn fills(call: &mut Call<'_>) -> Answered {
    let page = Page::of(call)?;
    let order = call.integer("ordId")?;
    let ours = |one: &&Fill| {
        page.has(&one.instrument, one.id, one.time) && order.is_none_or(|order| order == one.order_id)
    };
    let rows = call.engine.fills_of(call.account()).rev().filter(ours).take(page.limit);
    Ok(rows.map(fill).collect::<Value>().into())
}

/// Which rows of a list are asked for.
pub(super) struct Page {
    kind: Option<super::Kind>,
    id: Option<String>,
    after: u64,
    before: u64,
    begin: u64,
    end: u64,
    limit: usize,
}

impl Page {
    pub(super) fn of(call: &Call<'_>) -> Result<Self, Refusal> {
        Ok(Self {
            kind: call.kind()?,
            id: call.get("instId"),
            after: call.integer("after")?.unwrap_or(u64::MAX),
            before: call.integer("before")?.unwrap_or(0),
            begin: call.integer("begin")?.unwrap_or(0),
            end: call.integer("end")?.unwrap_or(u64::MAX),
            limit: call.limit(100, 100)?,
        })
    }

    pub(super) const fn limit(&self) -> usize {
        self.limit
    }

    pub(super) fn has(&self, instrument: &Instrument, id: u64, time: u64) -> bool {
        self.kind.is_none_or(|kind| kind.has(instrument))
            && self.id.as_ref().is_none_or(|symbol| symbol == instrument.symbol)
            && self.before < id
            && id < self.after
            && (self.begin..=self.end).contains(&time)
    }
}

/// How many contracts or coins could be bought and sold now.
pub(super) fn largest(call: &mut Call<'_>, one: &str) -> Result<(String, String), Refusal> {
    let instrument = call.named(one)?;
    let name = call.account().to_owned();
    let price = call.engine.price(&instrument);
    if instrument.market == Market::Spot {
        let quote = call.engine.available(&name, instrument.wallet, instrument.quote);
        let base = call.engine.available(&name, instrument.wallet, instrument.base);
        let buy = quote.checked_div(price).unwrap_or_default();
        return Ok((plain(instrument.to_step(buy)), plain(instrument.to_step(base))));
    }
    let free = call.engine.available(&name, instrument.wallet, instrument.settle()).max(Decimal::ZERO);
    let leverage = Decimal::from(call.engine.account(&name).leverage(&instrument));
    let one = instrument.value(Decimal::ONE, price);
    let most = plain(instrument.to_step((free * leverage).checked_div(one).unwrap_or_default()));
    Ok((most.clone(), most))
}
