//! Public facts: time, instruments, funding.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::errors::Refusal;
use super::render::{kind, plain};
use super::{Answer, Call};
use crate::engine::{Instrument, Listing, Market, Shape};

type Answered = Result<Answer, Refusal>;

pub(super) fn time(call: &mut Call<'_>) -> Answered {
    Ok(json!([{ "ts": call.now.to_string() }]).into())
}

pub(super) fn nothing(_: &mut Call<'_>) -> Answered {
    Ok(json!([]).into())
}

pub(super) fn instruments(call: &mut Call<'_>) -> Answered {
    let Some(wanted) = call.kind()? else { return Err(Refusal::parameter("instType")) };
    let id = call.get("instId");
    let all = call.engine.listings.iter().enumerate();
    let fit = all.filter(|(_, one)| wanted.has(&one.instrument));
    let rows: Vec<Value> = fit
        .filter(|(_, one)| id.as_ref().is_none_or(|id| id == one.instrument.symbol))
        .map(|(index, one)| instrument(&one.instrument, index))
        .collect();
    match (id, rows.is_empty()) {
        (Some(_), true) => Err(Refusal::no_instrument()),
        _ => Ok(Value::Array(rows).into()),
    }
}

/// `BTC-USDT` of `BTC-USDT-SWAP`.
pub(super) fn family(one: &Instrument) -> String {
    format!("{}-{}", one.base, one.quote)
}

fn instrument(one: &Instrument, index: usize) -> Value {
    let spot = one.market == Market::Spot;
    let contract = |text: &str| if spot { String::new() } else { text.to_owned() };
    let most = plain(one.max_qty);
    json!({
        "instType": kind(one), "instId": one.symbol, "instIdCode": 10_000 + index, "instFamily": contract(&family(one)),
        "uly": contract(&family(one)), "category": "1", "groupId": "1", "baseCcy": if spot { one.base } else { "" },
        "quoteCcy": if spot { one.quote } else { "" }, "settleCcy": contract(one.settle()),
        "ctVal": contract(&plain(one.contract)), "ctMult": contract("1"),
        "ctValCcy": contract(if one.shape == Shape::Inverse { "USD" } else { one.base }),
        "ctType": contract(if one.shape == Shape::Inverse { "inverse" } else { "linear" }), "optType": "", "stk": "",
        "listTime": "1606468572000", "expTime": "", "lever": if spot { "" } else { "100" }, "tickSz": plain(one.tick),
        "lotSz": plain(one.step), "minSz": plain(one.min_qty), "alias": "", "state": "live", "ruleType": "normal",
        "maxLmtSz": most, "maxMktSz": most, "maxLmtAmt": "20000000", "maxMktAmt": if spot { "1000000" } else { "" },
        "maxTwapSz": most, "maxIcebergSz": most, "maxTriggerSz": most, "maxStopSz": most, "auctionEndTime": "",
        "contTdSwTime": "", "openType": "", "futureSettlement": false, "tradeQuoteCcyList": if spot { json!([one.quote]) } else { json!([]) },
    })
}

/// The listings that `instType` and `instId` choose.
fn chosen<'a>(call: &'a Call<'_>) -> Result<Vec<&'a Listing>, Refusal> {
    let (wanted, id) = (call.kind()?, call.get("instId"));
    if let Some(id) = &id {
        call.named(id)?;
    }
    let fits = |one: &&Listing| {
        wanted.is_none_or(|wanted| wanted.has(&one.instrument))
            && id.as_ref().is_none_or(|id| id == one.instrument.symbol)
    };
    Ok(call.engine.listings.iter().filter(fits).collect())
}

fn rows(call: &Call<'_>, row: impl Fn(&Listing) -> Value) -> Answered {
    Ok(chosen(call)?.into_iter().map(row).collect::<Value>().into())
}

pub(super) fn mark_price(call: &mut Call<'_>) -> Answered {
    let now = call.now;
    rows(
        call,
        |one| json!({ "instType": kind(&one.instrument), "instId": one.instrument.symbol, "markPx": plain(one.price), "ts": now.to_string() }),
    )
}

pub(super) fn price_limit(call: &mut Call<'_>) -> Answered {
    let now = call.now;
    rows(call, |one| {
        let edge = |share| plain(one.instrument.to_tick(one.price * Decimal::new(share, 2)));
        json!({
            "instType": kind(&one.instrument), "instId": one.instrument.symbol, "buyLmt": edge(105), "sellLmt": edge(95),
            "ts": now.to_string(), "enabled": true,
        })
    })
}

const FUNDING: u64 = 8 * 3_600_000;

fn swap_only(call: &Call<'_>) -> Result<(), Refusal> {
    if call.instrument()?.market == Market::Swap { Ok(()) } else { Err(Refusal::parameter("instId")) }
}

pub(super) fn funding_rate(call: &mut Call<'_>) -> Answered {
    swap_only(call)?;
    let now = call.now;
    let due = (now / FUNDING).saturating_add(1).saturating_mul(FUNDING);
    rows(call, |one| {
        json!({
            "instType": "SWAP", "instId": one.instrument.symbol, "method": "current_period", "formulaType": "noRate",
            "fundingRate": "0.0001", "nextFundingRate": "", "fundingTime": due.to_string(),
            "nextFundingTime": due.saturating_add(FUNDING).to_string(), "prevFundingTime": due.saturating_sub(FUNDING).to_string(),
            "minFundingRate": "-0.00375", "maxFundingRate": "0.00375", "interestRate": "0.0001", "impactValue": "20000",
            "settState": "settled", "settFundingRate": "0.0001", "premium": "0", "ts": now.to_string(),
        })
    })
}

pub(super) fn funding_history(call: &mut Call<'_>) -> Answered {
    swap_only(call)?;
    let (instrument, limit, last) = (call.instrument()?, call.limit(100, 400)?, call.now / FUNDING);
    let row = |back: usize| {
        let at = last.saturating_sub(u64::try_from(back).unwrap_or_default()).saturating_mul(FUNDING);
        json!({
            "instType": "SWAP", "instId": instrument.symbol, "fundingRate": "0.0001", "realizedRate": "0.0001",
            "fundingTime": at.to_string(), "method": "current_period", "formulaType": "noRate",
        })
    };
    Ok((0..limit).map(row).collect::<Value>().into())
}

pub(super) fn open_interest(call: &mut Call<'_>) -> Answered {
    let now = call.now;
    rows(call, |one| {
        json!({
            "instType": kind(&one.instrument), "instId": one.instrument.symbol, "oi": "100000", "oiCcy": "1000",
            "oiUsd": "60000000", "ts": now.to_string(),
        })
    })
}
