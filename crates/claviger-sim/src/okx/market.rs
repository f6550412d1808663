//! Prices: tickers, books, candles, trades.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::errors::Refusal;
use super::public::family;
use super::render::{kind, plain};
use super::{Answer, Call};
use crate::engine::{Candle, Listing, Market, Side, book};

type Answered = Result<Answer, Refusal>;

pub(super) fn tickers(call: &mut Call<'_>) -> Answered {
    let Some(wanted) = call.kind()? else { return Err(Refusal::parameter("instType")) };
    let fit = call.engine.listings.iter().filter(|one| wanted.has(&one.instrument));
    Ok(fit.map(|one| row(one, call.now)).collect::<Value>().into())
}

pub(super) fn ticker(call: &mut Call<'_>) -> Answered {
    let now = call.now;
    Ok(json!([row(listing(call)?, now)]).into())
}

fn listing<'a>(call: &'a Call<'_>) -> Result<&'a Listing, Refusal> {
    let instrument = call.instrument()?;
    call.engine.listing(instrument.market, instrument.symbol).ok_or_else(Refusal::no_instrument)
}

fn row(one: &Listing, now: u64) -> Value {
    let top = |side| book::levels(&one.instrument, one.price, side, 1).first().copied().unwrap_or_default();
    let (bid, ask) = (top(Side::Sell), top(Side::Buy));
    json!({
        "instType": kind(&one.instrument), "instId": one.instrument.symbol, "last": plain(one.price),
        "lastSz": plain(one.instrument.step), "askPx": plain(ask.0), "askSz": plain(ask.1), "bidPx": plain(bid.0),
        "bidSz": plain(bid.1), "open24h": plain(one.open), "high24h": plain(one.high), "low24h": plain(one.low),
        "volCcy24h": "12345", "vol24h": "12345", "ts": now.to_string(), "sodUtc0": plain(one.open), "sodUtc8": plain(one.open),
    })
}

/// The listing whose price stands for an index: the swap if there is one, else spot.
fn index<'a>(call: &'a Call<'_>, id: &str) -> Option<&'a Listing> {
    call.engine.listings.iter().rev().find(|one| family(&one.instrument) == id)
}

pub(super) fn index_tickers(call: &mut Call<'_>) -> Answered {
    let (id, quote) = (call.get("instId"), call.get("quoteCcy"));
    if id.is_none() && quote.is_none() {
        return Err(Refusal::new(400, "50014", "Parameter quoteCcy or instId can not be empty"));
    }
    let mut names: Vec<String> = call.engine.listings.iter().map(|one| family(&one.instrument)).collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| {
        id.as_ref().is_none_or(|id| id == name)
            && quote.as_ref().is_none_or(|quote| name.rsplit('-').next() == Some(quote))
    });
    let row = |name: &String| {
        index(call, name).map(|one| {
            json!({
                "instId": name, "idxPx": plain(one.price), "high24h": plain(one.high), "low24h": plain(one.low),
                "open24h": plain(one.open), "sodUtc0": plain(one.open), "sodUtc8": plain(one.open), "ts": call.now.to_string(),
            })
        })
    };
    if names.is_empty() {
        Err(Refusal::no_instrument())
    } else {
        Ok(names.iter().filter_map(row).collect::<Value>().into())
    }
}

pub(super) fn books(call: &mut Call<'_>) -> Answered {
    let depth = call.integer("sz")?.and_then(|one| usize::try_from(one).ok()).unwrap_or(1).clamp(1, 400);
    let now = call.now;
    let one = listing(call)?;
    let side = |side| {
        let levels = book::levels(&one.instrument, one.price, side, depth);
        levels.iter().map(|&(price, qty)| json!([plain(price), plain(qty), "0", "1"])).collect::<Value>()
    };
    Ok(json!([{ "asks": side(Side::Buy), "bids": side(Side::Sell), "ts": now.to_string(), "seqId": now }])
        .into())
}

pub(super) fn candles(call: &mut Call<'_>) -> Answered {
    let found = listing(call)?;
    candle_rows(call, found)
}

pub(super) fn index_candles(call: &mut Call<'_>) -> Answered {
    let found = index(call, &call.must("instId")?).ok_or_else(Refusal::no_instrument)?;
    candle_rows(call, found)
}

/// Newest first. `after` asks for older than a time, `before` for newer.
fn candle_rows(call: &Call<'_>, one: &Listing) -> Answered {
    let span = span(call.get("bar").as_deref().unwrap_or("1m"))?;
    let to = call.integer("after")?.map_or(u64::MAX, |at| at.saturating_sub(1));
    let from = call.integer("before")?.map_or(0, |at| at.saturating_add(1));
    let candles = one.candles(span, (from, to), call.limit(100, 300)?, call.now);
    let row = |candle: &Candle| {
        let done = candle.start.saturating_add(span) <= call.now;
        let money = candle.volume * candle.close;
        json!([
            candle.start.to_string(),
            plain(candle.open),
            plain(candle.high),
            plain(candle.low),
            plain(candle.close),
            plain(candle.volume),
            plain(candle.volume),
            plain(money),
            if done { "1" } else { "0" },
        ])
    };
    Ok(candles.iter().rev().map(row).collect::<Value>().into())
}

fn span(bar: &str) -> Result<u64, Refusal> {
    const MINUTE: u64 = 60_000;
    Ok(match bar {
        "1s" => 1000,
        "1m" => MINUTE,
        "3m" => 3 * MINUTE,
        "5m" => 5 * MINUTE,
        "15m" => 15 * MINUTE,
        "30m" => 30 * MINUTE,
        "1H" => 60 * MINUTE,
        "2H" => 120 * MINUTE,
        "4H" => 240 * MINUTE,
        "6H" | "6Hutc" => 360 * MINUTE,
        "12H" | "12Hutc" => 720 * MINUTE,
        "1D" | "1Dutc" => 1440 * MINUTE,
        "2D" | "2Dutc" => 2 * 1440 * MINUTE,
        "3D" | "3Dutc" => 3 * 1440 * MINUTE,
        "1W" | "1Wutc" => 7 * 1440 * MINUTE,
        "1M" | "1Mutc" => 30 * 1440 * MINUTE,
        _ => return Err(Refusal::parameter("bar")),
    })
}

pub(super) fn trades(call: &mut Call<'_>) -> Answered {
    let (limit, now) = (call.limit(100, 500)?, call.now);
    let one = listing(call)?;
    let row = |print: &crate::engine::Print| {
        json!({
            "instId": one.instrument.symbol, "tradeId": print.id.to_string(), "px": plain(print.price),
            "sz": plain(print.qty), "side": if print.seller_took { "sell" } else { "buy" }, "ts": print.time.to_string(),
            "count": "1", "source": "0", "seqId": print.id,
        })
    };
    Ok(one.prints(limit, now).iter().rev().map(row).collect::<Value>().into())
}

/// The price of one unit of an asset in US dollars; zero if unknown.
pub(super) fn dollars(call: &Call<'_>, asset: &str) -> Decimal {
    if asset.starts_with("USD") {
        return Decimal::ONE;
    }
    call.engine.listing(Market::Spot, &format!("{asset}-USDT")).map_or(Decimal::ZERO, |one| one.price)
}
