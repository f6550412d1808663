//! Public answers that feed the market view: instruments, reference prices, server time.

use claviger_core::market::Contract;
use claviger_core::{Instrument, Market, MarketView, Reference, Symbol, Time, Venue};

use super::{Binance, house};
use crate::fields::meaning;
use crate::json::{self, Bounds, Json};
use crate::{Exchange, MarketCall, ReadError};

const INSTRUMENTS_EVERY_MS: u64 = 3_600_000;
const PRICES_EVERY_MS: u64 = 2_000;

/// With more symbols than this, one call for all of them is cheaper than one each.
/// Several in one call are never asked for: one symbol that Binance no longer lists fails the whole call.
const ONE_BY_ONE: usize = 16;

type Read = fn(&[u8], Time, &mut MarketView) -> Result<(), ReadError>;

struct Feed {
    surface: &'static str,
    instruments: (&'static str, Read),
    /// Whether instruments can be asked for by symbol.
    instruments_by_symbol: bool,
    prices: (&'static str, Read),
}

pub(super) fn calls(wanted: &[(Market, Vec<Symbol>)]) -> Vec<MarketCall> {
    wanted
        .iter()
        .filter_map(|(market, symbols)| Some(feed_calls(&feed(*market)?, symbols)))
        .flatten()
        .collect()
}

fn feed(market: Market) -> Option<Feed> {
    match market {
        Market::Spot => Some(Feed {
            surface: "spot",
            instruments: ("/api/v3/exchangeInfo", spot_instruments),
            instruments_by_symbol: true,
            prices: ("/api/v3/ticker/price", spot_prices),
        }),
        Market::Usdm => Some(Feed {
            surface: "usdm",
            instruments: ("/fapi/v1/exchangeInfo", usdm_instruments),
            instruments_by_symbol: false,
            prices: ("/fapi/v1/premiumIndex", usdm_prices),
        }),
        Market::Coinm => Some(Feed {
            surface: "coinm",
            instruments: ("/dapi/v1/exchangeInfo", coinm_instruments),
            instruments_by_symbol: false,
            prices: ("/dapi/v1/premiumIndex", coinm_prices),
        }),
        Market::Margin | Market::Option => None,
    }
}

fn feed_calls(feed: &Feed, symbols: &[Symbol]) -> Vec<MarketCall> {
    let instruments = if feed.instruments_by_symbol { symbols } else { &[] };
    let mut calls = asked(feed.surface, feed.instruments, instruments, INSTRUMENTS_EVERY_MS);
    calls.extend(asked(feed.surface, feed.prices, symbols, PRICES_EVERY_MS));
    calls
}

fn asked(surface: &str, (path, read): (&str, Read), symbols: &[Symbol], every_ms: u64) -> Vec<MarketCall> {
    if symbols.is_empty() || symbols.len() > ONE_BY_ONE {
        return vec![MarketCall { intent: house::public(surface, path, Vec::new()), read, every_ms }];
    }
    let one = |symbol| {
        let intent = house::public(surface, path, vec![house::symbol_param(symbol)]);
        MarketCall { intent, read, every_ms }
    };
    symbols.iter().map(one).collect()
}

pub(super) fn read_time(body: &[u8]) -> Option<u64> {
    let json = json::parse(body, Bounds::SMALL).ok()?;
    json.get("serverTime")?.whole().and_then(|ms| u64::try_from(ms).ok())
}

fn spot_instruments(body: &[u8], _at: Time, view: &mut MarketView) -> Result<(), ReadError> {
    instruments(body, Market::Spot, view)
}

fn usdm_instruments(body: &[u8], _at: Time, view: &mut MarketView) -> Result<(), ReadError> {
    instruments(body, Market::Usdm, view)
}

fn coinm_instruments(body: &[u8], _at: Time, view: &mut MarketView) -> Result<(), ReadError> {
    instruments(body, Market::Coinm, view)
}

fn spot_prices(body: &[u8], at: Time, view: &mut MarketView) -> Result<(), ReadError> {
    prices(body, at, view, (Market::Spot, "price", "ticker"))
}

fn usdm_prices(body: &[u8], at: Time, view: &mut MarketView) -> Result<(), ReadError> {
    prices(body, at, view, (Market::Usdm, "markPrice", "mark"))
}

fn coinm_prices(body: &[u8], at: Time, view: &mut MarketView) -> Result<(), ReadError> {
    prices(body, at, view, (Market::Coinm, "markPrice", "mark"))
}

fn answer(body: &[u8]) -> Result<Json<'_>, ReadError> {
    json::parse(body, Bounds::LARGE).map_err(|_| ReadError::Encoding("answer"))
}

fn venue(view: &mut MarketView) -> &mut Venue {
    view.venues.entry(Binance.exchange_name()).or_default()
}

fn instruments(body: &[u8], market: Market, view: &mut MarketView) -> Result<(), ReadError> {
    let json = answer(body)?;
    let listed = json.get("symbols").and_then(Json::items);
    let listed = listed.ok_or_else(|| meaning("an answer without a list of symbols"))?;
    let known = venue(view).instruments.entry(market).or_default();
    // One that cannot be read (letters beyond ASCII, numbers beyond the grammar) stays unknown, so it is not traded.
    known.extend(listed.iter().filter_map(|entry| instrument(entry, market)));
    Ok(())
}

fn instrument(entry: &Json<'_>, market: Market) -> Option<(Symbol, Instrument)> {
    let text = |name: &str| entry.get(name).and_then(Json::text);
    let filters = entry.get("filters")?.items()?;
    let filter = |kind: &str, name: &str| {
        let found = filters.iter().find(|f| f.get("filterType").and_then(Json::text) == Some(kind));
        found?.get(name)?.text()?.parse().ok()
    };
    let quote: claviger_core::Asset = text("quoteAsset")?.parse().ok()?;
    let contract = match market {
        Market::Coinm => {
            Some(Contract { size: entry.get("contractSize")?.scalar()?.parse().ok()?, asset: quote.clone() })
        }
        Market::Spot | Market::Usdm | Market::Margin | Market::Option => None,
    };
    let instrument = Instrument {
        base: text("baseAsset")?.parse().ok()?,
        quote,
        contract,
        price_step: filter("PRICE_FILTER", "tickSize")?,
        size_step: filter("LOT_SIZE", "stepSize")?,
        min_size: filter("LOT_SIZE", "minQty")?,
    };
    Some((text("symbol")?.parse().ok()?, instrument))
}

fn prices(
    body: &[u8],
    at: Time,
    view: &mut MarketView,
    (market, name, source): (Market, &str, &str),
) -> Result<(), ReadError> {
    let json = answer(body)?;
    let entries = json.items().unwrap_or(std::slice::from_ref(&json));
    let read = |entry: &Json<'_>| -> Option<(Symbol, Reference)> {
        let price: claviger_core::Decimal = entry.get(name)?.text()?.parse().ok()?;
        let symbol = entry.get("symbol")?.text()?.parse().ok()?;
        (!price.is_zero()).then(|| (symbol, Reference { price, at, source: source.into() }))
    };
    let mut found = entries.iter().filter_map(read).peekable();
    if found.peek().is_none() {
        return Err(meaning("an answer without a price"));
    }
    venue(view).references.entry(market).or_default().extend(found);
    Ok(())
}
