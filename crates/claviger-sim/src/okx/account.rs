//! The trading account: balance, positions, leverage, modes.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::errors::Refusal;
use super::market::dollars;
use super::orders::largest;
use super::render::{leg, plain};
use super::{Answer, Call};
use crate::engine::{Leg, Market, Position, Wallet};

type Answered = Result<Answer, Refusal>;

/// The currencies that `ccy` chooses, as a comma list.
pub(super) fn chosen(call: &Call<'_>) -> Option<Vec<String>> {
    call.get("ccy").map(|list| list.split(',').map(str::to_owned).collect())
}

pub(super) fn balance(call: &mut Call<'_>) -> Answered {
    let (name, wanted) = (call.account().to_owned(), chosen(call));
    let held = call.engine.account(&name).balances.clone();
    let mut details = Vec::new();
    let mut total = Decimal::ZERO;
    for ((wallet, asset), one) in held {
        if wallet != Wallet::Trading {
            continue;
        }
        let (used, gain) = call.engine.margin_in_use(&name, Wallet::Trading, &asset);
        let equity = one.free + one.locked + gain;
        let dollars = (equity * dollars(call, &asset)).round_dp(8);
        total += dollars;
        if wanted.as_ref().is_some_and(|wanted| !wanted.contains(&asset)) {
            continue;
        }
        let free = (one.free - used + gain).max(Decimal::ZERO);
        details.push(json!({
            "ccy": asset, "eq": plain(equity), "cashBal": plain(one.free + one.locked), "uTime": call.now.to_string(),
            "isoEq": "0", "availEq": plain(free), "disEq": plain(dollars), "fixedBal": "0", "availBal": plain(free),
            "frozenBal": plain(one.locked + used), "ordFrozen": plain(one.locked), "liab": "0", "upl": plain(gain),
            "uplLiab": "0", "crossLiab": "0", "rewardBal": "0", "isoLiab": "0", "mgnRatio": "", "interest": "0", "twap": "0",
            "maxLoan": "0", "eqUsd": plain(dollars), "borrowFroz": "0", "notionalLever": "0", "stgyEq": "0", "isoUpl": "0",
            "spotInUseAmt": "", "clSpotInUseAmt": "", "maxSpotInUse": "", "spotIsoBal": "0", "smtSyncEq": "0",
            "spotCopyTradingEq": "0", "imr": plain(used), "mmr": "0", "spotBal": "", "openAvgPx": "", "accAvgPx": "",
            "spotUpl": "", "spotUplRatio": "", "totalPnl": "", "totalPnlRatio": "", "collateralEnabled": false,
        }));
    }
    Ok(json!([{
        "uTime": call.now.to_string(), "totalEq": plain(total), "isoEq": "0", "adjEq": "", "ordFroz": "", "imr": "",
        "mmr": "", "borrowFroz": "", "mgnRatio": "", "notionalUsd": "", "upl": "", "availEq": "", "details": details,
    }])
    .into())
}

/// The held positions, all or one instrument's.
fn held(call: &mut Call<'_>) -> Result<Vec<Position>, Refusal> {
    let (name, ids, wanted) = (call.account().to_owned(), call.get("instId"), call.kind()?);
    let mine = |one: &&Position| {
        !one.qty.is_zero()
            && wanted.is_none_or(|wanted| wanted.has(&one.instrument))
            && ids.as_ref().is_none_or(|ids| ids.split(',').any(|id| id == one.instrument.symbol))
    };
    Ok(call.engine.account(&name).positions.values().filter(mine).cloned().collect())
}

pub(super) fn positions(call: &mut Call<'_>) -> Answered {
    let held = held(call)?;
    Ok(held.iter().map(|one| position(call, one)).collect::<Value>().into())
}

