//! Convert: a quote, its acceptance, and what became of it.

use serde_json::{Value, json};

use super::Call;
use super::errors::Refusal;
use super::orders::Answer;
use super::render::plain;
use crate::engine::{Conversion, Quote, Side, Wallet};

/// How long a quote stands, in milliseconds.
const STANDS: u64 = 10_000;

fn wallet(call: &Call<'_>) -> Wallet {
    if call.get("walletType") == Some("FUNDING") { Wallet::Funding } else { Wallet::Spot }
}

pub(super) fn quote(call: &mut Call<'_>) -> Answer {
    let (from, to) = (call.must("fromAsset")?.to_owned(), call.must("toAsset")?.to_owned());
    let (pays, gets) = (call.decimal("fromAmount")?, call.decimal("toAmount")?);
    let side = match (pays, gets) {
        (Some(_), None) => Side::Sell,
        (None, Some(_)) => Side::Buy,
        _ => return Err(Refusal::mandatory("fromAmount")),
    };
    let wanted = Quote {
        id: 0,
        account: call.account().to_owned(),
        wallet: wallet(call),
        from,
        to,
        pays: pays.unwrap_or_default(),
        gets: gets.unwrap_or_default(),
        until: call.now.saturating_add(STANDS),
    };
    let none = || Refusal::new(-23_000, "The pair is not supported by convert.");
    let quote = call.engine.quote(wanted, side).ok_or_else(none)?;
    let ratio = quote.gets.checked_div(quote.pays).unwrap_or_default().round_dp(12);
    let inverse = quote.pays.checked_div(quote.gets).unwrap_or_default().round_dp(12);
    Ok(json!({
        "quoteId": quote.id.to_string(), "ratio": plain(ratio), "inverseRatio": plain(inverse), "validTimestamp": quote.until,
        "toAmount": plain(quote.gets), "fromAmount": plain(quote.pays),
    }))
}

pub(super) fn accept(call: &mut Call<'_>) -> Answer {
    let (account, now) = (call.account().to_owned(), call.now);
    let id = call.must("quoteId")?.parse().unwrap_or(0);
    let gone = |_| Refusal::new(-23_002, "Quote expired, or it is not yours, or its funds are not there.");
    let done = call.engine.convert(&account, (id, String::new()), now).map_err(gone)?;
    Ok(json!({ "orderId": done.id.to_string(), "createTime": done.time, "orderStatus": "SUCCESS" }))
}

fn shown(one: &Conversion) -> Value {
    let ratio = one.quote.gets.checked_div(one.quote.pays).unwrap_or_default().round_dp(12);
    let inverse = one.quote.pays.checked_div(one.quote.gets).unwrap_or_default().round_dp(12);
    json!({
        "quoteId": one.quote.id.to_string(), "orderId": one.id, "orderStatus": "SUCCESS", "fromAsset": one.quote.from,
        "fromAmount": plain(one.quote.pays), "toAsset": one.quote.to, "toAmount": plain(one.quote.gets),
        "ratio": plain(ratio), "inverseRatio": plain(inverse), "createTime": one.time, "orderType": "MARKET",
    })
}

pub(super) fn status(call: &mut Call<'_>) -> Answer {
    let (order, quote) = (call.integer("orderId")?, call.integer("quoteId")?);
    let fits = |one: &&Conversion| order.map_or(quote == Some(one.quote.id), |id| id == one.id);
    let found = call.engine.conversions_of(call.account()).find(fits);
    found.map(shown).ok_or_else(|| Refusal::of(super::errors::NO_SUCH_ORDER))
}

pub(super) fn history(call: &mut Call<'_>) -> Answer {
    let (start, end) =
        (call.integer("startTime")?.unwrap_or(0), call.integer("endTime")?.unwrap_or(u64::MAX));
    let limit = call.limit(100, 1000)?;
    let rows = call.engine.conversions_of(call.account()).filter(|one| (start..=end).contains(&one.time));
    let rows: Vec<Value> = rows.map(shown).take(limit).collect();
    Ok(json!({ "list": rows, "startTime": start, "endTime": end, "limit": limit, "moreData": false }))
}

pub(super) fn pairs(call: &mut Call<'_>) -> Answer {
    let fits = |from: &str, to: &str| {
        call.get("fromAsset").is_none_or(|wanted| wanted == from)
            && call.get("toAsset").is_none_or(|wanted| wanted == to)
    };
    let listings =
        call.engine.listings.iter().filter(|one| one.instrument.market == crate::engine::Market::Spot);
    let both = listings.flat_map(|one| {
        [(one.instrument.base, one.instrument.quote), (one.instrument.quote, one.instrument.base)]
    });
    let row = |(from, to): (&str, &str)| {
        json!({
            "fromAsset": from, "toAsset": to, "fromAssetMinAmount": "0.0001", "fromAssetMaxAmount": "1000000",
            "toAssetMinAmount": "0.0001", "toAssetMaxAmount": "1000000",
        })
    };
    Ok(both.filter(|(from, to)| fits(from, to)).map(row).collect())
}

pub(super) fn assets(_: &mut Call<'_>) -> Answer {
    let row = |asset: &str| json!({ "asset": asset, "fraction": 8 });
    Ok(["BTC", "ETH", "BNB", "USDT", "USDC"].map(row).into_iter().collect())
}
