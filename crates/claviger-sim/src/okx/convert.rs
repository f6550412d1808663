//! Convert: a quote and the trade at it.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::errors::Refusal;
use super::render::plain;
use super::{Answer, Call};
use crate::engine::{Conversion, Quote, Side, Wallet};

type Answered = Result<Answer, Refusal>;

/// How long a quote stands, in milliseconds.
const STANDS: u64 = 10_000;

pub(super) fn currencies(_: &mut Call<'_>) -> Answered {
    let row = |ccy: &str| json!({ "ccy": ccy, "min": "", "max": "" });
    Ok(["BTC", "ETH", "USDT", "USDC"].map(row).into_iter().collect::<Value>().into())
}

pub(super) fn pair(call: &mut Call<'_>) -> Answered {
    let (from, to) = (call.must("fromCcy")?, call.must("toCcy")?);
    if from == to || call.engine.rate(&from, &to).is_none() {
        return Err(Refusal::new(200, "52915", "The currency pair does not exist"));
    }
    Ok(json!([{
        "baseCcy": from, "baseCcyMax": "1000", "baseCcyMin": "0.0001", "instId": format!("{from}-{to}"), "quoteCcy": to,
        "quoteCcyMax": "1000000", "quoteCcyMin": "1",
    }])
    .into())
}

fn side(call: &Call<'_>) -> Result<Side, Refusal> {
    match call.must("side")?.as_str() {
        "buy" => Ok(Side::Buy),
        "sell" => Ok(Side::Sell),
        _ => Err(Refusal::parameter("side")),
    }
}

pub(super) fn quote(call: &mut Call<'_>) -> Answered {
    let (base, counter, side) = (call.must("baseCcy")?, call.must("quoteCcy")?, side(call)?);
    let amount = call.decimal("rfqSz")?.ok_or_else(|| Refusal::parameter("rfqSz"))?;
    let in_base = match call.must("rfqSzCcy")? {
        ccy if ccy == base => true,
        ccy if ccy == counter => false,
        _ => return Err(Refusal::parameter("rfqSzCcy")),
    };
    let (from, to) =
        if side == Side::Sell { (base.clone(), counter.clone()) } else { (counter.clone(), base.clone()) };
    // What is given is what is paid when selling base or buying with quote.
    let pays = in_base == (side == Side::Sell);
    let wanted = Quote {
        id: 0,
        account: call.account().to_owned(),
        wallet: Wallet::Trading,
        from,
        to,
        pays: if pays { amount } else { Decimal::ZERO },
        gets: if pays { Decimal::ZERO } else { amount },
        until: call.now.saturating_add(STANDS),
    };
    let none = || Refusal::new(200, "52915", "The currency pair does not exist");
    let done = call.engine.quote(wanted, if pays { Side::Sell } else { Side::Buy }).ok_or_else(none)?;
    let (in_base, in_quote) =
        if side == Side::Sell { (done.pays, done.gets) } else { (done.gets, done.pays) };
    let price = in_quote.checked_div(in_base).unwrap_or_default().round_dp(8);
    Ok(json!([{
        "baseCcy": base, "baseSz": plain(in_base), "clQReqId": call.get("clQReqId").unwrap_or_default(), "cnvtPx": plain(price),
        "origRfqSz": plain(amount), "quoteCcy": counter, "quoteId": done.id.to_string(), "quoteSz": plain(in_quote),
        "quoteTime": call.now.to_string(), "rfqSz": plain(amount), "rfqSzCcy": call.must("rfqSzCcy")?, "side": call.must("side")?,
        "ttlMs": STANDS.to_string(),
    }])
    .into())
}

pub(super) fn trade(call: &mut Call<'_>) -> Answered {
    let (account, now) = (call.account().to_owned(), call.now);
    let id = call.must("quoteId")?.parse().unwrap_or(0);
    let client = call.get("clTReqId").unwrap_or_default();
    let gone = |_| Refusal::new(200, "52907", "Quote expired, used, or not paid for");
    let done = call.engine.convert(&account, (id, client), now).map_err(gone)?;
    Ok(json!([shown(&done, side(call)?)]).into())
}

fn shown(one: &Conversion, side: Side) -> Value {
    let quote = &one.quote;
    let (base, counter, in_base, in_quote) = match side {
        Side::Sell => (&quote.from, &quote.to, quote.pays, quote.gets),
        Side::Buy => (&quote.to, &quote.from, quote.gets, quote.pays),
    };
    let price = in_quote.checked_div(in_base).unwrap_or_default().round_dp(8);
    json!({
        "baseCcy": base, "clTReqId": one.client_id, "fillBaseSz": plain(in_base), "fillPx": plain(price), "fillQuoteSz": plain(in_quote),
        "instId": format!("{base}-{counter}"), "quoteCcy": counter, "quoteId": quote.id.to_string(), "side": side.name(),
        "state": "fullyFilled", "tradeId": one.id.to_string(), "ts": one.time.to_string(),
    })
}

pub(super) fn history(call: &mut Call<'_>) -> Answered {
    let (limit, client) = (call.limit(100, 100)?, call.get("clTReqId"));
    let fits = |one: &&Conversion| client.as_ref().is_none_or(|client| *client == one.client_id);
    let rows = call.engine.conversions_of(call.account()).rev().filter(fits).take(limit);
    Ok(rows.map(|one| shown(one, Side::Sell)).collect::<Value>().into())
}