fn position(call: &mut Call<'_>, one: &Position) -> Value {
    let (name, mark) = (call.account().to_owned(), call.engine.price(&one.instrument));
    let account = call.engine.account(&name);
    let (lever, isolated) = (account.leverage(&one.instrument).max(1), account.is_isolated(&one.instrument));
    let value = one.instrument.value(one.qty.abs(), mark);
    let margin = (value / Decimal::from(lever)).round_dp(8);
    let gain = one.instrument.gain(one.qty, one.entry, mark);
    let ratio = gain.checked_div(margin).unwrap_or_default().round_dp(6);
    let dollars = (value * dollars(call, one.instrument.settle())).round_dp(4);
    let qty = if one.leg == Leg::Net { one.qty } else { one.qty.abs() };
    let id = crate::engine::mix(one.opened) >> 4;
    json!({
        "instType": "SWAP", "instId": one.instrument.symbol, "mgnMode": if isolated { "isolated" } else { "cross" },
        "posId": id.to_string(), "posSide": leg(&one.instrument, one.leg), "pos": plain(qty), "posCcy": "",
        "availPos": plain(qty.abs()), "avgPx": plain(one.entry), "nonSettleAvgPx": "", "markPx": plain(mark), "upl": plain(gain),
        "uplRatio": plain(ratio), "uplLastPx": plain(gain), "uplRatioLastPx": plain(ratio), "lever": lever.to_string(),
        "liqPx": "", "imr": plain(margin), "margin": if isolated { plain(margin) } else { String::new() }, "mgnRatio": "10",
        "mmr": plain((margin / Decimal::TWO).round_dp(8)), "liab": "", "liabCcy": "", "interest": "", "tradeId": "",
        "optVal": "", "pendingCloseOrdLiabVal": "", "notionalUsd": plain(dollars), "adl": "1", "ccy": one.instrument.settle(),
        "last": plain(mark), "idxPx": plain(mark), "usdPx": "", "bePx": plain(one.entry), "deltaBS": "", "deltaPA": "",
        "gammaBS": "", "gammaPA": "", "thetaBS": "", "thetaPA": "", "vegaBS": "", "vegaPA": "", "spotInUseAmt": "",
        "spotInUseCcy": "", "clSpotInUseAmt": "", "maxSpotInUseAmt": "", "realizedPnl": plain(one.realized),
        "pnl": plain(one.realized), "fee": "0", "fundingFee": "0", "liqPenalty": "0", "closeOrderAlgo": [],
        "cTime": one.opened.to_string(), "uTime": one.updated.to_string(), "bizRefId": "", "bizRefType": "",
    })
}

pub(super) fn position_risk(call: &mut Call<'_>) -> Answered {
    let held = held(call)?;
    let rows: Vec<Value> = held.iter().map(|one| position(call, one)).collect();
    Ok(json!([{ "adjEq": "", "balData": [], "posData": rows, "ts": call.now.to_string() }]).into())
}

pub(super) fn config(call: &mut Call<'_>) -> Answered {
    let name = call.account().to_owned();
    let hedged = call.engine.account(&name).is_hedged(Wallet::Trading);
    let Some(key) = call.key else { return Err(Refusal::parameter("key")) };
    let state = key.state();
    let can = state.permissions;
    let perm = [(can.read, "read_only"), (can.withdraw, "withdraw"), (can.trade, "trade")];
    let perm: Vec<&str> = perm.into_iter().filter(|one| one.0).map(|one| one.1).collect();
    let ip: Vec<String> = state.addresses.iter().map(ToString::to_string).collect();
    Ok(json!([{
        "acctLv": state.account_level, "acctStpMode": "cancel_maker", "autoLoan": false, "ctIsoMode": "automatic",
        "enableSpotBorrow": false, "greeksType": "PA", "feeType": "0", "ip": ip.join(","), "type": "0", "kycLv": "3",
        "label": "paper", "level": "Lv1", "levelTmp": "", "liquidationGear": "-1", "mainUid": "44705892343619584",
        "mgnIsoMode": "automatic", "opAuth": "0", "perm": perm.join(","),
        "posMode": if hedged { "long_short_mode" } else { "net_mode" }, "roleType": "0", "spotBorrowAutoRepay": false,
        "spotOffsetType": "", "spotRoleType": "0", "spotTraderInsts": [], "stgyType": "0", "traderInsts": [],
        "uid": "44705892343619584", "settleCcy": "USDC", "settleCcyList": ["USD", "USDC"],
    }])
    .into())
}

fn margin_mode(call: &Call<'_>) -> Result<String, Refusal> {
    let mode = call.must("mgnMode")?;
    if matches!(mode.as_str(), "cross" | "isolated") { Ok(mode) } else { Err(Refusal::parameter("mgnMode")) }
}

