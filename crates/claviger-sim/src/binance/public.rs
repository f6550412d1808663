//! Market data of all three surfaces.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::Call;
use super::errors::{BAD_INTERVAL, Refusal};
use super::render::{eight, plain};
use crate::engine::{Candle, Listing, Market, Side, book};
use crate::json::parse;

type Answer = Result<Value, Refusal>;

pub(super) fn ping(_: &mut Call<'_>) -> Answer {
    Ok(json!({}))
}

pub(super) fn time(call: &mut Call<'_>) -> Answer {
    Ok(json!({ "serverTime": call.now }))
}

pub(super) fn depth(call: &mut Call<'_>) -> Answer {
    let (limit, now) = (call.limit(100, 5000)?, call.now);
    let market = call.market;
    let listing = one(call)?;
    let side = |side| {
        let rows = book::levels(&listing.instrument, listing.price, side, limit);
        rows.iter()
            .map(|&(price, qty)| json!([money(listing, price), amount(listing, qty)]))
            .collect::<Vec<_>>()
    };
    let mut body = json!({ "lastUpdateId": now, "bids": side(Side::Sell), "asks": side(Side::Buy) });
    if market != Market::Spot {
        add(&mut body, json!({ "E": now, "T": now }));
    }
    if market == Market::Coinm {
        add(&mut body, json!({ "symbol": listing.instrument.symbol, "pair": pair(listing) }));
    }
    Ok(body)
}

pub(super) fn trades(call: &mut Call<'_>) -> Answer {
    let (limit, now) = (call.limit(500, 1000)?, call.now);
    let listing = one(call)?;
    let row = |print: &crate::engine::Print| {
        json!({
            "id": print.id, "price": money(listing, print.price), "qty": amount(listing, print.qty),
            "quoteQty": money(listing, print.price * print.qty), "baseQty": plain(listing.instrument.value(print.qty, print.price)),
            "time": print.time, "isBuyerMaker": print.seller_took, "isBestMatch": true,
        })
    };
    Ok(listing.prints(limit, now).iter().map(row).collect())
}

pub(super) fn agg_trades(call: &mut Call<'_>) -> Answer {
    let (limit, now) = (call.limit(500, 1000)?, call.now);
    let listing = one(call)?;
    let row = |print: &crate::engine::Print| {
        json!({
            "a": print.id, "p": money(listing, print.price), "q": amount(listing, print.qty),
            "f": print.id, "l": print.id, "T": print.time, "m": print.seller_took, "M": true,
        })
    };
    Ok(listing.prints(limit, now).iter().map(row).collect())
}

pub(super) fn klines(call: &mut Call<'_>) -> Answer {
    let span = span(call.must("interval")?)?;
    let range = (call.integer("startTime")?.unwrap_or(0), call.integer("endTime")?.unwrap_or(u64::MAX));
    let (limit, now) = (call.limit(500, 1500)?, call.now);
    let listing = one(call)?;
    let row = |candle: &Candle| {
        let quote = candle.volume * candle.close;
        json!([
            candle.start,
            money(listing, candle.open),
            money(listing, candle.high),
            money(listing, candle.low),
            money(listing, candle.close),
            amount(listing, candle.volume),
            candle.start.saturating_add(span - 1),
            money(listing, quote),
            100,
            amount(listing, candle.volume),
            money(listing, quote),
            "0",
        ])
    };
    Ok(listing.candles(span, range, limit, now).iter().map(row).collect())
}

fn span(interval: &str) -> Result<u64, Refusal> {
    const MINUTE: u64 = 60_000;
    Ok(match interval {
        "1s" => 1000,
        "1m" => MINUTE,
        "3m" => 3 * MINUTE,
        "5m" => 5 * MINUTE,
        "15m" => 15 * MINUTE,
        "30m" => 30 * MINUTE,
        "1h" => 60 * MINUTE,
        "2h" => 120 * MINUTE,
        "4h" => 240 * MINUTE,
        "6h" => 360 * MINUTE,
        "8h" => 480 * MINUTE,
        "12h" => 720 * MINUTE,
        "1d" => 1440 * MINUTE,
        "3d" => 3 * 1440 * MINUTE,
        "1w" => 7 * 1440 * MINUTE,
        "1M" => 30 * 1440 * MINUTE,
        _ => return Err(Refusal::of(BAD_INTERVAL)),
    })
}

