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
        underlying: None,
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

#[cfg(test)]
mod tests {
    use claviger_core::{ExchangeName, MarketView};

    use super::*;

    const AT: Time = Time::from_millis(1_700_000_000_000);

    fn instrument_of(market: Market, symbol: &str, body: &str) -> Option<Instrument> {
        let mut view = MarketView::default();
        feed(market).unwrap().instruments.1(body.as_bytes(), AT, &mut view).unwrap();
        let name: ExchangeName = "binance".parse().unwrap();
        view.instrument(&name, market, &symbol.parse().unwrap()).cloned()
    }

    fn prices_of(market: Market, body: &str) -> Result<Vec<(String, String)>, ReadError> {
        let mut view = MarketView::default();
        feed(market).unwrap().prices.1(body.as_bytes(), AT, &mut view)?;
        let venue = view.venues.into_values().next().unwrap();
        let found = venue.references.into_values().flatten();
        Ok(found.map(|(symbol, reference)| (symbol.to_string(), reference.price.to_string())).collect())
    }

    fn listed(extra: &str) -> String {
        format!(
            r#"{{"timezone":"UTC","symbols":[{{"symbol":"币安人生USDT"}},{{"symbol":"BTCUSD_PERP","baseAsset":"BTC",
            "quoteAsset":"USD",{extra}"filters":[{{"filterType":"PRICE_FILTER","minPrice":"0.1","tickSize":"0.10000000"}},
            {{"filterType":"LOT_SIZE","stepSize":"0.00100000","minQty":"0.00200000"}}]}}]}}"#
        )
    }

    #[test]
    fn instruments_with_their_steps() {
        for market in [Market::Spot, Market::Usdm] {
            let found = instrument_of(market, "BTCUSD_PERP", &listed("")).unwrap();
            assert_eq!((found.base.as_str(), found.quote.as_str(), found.contract), ("BTC", "USD", None));
            let steps = [found.price_step, found.size_step, found.min_size].map(|n| n.to_string());
            assert_eq!(steps, ["0.1", "0.001", "0.002"]);
        }
    }

    #[test]
    fn inverse_contracts_count_the_quote() {
        let found = instrument_of(Market::Coinm, "BTCUSD_PERP", &listed(r#""contractSize":100,"#)).unwrap();
        let contract = found.contract.unwrap();
        assert_eq!((contract.size.to_string().as_str(), contract.asset.as_str()), ("100", "USD"));
        assert_eq!(instrument_of(Market::Coinm, "BTCUSD_PERP", &listed("")), None, "without a size, unknown");
    }

    #[test]
    fn prices_of_one_and_of_many() {
        let pair = |symbol: &str, price: &str| (symbol.to_owned(), price.to_owned());
        let one = r#"{"symbol":"BTCUSDT","price":"64000.10000000"}"#;
        assert_eq!(prices_of(Market::Spot, one), Ok(vec![pair("BTCUSDT", "64000.1")]));
        let many =
            r#"[{"symbol":"A","markPrice":"1.5","indexPrice":"2"},{"symbol":"B","markPrice":"0.00000000"}]"#;
        assert_eq!(prices_of(Market::Usdm, many), Ok(vec![pair("A", "1.5")]));
        for bad in ["[]", "{}", r#"{"symbol":"A","price":1.5}"#, r#"[{"symbol":"A","price":"-1"}]"#, "<html>"]
        {
            assert!(prices_of(Market::Spot, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn time() {
        assert_eq!(read_time(br#"{"serverTime":1499827319559}"#), Some(1_499_827_319_559));
        for bad in [
            &b"{}"[..],
            br#"{"serverTime":"1"}"#,
            br#"{"serverTime":-1}"#,
            br#"{"serverTime":1,"serverTime":2}"#,
        ] {
            assert_eq!(read_time(bad), None);
        }
    }

    #[test]
    fn calls_are_public_rows_that_print() {
        let some: Vec<Symbol> = vec!["BTCUSDT".parse().unwrap(), "ETHUSDT".parse().unwrap()];
        let many: Vec<Symbol> = (0..40).map(|n| format!("S{n}").parse().unwrap()).collect();
        for (market, symbols, count) in [
            (Market::Spot, &some, 4),
            (Market::Usdm, &some, 3),
            (Market::Coinm, &some, 3),
            (Market::Spot, &many, 2),
            (Market::Usdm, &Vec::new(), 2),
            (Market::Option, &some, 0),
        ] {
            let calls = calls(&[(market, symbols.clone())]);
            assert_eq!(calls.len(), count, "{market:?}");
            assert!(calls.iter().all(|call| Binance.print(&call.intent, None).is_ok()));
        }
    }
}
