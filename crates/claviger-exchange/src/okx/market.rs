//! Public answers that feed the market view: instruments, tickers of pairs, mark prices of contracts, server time.

use std::collections::BTreeSet;

use claviger_core::market::{Contract, Underlying};
use claviger_core::{
    Decimal, ExchangeName, Instrument, Market, MarketView, Method, Permission, Reference, Symbol, Time, Venue,
};

use super::Okx;
use super::answer::{Answer, text};
use super::house::{intent, param};
use super::instrument::{Instrument as Id, Kind};
use crate::fields::meaning;
use crate::json::{Bounds, Json};
use crate::{Exchange, MarketCall, ReadError, middle};

const HOUR_MS: u64 = 3_600_000;
const PRICES_MS: u64 = 2_000;

type Reader = fn(&[u8], Time, &mut MarketView) -> Result<(), ReadError>;

/// A public list: its path, its `instType`, how its answer is read, how often it is asked.
struct List(&'static str, &'static str, Reader, u64);

const PAIRS: [List; 2] = [
    List("/api/v5/public/instruments", "SPOT", read_spot, HOUR_MS),
    List("/api/v5/market/tickers", "SPOT", read_tickers, PRICES_MS),
];
const CONTRACTS: [List; 4] = [
    List("/api/v5/public/instruments", "SWAP", read_swaps, HOUR_MS),
    List("/api/v5/public/instruments", "FUTURES", read_futures, HOUR_MS),
    List("/api/v5/public/mark-price", "SWAP", read_marks, PRICES_MS),
    List("/api/v5/public/mark-price", "FUTURES", read_marks, PRICES_MS),
];

/// Asked of each family of options.
const OPTIONS: [List; 2] = [
    List("/api/v5/public/instruments", "OPTION", read_options, HOUR_MS),
    List("/api/v5/public/mark-price", "OPTION", read_marks, PRICES_MS),
];

pub(super) fn calls(wanted: &[(Market, Vec<Symbol>)]) -> Vec<MarketCall> {
    let markets: BTreeSet<Market> = wanted.iter().map(|(market, _)| *market).collect();
    let mut lists: Vec<&List> = Vec::new();
    if markets.contains(&Market::Spot) || markets.contains(&Market::Margin) {
        lists.extend(&PAIRS);
    }
    // An option is measured by its underlying, whose price is that of its perpetual.
    if [Market::Usdm, Market::Coinm, Market::Option].iter().any(|market| markets.contains(market)) {
        lists.extend(&CONTRACTS);
    }
    let options = families(wanted).into_iter().flat_map(|family| OPTIONS.iter().map(move |l| (l, family)));
    let options = options.map(|(list, family)| call(list, Some(family)));
    lists.into_iter().map(|list| call(list, None)).chain(options).collect()
}

/// The families of the options that are wanted; the exchange lists no options of every family at once.
fn families(wanted: &[(Market, Vec<Symbol>)]) -> BTreeSet<&str> {
    let options = wanted.iter().filter(|(market, _)| *market == Market::Option);
    let symbols = options.flat_map(|(_, symbols)| symbols);
    symbols.filter_map(|symbol| family(symbol.as_str())).collect()
}

/// `BTC-USD` of `BTC-USD-250328-50000-C`.
fn family(symbol: &str) -> Option<&str> {
    let (at, _) = symbol.match_indices('-').nth(1)?;
    symbol.get(..at).filter(|family| family.ends_with("-USD"))
}

fn call(List(path, kind, read, every_ms): &List, family: Option<&str>) -> MarketCall {
    let mut params = vec![param("instType", kind)];
    params.extend(family.map(|family| param("instFamily", family)));
    let intent = intent(Method::Get, path, Permission::Public, params);
    MarketCall { intent, read: *read, every_ms: *every_ms }
}

/// The server time in an answer, in milliseconds since 1970.
pub(super) fn time(body: &[u8]) -> Option<u64> {
    let answer = Answer::good(body, Bounds::SMALL)?;
    let ts = text(answer.only()?, "ts")?;
    let plain = ts.len() <= 15 && ts.bytes().all(|b| b.is_ascii_digit());
    if plain { ts.parse().ok() } else { None }
}

/// Margin trades the same instruments.
fn read_spot(body: &[u8], _at: Time, view: &mut MarketView) -> Result<(), ReadError> {
    let answer = list(body)?;
    let found = answer.data().iter().filter_map(pair).collect();
    venue(view).instruments.insert(Market::Spot, found);
    Ok(())
}

