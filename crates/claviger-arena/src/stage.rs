//! The stage for a policy that an operator has: its instruments, as thin as they can be, and an account that holds some.

use std::sync::Arc;

use claviger_core::{Asset, BotName, BotPolicy, Market, PolicySet, Symbol};

use crate::arena::Start;
use crate::market::{Depth, Pair};
use crate::number::ONE;

/// So many instruments are played at most: the first ones of the policy.
const PAIRS: usize = 4;

/// What the account has, in whole units of the currency that losses are counted in.
const CASH: i128 = 1_000_000;

/// The currencies that prices of an exchange without separators end with, longest first.
const QUOTES: &[&str] = &["FDUSD", "USDT", "USDC", "TUSD", "BUSD", "BTC", "ETH", "BNB", "EUR", "USD", "TRY"];

/// The stage on which a bot is attacked; `None` where it can trade nothing that is played here: spot, and linear futures
/// and perpetuals.
#[must_use]
pub fn stage(policies: &Arc<PolicySet>, bot: &BotName, counted_in: &Asset) -> Option<Start> {
    let policy = policies.bot(bot)?;
    let mut pairs = Vec::new();
    for market in policy.rules().bot_markets() {
        let surface = match (market, policy.exchange().as_str()) {
            (Market::Spot, "binance") => "spot",
            (Market::Usdm, "binance") => "usdm",
            (Market::Spot | Market::Usdm, _) => "v5",
            (Market::Margin | Market::Coinm | Market::Option, _) => continue,
        };
        pairs.extend(symbols(policy, counted_in).iter().filter_map(|symbol| pair(symbol, market, surface)));
    }
    pairs.truncate(PAIRS);
    if pairs.is_empty() {
        return None;
    }
    Some(Start {
        policies: Arc::clone(policies),
        exchange: policy.exchange().clone(),
        pairs: with_ways(pairs, counted_in)?,
        cash: CASH,
        own_reference: false,
    })
}

/// The symbols of the policy; one that nobody knows where all are allowed.
fn symbols(policy: &BotPolicy, counted_in: &Asset) -> Vec<Symbol> {
    let named: Vec<Symbol> = policy.rules().symbols().cloned().collect();
    if named.is_empty() { format!("THIN{counted_in}").parse().into_iter().collect() } else { named }
}

fn pair(symbol: &Symbol, market: Market, surface: &str) -> Option<Pair> {
    let swap = symbol.as_str().ends_with("-SWAP");
    let (base, quote) = parts(symbol.as_str())?;
    let fair = worth(&base) * ONE / worth(&quote).max(1);
    let contract = (swap && market == Market::Usdm).then_some(ONE / 100);
    let spot_only = swap && market == Market::Spot;
    let futures = market == Market::Usdm;
    (!spot_only).then_some(())?;
    Some(Pair {
        symbol: symbol.clone(),
        surface: surface.parse().ok()?,
        market,
        base: base.parse().ok()?,
        quote: quote.parse().ok()?,
        fair: fair.max(100_000),
        last: fair.max(100_000),
        tick: (fair / 100_000).max(1),
        step: contract.unwrap_or_else(|| (ONE * ONE / fair.max(1) / 10_000).max(1)),
        fee_ppm: if futures { 500 } else { 1_000 },
        bound_ppm: None,
        contract,
        depth: Depth::thin(),
    })
}

/// Base and quote: by the separator where there is one, else by a quote currency at the end.
fn parts(symbol: &str) -> Option<(String, String)> {
    if let Some((base, rest)) = symbol.split_once('-') {
        let quote = rest.split('-').next()?;
        return Some((base.to_owned(), quote.to_owned()));
    }
    let quote = QUOTES.iter().find(|quote| symbol.len() > quote.len() && symbol.ends_with(**quote))?;
    Some((symbol.strip_suffix(quote)?.to_owned(), (*quote).to_owned()))
}

/// About what one unit is worth in dollars; thefts are parts of it, so that it need not be right.
fn worth(asset: &str) -> i128 {
    match asset {
        "BTC" => 50_000 * ONE,
        "ETH" => 2_500 * ONE,
        "BNB" => 500 * ONE,
        "TRY" => ONE / 32,
        _ => ONE,
    }
}

/// Puts the currency that losses are counted in first, and a deep pair there for each other quote currency.
fn with_ways(pairs: Vec<Pair>, counted_in: &Asset) -> Option<Vec<Pair>> {
    let (mut first, rest): (Vec<Pair>, Vec<Pair>) = pairs.into_iter().partition(|p| p.quote == *counted_in);
    let mut others: Vec<Asset> = rest.iter().map(|pair| pair.quote.clone()).collect();
    others.dedup();
    for other in others {
        if first.iter().any(|pair| pair.base == other && pair.market == Market::Spot) {
            continue;
        }
        let surface = rest.first().map(|pair| pair.surface.as_str().to_owned())?;
        let symbol: Symbol = format!("{other}-{counted_in}").parse().ok()?;
        let way = pair(&symbol, Market::Spot, &surface)?;
        first.push(Pair { depth: Depth::deep(), ..way });
    }
    first.extend(rest);
    Some(first)
}