pub(super) fn avg_price(call: &mut Call<'_>) -> Answer {
    let now = call.now;
    let listing = one(call)?;
    Ok(json!({ "mins": 5, "price": money(listing, listing.price), "closeTime": now }))
}

pub(super) fn price(call: &mut Call<'_>) -> Answer {
    let now = call.now;
    each(call, |listing| {
        let mut body = json!({ "symbol": listing.instrument.symbol, "price": money(listing, listing.price) });
        match listing.instrument.market {
            Market::Spot => {}
            Market::Coinm => add(&mut body, json!({ "ps": pair(listing), "time": now })),
            _ => add(&mut body, json!({ "time": now })),
        }
        body
    })
}

pub(super) fn book_ticker(call: &mut Call<'_>) -> Answer {
    let now = call.now;
    each(call, |listing| {
        let top = |side| {
            book::levels(&listing.instrument, listing.price, side, 1).first().copied().unwrap_or_default()
        };
        let (bid, ask) = (top(Side::Sell), top(Side::Buy));
        let mut body = json!({
            "symbol": listing.instrument.symbol,
            "bidPrice": money(listing, bid.0), "bidQty": amount(listing, bid.1),
            "askPrice": money(listing, ask.0), "askQty": amount(listing, ask.1),
        });
        if listing.instrument.market != Market::Spot {
            add(&mut body, json!({ "time": now, "lastUpdateId": now }));
        }
        if listing.instrument.market == Market::Coinm {
            add(&mut body, json!({ "pair": pair(listing) }));
        }
        body
    })
}

pub(super) fn day(call: &mut Call<'_>) -> Answer {
    let now = call.now;
    each(call, |listing| day_row(listing, now))
}

fn day_row(listing: &Listing, now: u64) -> Value {
    let change = listing.price - listing.open;
    let percent = (change * Decimal::ONE_HUNDRED).checked_div(listing.open).unwrap_or_default();
    let volume = Decimal::from(12_345);
    let mut body = json!({
        "symbol": listing.instrument.symbol,
        "priceChange": money(listing, change), "priceChangePercent": format!("{percent:.3}"),
        "weightedAvgPrice": money(listing, listing.price), "lastPrice": money(listing, listing.price),
        "lastQty": amount(listing, listing.instrument.step), "openPrice": money(listing, listing.open),
        "highPrice": money(listing, listing.high), "lowPrice": money(listing, listing.low),
        "volume": amount(listing, volume), "openTime": now.saturating_sub(86_400_000), "closeTime": now,
        "firstId": now / 250 - 1000, "lastId": now / 250, "count": 1000,
    });
    match listing.instrument.market {
        Market::Coinm => add(&mut body, json!({ "pair": pair(listing), "baseVolume": plain(volume) })),
        Market::Spot => {
            let (bid, ask) = listing.top();
            let one = amount(listing, listing.instrument.step);
            add(
                &mut body,
                json!({
                    "quoteVolume": money(listing, volume * listing.price), "prevClosePrice": money(listing, listing.open),
                    "bidPrice": money(listing, bid), "bidQty": one, "askPrice": money(listing, ask), "askQty": one,
                }),
            );
        }
        _ => add(&mut body, json!({ "quoteVolume": money(listing, volume * listing.price) })),
    }
    body
}

pub(super) fn premium(call: &mut Call<'_>) -> Answer {
    let now = call.now;
    each(call, |listing| {
        let mut body = json!({
            "symbol": listing.instrument.symbol, "markPrice": eight(listing.price), "indexPrice": eight(listing.price),
            "estimatedSettlePrice": eight(listing.price), "lastFundingRate": "0.00010000", "interestRate": "0.00010000",
            "nextFundingTime": next_funding(now), "time": now,
        });
        if listing.instrument.market == Market::Coinm {
            add(&mut body, json!({ "pair": pair(listing) }));
        }
        body
    })
}