pub(super) fn leverage_info(call: &mut Call<'_>) -> Answered {
    let (mode, name) = (margin_mode(call)?, call.account().to_owned());
    let ids = call.must("instId")?;
    let mut rows = Vec::new();
    for id in ids.split(',') {
        let one = call.named(id)?;
        let account = call.engine.account(&name);
        let lever = account.leverage(&one).to_string();
        let sides: &[&str] = if account.is_hedged(Wallet::Trading) { &["long", "short"] } else { &["net"] };
        rows.extend(sides.iter().map(
            |side| json!({ "ccy": "", "instId": id, "mgnMode": mode, "posSide": side, "lever": lever }),
        ));
    }
    Ok(Value::Array(rows).into())
}

pub(super) fn set_leverage(call: &mut Call<'_>) -> Answered {
    let (mode, name) = (margin_mode(call)?, call.account().to_owned());
    let one = call.instrument()?;
    if one.market != Market::Swap {
        return Err(Refusal::new(
            200,
            "51010",
            "You can't complete this request under your current account mode.",
        ));
    }
    let lever =
        call.decimal("lever")?.filter(|lever| lever.is_integer()).and_then(|lever| u32::try_from(lever).ok());
    let lever = lever.filter(|lever| (1..=100).contains(lever));
    let lever = lever.ok_or_else(|| {
        Refusal::new(200, "59102", "Leverage exceeds the maximum limit. Please lower the leverage.")
    })?;
    let side = call.get("posSide").unwrap_or_default();
    let account = call.engine.account(&name);
    account.leverage.insert((one.market, one.symbol), lever);
    account.isolated.insert((one.market, one.symbol), mode == "isolated");
    Ok(json!([{ "lever": lever.to_string(), "mgnMode": mode, "instId": one.symbol, "posSide": side }]).into())
}

pub(super) fn set_position_mode(call: &mut Call<'_>) -> Answered {
    let (mode, name) = (call.must("posMode")?, call.account().to_owned());
    let hedged = match mode.as_str() {
        "long_short_mode" => true,
        "net_mode" => false,
        _ => return Err(Refusal::parameter("posMode")),
    };
    let busy = |_| {
        Refusal::new(
            200,
            "59000",
            "Setting failed. Cancel any open orders, close positions, and stop trading bots first.",
        )
    };
    call.engine.set_hedged(&name, Wallet::Trading, hedged).map_err(busy)?;
    Ok(json!([{ "posMode": mode }]).into())
}

fn sizes(call: &mut Call<'_>, (buy_name, sell_name): (&str, &str)) -> Answered {
    let ids = call.must("instId")?;
    let mut rows = Vec::new();
    for id in ids.split(',') {
        let (buy, sell) = largest(call, id)?;
        rows.push(json!({ "ccy": "", "instId": id, buy_name: buy, sell_name: sell }));
    }
    Ok(Value::Array(rows).into())
}

pub(super) fn max_size(call: &mut Call<'_>) -> Answered {
    sizes(call, ("maxBuy", "maxSell"))
}

pub(super) fn max_avail_size(call: &mut Call<'_>) -> Answered {
    sizes(call, ("availBuy", "availSell"))
}

pub(super) fn max_withdrawal(call: &mut Call<'_>) -> Answered {
    let (name, wanted) = (call.account().to_owned(), chosen(call));
    let held = call.engine.account(&name).balances.clone();
    let mut rows = Vec::new();
    for (wallet, asset) in held.into_keys() {
        if wallet == Wallet::Trading && wanted.as_ref().is_none_or(|wanted| wanted.contains(&asset)) {
            let most = plain(call.engine.available(&name, wallet, &asset).max(Decimal::ZERO));
            rows.push(json!({ "ccy": asset, "maxWd": most, "maxWdEx": most, "spotOffsetMaxWd": "", "spotOffsetMaxWdEx": "" }));
        }
    }
    Ok(Value::Array(rows).into())
}

pub(super) fn trade_fee(call: &mut Call<'_>) -> Answered {
    Ok(json!([{
        "category": "1", "delivery": "", "exercise": "", "instType": call.must("instType")?, "isSpecial": false,
        "level": "Lv1", "maker": "-0.0008", "makerU": "-0.0002", "makerUSDC": "-0.0002", "taker": "-0.001",
        "takerU": "-0.0005", "takerUSDC": "-0.0005", "ruleType": "normal", "fiat": [], "feeGroup": [],
        "ts": call.now.to_string(),
    }])
    .into())
}
