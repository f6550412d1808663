//! Public answers that feed the market view: instruments, reference prices, server time.

use std::collections::BTreeMap;

use claviger_core::market::{Contract, Underlying};
use claviger_core::{Asset, Decimal, Instrument, Market, MarketView, Reference, Symbol, Time, Venue};

use super::{Binance, house};
use crate::fields::meaning;
use crate::json::{self, Bounds, Json};
use crate::{Exchange, MarketCall, ReadError, middle};

const INSTRUMENTS_EVERY_MS: u64 = 3_600_000;
const PRICES_EVERY_MS: u64 = 2_000;

/// The list of all pairs' tickers weighs 80 of the 6000 a minute that an address has; a reference is fresh for 10 s.
const ALL_TICKERS_EVERY_MS: u64 = 4_000;

/// The marks of all options weigh 5 of the 400 a minute that an address has.
const ALL_OPTIONS_EVERY_MS: u64 = 4_000;

/// With more symbols than this, one call for all of them is cheaper than one each.
/// Several in one call are never asked for: one symbol that Binance no longer lists fails the whole call.
const ONE_BY_ONE: usize = 16;

/// The price in one entry of an answer.
type PriceOf = fn(&Json<'_>) -> Option<Decimal>;

type Read = fn(&[u8], Time, &mut MarketView) -> Result<(), ReadError>;

struct Feed {
    surface: &'static str,
    instruments: (&'static str, Read),
    /// Whether instruments can be asked for by symbol.
    instruments_by_symbol: bool,
    prices: (&'static str, Read),
    /// Whether prices are asked for by symbol.
    prices_by_symbol: bool,
    /// How often the prices of every symbol are asked for in one call, in milliseconds.
    all_prices_every_ms: u64,
}

pub(super) fn calls(wanted: &[(Market, Vec<Symbol>)]) -> Vec<MarketCall> {
    let feeds = feeds(wanted).into_iter();
    feeds.filter_map(|(market, symbols)| Some(feed_calls(&feed(market)?, &symbols))).flatten().collect()
}

/// What is asked for: margin trades in the book of spot, and an option is measured by its underlying on the futures.
/// No symbols are all of them.
fn feeds(wanted: &[(Market, Vec<Symbol>)]) -> BTreeMap<Market, Vec<Symbol>> {
    let mut feeds: BTreeMap<Market, Vec<Symbol>> = BTreeMap::new();
    let mut add = |market, symbols: &[Symbol]| match feeds.get_mut(&market) {
        None => {
            feeds.insert(market, symbols.to_vec());
        }
        Some(known) if known.is_empty() || symbols.is_empty() => known.clear(),
        Some(known) => {
            known.extend_from_slice(symbols);
            known.sort();
            known.dedup();
        }
    };
    for (market, symbols) in wanted {
        match market {
            Market::Margin => add(Market::Spot, symbols),
            Market::Option => {
                add(Market::Option, symbols);
                add(Market::Usdm, &[]);
            }
            Market::Spot | Market::Usdm | Market::Coinm => add(*market, symbols),
        }
    }
    feeds
}

fn feed(market: Market) -> Option<Feed> {
    match market {
        Market::Spot => Some(Feed {
            surface: "spot",
            instruments: ("/api/v3/exchangeInfo", spot_instruments),
            instruments_by_symbol: true,
            prices: ("/api/v3/ticker/24hr", spot_prices),
            prices_by_symbol: true,
            all_prices_every_ms: ALL_TICKERS_EVERY_MS,
        }),
        Market::Usdm => Some(Feed {
            surface: "usdm",
            instruments: ("/fapi/v1/exchangeInfo", usdm_instruments),
            instruments_by_symbol: false,
            prices: ("/fapi/v1/premiumIndex", usdm_prices),
            prices_by_symbol: true,
            all_prices_every_ms: PRICES_EVERY_MS,
        }),
        Market::Coinm => Some(Feed {
            surface: "coinm",
            instruments: ("/dapi/v1/exchangeInfo", coinm_instruments),
            instruments_by_symbol: false,
            prices: ("/dapi/v1/premiumIndex", coinm_prices),
            prices_by_symbol: true,
            all_prices_every_ms: PRICES_EVERY_MS,
        }),
        Market::Option => Some(Feed {
            surface: "option",
            instruments: ("/eapi/v1/exchangeInfo", option_instruments),
            instruments_by_symbol: false,
            prices: ("/eapi/v1/mark", option_prices),
            prices_by_symbol: false,
            all_prices_every_ms: ALL_OPTIONS_EVERY_MS,
        }),
        Market::Margin => None,
    }
}

fn feed_calls(feed: &Feed, symbols: &[Symbol]) -> Vec<MarketCall> {
    let instruments = if feed.instruments_by_symbol { symbols } else { &[] };
    let every = (INSTRUMENTS_EVERY_MS, INSTRUMENTS_EVERY_MS);
    let mut calls = asked(feed.surface, feed.instruments, instruments, every);
    let priced = if feed.prices_by_symbol { symbols } else { &[] };
    calls.extend(asked(feed.surface, feed.prices, priced, (PRICES_EVERY_MS, feed.all_prices_every_ms)));
    calls
}

/// One call for each symbol, or one for all of them, each with its own pace.
fn asked(
    surface: &str,
    (path, read): (&str, Read),
    symbols: &[Symbol],
    (every_ms, all_every_ms): (u64, u64),
) -> Vec<MarketCall> {
    if symbols.is_empty() || symbols.len() > ONE_BY_ONE {
        let intent = house::public(surface, path, Vec::new());
        return vec![MarketCall { intent, read, every_ms: all_every_ms }];
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

/// Options are listed by their underlyings, which say what is traded; a contract counts units of that.
fn option_instruments(body: &[u8], _at: Time, view: &mut MarketView) -> Result<(), ReadError> {
    let json = answer(body)?;
    let list = |name: &str| json.get(name).and_then(Json::items);
    let (Some(contracts), Some(listed)) = (list("optionContracts"), list("optionSymbols")) else {
        return Err(meaning("an answer without lists of options"));
    };
    let base = |underlying: &str| {
        let found = contracts.iter().find(|c| c.get("underlying").and_then(Json::text) == Some(underlying));
        found?.get("baseAsset")?.text()?.parse().ok()
    };
    let known = venue(view).instruments.entry(Market::Option).or_default();
    known.extend(listed.iter().filter_map(|entry| option(entry, base)));
    Ok(())
}

fn option(entry: &Json<'_>, base: impl Fn(&str) -> Option<Asset>) -> Option<(Symbol, Instrument)> {
    let text = |name: &str| entry.get(name).and_then(Json::text);
    let underlying = text("underlying")?;
    let base = base(underlying)?;
    let unit: Decimal = entry.get("unit")?.scalar()?.parse().ok()?;
    let instrument = Instrument {
        base: base.clone(),
        quote: text("quoteAsset")?.parse().ok()?,
        contract: Some(Contract { size: unit, asset: base }),
        price_step: filter(entry, "PRICE_FILTER", "tickSize")?,
        size_step: filter(entry, "LOT_SIZE", "stepSize")?,
        min_size: filter(entry, "LOT_SIZE", "minQty")?,
        underlying: Some(Underlying { market: Market::Usdm, symbol: underlying.parse().ok()? }),
    };
    Some((text("symbol")?.parse().ok()?, instrument))
}

/// A pair's reference: the middle one of last trade, best bid and best ask, so that one trade printed on a thin pair does
/// not move it beyond the book.
fn spot_prices(body: &[u8], at: Time, view: &mut MarketView) -> Result<(), ReadError> {
    let of = |entry: &Json<'_>| middle(["lastPrice", "bidPrice", "askPrice"].map(|name| price(entry, name)));
    prices(body, at, view, (Market::Spot, of, "last-bid-ask"))
}

fn usdm_prices(body: &[u8], at: Time, view: &mut MarketView) -> Result<(), ReadError> {
    prices(body, at, view, (Market::Usdm, mark, "mark"))
}

fn coinm_prices(body: &[u8], at: Time, view: &mut MarketView) -> Result<(), ReadError> {
    prices(body, at, view, (Market::Coinm, mark, "mark"))
}

fn option_prices(body: &[u8], at: Time, view: &mut MarketView) -> Result<(), ReadError> {
    prices(body, at, view, (Market::Option, mark, "mark"))
}

fn mark(entry: &Json<'_>) -> Option<Decimal> {
    price(entry, "markPrice")
}

/// A price; zero stands for none.
fn price(entry: &Json<'_>, name: &str) -> Option<Decimal> {
    entry.get(name)?.text()?.parse().ok().filter(|price: &Decimal| !price.is_zero())
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
    let quote: Asset = text("quoteAsset")?.parse().ok()?;
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
        price_step: filter(entry, "PRICE_FILTER", "tickSize")?,
        size_step: filter(entry, "LOT_SIZE", "stepSize")?,
        min_size: filter(entry, "LOT_SIZE", "minQty")?,
        underlying: None,
    };
    Some((text("symbol")?.parse().ok()?, instrument))
}

fn filter(entry: &Json<'_>, kind: &str, name: &str) -> Option<Decimal> {
    let filters = entry.get("filters")?.items()?;
    let found = filters.iter().find(|f| f.get("filterType").and_then(Json::text) == Some(kind));
    found?.get(name)?.text()?.parse().ok()
}

fn prices(
    body: &[u8],
    at: Time,
    view: &mut MarketView,
    (market, price_of, source): (Market, PriceOf, &str),
) -> Result<(), ReadError> {
    let json = answer(body)?;
    let entries = json.items().unwrap_or(std::slice::from_ref(&json));
    let read = |entry: &Json<'_>| -> Option<(Symbol, Reference)> {
        let price = price_of(entry)?;
        let symbol = entry.get("symbol")?.text()?.parse().ok()?;
        Some((symbol, Reference { price, at, source: source.into() }))
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
    fn options_count_their_underlying() {
        let body = |unit: &str, underlying: &str| {
            format!(
                r#"{{"optionContracts":[{{"baseAsset":"ETH","quoteAsset":"USDT","underlying":"ETHUSDT"}}],"optionSymbols":[{{
                "symbol":"ETH-271231-3000-C","strikePrice":"3000","underlying":"{underlying}",{unit}"quoteAsset":"USDT",
                "filters":[{{"filterType":"PRICE_FILTER","tickSize":"0.1"}},
                {{"filterType":"LOT_SIZE","minQty":"0.01","stepSize":"0.02"}}]}}]}}"#
            )
        };
        let of = |unit: &str, underlying: &str| {
            instrument_of(Market::Option, "ETH-271231-3000-C", &body(unit, underlying))
        };
        let found = of(r#""unit":1,"#, "ETHUSDT").unwrap();
        let contract = found.contract.unwrap();
        assert_eq!((contract.size.to_string().as_str(), contract.asset.as_str()), ("1", "ETH"));
        assert_eq!((found.base.as_str(), found.quote.as_str()), ("ETH", "USDT"));
        let steps = [found.price_step, found.size_step, found.min_size].map(|n| n.to_string());
        assert_eq!(steps, ["0.1", "0.02", "0.01"]);
        let underlying = found.underlying.unwrap();
        assert_eq!((underlying.market, underlying.symbol.as_str()), (Market::Usdm, "ETHUSDT"));
        assert_eq!(of("", "ETHUSDT"), None, "without a unit, unknown");
        assert_eq!(of(r#""unit":1,"#, "BTCUSDT"), None, "of an underlying that is not listed, unknown");
    }

    #[test]
    fn what_several_markets_want_is_asked_for_once() {
        let symbols = |names: &[&str]| names.iter().map(|n| n.parse().unwrap()).collect::<Vec<Symbol>>();
        let some = symbols(&["A", "B"]);
        let both = feeds(&[(Market::Spot, symbols(&["B", "C"])), (Market::Margin, some.clone())]);
        assert_eq!(both, BTreeMap::from([(Market::Spot, symbols(&["A", "B", "C"]))]));
        let all = feeds(&[(Market::Margin, Vec::new()), (Market::Spot, some.clone())]);
        assert_eq!(all, BTreeMap::from([(Market::Spot, Vec::new())]));
        let options = feeds(&[(Market::Usdm, some.clone()), (Market::Option, some.clone())]);
        assert_eq!(options, BTreeMap::from([(Market::Option, some), (Market::Usdm, Vec::new())]));
    }

    #[test]
    fn prices_of_one_and_of_many() {
        let pair = |symbol: &str, price: &str| (symbol.to_owned(), price.to_owned());
        let one = spot("BTCUSDT", ["64000.10000000", "64000.00000000", "64000.20000000"]);
        assert_eq!(prices_of(Market::Spot, &one), Ok(vec![pair("BTCUSDT", "64000.1")]));
        let many =
            r#"[{"symbol":"A","markPrice":"1.5","indexPrice":"2"},{"symbol":"B","markPrice":"0.00000000"}]"#;
        assert_eq!(prices_of(Market::Usdm, many), Ok(vec![pair("A", "1.5")]));
        let number = r#"{"symbol":"A","lastPrice":1.5,"bidPrice":"1","askPrice":"2"}"#;
        let negative = spot("A", ["-1", "1", "2"]);
        let last_alone = r#"{"symbol":"A","price":"1","lastPrice":"1"}"#;
        for bad in ["[]", "{}", number, &negative, last_alone, "<html>"] {
            assert!(prices_of(Market::Spot, bad).is_err(), "{bad}");
        }
    }

    fn spot(symbol: &str, [last, bid, ask]: [&str; 3]) -> String {
        format!(r#"{{"symbol":"{symbol}","lastPrice":"{last}","bidPrice":"{bid}","askPrice":"{ask}"}}"#)
    }

    #[test]
    fn a_printed_trade_moves_a_pair_no_further_than_the_book() {
        for (last, bid, ask, expected) in [
            ("100", "99", "101", "100"),
            ("900", "99", "101", "101"),
            ("1", "99", "101", "99"),
            // A thief who shows depth on one side alone moves it no further than the last trade.
            ("100", "99", "900", "100"),
            ("100", "1", "101", "100"),
        ] {
            let read = prices_of(Market::Spot, &spot("A", [last, bid, ask]));
            assert_eq!(read, Ok(vec![("A".to_owned(), expected.to_owned())]), "{last} {bid} {ask}");
        }
        let mut view = MarketView::default();
        spot_prices(spot("A", ["1", "1", "1"]).as_bytes(), AT, &mut view).unwrap();
        let name: ExchangeName = "binance".parse().unwrap();
        assert_eq!(
            &*view.reference(&name, Market::Spot, &"A".parse().unwrap()).unwrap().source,
            "last-bid-ask"
        );
        assert!(
            prices_of(Market::Spot, &spot("A", ["1", "0.00000000", "1"])).is_err(),
            "no bid, no reference"
        );
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
            (Market::Margin, &some, 4),
            (Market::Option, &some, 4),
        ] {
            let calls = calls(&[(market, symbols.clone())]);
            assert_eq!(calls.len(), count, "{market:?}");
            assert!(calls.iter().all(|call| Binance.print(&call.intent, None).is_ok()));
        }
    }
}