/// Funding falls due every eight hours.
const FUNDING: u64 = 8 * 3_600_000;

fn next_funding(now: u64) -> u64 {
    (now / FUNDING).saturating_add(1).saturating_mul(FUNDING)
}

pub(super) fn funding_rates(call: &mut Call<'_>) -> Answer {
    let (limit, now) = (call.limit(100, 1000)?, call.now);
    let listing = one(call)?;
    let last = now / FUNDING;
    let first = last.saturating_sub(u64::try_from(limit).unwrap_or(1)).saturating_add(1);
    let row = |index: u64| {
        json!({
            "symbol": listing.instrument.symbol, "fundingTime": index.saturating_mul(FUNDING),
            "fundingRate": "0.00010000", "markPrice": eight(listing.price),
        })
    };
    Ok((first..=last).map(row).collect())
}

pub(super) fn funding_info(call: &mut Call<'_>) -> Answer {
    let market = call.market;
    let rows = call.engine.listings.iter().filter(|listing| listing.instrument.market == market);
    Ok(rows
        .map(|listing| {
            json!({
                "symbol": listing.instrument.symbol, "adjustedFundingRateCap": "0.02000000",
                "adjustedFundingRateFloor": "-0.02000000", "fundingIntervalHours": 8, "disclaimer": false,
            })
        })
        .collect())
}

pub(super) fn open_interest(call: &mut Call<'_>) -> Answer {
    let now = call.now;
    let listing = one(call)?;
    Ok(
        json!({ "symbol": listing.instrument.symbol, "openInterest": amount(listing, Decimal::from(1000)), "time": now }),
    )
}

/// The listing that the mandatory `symbol` names.
fn one<'a>(call: &'a Call<'_>) -> Result<&'a Listing, Refusal> {
    let instrument = call.instrument()?;
    call.engine.listing(instrument.market, instrument.symbol).ok_or_else(|| Refusal::mandatory("symbol"))
}

/// One row for `symbol`, a list for `symbols`, `pair` or nothing. COIN-M always answers with a list.
fn each(call: &Call<'_>, row: impl Fn(&Listing) -> Value) -> Answer {
    if call.get("symbol").is_some() {
        let body = row(one(call)?);
        return Ok(if call.market == Market::Coinm { json!([body]) } else { body });
    }
    let wanted = symbols(call)?;
    let listings = call.engine.listings.iter().filter(|listing| listing.instrument.market == call.market);
    let listings = listings.filter(|listing| {
        wanted.as_ref().is_none_or(|names| names.iter().any(|name| name == listing.instrument.symbol))
            && call.get("pair").is_none_or(|name| name == pair(listing))
    });
    Ok(listings.map(row).collect())
}

/// The JSON list in `symbols`; every name must be known.
pub(super) fn symbols(call: &Call<'_>) -> Result<Option<Vec<String>>, Refusal> {
    let Some(text) = call.get("symbols") else { return Ok(None) };
    let list = parse(text.as_bytes()).and_then(|value| value.as_array().cloned());
    let list = list.ok_or_else(|| {
        Refusal::illegal("symbols", "^\\[(\"[A-Z0-9-_.]{1,20}\"(,\"[A-Z0-9-_.]{1,20}\")*)?\\]$")
    })?;
    let names: Vec<String> = list.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect();
    for name in &names {
        call.named(name)?;
    }
    Ok(Some(names))
}

/// COIN-M's pair of a perpetual: `BTCUSD` of `BTCUSD_PERP`.
pub(super) fn pair(listing: &Listing) -> String {
    listing.instrument.symbol.split('_').next().unwrap_or_default().to_owned()
}

fn money(listing: &Listing, value: Decimal) -> String {
    if listing.instrument.market == Market::Spot { eight(value) } else { plain(value) }
}

fn amount(listing: &Listing, value: Decimal) -> String {
    money(listing, value)
}

/// Adds the fields of one object to another.
pub(super) fn add(body: &mut Value, more: Value) {
    if let (Value::Object(body), Value::Object(more)) = (body, more) {
        body.extend(more as Map<String, Value>);
    }
}