fn read_swaps(body: &[u8], _at: Time, view: &mut MarketView) -> Result<(), ReadError> {
    contracts(body, view, |symbol| symbol.as_str().ends_with("-SWAP"))
}

fn read_futures(body: &[u8], _at: Time, view: &mut MarketView) -> Result<(), ReadError> {
    contracts(body, view, |symbol| !symbol.as_str().ends_with("-SWAP"))
}

/// Replaces the contracts of one kind, in both markets.
fn contracts(body: &[u8], view: &mut MarketView, kind: fn(&Symbol) -> bool) -> Result<(), ReadError> {
    let answer = list(body)?;
    let venue = venue(view);
    for market in [Market::Usdm, Market::Coinm] {
        venue.instruments.entry(market).or_default().retain(|symbol, _| !kind(symbol));
    }
    let found = answer.data().iter().filter_map(contract);
    for (market, symbol, instrument) in found.filter(|(_, symbol, _)| kind(symbol)) {
        venue.instruments.entry(market).or_default().insert(symbol, instrument);
    }
    Ok(())
}

/// Replaces the options of the families that the answer is about.
fn read_options(body: &[u8], _at: Time, view: &mut MarketView) -> Result<(), ReadError> {
    let answer = list(body)?;
    let found: Vec<(Symbol, Instrument)> = answer.data().iter().filter_map(option).collect();
    let families: BTreeSet<&str> = found.iter().filter_map(|(symbol, _)| family(symbol.as_str())).collect();
    let known = venue(view).instruments.entry(Market::Option).or_default();
    known.retain(|symbol, _| family(symbol.as_str()).is_none_or(|family| !families.contains(family)));
    known.extend(found.iter().cloned());
    Ok(())
}

/// An option whose premium, value and settlement are in its base, as its id says; others are left out.
fn option(item: &Json<'_>) -> Option<(Symbol, Instrument)> {
    let symbol = live(item)?;
    let id = Id::of(&symbol).ok().filter(|id| id.kind == Kind::Option)?;
    let base = id.base.clone();
    let side = text(item, "optType")?;
    let agree = text(item, "ctValCcy")? == base.as_str()
        && text(item, "settleCcy")? == base.as_str()
        && symbol.as_str().ends_with(&format!("-{side}"));
    let size = contract_size(item)?;
    let underlying =
        Underlying { market: Market::Coinm, symbol: format!("{}-{}-SWAP", id.base, id.quote).parse().ok()? };
    let id = Id { quote: base.clone(), ..id };
    let instrument = instrument(item, id, Some(Contract { size, asset: base }))?;
    agree.then_some((symbol, Instrument { underlying: Some(underlying), ..instrument }))
}

fn contract_size(item: &Json<'_>) -> Option<Decimal> {
    let multiple = text(item, "ctMult").map_or(Some(Decimal::ONE), number)?;
    number(text(item, "ctVal")?)?.times(multiple).filter(|n| !n.is_zero())
}

fn pair(item: &Json<'_>) -> Option<(Symbol, Instrument)> {
    let symbol = live(item)?;
    let id = Id::of(&symbol).ok().filter(|id| id.kind == Kind::Pair)?;
    let agree = text(item, "baseCcy")? == id.base.as_str() && text(item, "quoteCcy")? == id.quote.as_str();
    if !agree {
        return None;
    }
    Some((symbol, instrument(item, id, None)?))
}

/// A contract whose kind, settlement and value agree with its id; others are left out, so that orders for them are
/// refused.
fn contract(item: &Json<'_>) -> Option<(Market, Symbol, Instrument)> {
    let symbol = live(item)?;
    let id = Id::of(&symbol).ok().filter(|id| id.kind == Kind::Contract)?;
    let market = id.plain_market().ok()?;
    let (kind, asset, settled) = match market {
        Market::Usdm => ("linear", id.base.clone(), &id.quote),
        Market::Coinm => ("inverse", id.quote.clone(), &id.base),
        Market::Spot | Market::Margin | Market::Option => return None,
    };
    let agree = text(item, "ctType")? == kind
        && text(item, "ctValCcy")? == asset.as_str()
        && text(item, "settleCcy")? == settled.as_str();
    let size = contract_size(item)?;
    if !agree {
        return None;
    }
    let instrument = instrument(item, id, Some(Contract { size, asset }))?;
    Some((market, symbol, instrument))
}

fn live(item: &Json<'_>) -> Option<Symbol> {
    if text(item, "state")? == "live" { text(item, "instId")?.parse().ok() } else { None }
}

fn instrument(item: &Json<'_>, id: Id, contract: Option<Contract>) -> Option<Instrument> {
    let step = |name| text(item, name).and_then(number).filter(|n| !n.is_zero());
    Some(Instrument {
        base: id.base,
        quote: id.quote,
        contract,
        price_step: step("tickSz")?,
        size_step: step("lotSz")?,
        min_size: step("minSz")?,
        underlying: None,
    })
}

/// A pair's reference: the middle one of last trade, best bid and best ask.
fn read_tickers(body: &[u8], at: Time, view: &mut MarketView) -> Result<(), ReadError> {
    let answer = list(body)?;
    let venue = venue(view);
    for item in answer.data() {
        let Some((symbol, price)) = ticker(item) else { continue };
        put(venue, Market::Spot, symbol, Reference { price, at, source: "last-bid-ask".into() });
    }
    Ok(())
}

fn ticker(item: &Json<'_>) -> Option<(Symbol, Decimal)> {
    let symbol: Symbol = text(item, "instId")?.parse().ok()?;
    if text(item, "instType")? != "SPOT" || Id::of(&symbol).ok()?.kind != Kind::Pair {
        return None;
    }
    let price = |name| text(item, name).and_then(number).filter(|n| !n.is_zero());
    Some((symbol, middle([price("last"), price("bidPx"), price("askPx")])?))
}

fn read_marks(body: &[u8], at: Time, view: &mut MarketView) -> Result<(), ReadError> {
    let answer = list(body)?;
    let venue = venue(view);
    for item in answer.data() {
        let Some((market, symbol, price)) = mark(item) else { continue };
        put(venue, market, symbol, Reference { price, at, source: "mark".into() });
    }
    Ok(())
}

fn mark(item: &Json<'_>) -> Option<(Market, Symbol, Decimal)> {
    let symbol: Symbol = text(item, "instId")?.parse().ok()?;
    let market = Id::of(&symbol).ok().filter(|id| id.kind != Kind::Pair)?.plain_market().ok()?;
    let price = number(text(item, "markPx")?).filter(|n| !n.is_zero())?;
    Some((market, symbol, price))
}

/// Prices come in an answer of their own, so the view need not know the instrument; whoever asks keeps what it wanted.
fn put(venue: &mut Venue, market: Market, symbol: Symbol, reference: Reference) {
    venue.references.entry(market).or_default().insert(symbol, reference);
}

/// A price or size; more digits than claviger's grammar takes are cut, at 15 significant ones.
fn number(text: &str) -> Option<Decimal> {
    text.parse().ok().or_else(|| cut(text)?.parse().ok())
}

fn cut(text: &str) -> Option<String> {
    let (whole, fraction) = text.split_once('.')?;
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || whole.len() > 15 {
        return None;
    }
    let zeros = if whole == "0" { fraction.bytes().take_while(|b| *b == b'0').count() } else { 0 };
    let room = if whole == "0" { 15 } else { 15usize.saturating_sub(whole.len()) };
    let kept: String = fraction.chars().take(zeros.saturating_add(room).min(18)).collect();
    Some(if kept.is_empty() { whole.to_owned() } else { format!("{whole}.{kept}") })
}

fn list(body: &[u8]) -> Result<Answer<'_>, ReadError> {
    let answer = Answer::good(body, Bounds::LARGE).ok_or_else(|| meaning("the answer is no list"))?;
    if answer.data().is_empty() { Err(meaning("the list is empty")) } else { Ok(answer) }
}

fn venue(view: &mut MarketView) -> &mut Venue {
    let name: ExchangeName = Okx.exchange_name();
    view.venues.entry(name).or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_are_cut() {
        for (text, want) in [
            ("42310.6", "42310.6"),
            ("0.0000012345678901234567", "0.000001234567890123"),
            ("42310.1234567890123", "42310.1234567890"),
            ("0.00000000000000000001", "0"),
        ] {
            assert_eq!(number(text), want.parse().ok(), "{text}");
        }
        for bad in ["", "1e5", "-1", "1.2.3", "1,5", "NaN", "1234567890123456.1"] {
            assert_eq!(number(bad), None, "{bad}");
        }
    }
}
